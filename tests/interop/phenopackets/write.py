"""Phenopackets of every kind of case, for the schema's own package to read."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from adapter.cohort import load_derivation
from adapter.config import shipped
from adapter.exports import export_cases
from adapter.mapping import load_mappings
from adapter.synthetic import published_cohort, synthesize


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    mappings = shipped("mappings")
    export_cases(
        (*published_cohort("SA", 2011), *published_cohort("SB", 1), *synthesize(1000, 1)),
        folder,
        "phenopackets",
        derivation=load_derivation(mappings),
        mappings=load_mappings(mappings),
        provenance={"made_at": "2026-01-01T00:00:00Z"},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
