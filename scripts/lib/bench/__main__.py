"""Measures Postern beside what it is compared with, in one run on one machine, and prints one table.

  scripts/bench                     all scenarios at 32 connections, the small call at 1, 32 and 256
  scripts/bench small held          only these (small, secrets, large, denied, bearer, unsynced, held, transfers)
  scripts/bench growth              what a call costs when policy, sessions and processes grow
  scripts/bench profile             a worker's CPU time by stage of a call
  scripts/bench masking             the masking engine alone, beside detect-secrets and presidio-analyzer
"""

import argparse
import sys

from . import growth, masking, profile, report, scenarios
from .site import Site


def arguments():
    options = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("scenario", nargs="*", help="which; all when none is named")
    options.add_argument("--seconds", type=int, default=scenarios.SECONDS, help="length of each measurement")
    options.add_argument("--connections", type=int, nargs="+", default=[32, 1, 256],
                         help="the first is for all scenarios, all are for the small call")
    options.add_argument("--sessions", type=int, nargs="+", default=[1, 1_000, 100_000], help="of growth")
    options.add_argument("--functions", action="store_true", help="profile: by function, too")
    options.add_argument("--csv", help="write the raw figures there")
    options.add_argument("--plot", help="write throughput and p99 of the small call against connections there, as SVG")
    options = options.parse_args()
    known = {*scenarios.ALL, "growth", "profile", "masking"}
    for name in options.scenario:
        if name not in known:
            raise SystemExit(f"scripts/bench: there is no scenario {name}; there are {', '.join(sorted(known))}")
    return options


def main():
    options = arguments()
    names = options.scenario or list(scenarios.ALL)
    rows = []
    print(report.conditions(), file=sys.stderr)
    if any(name in scenarios.ALL for name in names):
        with Site() as site:
            for name in names:
                if name in scenarios.ALL:
                    collect(rows, scenarios.ALL[name](site, options.connections, options.seconds))
    if "growth" in names:
        collect(rows, growth.rows(options.connections[0], options.seconds, options.sessions))
    if "masking" in names:
        masking.run()
    if "profile" in names:
        with Site() as site:
            show(profile.profile(site, options.connections[0], options.seconds), options.functions)
    if rows:
        print("\n" + report.table(rows) + "\n\n" + report.targets(rows))
    if options.csv:
        report.write_csv(options.csv, rows)
    if options.plot:
        report.plot(options.plot, rows)


def collect(rows, found):
    for row in found:
        rows.append(row)
        print(report.table([row]).splitlines()[1], file=sys.stderr)


def show(found, with_functions):
    print(f"worker CPU: {found['microseconds']:.0f} us a call at {found['rate']:.0f} calls/s, by stage:")
    for name, cost in found["stages"]:
        print(f"  {cost:6.1f}  {name}")
    if with_functions:
        for title in ("inclusive", "functions"):
            print(f"\n{title}:")
            for name, cost in found[title]:
                print(f"  {cost:6.1f}  {name[:180]}")


main()
