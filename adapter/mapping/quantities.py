"""Quantities as hospitals send them, brought to the unit the case keeps; refused when the unit is not understood.

Takes from: declaration.  Gives to: mapping.codecs.
Source: https://hl7.org/fhir/R4/datatypes.html#Quantity, https://ucum.org/ucum
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapter.declaration import Declaration
from adapter.errors import Json

Units = dict[str, tuple[str, Decimal]]
UnitList = dict[str, Units]

_SPELLED = re.compile(r"\s*(?P<comparator>[<>]=?)?\s*(?P<value>[0-9]+(?:[.,][0-9]+)?)\s*(?P<unit>\S+)?\s*\Z")


def make_units(files: Iterable[Declaration]) -> dict[str, UnitList]:
    """Unit lists by name.

    Shapes:  returns  name -> {what is measured: {spelling in the field: (UCUM unit kept, factor)}}
    """
    lists: dict[str, UnitList] = {}
    for file in files:
        known = lists.setdefault(file.data["units"], {})
        for row in file.data["rows"]:
            spelled = {spelling: (row["unit"], Decimal(str(factor))) for spelling, factor in row["read"].items()}
            known.setdefault(row["test"], {}).update(spelled)
    return lists


@dataclass(frozen=True)
class Prepare:
    """What must happen to a Quantity (or to a text that spells one) before its members are read.

    Shapes:  kept  (what is measured, unit): a Quantity in such a unit is taken as it is
             call  (quantity or text, what is measured) -> Quantity in the unit kept, None when not understood
    """

    units: UnitList
    text: bool
    kept: frozenset[tuple[str, str]]

    def __call__(self, told: Any, measured: str) -> Json | None:
        if self.text:
            return _in_unit(_parse(told), self.units.get(measured, {}))
        known = (measured, told.get("code")) in self.kept
        return told if known else _in_unit(told, self.units.get(measured, {}))


def make_prepare(units: UnitList | None, *, text: bool) -> Prepare | None:
    """None when a Quantity is taken in whatever unit it comes."""
    if units is None:
        return None
    kept = {(measured, unit) for measured, known in units.items() for unit, _ in known.values()}
    return Prepare(units, text, frozenset(kept))


def _parse(spelled: Any) -> Json:
    """`<5 mg/L`, `12,5 mg/L`: comparator, number with either decimal mark, unit."""
    match = _SPELLED.match(spelled) if isinstance(spelled, str) else None
    if not match:
        return {}
    value = Decimal(match["value"].replace(",", "."))
    parts = {"comparator": match["comparator"], "value": value, "unit": match["unit"]}
    return {name: part for name, part in parts.items() if part is not None}


def _in_unit(quantity: Json, units: Units) -> Json | None:
    spelling = quantity.get("code", quantity.get("unit"))
    if quantity.get("value") is None or spelling not in units:
        return None
    unit, factor = units[spelling]
    value = quantity["value"] if factor == 1 else _times(quantity["value"], factor)
    return {**quantity, "value": value, "code": unit}


def _times(value: Any, factor: Decimal) -> int | Decimal | float:
    if isinstance(value, int):
        product = value * factor
        return int(product) if product == product.to_integral_value() else product
    return value * factor if isinstance(value, Decimal) else float(Decimal(repr(value)) * factor)
