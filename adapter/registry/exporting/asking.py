"""What an export was asked to hold: read strictly, or leniently when the asker says so.

Takes from: errors, search.  Gives to: the other files of exporting, web.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from adapter.errors import Json, UsageError
from adapter.search import ABOUT_THE_ANSWER, Search, load_parameters, parse_search

FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
_PATIENT = re.compile(r"(?:Patient/)?([A-Za-z0-9.-]{1,64})\Z")
_MOST_FILTERS, _MOST_PATIENTS = 50, 1000


@dataclass
class Wish:
    """Shapes:  types     None: every type that the asker may read
    filters   of one type any of its searches will do
    patients  ids; None: all
    group     of whose members it is to be, as they are when it is begun; "": of everybody
    """

    types: list[str] | None = None
    since: datetime | None = None
    filters: list[tuple[str, str]] = field(default_factory=list)
    patients: tuple[str, ...] | None = None
    group: str = ""

    def as_json(self) -> Json:
        since = self.since.isoformat() if self.since else None
        named = {"patients": self.patients, "group": self.group}
        return {"types": self.types, "since": since, "filters": self.filters, **named}


def load_wish(told: Json) -> Wish:
    """As `Wish.as_json` wrote it."""
    since, patients = told["since"], told["patients"]
    moment = datetime.fromisoformat(since) if since else None
    filters = [(type_, query) for type_, query in told["filters"]]
    named = None if patients is None else tuple(patients)
    return Wish(told["types"], moment, filters, named, told.get("group", ""))


def searches_of(wish: Wish, type_: str) -> list[Search]:
    """Any of them lets a resource through; without any, all are."""
    return [
        parse_search(type_, parse_qsl(query, keep_blank_values=True)) for named, query in wish.filters if named == type_
    ]


def parse_wish(parameters: Iterable[tuple[str, str]], *, strict: bool) -> Wish:
    """Read the parameters of a kick-off.

    Shapes:  strict  False (Prefer: handling=lenient): what we do not know is left out
    Errors:  UsageError naming the parameter
    """
    wish = Wish()
    for name, text in parameters:
        if name not in ABOUT_THE_ANSWER and not _take(wish, name, text, strict) and strict:
            raise UsageError(f"The export does not know '{_shown(name)}'; Prefer: handling=lenient leaves it out.")
    if wish.types is not None and not wish.types:
        raise UsageError("Of the types in _type the registry keeps none.")
    wanted = wish.types or list(load_parameters())
    if any(type_ not in wanted for type_, _ in wish.filters):
        raise UsageError("_typeFilter filters a type that _type does not ask for.")
    return wish


def _take(wish: Wish, name: str, text: str, strict: bool) -> bool:
    if name == "_outputFormat":
        if text not in FORMATS:
            raise UsageError(f"_outputFormat is one of {', '.join(FORMATS)}.")
    elif name == "_since":
        wish.since = _instant(text)
    elif name == "_type":
        wish.types = [*(wish.types or []), *_types(text, strict)]
    elif name == "_typeFilter":
        wish.filters += _filters(text, strict)
    elif name == "patient":
        wish.patients = (*(wish.patients or ()), *_patients(text))
    else:
        return False
    return True


def _instant(text: str) -> datetime:
    told = text.replace(" ", "+")  # a plus sign that nobody escaped
    try:
        return datetime.fromisoformat(told if _INSTANT.match(told) else "")
    except ValueError:
        raise UsageError("_since expects an instant with a time zone.") from None


def _types(text: str, strict: bool) -> list[str]:
    told = [each.strip() for each in text.split(",")]
    if strict and (unknown := [each for each in told if each not in load_parameters()]):
        raise UsageError(f"The registry keeps no {_shown(unknown[0])}; it keeps {', '.join(load_parameters())}.")
    return [each for each in told if each in load_parameters()]


def _filters(text: str, strict: bool) -> list[tuple[str, str]]:
    """One search or, as version 1 had it, several with commas between: a comma before `Type?` divides."""
    told = []
    for each in re.split(r",(?=[A-Z][A-Za-z]+\?)", text)[:_MOST_FILTERS]:
        type_, _, query = each.partition("?")
        if type_ in load_parameters():
            _ensure_filter(type_, query)
            told.append((type_, query))
        elif strict:
            raise UsageError(f"_typeFilter expects a type of the registry, then ? and a search, not {_shown(type_)}.")
    return told


def _ensure_filter(type_: str, query: str) -> None:
    """Errors:  UsageError for what is no filter: pages, orders, what comes along, patients"""
    search = parse_search(type_, parse_qsl(query, keep_blank_values=True))
    plain = Search(type_, search.filters, search.ids, None, search.updated, used=search.used)
    if search != plain:
        raise UsageError("_typeFilter takes the parameters of the type, _id and _lastUpdated, and nothing else.")


def _patients(text: str) -> list[str]:
    found = [_PATIENT.match(each) for each in text.split(",")]
    if len(found) > _MOST_PATIENTS or not all(found):
        raise UsageError(f"patient expects at most {_MOST_PATIENTS} references, each Patient/<id>.")
    return [each[1] for each in found if each]


def _shown(name: str) -> str:
    """A name as it may be said again: it could be anything."""
    return name if re.fullmatch(r"[A-Za-z_:-]{1,40}", name) else "?"
