"""Writes what botocore sends for every operation, with what recognition and parsing must find in it.

One JSON object a line: `o` operation, `m` method, `t` raw target, `h` header fields, `b` body (latin-1), `r` and `s`
region and service of the credential scope (absent where unsigned), `i` scalar inputs as [path, text], `d` host, target,
scope region and scope service of the same call sent to AWS directly.
"""

import argparse
import json
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.session
from botocore.config import Config

from catalogue import models

# Resource types that only one of several services with the same signing name has.
ARNS = {
    "bedrock-agent-runtime": "bedrock:eu-west-1:111122223333:session/abc",
    "bedrock-data-automation": "bedrock:eu-west-1:111122223333:data-automation-project/abc",
    "chime-sdk-identity": "chime:eu-west-1:111122223333:app-instance/abc",
    "chime-sdk-messaging": "chime:eu-west-1:111122223333:app-instance/abc/channel/def",
    "chime-sdk-meetings": "chime:eu-west-1:111122223333:meeting/abc",
    "chime-sdk-media-pipelines": "chime:eu-west-1:111122223333:media-pipeline/abc",
    "chime-sdk-voice": "chime:eu-west-1:111122223333:vc/abc",
    "ivs": "ivs:eu-west-1:111122223333:channel/abc",
    "ivs-realtime": "ivs:eu-west-1:111122223333:stage/abc",
    "lambda-microvms": "lambda:eu-west-1:111122223333:microvm-image:abc",
    "lex-models": "lex:eu-west-1:111122223333:bot:abc",
    "lexv2-models": "lex:eu-west-1:111122223333:bot/abc",
    "timestream-query": "timestream:eu-west-1:111122223333:scheduled-query/abc",
    "timestream-write": "timestream:eu-west-1:111122223333:database/abc",
}
# Old names of S3 operations: the same bytes as the new ones.
RENAMED = {
    "s3.GetBucketLifecycle": "s3.GetBucketLifecycleConfiguration",
    "s3.GetBucketNotification": "s3.GetBucketNotificationConfiguration",
    "s3.PutBucketLifecycle": "s3.PutBucketLifecycleConfiguration",
    "s3.PutBucketNotification": "s3.PutBucketNotificationConfiguration",
}
# Members that botocore changes or keeps for itself.
UNSENT = {"SourceRegion", "UserData"}
SKIPPED_HEADERS = {"user-agent", "authorization", "x-amz-date", "x-amz-security-token", "amz-sdk-invocation-id"}


class Inputs:
    """Makes a valid input for a shape: required members only, or every member to some depth."""

    def __init__(self, service: str, full: bool) -> None:
        self.service = service
        self.full = full

    def structure(self, shape, depth: int = 0) -> dict:
        members = shape.members.items()
        if getattr(shape, "is_tagged_union", False):
            members = list(members)[:1]
        elif not self.full or depth > 2:
            members = [(name, member) for name, member in members if name in shape.required_members]
        return {n: self.value(m, n, depth + 1) for n, m in members if not m.serialization.get("eventstream")}

    def value(self, shape, name: str, depth: int):
        kind = shape.type_name
        if kind == "structure":
            if getattr(shape, "is_document_type", False):
                return {}
            return self.structure(shape, depth) if depth < 12 else {}
        if kind == "list":
            count = max(1 if depth < 8 else 0, shape.metadata.get("min", 0))
            return [self.value(shape.member, name, depth + 1) for _ in range(min(count, 120))]
        if kind == "map":
            return {self.value(shape.key, "key", depth + 1): self.value(shape.value, name, depth + 1)}
        if kind in ("integer", "long"):
            return max(1, shape.metadata.get("min", 1))
        if kind in ("float", "double"):
            return max(1.5, shape.metadata.get("min", 1.5))
        return {"boolean": True, "timestamp": 1700000000, "blob": b"blob"}.get(kind) or self.text(shape, name)

    def text(self, shape, name: str) -> str:
        if shape.enum:
            return shape.enum[0]
        lower = name.lower()
        if lower in ("bucket", "copysource", "renamesource"):
            return "my-bucket" if lower == "bucket" else "my-bucket/key"
        if lower == "accountid":
            return "111122223333"
        if lower == "tablename" or lower.endswith("identifier") and self.service == "neptune-graph":
            return "g-0123456789"
        text = name
        if lower.endswith("arn") and shape.metadata.get("max", 99) > 60:
            text = "arn:aws:" + ARNS.get(self.service, f"{self.service}:eu-west-1:111122223333:thing/abc")
        text += "x" * (shape.metadata.get("min", 0) - len(text))
        return text[: shape.metadata["max"]] if "max" in shape.metadata else text


def scalars(shape, value, path: str = ""):
    """Texts and numbers of an input with their paths; blobs, timestamps, documents and maps are left out."""
    kind = shape.type_name
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        for name, member in value.items():
            yield from scalars(shape.members[name], member, f"{path}.{name}" if path else name)
    elif kind == "list":
        for entry in value[:1]:
            yield from scalars(shape.member, entry, path)
    elif kind == "string" and path and not shape.serialization.get("jsonvalue"):
        yield [path, value]
    elif kind in ("integer", "long"):
        yield [path, str(value)]


def sent_scalars(shape, parameters: dict) -> list:
    return [pair for pair in scalars(shape, parameters) if pair[0] not in UNSENT] if shape else []


class Captured(Exception):
    pass


def capture(request, **_):
    raise Captured(request)


def send(client, method: str, parameters: dict):
    """What the client would send, and region and service of its credential scope."""
    try:
        getattr(client, method)(**parameters)
    except Captured as captured:
        request: botocore.awsrequest.AWSPreparedRequest = captured.args[0]
    headers = [(k, v.decode("latin-1") if isinstance(v, bytes) else str(v)) for k, v in request.headers.items()]
    authorization = dict((k.lower(), v) for k, v in headers).get("authorization", "")
    scope = authorization.split("Credential=")[1].split("/")[2:4] if "Credential=" in authorization else None
    url = urlsplit(request.url)
    return request, headers, scope, url.netloc, url.path + ("?" + url.query if url.query else "")


def case(client, direct, service: str, name: str, method: str, full: bool) -> dict:
    model = client.meta.service_model.operation_model(name)
    parameters = Inputs(service, full).structure(model.input_shape) if model.input_shape else {}
    request, headers, scope, _, target = send(client, method, parameters)
    body = request.body or b""
    body = body if isinstance(body, (bytes, bytearray)) else body.encode() if isinstance(body, str) else body.read()
    found = {
        "o": RENAMED.get(f"{service}.{name}", f"{service}.{name}"),
        "m": request.method,
        "t": target,
        "h": [[k, v] for k, v in headers if k.lower() not in SKIPPED_HEADERS],
        "b": body.decode("latin-1"),
        "i": sent_scalars(model.input_shape, parameters) if f"{service}.{name}" not in RENAMED else [],
    }
    if scope:
        found["r"], found["s"] = scope
    try:
        _, _, scope, host, target = send(direct, method, parameters)
        found["d"] = [host, target, *(scope or [])]
    except Exception as error:
        print(f"{service}.{name} direct: {type(error).__name__}: {error}"[:200].replace("\n", " "), file=sys.stderr)
    return found


def client_of(session, service: str, **options):
    config = Config(
        disable_request_compression=True, inject_host_prefix="endpoint_url" not in options,
        retries={"total_max_attempts": 1}, request_checksum_calculation="when_required",
        s3={"addressing_style": "path"}, account_id_endpoint_mode="disabled",
    )  # fmt: skip
    client = session.create_client(
        service, region_name="eu-west-1", config=config, aws_access_key_id="AKID", aws_secret_access_key="secret",
        **options,
    )  # fmt: skip
    client.meta.events.register_first("before-send", capture)
    return client


def cases(session, only: list[str], full: bool):
    for service, *_ in models.load_services():
        if only and service not in only:
            continue
        client, direct = client_of(session, service, endpoint_url="https://gw.example.com"), client_of(session, service)
        methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}
        for name in sorted(client.meta.service_model.operation_names):
            if name not in methods:
                print(f"{service}.{name}: botocore cannot send it", file=sys.stderr)
                continue
            try:
                yield case(client, direct, service, name, methods[name], full)
            except Exception as error:  # the walk goes on; the count at the end shows what is missing
                print(f"{service}.{name}: {type(error).__name__}: {error}"[:200].replace("\n", " "), file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(prog="check-recognition", description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--full", action="store_true", help="every member to some depth, not the required ones only")
    parser.add_argument("services", nargs="*")
    arguments = parser.parse_args()
    uuid.uuid4 = lambda: uuid.UUID(int=0)  # idempotency tokens: the same in both requests and in every run
    with arguments.output.open("w") as file:
        for found in cases(botocore.session.Session(), arguments.services, arguments.full):
            file.write(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
