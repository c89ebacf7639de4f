"""Named pairs of conversions, forth and back: what a rule may put between a case value and an element.

Each codec gives Python text for both directions; the text is woven into the generated function, so a codec costs a
dict look-up and no call. A read that yields None means "there was something, but no word for it".

Takes from: mapping.code, mapping.tables.  Gives to: mapping.language, mapping.writer, mapping.reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapter.errors import Json
from adapter.mapping.code import Code
from adapter.mapping.quantities import Prepare, UnitList, make_prepare
from adapter.mapping.tables import Table

Finder = Callable[[Any], Any]


@dataclass(frozen=True)
class Codec:
    """A pair of conversions.

    Shapes:  table   the code table it looks into, if any
             option  what the rule says beside the codec's name
             law     iso (nothing lost either way), checked (refuses what it cannot carry), lossy
    """

    name: str
    table: Table | None = None
    option: Any = None
    law: str = "iso"
    prepare: Prepare | None = None

    @property
    def concept(self) -> bool:
        """The element is a CodeableConcept; what is written goes into its `coding`."""
        return self.name == "concept"

    @property
    def sure(self) -> bool:
        """Reading always finds a value."""
        return self.name in ("copy", "date", "system")

    def accepts(self, code: Code, value: str) -> str:
        """Condition under which a case value can be written; "" when every value can."""
        if self.name == "values":
            return f"{value} in {code.constant(self.option, 'B')}"
        written = self._written()
        return f"{value} in {code.constant(written, 'W')}" if written is not None else ""

    def _written(self) -> dict[Any, Any] | None:
        if self.table is None:
            return None
        return self.table.plain if self.name == "code" else self.table.codings

    def write(self, code: Code, value: str) -> tuple[str, str]:
        """(text of the element, text of the enclosing CodeableConcept when nothing else stands in it)."""
        if self.name == "values":
            return f"{code.constant(self.option, 'B')}[{value}]", ""
        if self.name == "affix":
            return f"{self.option['prefix']!r} + {value}", ""
        written = self._written()
        if written is None or self.table is None:
            return value, ""
        text = f"{code.constant(written, 'W')}[{value}]"
        return text, f"{code.constant(self.table.concepts, 'C')}[{value}]" if self.concept else ""

    def exact(self, code: Code) -> str:
        """Name of the look-up system -> code -> word for the codings we write; "" when there is none."""
        if self.table is None or not self.table.words:
            return ""
        return code.constant(self.table.by_system, "R")

    def known(self, code: Code) -> str:
        """Name of the look-up code -> word for elements that are the code itself; "" when there is none."""
        if self.name == "values":
            return code.constant(_reversed(self.option), "R")
        return code.constant(self.table.plain_words, "R") if self.name == "code" and self.table else ""

    def read(self, code: Code, value: str) -> str:
        """Text that yields the case value, or None."""
        if self.name == "date":
            return f"{value}[:10]"
        if self.name == "system":
            return f"run.system({value})"
        if known := self.known(code):
            return f"{known}.get({value})"
        if self.name == "affix":
            prefix = self.option["prefix"]
            return f"({value}[{len(prefix)}:] if {value}.startswith({prefix!r}) else None)"
        if self.table is None:
            return value
        return f"{code.constant(self.finder(), 'find')}({value})"

    def finder(self) -> Finder:
        """What looks for a word with all the spellings of the field; one object for each table."""
        finder = _Finder(self.table)  # type: ignore[arg-type]
        return {"concept": finder.in_concept, "codings": finder.in_codings, "words": finder.in_text}[self.name]


def _reversed(option: Json) -> dict[Any, Any]:
    return {flag: word for word, flag in option.items()}


class _Finder:
    """Look-ups into a table that try every spelling of the field."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def in_concept(self, concept: Json) -> Any:
        if not (codings := concept.get("coding")):
            return None
        first = codings[0]
        system = first.get("system")
        word = self.table.words.get((system, first.get("code")))
        if word is not None or (len(codings) == 1 and system not in self.table.loose):
            return word
        return self.table.find(codings)

    def in_codings(self, value: Any) -> Any:
        if value.__class__ is list and len(value) == 1:
            found = self.table.words.get((value[0].get("system"), value[0].get("code")))
            if found is not None:
                return found
        listed = value if isinstance(value, list) else [value]
        flat = [coding for each in listed for coding in (each.get("coding", ()) if "coding" in each else (each,))]
        words = {word for coding in flat if (word := self.table.find((coding,))) is not None}
        # Several words at once (SPECT-CT sends NM and CT): the order of the table's rows decides.
        return next((word for word in self.table.rows if word in words), None)

    def in_text(self, value: Any) -> Any:
        texts = value if isinstance(value, list) else [value]
        return next((word for text in texts if (word := self.table.find_name(text)) is not None), None)


@dataclass(frozen=True)
class Pointing:
    """A reference to another item of the case, with the registry's own name of it beside.

    Shapes:  case, field  the list it stands in, and the member that names it
             place        Type/id of its resource, with {case} and {n} open
    """

    case: str
    field: str
    system: str
    place: str

    def __call__(self, case: Json, name: str, key: str) -> Json:
        reference: Json = {"identifier": {"system": self.system, "value": key}}
        for number, item in enumerate(case.get(self.case, ()), 1):
            if item.get(self.field) == key:
                place = self.place.replace("{case}", name).replace("{n}", str(number))
                return {"reference": place, **reference}
        return reference


COPY = Codec("copy")


def make_codec(via: str | Json | None, tables: dict[str, Table], units: dict[str, UnitList]) -> Codec:
    """Shapes:  via  as in a rule: a name, or {name: option}
    Errors:  KeyError when the table is not there
    """
    if via is None:
        return COPY
    name, option = (via, None) if isinstance(via, str) else next(iter(via.items()))
    if name in ("concept", "codings", "code", "words") and isinstance(option, str):
        return Codec(
            name, tables[option], option, "checked" if name == "code" else "lossy" if name == "words" else "iso"
        )
    if name == "quantity":
        table = units[option["units"]] if option and "units" in option else None
        return Codec(name, None, option, "checked", make_prepare(table, text=bool(option and option.get("text"))))
    return Codec(name, None, option, "checked" if name in ("values", "affix") else "iso")
