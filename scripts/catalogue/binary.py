"""The container: sections of fixed-size little-endian records that Swift reads in place."""

import struct

MAGIC = b"PSTNCAT2"

# Name and record width in 32-bit words, in file order. Swift's `Catalogue.Section` lists the same.
SECTIONS = {
    "string_offsets": 1,
    "string_bytes": 0,
    "words": 1,
    "services": 16,
    "operations": 22,
    "shapes": 4,
    "members": 4,
    "actions": 2,
    "resources": 6,
    "partitions": 5,
    "regions": 2,
    "endpoints": 7,
    "signing_names": 3,
    "target_prefixes": 3,
}


class Writer:
    """Collects strings and records, then writes them in one go."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {"": 0}
        self._lists: dict[tuple[int, ...], int] = {}
        self._scalars: dict[tuple[int, ...], int] = {}
        self.records: dict[str, list[tuple[int, ...]]] = {name: [] for name in SECTIONS}
        self.words: list[int] = []

    def string(self, text: str | None) -> int:
        """The number of `text` in the string table; 0 is the empty string."""
        return self._strings.setdefault(text or "", len(self._strings))

    def pool(self, values) -> tuple[int, int]:
        """Start and length of `values` in the pool of words; equal lists are stored once."""
        values = tuple(values)
        if not values:
            return (0, 0)
        if values not in self._lists:
            self._lists[values] = len(self.words)
            self.words.extend(values)
        return (self._lists[values], len(values))

    def strings(self, texts) -> tuple[int, int]:
        return self.pool(self.string(text) for text in texts)

    def add(self, section: str, *record: int) -> int:
        """Appends a record and returns its number."""
        assert len(record) == SECTIONS[section], (section, len(record))
        self.records[section].append(record)
        return len(self.records[section]) - 1

    def scalar_shape(self, record: tuple[int, ...]) -> int:
        """The number of a shape without parts; equal ones are stored once for all services."""
        if record not in self._scalars:
            self._scalars[record] = self.add("shapes", *record)
        return self._scalars[record]

    def write(self, versions: list[str]) -> bytes:
        version_words = [self.string(version) for version in versions]
        offsets, blob = [0], bytearray()
        for text in self._strings:
            blob += text.encode()
            offsets.append(len(blob))
        bodies = {name: b"".join(struct.pack(f"<{len(r)}I", *r) for r in rows) for name, rows in self.records.items()}
        bodies["string_offsets"] = struct.pack(f"<{len(offsets)}I", *offsets)
        bodies["string_bytes"] = bytes(blob)
        bodies["words"] = struct.pack(f"<{len(self.words)}I", *self.words)
        position = len(MAGIC) + 4 * 4 + 12 * len(SECTIONS)
        table, parts = b"", []
        for name, width in SECTIONS.items():
            body = bodies[name]
            padding = -len(body) % 4
            table += struct.pack("<III", position, len(body), width)
            parts.append(body + b"\0" * padding)
            position += len(body) + padding
        head = MAGIC + struct.pack("<IIII", position, len(SECTIONS), *version_words) + table
        return head + b"".join(parts)
