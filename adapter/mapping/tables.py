"""Code tables: which word of the case stands for which codes of FHIR, in both directions.

A table is read once. Canonical codings are found by one dict look-up; the spellings of the field (aliases of a
system, missing dots, ORPHA prefixes, finer codes below a known one) are tried only when that fails.

Takes from: declaration, mapping.path.  Gives to: mapping.codecs, mapping.reader, eligibility through it.
Source: https://hl7.org/fhir/R4/conceptmap.html, https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as File
from typing import Any

from adapter.canonical import BASE
from adapter.declaration import Declaration, load_declaration
from adapter.errors import Json
from adapter.mapping.path import system_uri

Word = str | bool

_CCAM = re.compile(r"[A-Z]{4}[0-9]{3}")


@dataclass(frozen=True)
class Systems:
    """The code systems of systems.yaml.

    Shapes:  uris   short name -> URI that we write
             names  every URI seen in the field -> short name
    """

    uris: dict[str, str]
    names: dict[str, str]
    forms: dict[str, str]
    prefixed: frozenset[str]

    def uri(self, name: str) -> str:
        return system_uri(name, self.uris)

    def spellings(self, name: str, uri: str) -> set[str]:
        """URIs of a system under which a code may not be spelled as we write it."""
        known = {each for each, short in self.names.items() if short == name}
        return known if name in self.forms or name in self.prefixed else known - {uri}

    def normal(self, system: str, code: str) -> tuple[str, str]:
        """(URI as written by us, code in the system's own form) for a coding as hospitals spell it."""
        name = self.names.get(system, "")
        return self.uris.get(name, system), _in_form(self.forms.get(name, ""), code)


def _in_form(form: str, code: str) -> str:
    if form == "icd10":
        return code.upper().replace(".", "")
    if form == "orpha":
        return re.sub(r"^(Orphanet[_:]|ORPHA:?)", "", code, flags=re.IGNORECASE)
    return code[:7] if form == "ccam" and _CCAM.match(code) else code


@dataclass(frozen=True)
class Table:
    """One table, ready to use.

    Shapes:  codings  word -> the Codings written for it, [] never
             words    (system URI, code) -> word, for the canonical spelling
             near     the same with normalised codes; `prefixes` those of systems whose finer codes count
             loose    systems whose codes may be spelled otherwise: only these are worth a second look
             plain    word -> code string, for tables of kind `code`; `plain_words` its reverse
             names    folded name -> word, for tables of kind `text`
             rows     word -> line of the file; origins: word -> file:line, for explanations
    """

    name: str
    file: Declaration
    kind: str
    systems: Systems
    codings: dict[Word, list[Json]] = field(default_factory=dict)
    concepts: dict[Word, Json] = field(default_factory=dict)
    words: dict[tuple[Any, Any], Word] = field(default_factory=dict)
    near: dict[tuple[str, str], Word] = field(default_factory=dict)
    prefixes: dict[str, dict[str, Word]] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    plain: dict[Word, str] = field(default_factory=dict)
    plain_words: dict[str, Word] = field(default_factory=dict)
    names: dict[str, Word] = field(default_factory=dict)
    rows: dict[Word, int] = field(default_factory=dict)
    origins: dict[Word, str] = field(default_factory=dict)

    @cached_property
    def by_system(self) -> dict[Any, dict[Any, Word]]:
        """`words` in two steps: the quickest look-up for generated code."""
        found: dict[Any, dict[Any, Word]] = {}
        for (system, code), word in self.words.items():
            found.setdefault(system, {})[code] = word
        return found

    @cached_property
    def _longest_prefix(self) -> int:
        """No more of a code is looked at, however long it is."""
        return max((len(code) for known in self.prefixes.values() for code in known), default=0)

    def find(self, codings: Iterable[Json]) -> Word | None:
        """The word of the first coding that the table knows; None when it knows none."""
        listed = list(codings)
        for coding in listed:
            if (word := self.words.get((coding.get("system"), coding.get("code")))) is not None:
                return word
        near = (self._find_near(coding) for coding in listed if coding.get("system") in self.loose)
        return next((word for word in near if word is not None), None)

    def _find_near(self, coding: Json) -> Word | None:
        system, code = coding.get("system"), coding.get("code")
        if not isinstance(system, str) or not isinstance(code, str):
            return None
        uri, normal = self.systems.normal(system, code)
        if (word := self.near.get((uri, normal))) is not None:
            return word
        known = self.prefixes.get(uri, {})
        longest = min(len(normal), self._longest_prefix)
        return next((known[normal[:n]] for n in range(longest, 1, -1) if normal[:n] in known), None)

    def find_name(self, text: str) -> Word | None:
        """The word whose name occurs in a free text, longest name first (tables of kind `text`)."""
        folded = f" {fold(text)} "
        hits = [name for name in self.names if f" {name} " in folded]
        return self.names[max(hits, key=len)] if hits else None


def fold(text: str) -> str:
    """Lower case, no accents, words apart by one space: how names in free text are compared."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", plain.lower()))


def load_systems(folder: File) -> Systems:
    return make_systems(load_declaration(folder / "systems.yaml", "systems").data["systems"])


def make_systems(entries: dict[str, Json], known: Systems | None = None) -> Systems:
    """Shapes:  known  code systems that there are beside these"""
    names = {uri: name for name, entry in entries.items() for uri in (entry["uri"], *entry.get("also", ()))}
    prefixed = frozenset(name for name, entry in entries.items() if entry.get("match") == "prefix")
    return Systems(
        uris={**(known.uris if known else {}), **{name: entry["uri"] for name, entry in entries.items()}},
        names={**names, **(known.names if known else {})},
        forms={
            **(known.forms if known else {}),
            **{name: entry["form"] for name, entry in entries.items() if "form" in entry},
        },
        prefixed=prefixed | (known.prefixed if known else frozenset()),
    )


def load_tables(folder: File, systems: Systems) -> dict[str, Table]:
    files = (load_declaration(path, "table") for path in sorted(folder.glob("*.table.yaml")))
    return {table.name: table for file in files for table in [make_table(file, systems)]}


def make_table(file: Declaration, systems: Systems) -> Table:
    table = Table(file.data["table"], file, file.data["kind"], systems)
    for number, row in enumerate(file.data["rows"]):
        table.rows.setdefault(row["word"], file.line(("rows", number)))
        table.origins.setdefault(row["word"], file.at(("rows", number)).rpartition(":")[0])
        {"concept": _add_concept, "code": _add_code, "text": _add_names}[table.kind](table, row)
    return table


def _add_concept(table: Table, row: Json) -> None:
    word, systems = row["word"], table.systems
    if "write" in row:
        label = row.get("display", {}).get("en")
        table.codings[word] = [_coding(systems.uri(name), code, label) for name, code in row["write"].items()]
        table.concepts[word] = {"coding": table.codings[word]}
    # `reverse: false`: another word has the same code, and what is read is that one.
    read_back = row.get("write", {}) if row.get("reverse", True) else {}
    for name, codes in [*read_back.items(), *row.get("read", {}).items()]:
        for code in [codes] if isinstance(codes, str) else codes:
            _add_coding(table, name, code, word)


def _coding(system: str, code: str, label: str | None) -> Json:
    """A display belongs to its code system: ours are labelled, another's label is not ours to invent."""
    labelled = {"display": label} if label and system.startswith(BASE) else {}
    return {"system": system, "code": code, **labelled}


def _add_coding(table: Table, name: str, code: str, word: Word) -> None:
    uri = table.systems.uri(name)
    table.words.setdefault((uri, code), word)
    near = table.systems.normal(uri, code)
    table.near.setdefault(near, word)
    table.loose.update(table.systems.spellings(name, uri))
    if name in table.systems.prefixed:
        table.prefixes.setdefault(uri, {}).setdefault(near[1], word)


def _add_code(table: Table, row: Json) -> None:
    table.plain[row["word"]] = row["code"]
    read_back = (row["code"],) if row.get("reverse", True) else ()
    for code in (*read_back, *row.get("read", ())):
        table.plain_words.setdefault(code, row["word"])


def _add_names(table: Table, row: Json) -> None:
    for name in row["names"]:
        table.names.setdefault(fold(name), row["word"])
