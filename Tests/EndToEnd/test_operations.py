"""Operations of AWS's models, made by botocore: what Postern calls them, as its audit tells.

By default one operation of each service; with --all-operations every one of them. Nothing is allowed here, so nothing
needs an upstream: a refusal by policy proves that the call was recognised, and names it.
"""

import collections
import concurrent.futures
import functools
import pathlib
import random

import botocore.config
import botocore.exceptions
import botocore.session
import pytest
from stack import REGION, Stack

POLICY = """
Version: "2012-10-17"
Statement:
  - {Sid: Nothing, Effect: Deny, Action: "*", Resource: "*"}
"""

# Not signed by an SDK at all, or not an HTTP call of a known shape: other tests and docs have them.
BIDIRECTIONAL = "needs HTTP/2 in both directions"


@pytest.fixture(scope="module")
def closed(issuer, recorder, tmp_path_factory):
    """A stack whose policy denies everything."""
    policy = tmp_path_factory.mktemp("policy") / "nothing.yaml"
    policy.write_text(POLICY)
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=policy)
    try:
        yield stack.up()
    finally:
        stack.down()


def value(shape, name="", depth=0):
    """The least value that botocore takes for a shape."""
    kind = shape.type_name
    if kind == "structure":
        if depth > 12 or getattr(shape, "is_document_type", False):
            return {}
        members = shape.required_members
        if getattr(shape, "is_tagged_union", False):
            members = list(shape.members)[:1]
        return {member: value(shape.members[member], member, depth + 1) for member in members}
    if kind == "list":
        return [value(shape.member, name, depth + 1)] * max(1, shape.metadata.get("min", 0)) if depth < 12 else []
    if kind == "map":
        return {"k": value(shape.value, name, depth + 1)} if shape.metadata.get("min") else {}
    if kind == "string":
        if shape.enum:
            return shape.enum[0]
        if name == "Bucket":
            return "e2e-bucket"
        if name == "AccountId":
            return "111122223333"
        if name.lower().endswith("arn"):
            return f"arn:aws:sns:{REGION}:111122223333:example"
        return "x" * max(shape.metadata.get("min", 1), 1)
    if kind in ("integer", "long"):
        return max(int(shape.metadata.get("min", 1)), 1)
    if kind in ("float", "double"):
        return float(shape.metadata.get("min", 1))
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return 1700000000
    return b"x"


def operations(everything):
    """(service, operation) pairs: all, or one a service, always the same."""
    for service in MODELS.get_available_services():
        model = MODELS.get_service_model(service)
        names = list(model.operation_names)
        if not names:
            continue
        chosen = names if everything else [random.Random(service).choice(names)]
        yield from ((service, name, model) for name in chosen)


def excluded(model, operation):
    if operation.has_event_stream_input:
        return BIDIRECTIONAL
    if operation.auth_type in ("none", "bearer") or model.signature_version in ("none", "bearer"):
        return "not signed"
    if model.signature_version == "v2":
        return "signed by version 2, which Postern refuses by name"
    if model.service_name == "s3outposts" or "OutpostId" in (operation.input_shape.members if operation.input_shape
                                                             else ()):
        return "S3 on Outposts, which Postern does not offer"
    return None


def test_each_operation_is_recognised_by_its_name(closed, issuer, recorder, request):
    keys = closed.assume(issuer.token())
    everything = request.config.getoption("--all-operations")
    sent, untold = {}, collections.Counter()
    clients = {}

    def client(service):
        if service not in clients:
            clients[service] = closed.client(service, keys, parameter_validation=False, max_pool_connections=16,
                                             s3={"addressing_style": "path"}, inject_host_prefix=False)
        return clients[service]

    def call(service, name, model):
        operation = model.operation_model(name)
        if reason := excluded(model, operation):
            return reason, None
        try:
            parameters = value(operation.input_shape) if operation.input_shape else {}
            method = botocore.xform_name(name)
            getattr(client(service), method)(**parameters)
        except botocore.exceptions.ClientError as error:
            headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
            return headers.get("x-postern-request-id"), error.response["Error"]
        except Exception as error:  # noqa: BLE001 - botocore would not make the request
            return f"botocore: {type(error).__name__}", None
        return "it was not refused", None

    todo = list(operations(everything))
    for service, _, _ in todo:  # making clients is not thread safe
        try:
            client(service)
        except Exception:  # noqa: BLE001
            continue
    recorder.clear()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for (service, name, _), (identifier, error) in zip(todo, pool.map(lambda job: call(*job), todo)):
            if error is None:
                untold[identifier] += 1
            else:
                sent[identifier] = (f"{service}.{name}", error)
    assert recorder.requests == [], "nothing was allowed"
    assert untold["it was not refused"] == 0
    told = dict(closed.sql("SELECT replace(coalesce(request_id, id)::text, '-', ''), coalesce(operation, '') FROM postern_audit.denials"))
    wrong = {operation: (told.get(identifier), error)
             for identifier, (operation, error) in sent.items()
             if not is_same(operation, told.get(identifier)) and "not offered" not in error["Message"]}
    print(f"{len(sent)} sent, {len(wrong)} misnamed, not sent: {dict(untold)}")
    assert len(sent) > len(todo) * 0.9
    for operation, (name, error) in wrong.items():
        print(operation, name, error)
    assert wrong == {}


MODELS = botocore.session.get_session()


@functools.cache
def signing_name(service):
    return MODELS.get_service_model(service).signing_name


def is_same(operation, told):
    """Whether an audit row names the operation, or its twin in a service of the same signing name and path.

    Neptune's and DocumentDB's calls are Amazon RDS's byte for byte, and so are their IAM actions.
    """
    if operation == told or not told or "." not in told:
        return operation == told
    (service, name), (other, twin) = operation.split("."), told.split(".")
    return name == twin and signing_name(service) == signing_name(other)
