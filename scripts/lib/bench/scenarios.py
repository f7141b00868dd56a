"""What is measured, by name. Each yields rows: {"scenario", "way", "connections", figures...}."""

import concurrent.futures
import contextlib
import http.client
import ssl
import time

import botocore.auth

from . import load, machine
from .site import UnsignedTrailerAuth

SECONDS = 8
WAYS = ("direct", "bare", "mitmproxy", "postern")


def measured(site, way, scenario, call, connections, seconds=SECONDS, **options):
    """Warms up, then measures calls with the CPU time and memory of every part."""
    load.wrk(call, connections, min(2, seconds), **options)
    parts = {name: machine.tree(roots) for name, roots in site.ways[way]["roots"].items()}
    before = {name: machine.cpu_seconds(pids) for name, pids in parts.items()}
    wal = written_wal(site) if way == "postern" else 0
    began = time.monotonic()
    row = load.wrk(call, connections, seconds, **options)
    took = time.monotonic() - began
    row |= {"scenario": scenario, "way": way, "connections": connections, "load": machine.load()}
    row["cpu"] = {name: (machine.cpu_seconds(pids) - before[name]) / took / row["rate"] * 1e6
                  for name, pids in parts.items()}
    if way == "postern":
        row["wal"] = (written_wal(site) - wal) / (row["rate"] * took)
    row["memory"] = {name: machine.proportional_memory(pids) for name, pids in parts.items()}
    return row


def written_wal(site):
    """Bytes that PostgreSQL has written ahead so far."""
    return int(site.stack.sql("SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0])


def small(site, connections, seconds=SECONDS):
    """300 bytes of JSON, every way, at each number of connections."""
    for count in connections:
        for way in ways(site):
            call = site.json_call(way, "ssm", "AmazonSSM.GetParameter", '{"Name": "/bench/colour"}')
            yield measured(site, way, "300 B JSON", call, count, seconds)


def secrets(site, connections, seconds=SECONDS):
    """10 KB of JSON with 20 secrets."""
    for way in ways(site):
        call = site.json_call(way, "ssm", "AmazonSSM.GetParametersByPath", '{"Path": "/bench/"}')
        yield measured(site, way, "10 KB JSON, 20 secrets", call, connections[0], seconds)


def large(site, connections, seconds=SECONDS):
    """1 MB of JSON: log events."""
    for way in ways(site):
        call = site.json_call(way, "logs", "Logs_20140328.FilterLogEvents", '{"logGroupName": "bench"}')
        yield measured(site, way, "1 MB JSON", call, connections[0], seconds)


def denied(site, connections, seconds=SECONDS):
    """A call that policy refuses: nothing is sent, everything is on record."""
    call = site.call("postern", "iam", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"},
                     "Action=CreateUser&Version=2010-05-08&UserName=bench")
    yield measured(site, "postern", "denied", call, connections[0], seconds, expects_errors=True)


def bearer(site, connections, seconds=SECONDS):
    """An OIDC token instead of a signature."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter",
               "Authorization": f"Bearer {site.token}"}
    call = {"method": "POST", "url": site.ways["postern"]["base"] + "/_postern/aws/us-east-1/ssm/", "headers": headers,
            "body": '{"Name": "/bench/colour"}'}
    yield measured(site, "postern", "300 B JSON, bearer", call, connections[0], seconds)


def unsynced(site, connections, seconds=SECONDS):
    """The same without waiting for the disk: what the durable commit costs."""
    call = site.json_call("postern", "ssm", "AmazonSSM.GetParameter", '{"Name": "/bench/colour"}')
    setting(site, "synchronous_commit = off")
    try:
        yield measured(site, "postern", "300 B JSON, no fsync", call, connections[0], seconds)
    finally:
        setting(site, "synchronous_commit = on")


def setting(site, assignment):
    superuser = site.stack.sourced("admin.env").get("USER", "postgres")
    for statement in (f"ALTER SYSTEM SET {assignment}", "SELECT pg_reload_conf()"):
        site.stack.sql(statement, user=superuser)


def held(site, connections, seconds=SECONDS, count=200):
    """Traffic while approvals are held, beside the same traffic without."""
    call = site.json_call("postern", "ssm", "AmazonSSM.GetParameter", '{"Name": "/bench/colour"}')
    yield measured(site, "postern", "300 B JSON, nothing held", call, connections[0], seconds)
    with holding(site, count):
        yield measured(site, "postern", f"300 B JSON, {count} calls held", call, connections[0], seconds)


@contextlib.contextmanager
def holding(site, count):
    """So many calls that wait for a person; their clients leave at the end."""
    context = ssl.create_default_context(cafile=str(site.authority))
    open_connections = []

    def ask(number):
        call = site.call("postern", "sqs", "POST", "/", {"Content-Type": "application/x-amz-json-1.0",
                                                          "X-Amz-Target": "AmazonSQS.CreateQueue"},
                         f'{{"QueueName": "bench-{number}"}}')
        host = call["url"].removeprefix("https://").split("/")[0]
        connection = http.client.HTTPSConnection(host, context=context, timeout=60)
        connection.request("POST", "/", call["body"], call["headers"])
        open_connections.append(connection)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(count)))
    deadline = time.monotonic() + 20
    while pending(site) < count:
        if time.monotonic() > deadline:
            raise load.BadAnswers(f"only {pending(site)} of {count} calls are held")
        time.sleep(0.2)
    try:
        yield
    finally:
        for connection in open_connections:
            connection.close()


def pending(site):
    return int(site.stack.sql("SELECT count(*) FROM postern.approval WHERE state = 'pending'")[0][0])


def transfers(site, _connections, _seconds=SECONDS):
    """An S3 object of 100 MB, down (masked) and up (aws-chunked with a trailing checksum)."""
    size = (site.home / "object").stat().st_size
    for way in ("direct", "bare", "postern"):
        call = site.call(way, "s3", "GET", "/bench/object", signer=botocore.auth.S3SigV4Auth)
        yield transfer(site, way, "100 MB download", [call] * 3)
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(size),
               "X-Amz-Trailer": "x-amz-checksum-crc32"}
    for way in ("direct", "bare", "postern"):
        # The same signature twice would be a replay.
        calls = [site.call(way, "s3", "PUT", f"/bench/upload-{n}", headers, signer=UnsignedTrailerAuth) for n in range(3)]
        yield transfer(site, way, "100 MB upload", calls, site.home / "chunked")


def transfer(site, way, scenario, calls, upload=None):
    rates = [load.curl(call, site.authority, upload) for call in calls]
    pids = machine.tree([pid for roots in site.ways[way]["roots"].values() for pid in roots])
    return {"scenario": scenario, "way": way, "connections": 1, "load": machine.load(), "megabytes": max(rates) / 1e6,
            "cpu": {}, "memory": {"all": machine.proportional_memory(pids)}}


def ways(site):
    return [way for way in WAYS if way in site.ways]


ALL = {"small": small, "secrets": secrets, "large": large, "denied": denied, "bearer": bearer, "unsynced": unsynced,
       "held": held, "transfers": transfers}
