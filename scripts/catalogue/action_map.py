"""Which IAM actions an operation needs where its name is not the action's."""

# One operation, other or several actions. Values without a colon take the service's own prefix.
NAMED: dict[str, dict[str, list[str]]] = {}


def actions_of(iam, service: str, prefix: str, operation: dict) -> list[str]:
    """Full names (`s3:GetObject`), the main action first; the operation's own name where nothing better is known."""
    mapped = NAMED.get(service, {}).get(operation["name"])
    names = [name if ":" in name else f"{prefix}:{name}" for name in mapped or [operation["name"]]]
    return [iam.by_lower.get(name.lower(), name) for name in names]
