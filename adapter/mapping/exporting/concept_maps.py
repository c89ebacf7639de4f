"""Code tables as ConceptMaps: one to the codes that are written, one from the codes that are read where they are more.

The same resources are exported beside the StructureMaps and published in the registry's FHIR package.

Takes from: mapping.tables, mapping.rules, exporting.codes, exporting.case_model.  Gives to: exporting.
Source: https://hl7.org/fhir/R4/conceptmap.html,
        https://hl7.org/fhir/R4/extension-concept-bidirectional.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.errors import Json
from adapter.mapping.exporting.case_model import schema_at
from adapter.mapping.exporting.codes import labels_of, read_by_system, spelled, words_of, written_by_system
from adapter.mapping.rules import Language, Map, Rule
from adapter.mapping.tables import Table, Word

_BIDIRECTIONAL = "http://hl7.org/fhir/StructureDefinition/concept-bidirectional"
_PREFIXED = {
    "en": "A code below one of those listed is read as the nearest listed above it (ICD-10, ATC).",
    "fr": "Un code plus fin que ceux de la liste est lu comme le plus proche au-dessus de lui (CIM-10, ATC).",
}


@dataclass(frozen=True)
class ExportedTable:
    """Shapes:  resource  an R4 ConceptMap with the words of the case on one side, in English
    title, about  the same in both languages
    """

    resource: Json
    title: dict[str, str]
    about: dict[str, str]


def export_tables(language: Language) -> Iterator[ExportedTable]:
    """Every table of codes, as the maps use it."""
    targets = _plain_targets(language)
    for table in language.tables.values():
        target = targets.get(table.name, "")
        if table.kind != "text" and writes(table):
            yield _exported(table, export_concept_map(table, target))
        if table.kind != "text" and not (writes(table) and is_invertible(table)):
            yield _exported(table, export_reverse_map(table, target))


def _exported(table: Table, found: Json) -> ExportedTable:
    about = _about(table)
    told = {"title": table.file.data["title"]["en"], "status": "active", "description": about["en"]}
    head = {name: found[name] for name in ("resourceType", "id", "url", "name")}
    resource = {**head, **{name: text for name, text in told.items() if text}, **found}
    return ExportedTable(resource, table.file.data["title"], about)


def _about(table: Table) -> dict[str, str]:
    prefixed = any(name in table.systems.prefixed for name in _systems_read(table))
    notes = [table.file.data.get("note", {}), _PREFIXED if prefixed else {}]
    return {tongue: "\n".join(note[tongue] for note in notes if note) for tongue in ("en", "fr")}


def export_concept_map(table: Table, target: str = "") -> Json:
    """Words of the case to the codes written for them.

    Shapes:  target   code system of a table of plain codes, when known
             returns  type, id, url, name and groups; marked bidirectional when it reads as it writes
    """
    found = _concept_map(table.name, table.file.data["url"])
    if is_invertible(table):
        found["extension"] = [{"url": _BIDIRECTIONAL, "valueBoolean": True}]
    written = written_by_system(table) if table.kind == "concept" else {target: table.plain}
    found["group"] = [
        _group(words_of(table), system, _written(table, system, codes)) for system, codes in written.items()
    ]
    return found


def export_reverse_map(table: Table, target: str = "") -> Json:
    """Codes of FHIR to the word they are read as, for a table that reads more than it writes."""
    found = _concept_map(f"{table.name}-rev", f"{table.file.data['url']}-rev")
    read = read_by_system(table) if table.kind == "concept" else {target: table.plain_words}
    found["group"] = [_group(system, words_of(table), _read(table, codes)) for system, codes in read.items()]
    return found


def is_invertible(table: Table) -> bool:
    """Every word is written by one code, and every code that is read is the one written for its word."""
    if table.kind != "concept":
        return len(table.plain) == len(table.plain_words)
    return len(table.codings) == len(table.words) and all(len(each) == 1 for each in table.codings.values())


def writes(table: Table) -> bool:
    return bool(table.codings or table.plain)


def _concept_map(name: str, url: str) -> Json:
    title = "".join(part.capitalize() for part in name.split("-"))
    return {"resourceType": "ConceptMap", "id": name, "url": url, "name": title}


def _systems_read(table: Table) -> set[str]:
    return {table.systems.names.get(system, "") for system, _ in table.words}


def _group(source: str, target: str, elements: list[Json]) -> Json:
    found: Json = {"source": source, "target": target, "element": elements}
    return {name: part for name, part in found.items() if part}


def _written(table: Table, system: str, codes: dict[Word, str]) -> list[Json]:
    labels, notes = labels_of(table, system) or _plain_labels(table), _notes(table)
    return [
        {"code": spelled(word), "target": [_target(code, labels.get(word, ""), "equivalent", notes.get(word, ""))]}
        for word, code in codes.items()
    ]


def _target(code: str, display: str, equivalence: str, comment: str) -> Json:
    found = {"code": code, "display": display, "equivalence": equivalence, "comment": comment}
    return {name: part for name, part in found.items() if part}


def _notes(table: Table) -> dict[Word, str]:
    return {row["word"]: row["note"]["en"] for row in table.file.data["rows"] if "note" in row}


def _plain_labels(table: Table) -> dict[Word, str]:
    """Labels for people, of a table that writes bare codes."""
    rows = table.file.data["rows"] if table.kind == "code" else ()
    return {row["word"]: row["display"]["en"] for row in rows if "display" in row}


def _read(table: Table, codes: dict[str, Word]) -> list[Json]:
    own, notes = {(code, word) for word, code in table.plain.items()}, _notes(table)
    own |= {(each["code"], word) for word, codings in table.codings.items() for each in codings}
    return [
        {"code": code, "target": [_target(spelled(word), "", _fits(code, word, own), notes.get(word, ""))]}
        for code, word in codes.items()
    ]


def _fits(code: str, word: Word, own: set[tuple[str, Word]]) -> str:
    return "equivalent" if (code, word) in own else "wider"


def _plain_targets(language: Language) -> dict[str, str]:
    """Code system of each table of plain codes: that of the slice it is used in, else what the case schema says."""
    found: dict[str, str] = {}
    for mapping in language.maps:
        for rule in (leaf for each in mapping.rules for leaf in each.leaves()):
            if rule.codec.name == "code" and rule.codec.table is not None:
                slices = [step.value for step in rule.fhir.steps if step.key == "system"]
                found.setdefault(rule.codec.table.name, slices[-1] if slices else _system_of(mapping, rule))
    return found


def _system_of(mapping: Map, rule: Rule) -> str:
    names = (*([mapping.case] if mapping.case else []), *(step.name for step in rule.case.steps))
    system: str = schema_at(*names).get("x-code-system", "")
    return system
