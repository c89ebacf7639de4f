"""A search as it was asked for: read strictly, or leniently when the asker says so; nothing is guessed.

Takes from: dates, errors, parameters.  Gives to: store.searching, web.
Source: https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from adapter.dates import parse_date
from adapter.errors import UsageError
from adapter.search.parameters import Kind, Parameter, load_parameters

DEFAULT_COUNT, MAX_COUNT = 50, 500
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
_PREFIX = re.compile(rf"({'|'.join(PREFIXES)})?(.+)", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?\Z")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_MODIFIERS: dict[Kind, tuple[str, ...]] = {
    "token": ("not", "missing"),
    "date": ("missing",),
    "reference": ("missing",),
    "quantity": ("missing",),
}
SORTS = ("_id", "_lastUpdated", "-_lastUpdated")
# What leads from a resource to its patient; all of R4's six types have both but ImagingStudy's like.
PATIENT = ("patient", "subject")
# Read by the door, not by the search.
ABOUT_THE_ANSWER = ("_format", "_pretty", "lang")


@dataclass(frozen=True)
class Value:
    """Shapes:  code    of a token or reference; "" for any of the system
    system  None: any; "": none
    low, high  of a date as its reader wrote it
    """

    prefix: str = "eq"
    code: str = ""
    system: str | None = None
    low: date | None = None
    high: date | None = None
    number: float | None = None


@dataclass(frozen=True)
class Filter:
    """One parameter: any of its values will do. `modifier` "", "not", "missing" (`code` true or false)."""

    parameter: Parameter
    modifier: str
    values: tuple[Value, ...]


@dataclass
class Search:
    """Shapes:  ids, patients  None: whatever
    updated  spans of time in which the resource was changed, with their prefix
    include  parameters whose target comes along; rev_include: (type, parameter) of what points here
    used     the parameters that were understood, as they were written: what the self link says
    """

    type: str
    filters: list[Filter] = field(default_factory=list)
    ids: set[str] | None = None
    patients: set[str] | None = None
    updated: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    sort: str = "_id"
    summary: str = ""
    include: bool = False
    rev_include: set[str] = field(default_factory=set)
    cursor: str = ""
    used: list[tuple[str, str]] = field(default_factory=list)


def parse_search(type_: str, parameters: Iterable[tuple[str, str]], *, strict: bool = True) -> Search:
    """Read a query.

    Shapes:  strict  False (Prefer: handling=lenient): parameters we do not know are left out, and out of `used`
    Errors:  UsageError naming the parameter
    """
    search = Search(type_)
    for name, text in parameters:
        if name in ABOUT_THE_ANSWER:
            continue
        if len(text) > 4000 or "\0" in text:
            raise _wrong(name, "a shorter value")
        if _take(search, name, text):
            search.used.append((name, text))
        elif strict:
            raise UsageError(f"The registry does not search {type_} by '{_shown(name)}'.")
    return search


def _take(search: Search, name: str, text: str) -> bool:
    plain, _, modifier = name.partition(":")
    if plain == "patient" or plain == "subject":
        return _take_patient(search, name, modifier, text)
    if plain.startswith("_"):
        return not modifier and _take_common(search, plain, text)
    parameter = load_parameters()[search.type].get(plain)
    if parameter is None or (modifier and modifier not in _MODIFIERS[parameter.kind]):
        return False
    values = tuple(_value(name, parameter.kind, modifier, each) for each in _alternatives(text))
    search.filters.append(Filter(parameter, modifier, values))
    return True


def _take_patient(search: Search, name: str, modifier: str, text: str) -> bool:
    if search.type == "Patient" or modifier not in ("", "Patient"):
        return False
    asked = {_patient_id(name, each) for each in _alternatives(text)}
    search.patients = asked if search.patients is None else search.patients & asked
    return True


def _patient_id(name: str, text: str) -> str:
    type_, slash, id_ = text.rpartition("/")
    if slash and type_ != "Patient":
        raise _wrong(name, "Patient/<id> or an id")
    return id_


def _take_common(search: Search, name: str, text: str) -> bool:
    if name == "_id":
        asked = set(_alternatives(text))
        search.ids = asked if search.ids is None else search.ids & asked
    elif name == "_lastUpdated":
        search.updated += [parse_moment(name, text)]
    elif name == "_count":
        search.count = _count(text)
    elif name == "_sort" and text in SORTS:
        search.sort = text
    elif name == "_summary" and text in ("count", "false"):
        search.summary = text
    elif name == "_total" and text in ("none", "estimate", "accurate"):
        pass  # the total is always told, and exact
    elif name == "_totalMethod" and text == "count":
        pass  # 2026-11, fhirpy 2.3: asks Aidbox so for an exact total
    elif name == "_include":
        return _take_include(search, text)
    elif name == "_revinclude":
        return _take_rev_include(search, text)
    elif name == "_cursor":
        search.cursor = text
    else:
        return False
    return True


def _take_include(search: Search, text: str) -> bool:
    type_, _, parameter = text.partition(":")
    known = type_ in (search.type, "*") and parameter.removesuffix(":Patient") in PATIENT and search.type != "Patient"
    search.include = search.include or known
    return known


def _take_rev_include(search: Search, text: str) -> bool:
    type_, _, parameter = text.partition(":")
    known = search.type == "Patient" and type_ in load_parameters() and parameter in PATIENT and type_ != "Patient"
    if known:
        search.rev_include.add(type_)
    return known


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _wrong("_count", "a whole number")
    return min(int(text), MAX_COUNT)


def _alternatives(text: str) -> list[str]:
    return [each.replace("\\,", ",") for each in _UNESCAPED_COMMA.split(text)]


def _value(name: str, kind: Kind, modifier: str, text: str) -> Value:
    if modifier == "missing":
        if text not in ("true", "false"):
            raise _wrong(name, "true or false")
        return Value(code=text)
    if kind == "token":
        system, bar, code = text.rpartition("|")
        return Value(code=code, system=system if bar else None)
    if kind == "reference":
        return Value(code=text)
    prefix, told = _split(text)
    return _date(name, prefix, told) if kind == "date" else _quantity(name, prefix, told)


def _split(text: str) -> tuple[str, str]:
    matched = _PREFIX.match(text)
    return (matched[1] or "eq", matched[2]) if matched else ("eq", text)


def _date(name: str, prefix: str, text: str) -> Value:
    interval = parse_date(text)
    if interval is None:
        raise _wrong(name, "a FHIR date, with one of the prefixes " + ", ".join(PREFIXES))
    return Value(prefix, low=interval.low, high=interval.high)


def _quantity(name: str, prefix: str, text: str) -> Value:
    number, _, rest = text.partition("|")
    system, _, code = rest.partition("|")
    if not _NUMBER.match(number):
        raise _wrong(name, "a number, then |system|code when a unit is meant")
    return Value(prefix, code=code, system=system or None, number=float(number))


def parse_moment(name: str, text: str) -> tuple[str, datetime, datetime]:
    """The prefix and the span that an instant or a date means; a date means the day in UTC.

    Errors:  UsageError naming the parameter
    """
    prefix, told = _split(text)
    interval = parse_date(told)
    if interval is None:
        raise _wrong(name, "a FHIR date or instant")
    if "T" not in told:
        start = datetime.combine(interval.low, time(), UTC)
        return prefix, start, datetime.combine(interval.high, time(), UTC) + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(told.replace(" ", "+"))
    except ValueError:
        raise _wrong(name, "a FHIR date or instant") from None
    start = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return prefix, start, start + timedelta(milliseconds=1 if "." in told else 1000)


def _wrong(name: str, expected: str) -> UsageError:
    return UsageError(f"The search parameter '{_shown(name)}' expects {expected}.")


def _shown(name: str) -> str:
    """A name as it may be said again: it could be anything."""
    return name if re.fullmatch(r"[A-Za-z_:-]{1,40}", name) else "?"
