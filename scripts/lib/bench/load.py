"""The clients: wrk for many small calls, curl for one long transfer."""

import json
import re
import subprocess
import tempfile

MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


class BadAnswers(Exception):
    """Answers that are not what the scenario expects: no figure is worth anything then."""


def wrk(call, connections, seconds, expects_errors=False, script=None):
    """Sends one call again and again: requests a second, p50 and p99 in milliseconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script or request_script(call))
        file.flush()
        threads = min(2, connections)
        text = subprocess.run(["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s",
                               "--latency", "-s", file.name, call["url"]],
                              check=True, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    bad = int(bad.group(1)) if bad else 0
    if "Socket errors" in text or requests == 0 or bad != (requests if expects_errors else 0):
        raise BadAnswers(f"{call['url']}: not all answers are as expected:\n{text}")
    percentile = {p: float(v) * MILLISECONDS[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)}
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), "p50": percentile["50"],
            "p99": percentile["99"]}


def request_script(call):
    """wrk's script for one call. Lua's long brackets need no escapes; the host is wrk's own."""
    lines = [f'wrk.method = "{call["method"]}"']
    if call.get("body"):
        lines.append(f"wrk.body = [==[{call['body']}]==]")
    lines += [f"wrk.headers[{json.dumps(name)}] = [==[{value}]==]" for name, value in call["headers"].items()
              if name.lower() not in ("host", "content-length")]
    return "\n".join(lines)


def curl(call, ca, upload=None):
    """One transfer: bytes a second."""
    words = ["curl", "-sS", "--fail", "--http1.1", "--cacert", str(ca), "-o", "/dev/null", "-X", call["method"], "-w",
             "%{speed_upload}" if upload else "%{speed_download}"]
    for name, value in call["headers"].items():
        if name.lower() not in ("host", "content-length"):
            words += ["-H", f"{name}: {value}"]
    if upload:
        words += ["-T", str(upload), "-H", "Expect:"]
    done = subprocess.run([*words, call["url"]], capture_output=True, text=True)
    if done.returncode != 0:
        raise BadAnswers(f"{call['url']}: curl says {done.stderr.strip()}")
    return float(done.stdout)
