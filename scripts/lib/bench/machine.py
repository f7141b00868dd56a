"""What processes cost: CPU seconds and memory, read from /proc (proc(5))."""

import os
import pathlib
import re

TICK = os.sysconf("SC_CLK_TCK")


def tree(roots):
    """Process ids of these processes and all below them."""
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


def cpu_seconds(pids):
    """User and system time that the processes have used so far."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def proportional_memory(pids):
    """Bytes; what processes share is counted once (Pss)."""
    total = 0
    for pid in pids:
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+)", text, re.M)
        total += int(found.group(1)) * 1024 if found else 0
    return total


def load():
    """The one-minute load average: beside each figure, so that a busy machine shows."""
    return os.getloadavg()[0]
