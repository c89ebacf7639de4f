"""Known ways in which each engine differs from the standard or from us, and where that shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Test = Callable[[dict[str, Any], str, Any, Any], bool]


@dataclass(frozen=True)
class Cause:
    """Shapes:  holds  (task, place without indexes, our value, their value) -> whether this explains it"""

    text: str
    holds: Test


def _in_site_list(task: dict[str, Any], place: str, ours: Any, theirs: Any) -> bool:
    """Only where the case has both a site that is free of disease and one that is not."""
    said = {each.get("present") for each in task["given"].get("clinical_lesions", ())}
    return task["map"] == "diagnosis-to-fhir" and place.startswith("bodySite") and False in said and len(said) > 1


def _as_time(task: dict[str, Any], place: str, ours: Any, theirs: Any) -> bool:
    return isinstance(ours, str) and theirs == f"{ours}T00:00:00"


_FALSE_WORDS = {"no": "yes", "alive": "dead"}


def _false_for_true(task: dict[str, Any], place: str, ours: Any, theirs: Any) -> bool:
    return task["direction"] == "from-fhir" and ours in _FALSE_WORDS and _FALSE_WORDS[ours] == theirs


def _fixed(task: dict[str, Any], place: str, ours: Any, theirs: Any) -> bool:
    return place == "diagnosis.date_is_recorded" and ours is None and theirs is True


_MEDPLUM = (Cause("`where` on a list is tested once, on its first entry, and holds for all", _in_site_list),)

CAUSES: dict[str, tuple[Cause, ...]] = {
    "medplum": _MEDPLUM,
    "medplum-resource": _MEDPLUM,
    "malac-hd": (
        Cause("a text copied into a dateTime goes through a date parser and gains a time", _as_time),
        Cause("`where (v = true)` asks whether the boolean is there, not whether it is true", _false_for_true),
    ),
    "fhircraft": (Cause("a value fixed in the logical model is written although no rule did", _fixed),),
}

# Messages with which an engine stops, and what they mean; any other stop is unexplained.
STOPS: dict[str, dict[str, str]] = {
    "malac-hd": {
        "float() argument": "a score that is a word cannot stand in a class that says number",
        "int() argument": "a positiveInt cannot be copied into an integer",
    },
    "fhircraft": {
        "more than": "too slow: the time we give a map is over",
        'has no field "class"': "an element called class has another name in its Python model",
        "must have a type specified": "a target that is a part of the case has no type of its own",
        "no setter": "an element called as a property of its Python model cannot be written",
        "validation error for Bundle": "a second entry of the Bundle is made of the wrong type",
    },
}
