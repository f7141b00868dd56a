"""Where a worker's CPU time goes, by stage of a call, told by a sampling profiler (perf).

Each sample counts for the innermost frame that belongs to a stage; what has no such frame counts by its library.
"""

import collections
import re
import subprocess
import threading

from . import load, machine

# Modules of ours -> stage; the order of one request.
STAGES = {
    "FastCGI": "FastCGI", "Identity": "identity", "AWSRequest": "parse", "SigV4": "verify", "Policy": "decide",
    "Approvals": "approve", "Audit": "audit", "Postgres": "audit", "HTTPClient": "upstream", "Masking": "mask",
    "PatternMatch": "mask", "XMLStream": "mask", "Compression": "mask", "Metrics": "log and metrics",
    "Configuration": "log and metrics", "Logging": "log and metrics", "Gateway": "gateway", "OpenSSL": None,
}
# Functions that say more than their module does.
FUNCTIONS = [
    (re.compile(r"RequestSigner|CallHandler\.sign\("), "sign"),
    (re.compile(r"CallHandler\.(report|refuse)"), "log and metrics"),
    (re.compile(r"ResponseRelay|CallHandler\.relay"), "mask"),
    (re.compile(r"CallHandler\.(judge|decide|classify)"), "decide"),
    (re.compile(r"CallHandler\.(recognise|understand|parse)|IncomingRequest|AuditedCall"), "parse"),
    (re.compile(r"CallHandler\.verify"), "verify"),
    (re.compile(r"Gateway\.Caller"), "identity"),
]
LIBRARIES = [("libcurl", "upstream"), ("libssl", "upstream"), ("libpq", "audit"), ("libfcgi", "FastCGI"), ("libhs", "mask")]
MODULE = re.compile(r"\b(" + "|".join(STAGES) + r")\.")


def profile(site, connections, seconds):
    """Microseconds of the workers' CPU a call by stage, most first, and the functions that cost most by themselves."""
    call = site.json_call("postern", "ssm", "AmazonSSM.GetParameter", '{"Name": "/bench/colour"}')
    load.wrk(call, connections, 2)
    workers = machine.tree(site.worker_supervisors())
    data = site.home / "perf.data"
    row = {}
    client = threading.Thread(target=lambda: row.update(load.wrk(call, connections, seconds + 2)))
    before = machine.cpu_seconds(workers)
    client.start()
    subprocess.run(["perf", "record", "-q", "-F", "999", "-g", "-o", data, "-p", ",".join(map(str, workers)), "--",
                    "sleep", str(seconds)], check=True, stdin=subprocess.DEVNULL)
    client.join()
    microseconds = (machine.cpu_seconds(workers) - before) / (row["rate"] * (seconds + 2)) * 1e6
    stacks = list(samples(data))
    share = microseconds / max(1, len(stacks))
    names = demangled({symbol for stack in stacks for symbol, _ in stack})
    stages, functions, inclusive = collections.Counter(), collections.Counter(), collections.Counter()
    for stack in stacks:
        stages[stage(stack, names)] += share
        functions[names.get(stack[0][0], stack[0][0])] += share
        for function in {names.get(symbol, symbol) for symbol, _ in stack if MODULE.search(names.get(symbol, symbol))}:
            inclusive[function] += share
    return {"microseconds": microseconds, "rate": row["rate"], "stages": stages.most_common(),
            "functions": functions.most_common(60), "inclusive": inclusive.most_common(120)}


def samples(data):
    """Each sample as its frames, innermost first: (symbol, library)."""
    text = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym,dso"], check=True, capture_output=True,
                          text=True, errors="replace").stdout
    for block in text.split("\n\n"):
        frames = re.findall(r"^\s*[0-9a-f]+ (.+?) \((.*?)\)$", block, re.M)
        if frames:
            yield frames


def demangled(symbols):
    mangled = sorted(symbol for symbol in symbols if symbol.startswith("$s"))
    text = subprocess.run(["swift", "demangle", "--compact"], input="\n".join(mangled), check=True, capture_output=True,
                          text=True).stdout
    return dict(zip(mangled, text.splitlines()))


def stage(stack, names):
    for symbol, _ in stack:
        name = names.get(symbol, symbol)
        for pattern, found in FUNCTIONS:
            if pattern.search(name):
                return found
        module = MODULE.search(name)
        if module and STAGES[module.group(1)]:
            return STAGES[module.group(1)]
    for prefix, found in LIBRARIES:
        if any(prefix in library for _, library in stack):
            return found
    return "system"
