"""What can be downloaded of a cohort: its table, the records behind it, and what may leave the registry.

Takes from: cohort, exports, reporting, describing, web (answers, prepared).  Gives to: pages.cohort.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from adapter.cohort import render_csv
from adapter.describing import Counted, describe_counted
from adapter.errors import Json
from adapter.exports import Form, export_cases, render_rounded
from adapter.parts import Parts
from adapter.queries import find_queries
from adapter.queries import render_csv as render_queries
from adapter.reporting import make_document, tell_provenance
from adapter.resource import dump_json
from adapter.web.answers import parts
from adapter.web.pages.cohort.asking import Question
from adapter.web.pages.cohort.counting import PEN, Language, cases_of, prepare
from adapter.web.prepared import Answer

_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".zip": "application/zip",
}


class Made:
    """A file that is deleted with this object, at the latest when the process ends."""

    def __init__(self, name: str) -> None:
        folder = tempfile.mkdtemp(prefix="crmo-export-")
        self.path = Path(folder) / name
        self.type = _TYPES[self.path.suffix]
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def octets(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True)
class _Order:
    parts: Parts
    counted: Counted
    question: Question
    language: Language

    def description(self) -> Json:
        asked = self.question
        return describe_counted(self.parts, self.counted, asked.filters, by=asked.by, language=self.language)


def _table_csv(order: _Order, path: Path) -> None:
    path.write_text(render_csv(order.description()), encoding="utf-8", newline="")


def _table_json(order: _Order, path: Path) -> None:
    path.write_bytes(dump_json(order.description(), indent=True))


def _document(order: _Order, path: Path) -> None:
    cases = cases_of(order.parts, order.counted, order.question)
    with PEN:
        made = make_document(order.parts, order.description(), cases, path.suffix[1:], order.language)
    path.write_bytes(made.encode() if isinstance(made, str) else made)


def _rounded_csv(order: _Order, path: Path) -> None:
    path.write_text(render_rounded(order.description()["rows"]), encoding="utf-8", newline="")


def _queries_csv(order: _Order, path: Path) -> None:
    path.write_text(render_queries(find_queries(order.parts, language=order.language)), encoding="utf-8", newline="")


def _export(form: str, *, outside: bool = False) -> Callable[[_Order, Path], None]:
    def write(order: _Order, path: Path) -> None:
        folder = path.with_name("export")
        knowledge = order.parts.knowledge
        export_cases(
            cases_of(order.parts, order.counted, order.question),
            folder,
            cast("Form", form),
            derivation=knowledge.derivation,
            mappings=knowledge.mappings,
            provenance=tell_provenance(order.parts, order.question.like) | {"filters": dict(order.question.where)},
            outside=outside,
        )
        _pack(folder, path)

    return write


def _pack(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{path.stem}/{file.name}")
    shutil.rmtree(folder)


# By the page's sections: name of the file -> how it is made.
TABLES = {
    "table.csv": _table_csv,
    "table.docx": _document,
    "table.html": _document,
    "table.json": _table_json,
}
RECORDS = {
    "cases-csv.zip": _export("csv"),
    "cases-parquet.zip": _export("parquet"),
    "phenopackets.zip": _export("phenopackets"),
    "erdri.zip": _export("erdri"),
    "queries.csv": _queries_csv,
}
OUTSIDE = {
    "table-outside.csv": _rounded_csv,
    "counts-csv.zip": _export("csv", outside=True),
    "counts-parquet.zip": _export("parquet", outside=True),
}


def give(name: str, question: Question, language: Language) -> Answer[Made]:
    """A file of this cohort. What may leave is always of the whole cohort: filters would let few be told apart.

    Shapes:  name  one of TABLES, RECORDS, OUTSIDE
    """
    found, asked = parts(), question.unfiltered() if name in OUTSIDE else question
    write = {**TABLES, **RECORDS, **OUTSIDE}[name]

    def make(counted: Counted) -> Made:
        made = Made(f"crmo-{asked.like}-{name}")
        write(_Order(found, counted, asked, language), made.path)
        return made

    return prepare(("given", name, asked, language), asked, make)
