"""The registry's cases for analysis elsewhere: as tables, as phenopackets, as the European common data set, as counts.

Takes from: case, cohort, mapping, spreadsheet, resource.  Gives to: cli, screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from adapter.cohort import Derivation
from adapter.errors import Json, NotPermittedError
from adapter.exports.erdri import COLUMNS, erdri_row
from adapter.exports.folder import ensure_empty, write_manifest, write_tables
from adapter.exports.outside import write_counts
from adapter.exports.phenopacket_codes import Codes
from adapter.exports.phenopackets import make_phenopacket
from adapter.exports.rounded import render_rounded
from adapter.mapping import Mappings
from adapter.resource import dump_json
from adapter.spreadsheet import csv_lines

__all__ = ["FORMS", "Codes", "Form", "erdri_row", "export_cases", "make_phenopacket", "render_rounded"]

Form = Literal["csv", "parquet", "phenopackets", "erdri"]
FORMS: tuple[Form, ...] = ("csv", "parquet", "phenopackets", "erdri")


def export_cases(
    cases: Iterable[Json],
    folder: Path,
    form: Form,
    *,
    derivation: Derivation,
    mappings: Mappings,
    provenance: Json,
    outside: bool = False,
) -> Json:
    """Write an export into an empty folder, and its manifest; the manifest without the list of files comes back.

    Shapes:  cases       read once; the caller chooses who is in
             provenance  {"made_at": RFC 3339, …}: what the manifest tells about where it comes from
             outside     counts only, small cells hidden
    Errors:  UsageError (the folder is not empty), NotPermittedError (rows about children asked for outside),
             ConfigError (pyarrow is missing)
    """
    if outside and form not in ("csv", "parquet"):
        raise NotPermittedError("Rows about single children do not leave the registry; outside there are counts only.")
    ensure_empty(folder)
    told: Json = {**provenance, "form": form, "outside": outside}
    if outside:
        told |= write_counts(cases, derivation, folder, form)
    elif form == "phenopackets":
        told["cases"] = _write_phenopackets(cases, folder, Codes(mappings), provenance["made_at"])
    elif form == "erdri":
        told["cases"] = _write_erdri(cases, folder, Codes(mappings))
    else:
        told["cases"] = write_tables(cases, derivation, folder, form)
    write_manifest(folder, told)
    return told


def _write_phenopackets(cases: Iterable[Json], folder: Path, codes: Codes, made_at: str) -> int:
    """One line a case: the members of a cohort, each a whole phenopacket."""
    counted = _Counted(cases)
    with (folder / "phenopackets.ndjson").open("wb") as file:
        for case in counted:
            file.write(dump_json(make_phenopacket(case, codes, created=made_at)) + b"\n")
    return counted.n


def _write_erdri(cases: Iterable[Json], folder: Path, codes: Codes) -> int:
    counted, orpha = _Counted(cases), codes.orpha()
    with (folder / "erdri-common-data-set.csv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(COLUMNS, (erdri_row(case, orpha) for case in counted)))
    return counted.n


class _Counted:
    """Cases, counted while they go by."""

    def __init__(self, cases: Iterable[Json]) -> None:
        self._cases, self.n = cases, 0

    def __iter__(self) -> Iterator[Json]:
        for case in self._cases:
            self.n += 1
            yield case
