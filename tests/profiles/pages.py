"""Development time: a readable page per profile in English and in French, made out of its StructureDefinition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

ORDER = (
    "crmo-case-bundle",
    "crmo-patient",
    "crmo-condition",
    "crmo-biopsy",
    "crmo-imaging-study",
    "crmo-medication-statement",
    "crmo-lesion",
    "crmo-finding",
)
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "index": "Profiles of the registry",
        "lead": "FHIR R4 profiles of what the registry sends and receives. Made from the profiles by `make profiles`.",
        "canonical": "Canonical",
        "base": "Constrains",
        "elements": "Elements",
        "element": "Element",
        "number": "Number",
        "what": "What it is",
        "codes": "Codes",
        "tier": "An error there",
        "fields": "Fields of the case",
        "rules": "Rules",
        "rule": "Rule",
        "says": "It says",
        "blocks": "the entry is refused",
        "costs": "the fields stay empty",
        "": "costs nothing",
        "required": "only",
        "extensible": "if one fits",
        "preferred": "preferably",
        "extensions": "Extensions",
        "other": "en français",
    },
    "fr": {
        "index": "Profils du registre",
        "lead": "Profils FHIR R4 de ce que le registre envoie et reçoit. Pages faites des profils par `make profiles`.",
        "canonical": "URL canonique",
        "base": "Contraint",
        "elements": "Éléments",
        "element": "Élément",
        "number": "Nombre",
        "what": "Ce que c'est",
        "codes": "Codes",
        "tier": "Une erreur ici",
        "fields": "Champs du cas",
        "rules": "Règles",
        "rule": "Règle",
        "says": "Ce qu'elle dit",
        "blocks": "l'entrée est refusée",
        "costs": "les champs restent vides",
        "": "ne coûte rien",
        "required": "seulement",
        "extensible": "si l'un convient",
        "preferred": "de préférence",
        "extensions": "Extensions",
        "other": "in English",
    },
}


def make_pages(profiles: Path) -> dict[str, str]:
    """{file name: Markdown}: README.md and README.fr.md, then one page per profile and language."""
    tiers = yaml.safe_load((profiles / "tiers.yaml").read_text(encoding="utf-8"))["profiles"]
    structures = {name: _structure(profiles / f"StructureDefinition-{name}.json") for name in ORDER}
    pages = {}
    for language in ("en", "fr"):
        pages[_file("README", language)] = _index(profiles, structures, language)
        for name, structure in structures.items():
            pages[_file(name, language)] = "\n".join(_page(structure, tiers[name], language)) + "\n"
    return pages


def _structure(file: Path) -> Json:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _file(name: str, language: str) -> str:
    return f"{name}.md" if language == "en" else f"{name}.{language}.md"


def _index(profiles: Path, structures: dict[str, Json], language: str) -> str:
    words = _WORDS[language]
    lines = [f"# {words['index']}", "", words["lead"], ""]
    for name, structure in structures.items():
        link = f"[{say(structure, 'title', language)}]({_file(name, language)})"
        lines.append(f"- {link}: {say(structure, 'description', language)}")
    lines += ["", f"## {words['extensions']}", ""]
    for file in sorted(profiles.glob("StructureDefinition-*.json")):
        structure = _structure(file)
        if structure["type"] == "Extension":
            lines.append(f"- `{structure['id']}`: {say(structure, 'description', language)}")
    return "\n".join(lines) + "\n"


def say(owner: Json, key: str, language: str) -> str:
    """A text of a resource in a language; English stands in the text, other languages in its translations."""
    for extension in owner.get(f"_{key}", {}).get("extension", []) if language != "en" else []:
        parts = {part["url"]: part for part in extension.get("extension", [])}
        if parts.get("lang", {}).get("valueCode") == language:
            return str(parts["content"]["valueString"])
    return str(owner[key])


def _page(structure: Json, tiers: Json, language: str) -> Iterator[str]:
    words = _WORDS[language]
    other = "fr" if language == "en" else "en"
    yield f"# {say(structure, 'title', language)}"
    yield ""
    yield f"[{words['other']}]({_file(structure['id'], other)})"
    yield ""
    yield say(structure, "description", language)
    yield ""
    yield f"- {words['canonical']}: `{structure['url']}`"
    yield f"- {words['base']}: {structure['type']}"
    yield ""
    yield f"## {words['elements']}"
    yield ""
    yield _row(words[column] for column in ("element", "number", "what", "codes", "tier", "fields"))
    yield "|---|---|---|---|---|---|"
    own = {element["id"] for element in structure["differential"]["element"] if "short" in element}
    for element in structure["snapshot"]["element"]:
        if element["id"] in own:
            yield _element_row(element, tier_of(element["id"], tiers["elements"]), language)
    yield ""
    yield f"## {words['rules']}"
    yield ""
    yield _row(words[column] for column in ("rule", "says", "tier", "fields"))
    yield "|---|---|---|---|"
    for constraint in structure["snapshot"]["element"][0]["constraint"]:
        if constraint["key"] in tiers["rules"]:
            yield _rule_row(constraint, tiers["rules"][constraint["key"]], language)


def tier_of(place: str, elements: Json) -> Json:
    """The tier of an element, or of the nearest one above it."""
    while place not in elements and place:
        place = place[: max(place.rfind("."), place.rfind(":"), 0)]
    return dict(elements.get(place, {}))


def _element_row(element: Json, tier: Json, language: str) -> str:
    cells = [
        f"`{element['id']}`",
        f"{element['min']}..{element['max']}",
        say(element, "short", language),
        _binding(element, language),
        *_tier_cells(tier, language),
    ]
    return _row(cells)


def _rule_row(constraint: Json, tier: Json, language: str) -> str:
    return _row([constraint["key"], say(constraint, "human", language), *_tier_cells(tier, language)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tier_cells(tier: Json, language: str) -> tuple[str, str]:
    fields = tier.get("fields", [])
    said = _WORDS[language][tier["tier"] if fields else ""]
    return said, ", ".join(f"`{field}`" for field in fields)


def _binding(element: Json, language: str) -> str:
    binding = element.get("binding", {})
    name = binding.get("valueSet", "").partition("|")[0].rpartition("/")[2]
    strength = _WORDS[language].get(binding.get("strength", "-"))
    return f"{strength} `{name}`" if name and strength else ""
