"""Brings the parts together: services with their operations, shapes, endpoints and IAM actions."""

import collections

from catalogue import models
from catalogue.action_map import actions_of
from catalogue.endpoints import PLACEHOLDER_LABEL, Endpoints
from catalogue.iam import IAM
from catalogue.resources import Resources

# Which service answers for requests that the services of one signing name understand alike; lower is first.
PREFERRED = {"rds": 0, "s3": 0, "qconnect": 0, "chime-sdk-voice": 0, "pinpoint-sms-voice": 0, "elbv2": 0}
# Signing names on the wire that no model has.
EXTRA_SIGNING_NAMES = {
    "IngestionService": ["importexport"], "s3express": ["s3", "s3control"], "s3-object-lambda": ["s3"],
}

# Service flags.
S3_RULES, CUSTOMER_ENDPOINT, QUERY_COMPATIBLE, SIGV2 = (1 << bit for bit in range(4))
CUSTOMER_ENDPOINTS = {
    "cloudsearchdomain", "apigatewaymanagementapi", "neptunedata", "mediastore-data", "kinesis-video-archived-media",
    "kinesis-video-media", "kinesis-video-signaling", "kinesis-video-webrtc-storage", "iot-jobs-data",
    "timestream-query", "timestream-write",
}
# Older SDKs leave the first segment of these paths to the endpoint.
FORMER_BASE_PATHS = {"geo-maps": "/v2", "geo-routes": "/v2"}


def write_services(writer) -> None:
    iam = IAM(writer)
    services = list(models.load_services(former=True))
    endpoints = Endpoints(writer, services[0][3])
    endpoints.write_regions()
    prefixes = {name: iam.prefix(name, models.signing_name(model["metadata"])) for name, model, _, _ in services}
    wanted = {
        action
        for name, model, _, _ in services
        for key, operation in model["operations"].items()
        for action in actions_of(iam, name, prefixes[name], key, operation)
    }
    for name, model, _, _ in services:
        for key, operation in model["operations"].items():
            if models.answers_with_credentials(model, operation):
                iam.mark_exposing(actions_of(iam, name, prefixes[name], key, operation)[0])
    resources = Resources(writer, iam, iam.finish(wanted))
    signing, targets = collections.defaultdict(list), collections.defaultdict(list)
    for number, (name, model, versions, _) in enumerate(services):
        metadata = model["metadata"]
        _write_service(writer, iam, endpoints, resources, prefixes[name], name, model, versions)
        signing[models.signing_name(metadata)].append(number)
        if metadata.get("targetPrefix"):
            targets[metadata["targetPrefix"]].append(number)
    _report(resources)
    numbers = {name: number for number, (name, *_) in enumerate(services)}
    for extra, names in EXTRA_SIGNING_NAMES.items():
        signing[extra] += [numbers[name] for name in names]
    for section, index in (("signing_names", signing), ("target_prefixes", targets)):
        for key in sorted(index, key=str.encode):
            order = sorted(index[key], key=lambda n: (PREFERRED.get(services[n][0], 1), n))
            writer.add(section, writer.string(key), *writer.pool(order))


def _write_service(writer, iam, endpoints, resources, prefix, name, model, versions) -> None:
    metadata = model["metadata"]
    shapes = models.Shapes(writer, model)
    number = len(writer.records["services"])
    default_set = endpoints.number(name, model, {})
    first = len(writer.records["operations"])
    order = []
    # Former bindings follow the operations: found by their path, not by their name.
    everything = sorted(model["operations"].items()) + model.get("formerBindings", [])
    for offset, (key, operation) in enumerate(everything):
        static = {k: v["value"] for k, v in operation.get("staticContextParams", {}).items()}
        # Only directory buckets answer there; the operation's flag says so, the bucket's name decides.
        if name == "s3" and key != "ListDirectoryBuckets":
            static.pop("UseS3ExpressControlEndpoint", None)
        host_prefix = operation.get("endpoint", {}).get("hostPrefix")
        space = models.context_member(model, operation, "SpaceId")
        if space:
            static["SpaceId"], host_prefix = PLACEHOLDER_LABEL, f"{{{space}}}."
        endpoint_set = endpoints.number(name, model, static) if static else default_set
        path, constants = models.split_uri(operation["http"]["requestUri"])
        query, headers = models.required_bindings(model, operation)
        method = models.METHODS[operation["http"]["method"]]
        flags = models.operation_flags(model, operation)
        input_shape = shapes.number(operation["input"]["shape"]) + 1 if "input" in operation else 0
        actions = actions_of(iam, name, prefix, key, operation)
        writer.add(
            "operations", writer.string(key), method | flags << 8, writer.string(path),
            *writer.strings(constants), *writer.strings(query), *writer.strings(headers),
            writer.string(host_prefix), input_shape,
            *writer.pool(resources.actions[action] for action in actions),
            *resources.bindings(model, name, key, operation, actions), number, *endpoint_set,
            *resources.passed_roles(model, operation), 0, 0,
        )  # fmt: skip
        order.append((models.specificity(method, path, constants, query, headers), first + offset))
    rest = [operation for _, operation in sorted(order)] if "rest" in metadata["protocol"] else []
    flags = S3_RULES * (name == "s3") | CUSTOMER_ENDPOINT * (name in CUSTOMER_ENDPOINTS)
    flags |= QUERY_COMPATIBLE * ("awsQueryCompatible" in metadata) | SIGV2 * (metadata["signatureVersion"] == "v2")
    writer.add(
        "services", writer.string(name), writer.string(models.signing_name(metadata)), writer.string(prefix),
        writer.string(metadata.get("targetPrefix")), writer.string(metadata["endpointPrefix"]),
        *writer.strings(versions), models.protocols_of(name, metadata), flags, first, len(model["operations"]),
        *writer.pool(rest), writer.string(_namespace(metadata)), writer.string(FORMER_BASE_PATHS.get(name)), 0,
    )  # fmt: skip


def _namespace(metadata: dict) -> str:
    namespace = metadata.get("xmlNamespace", "")
    return namespace if isinstance(namespace, str) else namespace.get("uri", "")


def _report(resources) -> None:
    exact, typed, total = (sum(counts[i] for counts in resources.derived.values()) for i in range(3))
    print(f"resources of {total} operations: {exact} derived, {typed - exact} by their type, {total - typed} unknown")
