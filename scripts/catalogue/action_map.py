"""Which IAM actions an operation needs where its name is not the action's."""

from catalogue.action_tables import BATCHES, NAMED, VERB_SERVICES

VERBS = {"GET": "GET", "HEAD": "GET", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE"}


def actions_of(iam, service: str, prefix: str, name: str, operation: dict) -> list[str]:
    """Full names (`s3:GetObject`), the main action first; the operation's own name where nothing better is known."""
    mapped = NAMED.get(service, {}).get(name)
    if mapped is None and service in VERB_SERVICES:
        mapped = [VERBS[operation["http"]["method"]]]
    names = [other if ":" in other else f"{prefix}:{other}" for other in mapped or [name]]
    return [_known(iam, service, full) for full in names]


def _known(iam, service: str, full: str) -> str:
    lower = full.lower()
    if lower in iam.by_lower:
        return iam.by_lower[lower]
    prefix, _, verb = full.partition(":")
    for single in BATCHES.get(service, []):
        without = lower.replace(single.lower(), "", 1)
        if without in iam.by_lower:
            return iam.by_lower[without]
    # A second generation of an API often keeps the first one's actions: GetFindingsV2, ExecuteQueryV2.
    if verb.endswith("V2") and lower[:-2] in iam.by_lower:
        return iam.by_lower[lower[:-2]]
    return full
