"""botocore's service models, reduced to what recognition, parsing and policy need."""

import copy
import sys
from pathlib import Path

import botocore.loaders
import botocore.session

PROTOCOLS = {
    "json1.0": 1, "json1.1": 2, "rest-json": 4, "rest-xml": 8, "query": 16, "ec2": 32, "smithy-rpc-v2-cbor": 64,
}
METHODS = {"GET": 1, "HEAD": 2, "POST": 3, "PUT": 4, "DELETE": 5, "PATCH": 6, "OPTIONS": 7}
KINDS = {
    "structure": 1, "list": 2, "map": 3, "string": 4, "character": 4, "integer": 5, "long": 5, "short": 5, "byte": 5,
    "bigInteger": 5, "float": 6, "double": 6, "bigDecimal": 6, "boolean": 7, "timestamp": 8, "blob": 9,
}
LOCATIONS = {None: 0, "uri": 1, "querystring": 2, "header": 3, "headers": 4, "statusCode": 5}

# Operation flags.
NO_AUTH, UNSIGNED_BODY, BEARER, STREAM_IN, STREAM_OUT, EVENTS_IN, EVENTS_OUT = (1 << bit for bit in range(7))
READONLY, DISCOVERY, SIGV4A, EXPRESS_CONTROL = (1 << bit for bit in range(7, 11))
# Member flags, above the 8 bits of the location.
REQUIRED, TOKEN, SENSITIVE, STREAMING, HOST_LABEL, EVENT_STREAM, JSON_VALUE = (1 << bit for bit in range(8, 15))
# Shape flags, above the 8 bits of the kind.
FLATTENED, SENSITIVE_SHAPE, UNION, DOCUMENT = (1 << bit for bit in range(8, 12))

# Services that accept a protocol which today's model no longer lists: older SDKs still speak it.
FORMER_PROTOCOLS = {"sqs": ["query"], "cloudwatch": ["query"], "cloudsearchdomain": ["query-form"]}


FORMER_DATA = Path(sys.prefix) / "former/botocore/data"


def load_services(former: bool = False):
    """Every service as (id, model, all API versions, loader), ordered by id.

    With `former`, services and operations that only the older models have are taken in, and `formerBindings` of the
    model lists operations whose path, method or query was another one.
    """
    loader = botocore.session.Session().get_component("data_loader")
    older = botocore.loaders.Loader(extra_search_paths=[str(FORMER_DATA)], include_default_search_paths=False)
    if former:
        loader.search_paths.append(str(FORMER_DATA))
    known = set(older.list_available_services("service-2")) if former else set()
    for name in sorted(loader.list_available_services("service-2")):
        model = loader.load_service_model(name, "service-2")
        if name in known:
            merge_former(model, older.load_service_model(name, "service-2"))
        yield name, model, loader.list_api_versions(name, "service-2"), loader


def merge_former(model: dict, older: dict) -> None:
    """Adds what only the older model of the same service has; its shapes get names of their own."""
    model["formerBindings"] = []
    for name, operation in sorted(older["operations"].items()):
        newer = model["operations"].get(name)
        if newer and _binding(newer) == _binding(operation):
            continue
        if newer and "rest" not in model["metadata"]["protocol"]:
            continue
        operation = dict(operation)
        for side in ("input", "output"):
            if side in operation:
                operation[side] = {"shape": _import(model, older, operation[side]["shape"])}
        if newer:
            model["formerBindings"].append((name, operation))
        else:
            model["operations"][name] = operation


def _binding(operation: dict) -> tuple:
    return (operation["http"]["method"], operation["http"]["requestUri"].rstrip("/"))


def _import(model: dict, older: dict, name: str) -> str:
    own = "former " + name
    if own not in model["shapes"]:
        shape = copy.deepcopy(older["shapes"][name])
        model["shapes"][own] = shape
        parts = [*shape.get("members", {}).values(), *(shape[k] for k in ("member", "key", "value") if k in shape)]
        for part in parts:
            part["shape"] = _import(model, older, part["shape"])
    return own


def protocols_of(name: str, metadata: dict) -> int:
    names = list(metadata.get("protocols") or [metadata["protocol"]]) + FORMER_PROTOCOLS.get(name, [])
    mask = 0
    for protocol in names:
        if protocol == "json":
            protocol += metadata.get("jsonVersion", "1.1")
        mask |= PROTOCOLS.get(protocol, 0)
    return mask


def signing_name(metadata: dict) -> str:
    return metadata.get("signingName") or metadata["endpointPrefix"]


class Shapes:
    """Writes the input shapes of one service, each once."""

    def __init__(self, writer, model: dict) -> None:
        self.writer = writer
        self.shapes = model["shapes"]
        self.is_ec2 = model["metadata"]["protocol"] == "ec2"
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of shape `name`, written with all it refers to on first use."""
        if name not in self.numbers:
            shape = self.shapes[name]
            if KINDS[shape["type"]] > 3:
                self.numbers[name] = self.writer.scalar_shape(self._record(shape))
            else:
                self.numbers[name] = self.writer.add("shapes", 0, 0, 0, 0)
                self.writer.records["shapes"][self.numbers[name]] = self._record(shape)
        return self.numbers[name]

    def wire_name(self, name: str, member: dict) -> str:
        if self.is_ec2:
            location = member.get("locationName")
            return member.get("queryName") or (location[0].upper() + location[1:] if location else name)
        return member.get("locationName", name)

    def _record(self, shape: dict) -> tuple[int, int, int, int]:
        kind = KINDS[shape["type"]]
        flags = FLATTENED * bool(shape.get("flattened")) | SENSITIVE_SHAPE * bool(shape.get("sensitive"))
        flags |= UNION * bool(shape.get("union")) | DOCUMENT * bool(shape.get("document"))
        if kind == 1:
            rows = [self._member(shape, name, member) for name, member in shape["members"].items()]
            first = len(self.writer.records["members"])
            for row in rows:
                self.writer.add("members", *row)
            payload = shape.get("payload")
            index = list(shape["members"]).index(payload) + 1 if payload else 0
            return (kind | flags, first, len(rows), index)
        if kind == 2:
            member = shape["member"]
            return (kind | flags, self.number(member["shape"]), self.writer.string(member.get("locationName")), 0)
        if kind == 3:
            key, value = shape["key"], shape["value"]
            names = (self.writer.string(key.get("locationName")), self.writer.string(value.get("locationName")))
            return (kind | flags, self.number(value["shape"]), *names)
        return (kind | flags, 0, 0, 0)

    def _member(self, structure: dict, name: str, member: dict) -> tuple[int, int, int, int]:
        target = self.shapes[member["shape"]]
        flags = LOCATIONS[member.get("location")]
        flags |= REQUIRED * (name in structure.get("required", []))
        flags |= TOKEN * bool(member.get("idempotencyToken"))
        flags |= SENSITIVE * bool(member.get("sensitive") or target.get("sensitive"))
        flags |= STREAMING * bool(member.get("streaming") or target.get("streaming"))
        flags |= HOST_LABEL * bool(member.get("hostLabel"))
        flags |= EVENT_STREAM * bool(target.get("eventstream"))
        flags |= JSON_VALUE * bool(member.get("jsonvalue"))
        wire_name = self.wire_name(name, member)
        if member.get("location") in ("header", "headers"):
            wire_name = wire_name.lower()  # as swift-http-types has field names
        string = self.writer.string
        return (string(name), string(wire_name), self.number(member["shape"]), flags)


def split_uri(uri: str) -> tuple[str, list[str]]:
    """Path template and constant query as a flat list of keys and values."""
    path, _, query = uri.partition("?")
    pairs = []
    for part in query.split("&") if query else []:
        key, _, value = part.partition("=")
        pairs += [key, value]
    return path, pairs


def required_bindings(model: dict, operation: dict) -> tuple[list[str], list[str]]:
    """Names of the query keys and headers (lower case) without which the operation cannot be sent."""
    shape = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
    query, headers = [], []
    for name in shape.get("required", []):
        member = shape["members"][name]
        if member.get("location") == "querystring" and model["shapes"][member["shape"]]["type"] not in ("map", "list"):
            query.append(member.get("locationName", name))
        if member.get("location") == "header":
            headers.append(member.get("locationName", name).lower())
    return query, headers


def operation_flags(model: dict, operation: dict) -> int:
    shapes = model["shapes"]
    auth = operation.get("authtype") or (operation.get("auth") or [""])[0]
    service_auth = model["metadata"].get("auth") or []
    flags = NO_AUTH * (auth in ("none", "smithy.api#noAuth"))
    flags |= UNSIGNED_BODY * bool(auth == "v4-unsigned-body" or operation.get("unsignedPayload"))
    flags |= BEARER * (auth in ("bearer", "smithy.api#httpBearerAuth") or service_auth == ["smithy.api#httpBearerAuth"])
    flags |= SIGV4A * ((operation.get("auth") or service_auth)[:2] == ["aws.auth#sigv4a"])
    flags |= READONLY * bool(operation.get("readonly")) | DISCOVERY * ("endpointdiscovery" in operation)
    flags |= EXPRESS_CONTROL * ("UseS3ExpressControlEndpoint" in operation.get("staticContextParams", {}))
    for side, stream, events in (("input", STREAM_IN, EVENTS_IN), ("output", STREAM_OUT, EVENTS_OUT)):
        shape = shapes[operation[side]["shape"]] if side in operation else {}
        for name, member in shape.get("members", {}).items():
            target = shapes[member["shape"]]
            if target.get("eventstream"):
                flags |= events
            elif name == shape.get("payload") and target["type"] == "blob":
                if target.get("streaming") or member.get("streaming") or side == "input":
                    flags |= stream
    return flags


def context_member(model: dict, operation: dict, parameter: str) -> str | None:
    """The input member that fills a parameter of the endpoint rules."""
    members = model["shapes"][operation["input"]["shape"]]["members"] if "input" in operation else {}
    return next((n for n, m in members.items() if m.get("contextParam", {}).get("name") == parameter), None)


def specificity(method: int, path: str, constants: list[str], query: list[str], headers: list[str]) -> tuple:
    """Sort key: the most literal path first (left to right), then the most constants."""
    segments = path.strip("/").split("/")
    literals = tuple((2 if "+}" in s else 1) if "{" in s else 0 for s in segments)
    return (method, literals, -len(constants), -len(query), -len(headers))


# A structure with one of the first and one of the second is a usable credential of AWS.
_KEY_IDS = {"accesskeyid", "accesskey", "awsaccesskeyid"}
_SECRETS = {"secretaccesskey", "secretkey", "awssecretaccesskey", "sessiontoken", "securitytoken"}


def answers_with_credentials(model, operation) -> bool:
    """Whether an answer has an access key id with its secret, at any depth."""
    if "output" not in operation:
        return False
    waiting, seen = [operation["output"]["shape"]], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = model["shapes"][name]
        members = shape.get("members", {})
        lower = {key.lower().replace("_", "") for key in members}
        if lower & _KEY_IDS and lower & _SECRETS:
            return True
        waiting += [member["shape"] for member in members.values()]
        waiting += [shape[key]["shape"] for key in ("member", "value") if key in shape]
    return False
