"""Measures Postern beside what it is compared with, in one run on one machine, and prints one table.

- direct: nginx `proxy_pass` to the upstream
- bare: nginx -> auth_request -> libfcgi -> libcurl -> the upstream, doing nothing else (postern-bench-bare)
- postern: TLS, OIDC session, SigV4 verification, policy, durable audit, signing, masking

The upstream is an nginx of its own that answers about 300 bytes of JSON over TLS. The request is a signed
ssm:GetParameter; a signature is good for 15 minutes, so one is sent again and again.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests" / "EndToEnd"))
from stack import Stack, free_port  # noqa: E402

ANSWER = json.dumps({"Parameter": {
    "ARN": "arn:aws:ssm:us-east-1:111122223333:parameter/bench/colour", "DataType": "text",
    "LastModifiedDate": 1700000000.0, "Name": "/bench/colour", "Type": "String",
    "Value": "blue, and some more words so that the answer is as long as a usual one", "Version": 7,
    "Tier": "Standard"}})
BODY = json.dumps({"Name": "/bench/colour"})
TARGET = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"}


class Process:
    """CPU seconds and memory of process trees, from /proc."""

    tick = os.sysconf("SC_CLK_TCK")

    @classmethod
    def tree(cls, roots):
        children = {}
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(path.parent.name))
        found, queue = set(), list(roots)
        while queue:
            pid = queue.pop()
            if pid not in found:
                found.add(pid)
                queue += children.get(pid, [])
        return found

    @classmethod
    def cpu(cls, pids):
        total = 0
        for pid in pids:
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
            except OSError:
                pass
        return total / cls.tick

    @staticmethod
    def resident(pids):
        """Proportional set size: what processes share is counted once."""
        total = 0
        for pid in pids:
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1)) * 1024
            except OSError:
                pass
        return total


def certificate(directory):
    """An authority and a certificate for the upstream, which is AWS to Postern and 127.0.0.1 to the others."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)
    (directory / "ext").write_text("basicConstraints=CA:FALSE\nsubjectAltName=DNS:*.us-east-1.amazonaws.com,"
                                   "DNS:*.amazonaws.com,DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=bench CA", "-keyout", "ca-key.pem", "-out", "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
            "-keyout", "key.pem", "-out", "csr.pem")
    openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2",
            "-extfile", "ext", "-out", "cert.pem")


NGINX = """
{user}
worker_processes {processes};
pid {home}/{name}.pid;
error_log {home}/{name}.log warn;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {home}/{name}-body; proxy_temp_path {home}/{name}-proxy;
    fastcgi_temp_path {home}/{name}-fastcgi; scgi_temp_path {home}/{name}-scgi; uwsgi_temp_path {home}/{name}-uwsgi;
    access_log off;
    ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    keepalive_requests 1000000;
    {http}
}}
"""


def nginx(home, name, http, processes):
    user = "user root;" if os.getuid() == 0 else ""
    path = home / f"{name}.conf"
    path.write_text(NGINX.format(user=user, home=home, name=name, http=http, processes=processes))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    subprocess.run([program, "-c", path, "-e", home / f"{name}.log"], check=True)
    deadline = time.monotonic() + 5
    while not (home / f"{name}.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return int((home / f"{name}.pid").read_text())


def wrk(url, headers, connections, seconds):
    """Requests a second, p50 and p99 in milliseconds; fails when an answer is not 2xx."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        # The host is wrk's own; Lua's long brackets need no escapes.
        lines = [f'wrk.headers[{json.dumps(name)}] = [==[{value}]==]' for name, value in headers.items()
                 if name.lower() not in ("host", "content-length")]
        script.write("\n".join(['wrk.method = "POST"', f"wrk.body = [==[{BODY}]==]", *lines]))
        script.flush()
        threads = min(2, connections)
        text = subprocess.run(["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "-s",
                               script.name, url], check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad or "Socket errors" in text:
        raise SystemExit(f"bench: {url}: not all answers are good:\n{text}")
    unit = {"us": 0.001, "ms": 1, "s": 1000}
    percentile = {p: float(v) * unit[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), percentile["50"], percentile["99"]


def measure(way, connections, seconds):
    wrk(way["url"], way["headers"], connections, 2)
    parts = {name: Process.tree(roots) for name, roots in way["roots"].items()}
    before, began = {name: Process.cpu(pids) for name, pids in parts.items()}, time.monotonic()
    rate, p50, p99 = wrk(way["url"], way["headers"], connections, seconds)
    took = time.monotonic() - began
    cpu = {name: (Process.cpu(pids) - before[name]) / took for name, pids in parts.items()}
    memory = {name: Process.resident(pids) for name, pids in parts.items()}
    return {"rate": rate, "p50": p50, "p99": p99, "cpu": cpu, "memory": memory}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=10, help="length of each measurement")
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--rounds", type=int, default=1, help="the best of so many is taken")
    options.add_argument("--json", action="store_true")
    options = options.parse_args()
    home = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench."))
    home.chmod(0o755)
    processes, stack = [], None
    binaries = pathlib.Path(os.environ["POSTERN_BINARIES"])
    try:
        certificate(home)
        upstream, direct, bare = free_port(), free_port(), free_port()
        processes.append(nginx(home, "upstream", f"""
            server {{ listen 127.0.0.1:{upstream} ssl; keepalive_timeout 300s;
                default_type application/x-amz-json-1.1; location / {{ return 200 '{ANSWER}'; }} }}""", 1))
        ways = {}
        socket = home / "bare.sock"
        program = binaries / "postern-bench-bare"
        if program.exists():
            child = subprocess.Popen([program, "--socket", socket, "--upstream", f"https://127.0.0.1:{upstream}",
                                      "--ca-file", home / "ca.pem"], env={"PATH": "/usr/bin:/bin"},
                                     stdin=subprocess.DEVNULL)
            processes.append(child.pid)
        front = nginx(home, "front", f"""
            upstream aws {{ server 127.0.0.1:{upstream}; keepalive 64; }}
            upstream bare {{ server unix:{socket} max_fails=0; keepalive 16; }}
            server {{ listen 127.0.0.1:{direct} ssl;
                location / {{ proxy_pass https://aws; proxy_http_version 1.1; proxy_set_header Connection "";
                    proxy_ssl_session_reuse on; }} }}
            server {{ listen 127.0.0.1:{bare} ssl;
                fastcgi_keep_conn on;
                location / {{ auth_request /auth; include /etc/nginx/fastcgi_params; fastcgi_pass bare;
                    fastcgi_param POSTERN_ROUTE call; }}
                location = /auth {{ internal; fastcgi_pass_request_body off; include /etc/nginx/fastcgi_params;
                    fastcgi_param POSTERN_ROUTE auth; fastcgi_pass bare; }} }}""", 2)
        processes.append(front)
        ways["direct"] = {"url": f"https://localhost:{direct}/", "headers": TARGET, "roots": {"nginx": [front]}}
        if program.exists():
            ways["bare"] = {"url": f"https://localhost:{bare}/", "headers": TARGET,
                            "roots": {"nginx": [front], "bare": [child.pid]}}
        stack = Stack(POSTERN_UPSTREAM=f"https://127.0.0.1:{upstream}", POSTERN_UPSTREAM_CA=home / "ca.pem").up()
        keys = stack.assume((stack.home / "agent.jwt").read_text().strip())
        roots = {"nginx": [int((stack.home / "nginx" / "nginx.pid").read_text())], "auth": [stack.pid("auth")],
                 "workers": [int(p.read_text()) for p in (stack.home / "pid").glob("worker-?")],
                 "postgres": [stack.postmaster_pid()]}
        ways["postern"] = {"url": stack.url + "/", "roots": roots,
                           "headers": stack.sign(keys, "ssm", "POST", "/", TARGET, BODY.encode())}
        table = {}
        for _ in range(options.rounds):
            for name, way in ways.items():
                many = measure(way, options.connections, options.seconds)
                one = measure(way, 1, max(3, options.seconds // 2))
                if name not in table or many["rate"] > table[name]["many"]["rate"]:
                    table[name] = {"many": many, "one": one}
        report(table, options)
    finally:
        if stack:
            stack.down()
        for pid in reversed(processes):
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        shutil.rmtree(home, ignore_errors=True)


def report(table, options):
    if options.json:
        print(json.dumps(table, indent=2))
        return
    print(f"{len(ANSWER)}-byte JSON answer, TLS, {options.connections} connections, {options.seconds} s, "
          f"{os.cpu_count()} cores (wrk and the upstream run on them too)\n")
    print(f"{'':10}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'CPU cores':>11}{'PSS MiB':>9}"
          f"{'1 conn: p50':>13}{'p99 ms':>9}")
    for name, row in table.items():
        many, one = row["many"], row["one"]
        print(f"{name:10}{many['rate']:>11.0f}{many['p50']:>9.2f}{many['p99']:>9.2f}{sum(many['cpu'].values()):>11.2f}"
              f"{sum(many['memory'].values()) / 2**20:>9.0f}{one['p50']:>13.2f}{one['p99']:>9.2f}")
    postern, direct = table["postern"], table["direct"]
    print("\nof postern: " + ", ".join(
        f"{name} {cpu:.2f} cores ({cpu / postern['many']['rate'] * 1e6:.0f} us a request), "
        f"{postern['many']['memory'][name] / 2**20:.0f} MiB" for name, cpu in postern["many"]["cpu"].items()))
    print()
    if "bare" in table:
        print(f"postern / bare, requests/s: {postern['many']['rate'] / table['bare']['many']['rate']:.2f} "
              "(target: at least 0.75)")
    print(f"added latency over direct, 1 connection: p50 {postern['one']['p50'] - direct['one']['p50']:.2f} ms "
          f"(target: at most 1), p99 {postern['one']['p99'] - direct['one']['p99']:.2f} ms (target: at most 5)")


main()
