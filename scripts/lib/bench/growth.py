"""What a call costs when a site grows: policy, sessions, worker processes, audit rows."""

import concurrent.futures
import tempfile

from . import load, scenarios
from .site import POLICY, Site

BODY = '{"Name": "/bench/colour"}'
TARGET = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"}


def rows(connections, seconds, sessions=(1, 1_000, 100_000)):
    for statements in (10, 1_000):
        yield from one(f"policy of {statements} statements", connections, seconds, policy=grown_policy(statements))
    for processes in (1, 2, 4):
        yield from one(f"{processes} worker processes", connections, seconds, POSTERN_WORKERS=processes)
    with Site() as site:
        for count in sessions:
            yield many_sessions(site, count, connections, seconds)


def one(scenario, connections, seconds, policy=POLICY, **variables):
    with Site(policy=policy, **variables) as site:
        call = site.json_call("postern", "ssm", "AmazonSSM.GetParameter", BODY)
        yield scenarios.measured(site, "postern", scenario, call, connections, seconds)


def grown_policy(statements):
    """The usual policy after so many statements about other resources; a tenth is about the same action."""
    lines = ["", 'Version: "2012-10-17"', "Statement:"]
    for number in range(statements - 2):
        action = "ssm:GetParameter" if number % 10 == 0 else f"sqs:*{number}"
        lines.append(f'  - {{Sid: Filler{number}, Effect: Deny, Action: "{action}", '
                     f'Resource: "arn:aws:ssm:*:*:parameter/other/{number}/*"}}')
    return "\n".join(lines) + POLICY.split("Statement:", 1)[1]


def many_sessions(site, count, connections, seconds):
    """Every request is another session's, until all have had a turn."""
    def headers(_):
        keys = site.stack.assume(site.token)
        return site.json_call("postern", "ssm", "AmazonSSM.GetParameter", BODY, keys=keys)["headers"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool, tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for found in pool.map(headers, range(count)):
            file.write("\t".join((found["Authorization"], found["X-Amz-Date"], found["X-Amz-Security-Token"])) + "\n")
        file.flush()
        call = {"method": "POST", "url": site.ways["postern"]["base"] + "/", "headers": TARGET, "body": BODY}
        script = load.request_script(call) + f"""
            local lines = io.lines("{file.name}")
            function request()
                local line = lines()
                if not line then lines = io.lines("{file.name}"); line = lines() end
                local a, d, t = line:match("([^\\t]*)\\t([^\\t]*)\\t([^\\t]*)")
                wrk.headers["Authorization"], wrk.headers["X-Amz-Date"], wrk.headers["X-Amz-Security-Token"] = a, d, t
                return wrk.format()
            end"""
        return scenarios.measured(site, "postern", f"{count} sessions", call, connections, seconds, script=script)
