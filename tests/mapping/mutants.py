"""The shipped mapping files with one thing changed: what a slip of the hand could make of each rule.

A mutant takes a rule away, or puts a plausible other in its place: another element or field of the same type, another
table, another word, another constant, one direction only, another order of the branches, an option less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from adapter.declaration import Declaration, Pointer, check_schema
from adapter.mapping import language
from adapter.mapping.rules import Language
from adapter.mapping.tables import make_table
from tests.mapping.likeness import (
    INNER,
    folder,
    nearest_table,
    one_of_a_choice,
    other_constants,
    other_elements,
    rules_of,
)

Json = dict[str, Any]
# What changes a rule when it is left out; `set` and `also` of fragments likewise.
OPTIONS = (
    *("required", "default", "otherwise", "missing", "absent", "with", "also", "given", "quiet", "prefer", "accept"),
    *("unless", "feed", "match", "only", "set"),
)
# Every mutated declaration of a run stays: some look-ups of the engine are kept by the identity of what they reverse.
_ALIVE: list[Declaration] = []


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Shapes:  kind  what was done: delete, element, field, table, words, constant, direction, order, option, gate
    """

    kind: str
    rule: str
    origin: str
    told: str
    file: Declaration

    def __str__(self) -> str:
        return f"{self.origin} {self.rule}: {self.kind} {self.told}".rstrip()


def read_mutant(mutant: Mutant) -> tuple[Language | None, list[str]]:
    """The language with the change in it, and what the schemas and the reader say against it."""
    kind = next(kind for kind in ("map", "fragment", "table") if kind in mutant.file.data)
    schema = "table" if kind == "table" else "mapping"
    if problems := list(check_schema(mutant.file, schema)):
        return None, problems
    known, name = folder(), mutant.file.data[kind]
    changed = replace(known, problems=[], unread=set())
    if kind == "map":
        changed.maps = [mutant.file if each.data["map"] == name else each for each in known.maps]
    elif kind == "fragment":
        changed.fragments = {**known.fragments, name: mutant.file}
    else:
        changed.tables = {**known.tables, name: make_table(mutant.file, known.systems)}
    # The sixty files that did not change are not read again for each of a thousand mutants.
    with patch.object(language, "read_folder", lambda _: changed):
        made = language.load_language(known.path)
    return made, list(made.problems)


def mutants() -> Iterator[Mutant]:
    """All of them, in the order of the files."""
    for file in (*folder().maps, *folder().fragments.values()):
        for pointer, spelled in rules_of(file):
            yield from _of_rule(file, pointer, spelled)
        yield from _of_gates(file)
    for table in folder().tables.values():
        yield from _of_table(table.file)


def _mutant(file: Declaration, pointer: Pointer, kind: str, told: str, change: Callable[[Any, Any], None]) -> Mutant:
    """`change` is given what holds the place, and its key there."""
    data = deepcopy(file.data)
    holder = data
    for part in pointer[:-1]:
        holder = holder[part]
    spelled = holder[pointer[-1]]
    rule = spelled.get("id", "") if isinstance(spelled, dict) else ""
    change(holder, pointer[-1])
    made = Declaration(file.path, data, file.places)
    _ALIVE.append(made)
    return Mutant(kind, rule or ".".join(map(str, pointer)), f"{file.name}:{file.line(pointer)}", told, made)


def _put(**words: Any) -> Callable[[Any, Any], None]:
    """Words of a rule set anew; None takes one away."""

    def change(holder: Any, key: Any) -> None:
        kept = {name: value for name, value in holder[key].items() if words.get(name, value) is not None}
        holder[key] = {**kept, **{name: value for name, value in words.items() if value is not None}}

    return change


def _delete(holder: Any, key: Any) -> None:
    del holder[key]


def _swap(other: int) -> Callable[[Any, Any], None]:
    def change(holder: Any, key: Any) -> None:
        holder[key], holder[other] = holder[other], holder[key]

    return change


def _of_rule(file: Declaration, pointer: Pointer, spelled: Json) -> Iterator[Mutant]:
    yield _mutant(file, pointer, "delete", "", _delete)
    if "const" in spelled:
        for other in other_constants(spelled["const"], spelled.get("accept")):
            yield _mutant(file, pointer, "constant", f"-> {other!r}", _put(const=other))
    if "fhir" in spelled:
        for element in other_elements(file, pointer, spelled):
            yield _mutant(file, pointer, "element", f"-> {element}", _put(fhir=element))
    yield from _of_siblings(file, pointer, spelled)
    yield from _of_codec(file, pointer, spelled)
    yield from _of_direction(file, pointer, spelled)
    for option in OPTIONS:
        if option in spelled:
            yield _mutant(file, pointer, "option", f"without `{option}`", _put(**{option: None}))
    if pointer[-2] in ("first", "choice") and int(pointer[-1]) > 0 and not one_of_a_choice(file, pointer):
        yield _mutant(file, pointer, "order", "one place earlier", _swap(pointer[-1] - 1))


def _of_direction(file: Declaration, pointer: Pointer, spelled: Json) -> Iterator[Mutant]:
    if any(key in spelled for key in ("use", "each")) or (pointer[-2] == "rules" and len(pointer) > 2):
        return
    # A constant answers to nothing in the case: no reader looks at it, whichever way it is said to serve.
    if "const" in spelled and spelled.get("direction") != "from-fhir":
        yield _mutant(file, pointer, "direction", "-> from-fhir", _put(direction="from-fhir"))
        return
    if "direction" in spelled:
        yield _mutant(file, pointer, "direction", "-> both", _put(direction=None))
    else:
        for way in ("to-fhir", "from-fhir"):
            yield _mutant(file, pointer, "direction", f"-> {way}", _put(direction=way))


def _of_codec(file: Declaration, pointer: Pointer, spelled: Json) -> Iterator[Mutant]:
    via = spelled.get("via")
    if not isinstance(via, dict):
        return
    name, option = next(iter(via.items()))
    if isinstance(option, str) and name != "affix":
        if other := nearest_table(option):
            yield _mutant(file, pointer, "table", f"{option} -> {other}", _put(via={name: other}))
    elif name == "values":
        words, values = list(option), list(option.values())
        turned = dict(zip(words, values[1:] + values[:1], strict=True))
        if turned != option:
            yield _mutant(file, pointer, "words", f"-> {turned}", _put(via={name: turned}))
    elif name == "quantity":
        for word in option:
            fewer = {key: each for key, each in option.items() if key != word}
            yield _mutant(file, pointer, "option", f"quantity without `{word}`", _put(via={name: fewer}))


def _of_siblings(file: Declaration, pointer: Pointer, spelled: Json) -> Iterator[Mutant]:
    """Two pairs of one kind with their fields exchanged: each is fed by the other's element."""
    holder: Any = file.data
    for part in pointer[:-1]:
        holder = holder[part]
    for number in range(int(pointer[-1]) + 1, len(holder)):
        other = holder[number]
        alike = {"case", "fhir"} <= spelled.keys() & other.keys() and spelled.get("via") == other.get("via")
        if alike and spelled["case"] != other["case"] and not any(key in spelled for key in INNER):

            def change(holder: Any, key: Any, number: int = number) -> None:
                holder[key]["case"], holder[number]["case"] = holder[number]["case"], holder[key]["case"]

            yield _mutant(file, pointer, "field", f"exchanged with {other['id']}", change)


def _of_gates(file: Declaration) -> Iterator[Mutant]:
    """Which resources are taken, which of several counts, what must hold: each word of it left out."""
    for key in ("select", "drop", "check"):
        for number, entry in enumerate(file.data.get(key, ())):
            yield _mutant(file, (key, number), "gate", f"without {key}[{number}]", _delete)
            for word in entry if len(entry) > 1 else ():
                if word not in ("why", "id"):
                    yield _mutant(file, (key, number, word), "gate", f"{key}[{number}] without `{word}`", _delete)
    for word in file.data.get("several", {}):
        yield _mutant(file, ("several", word), "gate", f"several without `{word}`", _delete)
    for word in ("hint", "match"):
        if word in file.data:
            yield _mutant(file, (word,), "gate", f"without `{word}`", _delete)


def _of_table(file: Declaration) -> Iterator[Mutant]:
    """Two words exchanged, the first that are written (or, of names in text, that are looked for)."""
    rows = [number for number, row in enumerate(file.data["rows"]) if row.keys() & {"write", "code", "names"}]
    pairs = list(pairwise(rows))
    words = [row["word"] for row in file.data["rows"]]
    for one, other in [(one, other) for one, other in pairs if words[one] != words[other]][:1]:

        def change(holder: Any, key: Any, other: int = other) -> None:
            holder[key]["word"], holder[other]["word"] = holder[other]["word"], holder[key]["word"]

        yield _mutant(file, ("rows", one), "words", f"exchanged with row {other}", change)
