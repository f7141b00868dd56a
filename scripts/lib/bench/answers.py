"""What the upstream answers, in the sizes that the scenarios name. Everything is made from one seed."""

import base64
import json
import random
import zlib

OBJECT_BYTES = 100 * 2**20
CHUNK_BYTES = 2**20
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
WORDS = ("request served user order cache miss retry queue worker started finished timeout connection pool page total "
         "items batch region zone latency budget report index shard commit replica leader follower snapshot").split()


def words(dice, count):
    return " ".join(dice.choice(WORDS) for _ in range(count))


def token(dice, length):
    return "".join(dice.choice(ALPHABET) for _ in range(length))


def small():
    """About 300 bytes: one parameter."""
    return json.dumps({"Parameter": {
        "ARN": "arn:aws:ssm:us-east-1:111122223333:parameter/bench/colour", "DataType": "text",
        "LastModifiedDate": 1700000000.0, "Name": "/bench/colour", "Type": "String",
        "Value": "blue, and some more words so that the answer is as long as a usual one", "Version": 7,
        "Tier": "Standard"}})


def with_secrets(dice):
    """About 10 KB: forty parameters, twenty of them with a provider's secret in the value."""
    parameters = []
    for number in range(40):
        secret = f"GITHUB_TOKEN=ghp_{token(dice, 36)}" if number % 4 == 0 else f"password={token(dice, 24)}"
        value = secret if number % 2 == 0 else words(dice, 6)
        parameters.append({
            "Name": f"/bench/{number}", "Type": "String", "Value": value, "Version": number + 1, "DataType": "text",
            "LastModifiedDate": 1700000000.0 + number,
            "ARN": f"arn:aws:ssm:us-east-1:111122223333:parameter/bench/{number}"})
    return json.dumps({"Parameters": parameters})


def large(dice):
    """About 1 MB: log events."""
    events, size = [], 0
    while size < 2**20:
        events.append({"logStreamName": "bench/1", "timestamp": 1700000000000 + len(events), "ingestionTime": 1700000000000,
                       "message": f"INFO [{len(events)}] {words(dice, 14)}", "eventId": str(10**17 + len(events))})
        size += len(json.dumps(events[-1])) + 2
    return json.dumps({"events": events, "searchedLogStreams": []})


def write_object(path, dice):
    """100 MB of log lines, with few secrets."""
    block = "".join(f"2026-01-01T00:00:{n % 60:02d}Z INFO {words(dice, 12)}\n" for n in range(10_000)).encode()
    block += f"config reloaded, password={token(dice, 24)}\n".encode()
    with path.open("wb") as file:
        left = OBJECT_BYTES
        while left > 0:
            file.write(block[:left])
            left -= len(block)


def write_chunked(path, source):
    """The object as aws-chunked bytes with a CRC32 trailer, which is how SDKs upload (STREAMING-UNSIGNED-PAYLOAD-TRAILER)."""
    checksum = 0
    with source.open("rb") as reader, path.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            checksum = zlib.crc32(chunk, checksum)
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        encoded = base64.b64encode(checksum.to_bytes(4, "big")).decode()
        writer.write(f"0\r\nx-amz-checksum-crc32:{encoded}\r\n\r\n".encode())


def write_all(directory, seed=1):
    dice = random.Random(seed)
    (directory / "small.json").write_text(small())
    (directory / "secrets.json").write_text(with_secrets(dice))
    (directory / "large.json").write_text(large(dice))
    write_object(directory / "object", dice)
    write_chunked(directory / "chunked", directory / "object")
