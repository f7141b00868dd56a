"""Each operation of botocore sent twice: to AWS, caught before it leaves, and through Postern to the echo upstream.

The two must be the same request: host, method, target, headers and payload; and Postern's signature must be the one that
botocore would make for it.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import http.client
import pathlib
import re
import socket
import ssl
import sys
import threading
import types
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.handlers
import botocore.session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from catalogue.corpus import RENAMED, Inputs  # noqa: E402

REGION = "eu-west-1"

# Headers that say nothing about the call, or that each hop makes anew.
HOP_HEADERS = {
    "user-agent", "authorization", "x-amz-date", "x-amz-security-token", "amz-sdk-invocation-id", "amz-sdk-request",
    "accept-encoding", "content-length", "transfer-encoding", "expect", "connection", "host", "accept",
}  # fmt: skip


@dataclasses.dataclass
class Request:
    """A request as somebody sends or gets it; header names are in lower case."""

    host: str
    method: str
    target: str
    headers: dict
    body: bytes

    @classmethod
    def prepared(cls, request):
        url = urllib.parse.urlsplit(request.url)
        headers = {name.lower(): value.decode("latin-1") if isinstance(value, bytes) else str(value)
                   for name, value in request.headers.items()}
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytearray) else body
        body = body if isinstance(body, bytes) else body.read()
        target = (url.path or "/") + ("?" + url.query if url.query else "")
        return cls(url.netloc, request.method, target, headers, body)

    @classmethod
    def recorded(cls, record):
        headers = {}
        for name, value in record["headers"]:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        return cls(headers.get("host", ""), record["method"], record["target"], headers, record["body"])

    @property
    def meant_headers(self):
        return {name: value for name, value in self.headers.items() if name not in HOP_HEADERS}

    @property
    def payload(self):
        """The body without the framing of aws-chunked, and what followed it."""
        if "aws-chunked" not in self.headers.get("content-encoding", ""):
            return self.body, {}
        plain, rest = b"", self.body
        while True:
            line, _, rest = rest.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            plain, rest = plain + rest[:size], rest[size + 2:]
        trailers = dict(line.split(b":", 1) for line in rest.split(b"\r\n") if b":" in line)
        return plain, {name.decode().lower(): value.decode().strip() for name, value in trailers.items()}

    @property
    def scope(self):
        """Region and service of the credential scope; nothing where it is not signed."""
        authorization = self.headers.get("authorization", "")
        return tuple(authorization.split("Credential=")[1].split("/")[2:4]) if "Credential=" in authorization else ()


def differences(direct, got):
    """What tells the two apart, as texts."""
    found = []
    for name in ("host", "method", "target", "scope"):
        one, other = getattr(direct, name), getattr(got, name)
        if name == "target":
            one, other = unpresigned(one), unpresigned(other)
        if name == "host":  # the account's own name of Kinesis, made of an ARN; the region's serves it as well
            one = re.sub(r"^\d{12}\.(data|control)-kinesis\.", "kinesis.", one)
        if one != other:
            found.append(f"{name}: {one!r} became {other!r}")
    for name in sorted(direct.meant_headers.keys() | got.meant_headers.keys()):
        one, other = direct.meant_headers.get(name), got.meant_headers.get(name)
        if name == "x-amz-content-sha256" and one is None:
            continue  # part of the signature, which is checked by itself
        if one != other:
            found.append(f"header {name}: {one!r} became {other!r}")
    if meant_body(direct) != meant_body(got):
        found.append(f"payload: {meant_body(direct)!r:.300} became {meant_body(got)!r:.300}")
    return found


S3_SERVICES = {"s3", "s3express", "s3-object-lambda", "s3-outposts"}
SIGNATURE_PARAMETERS = {"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Security-Token"}


def unpresigned(target):
    """A target without what depends on key and time."""
    path, mark, query = target.partition("?")
    return path + mark + "&".join(pair for pair in query.split("&") if pair.split("=")[0] not in SIGNATURE_PARAMETERS)


def meant_body(request):
    payload, trailers = request.payload
    if b"resignedUrl=" not in payload:
        return payload, trailers
    pairs = urllib.parse.parse_qsl(payload.decode(), keep_blank_values=True)
    return [(name, unpresigned(value) if name.endswith("resignedUrl") else value) for name, value in pairs], trailers


def signature_defect(request, credentials):
    """Why a signature is not the one that botocore makes for the request; nothing where it is."""
    authorization = request.headers.get("authorization", "")
    if not authorization.startswith("AWS4-HMAC-SHA256 "):
        return f"no signature: {authorization[:30]}"
    parts = dict(part.split("=", 1) for part in authorization.split(" ", 1)[1].replace(" ", "").split(","))
    signed = parts["SignedHeaders"].split(";")
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    if unsigned or "host" not in signed:
        return f"not signed: {unsigned or 'host'}"
    region, service = request.scope
    made = botocore.awsrequest.AWSRequest(
        method=request.method, url=f"https://{request.host}{request.target}", data=request.body,
        headers={name: request.headers[name] for name in signed},
    )  # fmt: skip
    made.context["timestamp"] = request.headers["x-amz-date"]
    kind = botocore.auth.S3SigV4Auth if service in S3_SERVICES else botocore.auth.SigV4Auth
    signer = kind(credentials, service, region)
    text = signer.string_to_sign(made, signer.canonical_request(made))
    if signer.signature(text, made) != parts["Signature"]:
        return f"signature over {text!r} does not fit"
    stated = request.headers.get("x-amz-content-sha256", "")
    if len(stated) == 64 and stated != hashlib.sha256(request.body).hexdigest():
        return "x-amz-content-sha256 is not the body's"
    return None


class Caught(Exception):
    """Holds the request that botocore would have sent."""


class ValidInputs(Inputs):
    """The catalogue's inputs, but for members that only certain values fit."""

    VALUES = {
        ("codeartifact", "assetSHA256"): hashlib.sha256(b"blob").hexdigest(),
        ("ec2", "SourceRegion"): "us-west-2",
        ("kinesis", "StreamARN"): "arn:aws:kinesis:eu-west-1:111122223333:stream/example",
        ("kinesis", "ConsumerARN"): "arn:aws:kinesis:eu-west-1:111122223333:stream/example/consumer/example:1",
        ("kinesis", "ResourceARN"): "arn:aws:kinesis:eu-west-1:111122223333:stream/example",
        ("cloudfront-keyvaluestore", "KvsARN"): "arn:aws:cloudfront::111122223333:key-value-store/"
                                                "11111111-2222-3333-4444-555555555555",
    }  # fmt: skip

    def text(self, shape, name):
        return self.VALUES.get((self.service, name)) or super().text(shape, name)


@dataclasses.dataclass
class Call:
    """One operation, and what came of it."""

    service: str
    name: str
    kind: str
    wrapper: str = ""
    tag: str = ""
    unsigned: bool = False
    direct: Request | None = None
    refusal: tuple = ()
    unsent: str = ""
    unread: str = ""

    @property
    def title(self):
        return f"{self.service}.{self.name}"

    @property
    def user_agent(self):
        return f"conformance/{self.tag}/{self.kind}/{self.wrapper}"


def kind_of(service_model, operation):
    """Which answer an operation's parser takes, and the element that it looks for."""
    protocol = getattr(service_model, "resolved_protocol", service_model.protocol)
    if operation.has_event_stream_output:
        return ("json-events" if protocol == "json" else "events"), ""
    if operation.has_streaming_output:
        return "blob", ""
    if protocol == "query":
        output = operation.output_shape
        return "query", (output.serialization.get("resultWrapper", "") if output else "")
    return {"ec2": "ec2", "rest-xml": "xml", "smithy-rpc-v2-cbor": "cbor"}.get(protocol, "json"), ""


@dataclasses.dataclass
class Variant:
    """How the client is set up on both sides."""

    name: str
    host_prefixes: bool = False
    addressing_style: str = "path"
    names_endpoint: bool = False

    def path(self, service):
        """What the agent's endpoint has behind the gateway's name."""
        return f"/_postern/endpoint/{CUSTOMERS[service]}" if self.names_endpoint else ""

    def config(self, **more):
        return botocore.config.Config(
            retries={"total_max_attempts": 1}, s3={"addressing_style": self.addressing_style},
            account_id_endpoint_mode="disabled", max_pool_connections=THREADS, **more,
        )  # fmt: skip


THREADS = 12
CELL = "cell-1.timestream.eu-west-1.amazonaws.com"
# Services at hosts of the customer's own: one each, which the stack lists, or AWS tells (the echo does).
CUSTOMERS = {
    "apigatewaymanagementapi": "abc123.execute-api.eu-west-1.amazonaws.com/prod",
    "cloudsearchdomain": "search-films-abc123.eu-west-1.cloudsearch.amazonaws.com",
    "iot-jobs-data": "abc123.jobs.iot.eu-west-1.amazonaws.com",
    "kinesis-video-archived-media": "b-abc123.kinesisvideo.eu-west-1.amazonaws.com",
    "kinesis-video-media": "s-abc123.kinesisvideo.eu-west-1.amazonaws.com",
    "kinesis-video-signaling": "r-abc123.kinesisvideo.eu-west-1.amazonaws.com",
    "kinesis-video-webrtc-storage": "w-abc123.kinesisvideo.eu-west-1.amazonaws.com",
    "mediastore-data": "abc123.data.mediastore.eu-west-1.amazonaws.com",
    "neptunedata": "db.cluster-abc123.eu-west-1.neptune.amazonaws.com",
}
DISCOVERED = {"timestream-query": CELL, "timestream-write": CELL}
PLAIN = Variant("plain")
NAMED = Variant("named endpoint", names_endpoint=True)
PREFIXED = Variant("host prefixes", host_prefixes=True)
VIRTUAL = Variant("virtual-hosted buckets", addressing_style="virtual")


class Sender:
    """Sends operations both ways, several at a time, one service after the other."""

    def __init__(self, stack, keys, token):
        self.stack, self.keys, self.token = stack, keys, token
        self.current = threading.local()
        self.calls = []
        # Idempotency tokens: the same in both requests.
        self.patched = types.SimpleNamespace(uuid4=lambda: uuid.UUID(int=0))

    def run(self, plan):
        """Sends (service, names, variant) triples; `names` of None are all. Returns the calls."""
        original = botocore.handlers.uuid
        botocore.handlers.uuid = self.patched
        resolve = socket.getaddrinfo
        socket.getaddrinfo = lambda host, *rest, **more: resolve(
            "127.0.0.1" if isinstance(host, str) and host.endswith("localhost") else host, *rest, **more)
        try:
            with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
                pending = collections.deque()
                for service, names, variant in plan:
                    pending.append(self.start(pool, service, names, variant))
                    # Models are large: those of three services at a time.
                    while len(pending) > 3:
                        self.collect(pending.popleft())
                while pending:
                    self.collect(pending.popleft())
        finally:
            botocore.handlers.uuid = original
            socket.getaddrinfo = resolve
        return self.calls

    def collect(self, futures):
        for future in futures:
            self.calls.append(future.result())

    def start(self, pool, service, names, variant):
        session = botocore.session.Session()
        session.set_config_variable("ignore_configured_endpoint_urls", True)
        session.set_config_variable("endpoint_discovery_enabled", False)
        direct = session.create_client(service, region_name=REGION, aws_access_key_id="AKID",
                                       aws_secret_access_key="secret", config=variant.config())
        gateway = session.create_client(
            service, region_name=REGION, endpoint_url=self.stack.url + variant.path(service), verify=False,
            aws_access_key_id=self.keys.access_key, aws_secret_access_key=self.keys.secret_key,
            aws_session_token=self.keys.token, config=variant.config(inject_host_prefix=variant.host_prefixes),
        )  # fmt: skip
        cell = direct
        if host := (CUSTOMERS | DISCOVERED).get(service):
            cell = session.create_client(service, region_name=REGION, aws_access_key_id="AKID",
                                         endpoint_url=f"https://{host}", aws_secret_access_key="secret",
                                         config=variant.config())
            cell.meta.events.register_first("before-send", self.catch)
        direct.meta.events.register_first("before-send", self.catch)
        gateway.meta.events.register_first("before-send", self.mark)
        methods = {name: method for method, name in gateway.meta.method_to_api_mapping.items()}
        model = gateway.meta.service_model
        wanted = list(model.operation_names) if names is None else names
        return [pool.submit(self.send, direct if name == "DescribeEndpoints" else cell, gateway, service, name, methods.get(name), f"{variant.name}:{service}.{name}")
                for name in wanted]

    def catch(self, request, **_):
        raise Caught(request)

    def mark(self, request, **_):
        call = self.current.call
        request.headers["User-Agent"] = call.user_agent
        # SimpleDB's signature is in its form.
        call.unsigned = "Authorization" not in request.headers and call.service != "sdb"
        if call.unsigned:
            raise Caught(request)

    def send(self, direct, gateway, service, name, method, tag):
        model = gateway.meta.service_model
        operation = model.operation_model(name)
        call = Call(service, name, *kind_of(model, operation), tag=tag)
        if operation.has_event_stream_input or method is None:
            call.unsent = "needs HTTP/2 in both directions, which botocore does not have"
            return call
        parameters = ValidInputs(service, full=False).structure(operation.input_shape) if operation.input_shape else {}
        try:
            getattr(direct, method)(**parameters)
        except Caught as caught:
            call.direct = Request.prepared(caught.args[0])
        except Exception as error:  # noqa: BLE001 - the verdict is the test's
            call.unsent = f"direct: {type(error).__name__}: {error}"
            return call
        self.current.call = call
        try:
            getattr(gateway, method)(**parameters)
        except Caught as caught:
            with contextlib.suppress(OSError, http.client.HTTPException):  # then nothing arrives
                self.send_with_bearer(call, Request.prepared(caught.args[0]), model.signing_name)
        except botocore.exceptions.ClientError as error:
            details = error.response
            call.refusal = (details["ResponseMetadata"].get("HTTPStatusCode"), details["Error"].get("Code"),
                            details["Error"].get("Message"))
        except Exception as error:  # noqa: BLE001
            call.unread = f"{type(error).__name__}: {error}"
        return call

    def send_with_bearer(self, call, request, signing_name):
        """An operation without a signature says nothing about its caller: it comes by the bearer URL."""
        connection = http.client.HTTPSConnection(
            "localhost", self.stack.port, context=ssl._create_unverified_context(), timeout=60)
        headers = {name: value for name, value in request.headers.items()
                   if name not in ("host", "content-length")}
        headers |= {"Authorization": f"Bearer {self.token}", "Content-Length": str(len(request.body))}
        target = f"/_postern/aws/{REGION}/{signing_name}{request.target}"
        with contextlib.closing(connection):
            connection.request(request.method, target, request.body, headers)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status != 200:
            call.refusal = (answer.status, answer.getheader("x-amzn-errortype"), text[:300].decode(errors="replace"))
