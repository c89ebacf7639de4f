"""What a profile may ask of a narrative: sections by language, and the source of every piece of text.

Takes from: validation.narrative, validation.problem.  Gives to: validation.compiler.
Source: http://hl7.org/fhir/StructureDefinition/narrative-language-control, .../narrative-source-control
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapter.validation.narrative import TAG, attributes_of
from adapter.validation.problem import Check, Found, Problem
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_LANGUAGES = "http://hl7.org/fhir/StructureDefinition/narrative-language-control"
_SOURCES = "http://hl7.org/fhir/StructureDefinition/narrative-source-control"
_SOURCE_CLASSES = frozenset({"boilerplate", "generated", "original"})


def make_narrative_controls(element: Element) -> Iterator[Check]:
    stated = element.definition.get("extension", [])
    languages = {str(item.get("valueCode")) for item in stated if item.get("url") == _LANGUAGES}
    if languages:
        yield _make_language_check(languages)
    if any(item.get("url") == _SOURCES for item in stated):
        yield _check_sources


def _make_language_check(wanted: set[str]) -> Check:
    """`_yes` asks for language sections, `_no` forbids them, a code asks for its own."""

    def check(value: Any, scope: Scope) -> Found:
        text = value.get("div")
        if type(text) is not str:
            return None
        present = set(_section_languages(text))
        missing = sorted(code for code in wanted if not code.startswith("_") and code not in present)
        if "_no" in wanted and present:
            return [Problem("narrative-language-forbidden")]
        if missing or ("_yes" in wanted and not present):
            return [Problem("narrative-language-missing", expected=", ".join(missing))]
        return None

    return check


def _section_languages(text: str) -> Iterator[str]:
    """The languages of the divs directly inside the narrative's own div."""
    for depth, name, attributes, _ in _elements(text):
        if depth == 1 and name == "div":
            language = attributes.get("xml:lang") or attributes.get("lang")
            if language:
                yield language


def _elements(text: str) -> Iterator[tuple[int, str, dict[str, str], bool]]:
    """Each opening tag with its depth, name, attributes and whether it closes itself."""
    depth = 0
    for tag in TAG.finditer(text):
        if tag[1]:
            depth -= 1
        elif tag[2]:
            yield depth, tag[2], attributes_of(tag[3]), bool(tag[4])
            depth += 0 if tag[4] else 1


def _check_sources(value: Any, scope: Scope) -> Found:
    """Every text stands inside an element whose class names its source."""
    text = value.get("div")
    return [Problem("narrative-source")] if type(text) is str and _has_unsourced_text(text) else None


def _has_unsourced_text(text: str) -> bool:
    opened: list[bool] = []
    end = 0
    for tag in TAG.finditer(text):
        if text[end : tag.start()].strip() and not any(opened):
            return True
        end = tag.end()
        if tag[1] and opened:
            opened.pop()
        elif tag[2] and not tag[4]:
            opened.append(bool(_SOURCE_CLASSES & set(attributes_of(tag[3]).get("class", "").split())))
    return False
