"""Our phenopackets in the schema's own Python package: every line must be a Phenopacket without an unknown field.

Run by `make interop-phenopackets` in an environment of its own, because the package is not among our dependencies.
"""

from __future__ import annotations

import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict, Parse
from phenopackets import Phenopacket


def main(file: Path) -> int:
    count = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        packet = Parse(line, Phenopacket())
        again = MessageToDict(packet)
        if not (packet.id and packet.meta_data.phenopacket_schema_version == "2.0" and again["diseases"]):
            sys.stderr.write(f"line {count + 1}: something required is missing\n")
            return 1
        count += 1
    sys.stdout.write(f"{count} phenopackets read by the schema's own package\n")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
