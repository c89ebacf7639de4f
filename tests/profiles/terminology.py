"""Development time: the registry's CodeSystems, ValueSets and ConceptMaps, made out of mappings/ so that they agree.

A test makes them again and compares every byte with what is committed.
Source: https://hl7.org/fhir/R4/codesystem.html, valueset.html, conceptmap.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from adapter.mapping.exporting import export_tables
from adapter.mapping.language import load_language

Json = dict[str, Any]
Texts = dict[str, str]

ROOT = Path(__file__).parents[2]
FSH = ROOT / "profiles" / "fsh"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
_OWN = re.compile(r"crmo-[a-z-]+")


class Sources:
    """Everything the terminology is made of, read once."""

    def __init__(self, mappings: Path = ROOT / "mappings", fsh: Path = FSH) -> None:
        self.folder = mappings
        self.config: Json = _read(fsh / "sushi-config.yaml")
        self.named: Json = _read(fsh / "codes.yaml")
        self.tables = [_read(file) for file in sorted((mappings / "tables").glob("*.table.yaml"))]
        self.units = [_read(file) for file in sorted((mappings / "tables").glob("*.units.yaml"))]
        self.maps = [_read(file) for file in sorted(mappings.glob("*.map.yaml"))]
        self.fragments = [_read(file) for file in sorted((mappings / "fragments").glob("*.yaml"))]
        self._uris = {name: row["uri"] for name, row in _read(mappings / "tables" / "systems.yaml")["systems"].items()}

    @property
    def base(self) -> str:
        return str(self.config["canonical"])

    def uri(self, system: str) -> str:
        return self._uris.get(system) or f"{self.base}/CodeSystem/{system}"

    def plain_system(self, table: str) -> str:
        """The short name or URI of the system a table of plain codes writes, as the mapping files use it."""
        for rule in _rules([*self.maps, *self.fragments]):
            via = rule.get("via")
            if isinstance(via, dict) and via.get("code") == table and (found := _OWN.search(str(rule.get("fhir")))):
                return found[0]
        return str(self.named["plain"][table])


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _rules(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        if "fhir" in node:
            yield node
        for value in node.values():
            yield from _rules(value)
    elif isinstance(node, list):
        for value in node:
            yield from _rules(value)


def codes_named_in_maps(sources: Sources) -> set[tuple[str, str]]:
    """(own system, code) of every constant, slice and selection of the mapping files."""
    found: set[tuple[str, str]] = set()
    _collect(sources.maps, sources.base, found)
    return found


def _collect(node: Any, base: str, found: set[tuple[str, str]]) -> None:
    if isinstance(node, dict):
        system = str(node.get("system", "")).removeprefix(f"{base}/CodeSystem/")
        if system.startswith("crmo-") and "code" in node:
            found.add((system, node["code"]))
        sliced = re.findall(r"\[code=(crmo-[a-z-]+)\|([a-z_-]+)\]", str(node.get("fhir", "")))
        found.update(sliced)
        role = re.search(r"\[(crmo-[a-z-]+)\]\.code$", str(node.get("fhir", "")))
        if role and isinstance(node.get("const"), str):
            found.add((role[1], node["const"]))
        for key, value in node.items():
            if isinstance(key, str) and key.startswith("crmo-") and isinstance(value, str):
                found.add((key, value))
            _collect(value, base, found)
    elif isinstance(node, list):
        for value in node:
            _collect(value, base, found)


def own_codes(sources: Sources) -> dict[str, dict[str, Texts]]:
    """{own system: {code: label in both languages}}: what tables write, then what mapping files write."""
    systems: dict[str, dict[str, Texts]] = {name: {} for name in sources.named["systems"]}
    for table in sources.tables:
        for row in table["rows"]:
            for system, code in _written(sources, table, row):
                if system.startswith("crmo-") and system not in systems:
                    raise SystemExit(f"codes.yaml has no name for the code system {system}")
                if system.startswith("crmo-"):
                    systems[system].setdefault(code, row["display"])
    for system, codes in sources.named["codes"].items():
        for code, label in codes.items():
            systems[system].setdefault(code, label)
    for system, name in sources.named["words"].items():
        rows = next(table["rows"] for table in sources.tables if table["table"] == name)
        systems[system] |= {row["word"]: row["display"] for row in rows if "display" in row}
    if missing := {(s, c) for s, c in codes_named_in_maps(sources) if c not in systems[s]}:
        raise SystemExit(f"codes.yaml has no label for {sorted(missing)}")
    return systems


def _written(sources: Sources, table: Json, row: Json) -> list[tuple[str, str]]:
    if table["kind"] == "code":
        return [(sources.plain_system(table["table"]), row["code"])]
    return list(row.get("write", {}).items())


def _read_only(sources: Sources, table: Json, row: Json) -> Iterator[tuple[str, str]]:
    more = row.get("read", {})
    by_system = {sources.plain_system(table["table"]): more} if isinstance(more, list) else more
    for system, codes in by_system.items():
        for code in codes if isinstance(codes, list) else [codes]:
            yield system, code


def make_resources(sources: Sources) -> list[Json]:
    """Every CodeSystem, ValueSet and ConceptMap, ordered by type and id."""
    made = [*_code_systems(sources), *_value_sets(sources), *_concept_maps(sources)]
    return sorted(made, key=lambda resource: (resource["resourceType"], resource["id"]))


def _head(sources: Sources, kind: str, name: str, title: Texts, about: Texts) -> Json:
    config = sources.config
    return {
        "resourceType": kind,
        "id": name,
        "language": "en",
        "url": f"{sources.base}/{kind}/{name}",
        "version": config["version"],
        "name": "".join(part.capitalize() for part in re.split("[-_]", name)),
        "title": title["en"],
        "_title": french(title["fr"]),
        "status": config["status"],
        "experimental": False,
        "date": str(config["date"]),
        "publisher": config["publisher"]["name"],
        "description": about["en"],
        "_description": french(about["fr"]),
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "FR", "display": "France"}]}],
    }


def french(text: str) -> Json:
    """The translation of the primitive beside which it stands."""
    parts = [{"url": "lang", "valueCode": "fr"}, {"url": "content", "valueString": text}]
    return {"extension": [{"url": TRANSLATION, "extension": parts}]}


def _code_systems(sources: Sources) -> Iterator[Json]:
    for system, codes in own_codes(sources).items():
        title = sources.named["systems"][system]
        about = {
            "en": f"{title['en']}: codes of the CRMO registry.",
            "fr": f"{title['fr']} : codes du registre de l'OCMR.",
        }
        yield _head(sources, "CodeSystem", system, title, about) | {
            "caseSensitive": True,
            "valueSet": f"{sources.base}/ValueSet/{system}",
            "content": "complete",
            "count": len(codes),
            "concept": [_concept(code, label) for code, label in codes.items()],
        }
        include = [{"system": sources.uri(system)}]
        yield _head(sources, "ValueSet", system, title, about) | {"compose": {"include": include}}


def _concept(code: str, label: Texts | None) -> Json:
    if label is None:
        return {"code": code}
    return {"code": code, "display": label["en"], "designation": [{"language": "fr", "value": label["fr"]}]}


def _value_sets(sources: Sources) -> Iterator[Json]:
    for table in sources.tables:
        if table["kind"] != "concept":
            continue
        include: dict[str, dict[str, Json]] = {}
        for row in table["rows"]:
            for system, code in _written(sources, table, row):
                include.setdefault(system, {})[code] = _concept(code, row["display"])
            for system, code in _read_only(sources, table, row):
                include.setdefault(system, {}).setdefault(code, {"code": code})
        compose = {"include": [{"system": sources.uri(s), "concept": list(c.values())} for s, c in include.items()]}
        about = _about(
            table, "Codes read or written for this part of the case.", "Codes lus ou écrits pour cette partie du cas."
        )
        yield _head(sources, "ValueSet", f"table-{table['table']}", table["title"], about) | {"compose": compose}
    for units in sources.units:
        spelled = sorted({spelling for row in units["rows"] for spelling in row["read"]})
        about = {"en": "UCUM units in which a value is read.", "fr": "Unités UCUM dans lesquelles une valeur est lue."}
        include_units = [{"system": sources.uri("ucum"), "concept": [{"code": each} for each in spelled]}]
        head = _head(sources, "ValueSet", f"units-{units['units']}", units["title"], about)
        yield head | {"compose": {"include": include_units}}


def _about(table: Json, english: str, french_text: str) -> Texts:
    note = table.get("note", {"en": "", "fr": ""})
    return {"en": f"{english} {note['en']}".strip(), "fr": f"{french_text} {note['fr']}".strip()}


def _concept_maps(sources: Sources) -> Iterator[Json]:
    """As `crmo-adapter check --export` writes them, with the head of what the registry publishes."""
    for table in export_tables(load_language(sources.folder)):
        name, back = table.resource["id"], table.resource["id"].endswith("-rev")
        start = _READ if back else _WRITTEN
        about = {tongue: f"{start[tongue]} {text}".strip() for tongue, text in table.about.items()}
        body = {part: table.resource[part] for part in ("extension", "group") if part in table.resource}
        yield _head(sources, "ConceptMap", name, table.title, about) | body


_WRITTEN = {
    "en": "From the words of the registry case to the codes that are written for them.",
    "fr": "Des mots du cas du registre vers les codes écrits pour eux.",
}
_READ = {
    "en": "From the codes that are read to the words of the registry case.",
    "fr": "Des codes lus vers les mots du cas du registre.",
}
