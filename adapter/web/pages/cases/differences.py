"""What one version of a case says otherwise than another: value by value, members of lists known by what they are.

Takes from: case, values, vocabulary.  Gives to: versions, editing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.case.fields import list_fields
from adapter.errors import Json
from adapter.web.pages.cases.values import in_short, leaves
from adapter.web.pages.cases.vocabulary import Vocabulary

# What a member of a list is about; two that agree in it are the same thing told otherwise.
_KEYS = {
    "laboratory": ("test", "date"),
    "clinical_lesions": ("bone", "side", "segment"),
    "imaging_studies": ("modality", "date"),
    "imaging_lesions": ("bone", "side", "segment", "modality", "date"),
    "biopsies": ("date", "bone", "side"),
    "treatments": ("class", "start"),
    "comorbidities": ("type",),
    "sequelae": ("type", "site"),
    "other_diagnoses": ("category", "code"),
    "assessments": ("measure", "date"),
}


@dataclass(frozen=True)
class Change:
    """Shapes:  before, after  in words; "" where there was, or is, nothing
    name    its section of the case
    """

    name: str
    label: str
    before: str
    after: str


def changes(before: Json, after: Json, words: Vocabulary) -> list[Change]:
    """In the order of the sections of a case."""
    members = (each for name in list_fields() for each in _members(name, before, after, words))
    return [*_facts(before, after, words), *members]


def _facts(before: Json, after: Json, words: Vocabulary) -> Iterator[Change]:
    aside = (*list_fields(), "case_id")
    facts = ({key: held for key, held in case.items() if key not in aside} for case in (before, after))
    old, new = ({value.pointer: value for value in leaves(case, words)} for case in facts)
    for pointer in dict.fromkeys((*new, *old)):
        was, is_ = old.get(pointer), new.get(pointer)
        if (was and was.text) != (is_ and is_.text):
            value: Any = is_ or was
            section = pointer.split("/")[1]
            label = f"{words.label(section)} – {value.label}" if pointer.count("/") > 1 else value.label
            yield Change(section, label, was.text if was else "", is_.text if is_ else "")


def _members(name: str, before: Json, after: Json, words: Vocabulary) -> Iterator[Change]:
    if (name in before) != (name in after) and not (before.get(name) or after.get(name)):
        was, is_ = (words.said("nothing_there") if name in case else "" for case in (before, after))
        yield Change(name, words.label(name), was, is_)
    old, new = _left(before.get(name, []), after.get(name, [])), _left(after.get(name, []), before.get(name, []))
    for member in new:
        same = next((each for each in old if _about(name, each) == _about(name, member)), None)
        if same is not None:
            old.remove(same)
        was = in_short(name, same, words) if same is not None else ""
        yield Change(name, words.label(name), was, in_short(name, member, words))
    for member in old:
        yield Change(name, words.label(name), in_short(name, member, words), "")


def _left(members: list[Any], others: list[Any]) -> list[Any]:
    """Members that are not among the others, each counted once."""
    rest, left = list(others), []
    for member in members:
        if member in rest:
            rest.remove(member)
        else:
            left.append(member)
    return left


def _about(name: str, member: Json) -> list[Any]:
    return [member.get(key) for key in _KEYS[name]]
