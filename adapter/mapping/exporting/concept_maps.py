"""Code tables as ConceptMaps.

Takes from: mapping.tables, exporting.codes.  Gives to: exporting.
Source: https://hl7.org/fhir/R4/conceptmap.html,
        https://hl7.org/fhir/R4/extension-concept-bidirectional.html
"""

from __future__ import annotations

from adapter.errors import Json
from adapter.mapping.exporting.codes import labels_of, read_by_system, spelled, words_of, written_by_system
from adapter.mapping.tables import Table, Word

_BIDIRECTIONAL = "http://hl7.org/fhir/StructureDefinition/concept-bidirectional"


def export_concept_map(table: Table, target: str = "") -> Json:
    """Words of the case to the codes written for them.

    Shapes:  target   code system of a table of plain codes, when known
             returns  R4 ConceptMap; marked bidirectional when it reads as it writes
    """
    found = _concept_map(table, table.name, table.file.data["url"])
    if is_invertible(table):
        found["extension"] = [{"url": _BIDIRECTIONAL, "valueBoolean": True}]
    written = written_by_system(table) if table.kind == "concept" else {target: table.plain}
    found["group"] = [
        _group(words_of(table), system, _written(table, system, codes)) for system, codes in written.items()
    ]
    return found


def export_reverse_map(table: Table, target: str = "") -> Json:
    """Codes of FHIR to the word they are read as, for a table that reads more than it writes."""
    found = _concept_map(table, f"{table.name}-rev", f"{table.file.data['url']}-rev")
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


def _concept_map(table: Table, name: str, url: str) -> Json:
    data = table.file.data
    found: Json = {
        "resourceType": "ConceptMap",
        "id": name,
        "url": url,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": data["title"]["en"],
        "status": "active",
    }
    notes = [data["note"]["en"]] if "note" in data else []
    if any(name in table.systems.prefixed for name in _systems_read(table)):
        notes.append("A code below one of those listed is read as the nearest listed above it (ICD-10, ATC).")
    return found | ({"description": "\n".join(notes)} if notes else {})


def _systems_read(table: Table) -> set[str]:
    return {table.systems.names.get(system, "") for system, _ in table.words}


def _group(source: str, target: str, elements: list[Json]) -> Json:
    found: Json = {"source": source, "target": target, "element": elements}
    return {name: part for name, part in found.items() if part}


def _written(table: Table, system: str, codes: dict[Word, str]) -> list[Json]:
    labels = labels_of(table, system) or _plain_labels(table)
    return [{"code": spelled(word), "target": [_target(code, labels.get(word, ""))]} for word, code in codes.items()]


def _target(code: str, display: str, equivalence: str = "equivalent") -> Json:
    found = {"code": code, "display": display, "equivalence": equivalence}
    return {name: part for name, part in found.items() if part}


def _plain_labels(table: Table) -> dict[Word, str]:
    """Labels for people, of a table that writes bare codes."""
    rows = table.file.data["rows"] if table.kind == "code" else ()
    return {row["word"]: row["display"]["en"] for row in rows if "display" in row}


def _read(table: Table, codes: dict[str, Word]) -> list[Json]:
    own = {(code, word) for word, code in table.plain.items()}
    own |= {(each["code"], word) for word, codings in table.codings.items() for each in codings}
    return [
        {"code": code, "target": [_target(spelled(word), "", "equivalent" if (code, word) in own else "wider")]}
        for code, word in codes.items()
    ]
