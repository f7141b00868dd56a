#!/usr/bin/env python3
"""Checks the audit chains as docs/audit.md describes them, with nothing of Postern's own.

Needs psql and a role that may read postern_audit; libpq's environment (PGHOST, PGDATABASE, PGUSER) or a connection
string as the argument says where; `--checkpoint FILE` adds checkpoints that were kept elsewhere. Prints each defect and fails if there is one. A second reading of the
description, to prove that there is enough of it; `posternctl audit verify` is faster and checks signatures.
"""
import argparse
import hashlib
import json
import struct
import subprocess
import sys
import uuid

COLUMNS = """format writer sequence ts kind id request_id issuer subject groups role session_id session_name query_id app
traceparent source_ip user_agent operation actions access_level risks resources region account parameters body_sha256
decision statement policy_hash explanation approval_id upstream_host presigned mask_profile status error_code
aws_request_id bytes_in bytes_out response_sha256 masked findings timings completed truncated event message detail
repeated""".split()
QUERY = f"COPY (SELECT {', '.join(COLUMNS)}, hash FROM postern_audit.record ORDER BY writer, sequence, ts) TO STDOUT (FORMAT binary)"
CHECKPOINTS = "COPY (SELECT writer, sequence, encode(hash, 'hex') FROM postern_audit.checkpoint) TO STDOUT"


def psql(database, command):
    arguments = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command, *([database] if database else [])]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE)


def rows(stream):
    """Each row's fields, as (canonical bytes, values)."""
    header = stream.read(19)
    assert header[:11] == b"PGCOPY\n\xff\r\n\0", "not a binary COPY"
    while True:
        (count,) = struct.unpack(">h", stream.read(2))
        if count == -1:
            return
        canonical, values = b"", []
        for _ in range(count):
            prefix = stream.read(4)
            (length,) = struct.unpack(">i", prefix)
            value = None if length < 0 else stream.read(length)
            values.append(value)
            if len(values) < count:
                canonical += prefix + (value or b"")
        yield canonical, values


def main(database, exported):
    signed = {}
    for path in exported:
        with open(path) as lines:
            for line in map(json.loads, lines):
                signed.setdefault((uuid.UUID(line["writer"]), line["sequence"]), set()).add(line["hash"])
    with psql(database, CHECKPOINTS).stdout as stream:
        for line in stream:
            writer, sequence, digest = line.decode().split()
            signed.setdefault((uuid.UUID(writer), int(sequence)), set()).add(digest)
    defects = count = 0
    writer, expected, previous, last = None, 0, b"", {}
    process = psql(database, QUERY)
    for canonical, values in rows(process.stdout):
        count += 1
        this, (sequence,), digest = uuid.UUID(bytes=values[1]), struct.unpack(">q", values[2]), values[-1]
        if this != writer:
            writer, expected = this, 1
            previous = hashlib.sha256(b"postern audit chain 1" + this.bytes).digest()
        if sequence < expected:
            print(f"{writer}: there are several records {sequence}")
            defects += 1
            continue
        if sequence != expected:
            print(f"{writer}: records {expected} to {sequence - 1} are missing")
            defects += 1
        elif hashlib.sha256(previous + canonical).digest() != digest:
            print(f"{writer}: record {sequence} is not what was recorded")
            defects += 1
        for other in signed.get((writer, sequence), set()) - {digest.hex()}:
            print(f"{writer}: record {sequence} has not the signed hash {other}")
            defects += 1
        expected, previous, last[writer] = sequence + 1, digest, sequence
    for chain, sequence in signed:
        if sequence > last.get(chain, 0):
            print(f"{chain}: ends at record {last.get(chain, 0)}, but {sequence} were signed for")
            defects += 1
    print(f"{count} records in {len(last)} chains, {defects} defects")
    return 1 if process.wait() or defects else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", action="append", default=[], metavar="FILE")
    parser.add_argument("database", nargs="?")
    arguments = parser.parse_args()
    sys.exit(main(arguments.database, arguments.checkpoint))
