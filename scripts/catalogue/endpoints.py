"""Endpoint hosts by partition, region and variant, resolved with the SDKs' own rule sets and folded into templates."""

import collections
import json
from urllib.parse import urlsplit

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

# Variant numbers: bit 0 FIPS, bit 1 dual-stack.
VARIANTS = (0, 1, 2, 3)
PLACEHOLDER_LABEL = "000000000000"
# Parameters that some rule sets cannot do without; what they add to the host is taken off again.
SAMPLES = {
    "s3control": {"AccountId": PLACEHOLDER_LABEL},
    "cloudfront-keyvaluestore": {"KvsARN": f"arn:aws:cloudfront::{PLACEHOLDER_LABEL}:key-value-store/x"},
}


class Endpoints:
    """Writes the endpoint rows of a service, or of an operation whose static parameters change them."""

    def __init__(self, writer, loader) -> None:
        self.writer = writer
        self.loader = loader
        self.partitions = loader.load_data("partitions")["partitions"]
        self.legacy = {p["partition"]: p for p in loader.load_data("endpoints")["partitions"]}
        self.regions = [
            (number, region, partition)
            for number, partition in enumerate(self.partitions)
            for region in sorted(partition["regions"])
            if not region.endswith("-global")
        ]
        self._sets: dict[str, tuple[int, int]] = {}

    def write_regions(self) -> None:
        string = self.writer.string
        for partition in self.partitions:
            outputs = partition["outputs"]
            suffixes = (string(outputs["dnsSuffix"]), string(outputs["dualStackDnsSuffix"]))
            self.writer.add(
                "partitions", string(partition["id"]), *suffixes, string(outputs["implicitGlobalRegion"]), 0
            )
        for number, region, _ in sorted(self.regions, key=lambda row: row[1]):
            self.writer.add("regions", string(region), number)

    def number(self, name: str, model: dict, static: dict) -> tuple[int, int]:
        """First row and number of rows of the endpoint set for these static parameters."""
        key = json.dumps([name, static], sort_keys=True)
        if key not in self._sets:
            self._sets[key] = self._write(self._rows(name, model, static))
        return self._sets[key]

    def _write(self, rows: list[tuple]) -> tuple[int, int]:
        text = json.dumps(rows)
        if text not in self._sets:
            first = len(self.writer.records["endpoints"])
            string = self.writer.string
            for partition, variant, region, host, path, signing_region, signing_name in rows:
                names = (string(region), string(host), string(path), string(signing_region), string(signing_name))
                self.writer.add("endpoints", partition, variant, *names)
            self._sets[text] = (first, len(rows))
        return self._sets[text]

    def _rows(self, name: str, model: dict, static: dict) -> list[tuple]:
        rules = self.loader.load_service_model(name, "endpoint-rule-set-1")
        provider = EndpointProvider(rules, self.loader.load_data("partitions"))
        groups: dict[tuple[int, int], list[tuple[str, tuple]]] = collections.defaultdict(list)
        for number, region, partition in self.regions:
            for variant in VARIANTS:
                resolved = self._resolve(provider, rules, name, static, region, variant)
                if resolved:
                    groups[number, variant].append((region, self._template(name, model, resolved, region, partition)))
        rows = []
        for (partition, variant), found in sorted(groups.items()):
            (common, _), *_ = collections.Counter(template for _, template in found).most_common(1)
            rows.append((partition, variant, "", *common))
            rows += [
                (partition, variant, region, *template)
                for region, template in found
                if template != common and not _same_in(region, template, common)
            ]
        return rows

    def _resolve(self, provider, rules, name, static, region, variant):
        if variant & 1 and "UseFIPS" not in rules["parameters"]:
            return None  # whoever asks for FIPS must not get anything else
        parameters = {"Region": region, "UseFIPS": bool(variant & 1), "UseDualStack": bool(variant & 2)}
        parameters = {k: v for k, v in parameters.items() if k in rules["parameters"]}
        for key, parameter in rules["parameters"].items():
            if parameter.get("required") and key not in parameters and "default" not in parameter:
                parameters[key] = static.get(key, "")
        parameters |= {k: v for k, v in (SAMPLES.get(name, {}) | static).items() if k in rules["parameters"]}
        try:
            return provider.resolve_endpoint(**parameters)
        except EndpointProviderError:
            return None

    def _template(self, name, model, endpoint, region, partition) -> tuple[str, str, str, str]:
        url = urlsplit(endpoint.url)
        host = url.netloc.removeprefix(PLACEHOLDER_LABEL + ".")
        schemes = endpoint.properties.get("authSchemes", [])
        scheme = next((s for s in schemes if s["name"].startswith("sigv4") and s["name"] != "sigv4a"), {})
        signing_region = scheme.get("signingRegion") or self._legacy_region(name, model, region, partition) or region
        host = ".".join("{region}" if label == region else label for label in host.split("."))
        if region in host:
            host = host.replace(region, "{region}")
        signing_region = "" if signing_region == region else signing_region
        return (host, url.path.rstrip("/"), signing_region, scheme.get("signingName", ""))

    def _legacy_region(self, name, model, region, partition) -> str | None:
        """The credential scope that only endpoints.json knows: `health` has a regional host and a global scope."""
        if name != "health":
            return None
        service = self.legacy.get(partition["id"], {}).get("services", {}).get(model["metadata"]["endpointPrefix"], {})
        endpoints = service.get("endpoints", {})
        entry = endpoints.get(region) or endpoints.get(service.get("partitionEndpoint"), {})
        return entry.get("credentialScope", {}).get("region")


def _same_in(region: str, template: tuple, common: tuple) -> bool:
    """Whether both mean the same in this region: a fixed signing region may be the region itself."""
    host, path, signing_region, signing_name = common
    return template == (host, path, "" if signing_region == region else signing_region, signing_name)
