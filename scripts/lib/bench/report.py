"""Figures for people (a table), for programs (CSV), and as a picture (SVG)."""

import csv
import os


def table(rows):
    """One line a measurement; CPU is microseconds a request, memory the proportional set size."""
    lines = [f"{'scenario':28}{'way':11}{'conns':>6}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}{'MiB':>6}  parts"]
    for row in rows:
        memory = sum(row["memory"].values()) / 2**20
        if "megabytes" in row:
            lines.append(f"{row['scenario']:28}{row['way']:11}{row['connections']:>6}{row['megabytes']:>9.0f} MB/s"
                         f"{'':25}{memory:>6.0f}")
            continue
        parts = ", ".join(f"{name} {cost:.0f}" for name, cost in row["cpu"].items())
        lines.append(f"{row['scenario']:28}{row['way']:11}{row['connections']:>6}{row['rate']:>12.0f}{row['p50']:>9.2f}"
                     f"{row['p99']:>9.2f}{sum(row['cpu'].values()):>8.0f}{memory:>6.0f}  {parts}")
    return "\n".join(lines)


def targets(rows):
    """The targets of the small call, met or not."""
    def find(way, connections):
        found = [row for row in rows if (row["scenario"], row["way"], row["connections"]) == ("300 B JSON", way, connections)]
        return found[0] if found else None

    lines = []
    postern, bare = find("postern", 32), find("bare", 32)
    if postern and bare:
        lines.append(f"postern / bare at 32 connections: {postern['rate'] / bare['rate']:.2f} (target: at least 0.75)")
    postern, direct = find("postern", 1), find("direct", 1)
    if postern and direct:
        lines.append(f"added at 1 connection: p50 {postern['p50'] - direct['p50']:.2f} ms (target: at most 1), "
                     f"p99 {postern['p99'] - direct['p99']:.2f} ms (target: at most 5)")
    if postern:
        lines.append(f"PostgreSQL writes {postern['wal'] / 1e3:.1f} kB of WAL a call")
    return "\n".join(lines)


def conditions():
    return f"{os.cpu_count()} cores, which the clients and the upstream share; all connections over TLS"


def write_csv(path, rows):
    """Raw figures: one line a measurement."""
    parts = sorted({part for row in rows for part in row["cpu"]})
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["scenario", "way", "connections", "requests_per_second", "p50_ms", "p99_ms", "megabytes_per_second",
                         "memory_bytes", "wal_bytes", "load", *(f"cpu_us_{part}" for part in parts)])
        for row in rows:
            writer.writerow([row["scenario"], row["way"], row["connections"], row.get("rate"), row.get("p50"),
                             row.get("p99"), row.get("megabytes"), sum(row["memory"].values()), row.get("wal"), row["load"],
                             *(row["cpu"].get(part) for part in parts)])


def plot(path, rows):
    """Throughput and p99 of the small call against connections."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "postern"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    mine = [row for row in rows if row["scenario"] == "300 B JSON"]
    for way in dict.fromkeys(row["way"] for row in mine):
        found = sorted((row for row in mine if row["way"] == way), key=lambda row: row["connections"])
        connections = [row["connections"] for row in found]
        left.plot(connections, [row["rate"] for row in found], marker="o", label=way)
        right.plot(connections, [row["p99"] for row in found], marker="o", label=way)
    for axes, title in ((left, "requests a second"), (right, "p99, milliseconds")):
        axes.set(title=title, xlabel="connections", xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, metadata={"Date": None})
