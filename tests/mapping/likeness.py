"""What could be taken for it: for each part of a rule, others of its kind in the shipped files or in R4."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from adapter.config import shipped
from adapter.declaration import Declaration, Pointer
from adapter.mapping.checks.elements import Elements, MissError
from adapter.mapping.files import Folder, read_folder
from adapter.mapping.path import PathError, parse_path

Json = dict[str, Any]
ELEMENTS = Elements()
INNER = ("first", "choice", "rules")


@cache
def folder() -> Folder:
    return read_folder(shipped("mappings"))


def rules_of(file: Declaration) -> Iterator[tuple[Pointer, Json]]:
    """Every rule of a file, inner ones too, with its place."""
    waiting = [(("rules", number), each) for number, each in enumerate(file.data["rules"])]
    while waiting:
        pointer, spelled = waiting.pop(0)
        yield pointer, spelled
        inner = next((key for key in INNER if key in spelled), "")
        below = [((*pointer, inner, number), each) for number, each in enumerate(spelled[inner])] if inner else []
        waiting = [*below, *waiting]


def nearest_table(name: str) -> str:
    """The table of the same kind that shares most words, the one most easily taken for it."""
    tables = folder().tables
    mine = tables[name]
    others = [each for each in tables.values() if each.kind == mine.kind and each is not mine]
    return max(others, key=lambda each: (len(each.rows.keys() & mine.rows.keys()), each.name)).name if others else ""


def one_of_a_choice(file: Declaration, pointer: Pointer) -> bool:
    """Whether R4 lets only one of a branch and the one before it be there: elements of one choice such as value[x]."""
    if "map" not in file.data:
        return False
    branches: Any = file.data
    for part in pointer[:-1]:
        branches = branches[part]
    number = int(pointer[-1])
    names = [str(each["fhir"]).split(".")[0].split("[")[0] for each in branches[number - 1 : number + 1]]
    holder = ELEMENTS.follow(file.data["resource"], parse_path("", {}))[0]
    members = [ELEMENTS.member(holder, name) for name in names]
    choices = {each.choice for each in members if each is not None}
    return len(choices) == 1 and choices != {""} and names[0] != names[1]


@cache
def _constants() -> dict[str, list[str]]:
    """Code system -> the codes that constants of the shipped maps take from it."""
    found: dict[str, list[str]] = defaultdict(list)

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "system" in value and value.get("code") not in found[value["system"]]:
                found[value["system"]].append(value.get("code"))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    for file in folder().maps:
        for _, spelled in rules_of(file):
            walk(spelled.get("const"))
    return found


def other_constants(value: Any, accept: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return [*(accept if isinstance(accept, list) else ()), f"{value}-other"]
    text, made = deepcopy(value), []
    for coding in _codings(text):
        others = [code for code in _constants()[coding["system"]] if code != coding["code"]] or ["other"]
        mine, coding["code"] = coding["code"], others[0]
        made.append(deepcopy(text))
        coding["code"] = mine
    return made or [{"reference": "Condition/{case}-diagnosis"}]


def _codings(value: Any) -> Iterator[Json]:
    if isinstance(value, dict) and {"system", "code"} <= value.keys():
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _codings(each)


def other_elements(file: Declaration, pointer: Pointer, spelled: Json) -> list[str]:
    """Elements beside the rule's own, of the same type, of which no rule speaks; two of them."""
    if "map" not in file.data or len(pointer) > 4:
        return []
    text = spelled["fhir"]
    head, dot, last = text.rpartition(".")
    name, bracket, pick = last.partition("[")
    if not name.isidentifier():
        return []
    systems = folder().systems.uris
    used = {str(each.get("fhir", "")).split("[")[0] for _, each in rules_of(file)} | {
        str(each.get("fhir", "")) for each in file.data.get("leave", ())
    }
    try:
        holder = ELEMENTS.follow(file.data["resource"], parse_path(head, systems), strict=False)
        mine = ELEMENTS.member(holder[0], name) if holder else None
    except (MissError, PathError):
        return []
    if mine is None:
        return []
    others = [
        f"{head}{dot}{each.name}{bracket}{pick}"
        for each in ELEMENTS.members(holder[0].inside).elements.values()
        if (each.type, each.many) == (mine.type, mine.many)
        and each.name not in (name, "id", "implicitRules", "language")
        and f"{head}{dot}{each.name}" not in used
    ]
    return others[:2]
