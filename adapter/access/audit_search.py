"""A search of the audit in FHIR's manner: read strictly, answered page by page, newest first unless asked otherwise.

Takes from: errors, search, store, audit_events.  Gives to: web.
Source: https://hl7.org/fhir/R4/auditevent.html#search
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter.access.audit_events import action_of, interaction_of
from adapter.errors import UsageError
from adapter.search import ABOUT_THE_ANSWER, MAX_COUNT, parse_moment
from adapter.store import Connection, audit_search
from adapter.store.audit import Event
from adapter.store.audit_search import Wanted

# Name -> FHIR's type of it, as the CapabilityStatement tells.
PARAMETERS = {
    "_id": "token",
    "_lastUpdated": "date",
    "date": "date",
    "action": "token",
    "subtype": "token",
    "outcome": "token",
    "altid": "token",
    "patient": "reference",
    "entity": "reference",
}
_STATUSES = {"0": (0, 399), "4": (400, 499), "8": (500, 999)}
_ACTIONS = ("C", "R", "U", "D", "E")


@dataclass
class AuditSearch:
    """Shapes:  after  number of the last event of the page before; 0 on the first
    kinds  (what of an event, any of these codes)
    used   the parameters that were understood, as they were written
    """

    kinds: list[tuple[str, list[str]]] = field(default_factory=list)
    wanted: Wanted = field(default_factory=Wanted)
    count: int = 50
    upwards: bool = False
    after: int = 0
    used: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class AuditPage:
    total: int
    events: list[tuple[int, Event]]
    cursor: str


def parse_audit_search(parameters: Iterable[tuple[str, str]], *, strict: bool = True) -> AuditSearch:
    """Shapes:  strict  False (Prefer: handling=lenient): what we do not know is left out
    Errors:  UsageError naming the parameter
    """
    search = AuditSearch()
    for name, text in parameters:
        if name in ABOUT_THE_ANSWER:
            continue
        if "\0" in text:
            raise UsageError("A search parameter holds a character that is none.")
        if _take(search, name, text):
            search.used.append((name, text))
        elif strict:
            shown = name if name.isascii() and name.replace("-", "").replace("_", "").isalpha() else "?"
            raise UsageError(f"The registry does not search AuditEvent by '{shown[:40]}'.")
    return search


def run_audit_search(connection: Connection, search: AuditSearch) -> AuditPage:
    """One page: each event that was there when the search began is told exactly once."""
    for name, codes in search.kinds:
        there = audit_search.kinds(connection)
        search.wanted.kinds.append([(action, route) for action, route in there if _kind(name, action, route) in codes])
    total = audit_search.count(connection, search.wanted)
    found = audit_search.page(
        connection, search.wanted, after=search.after, upwards=search.upwards, limit=search.count + 1
    )
    told = found[: search.count]
    return AuditPage(total, told, str(told[-1][0]) if told and len(found) > search.count else "")


def _kind(name: str, action: str, route: str) -> str:
    return interaction_of(route) if name == "subtype" else action_of(action, route)


def _take(search: AuditSearch, name: str, text: str) -> bool:
    wanted = search.wanted
    if name == "_id":
        wanted.numbers.append([int(each) for each in text.split(",") if _is_number(each)])
    elif name in ("date", "_lastUpdated"):
        wanted.spans.append(parse_moment(name, text))
    elif name == "altid":
        wanted.actors.append([each.removeprefix("|") for each in text.split(",")])
    elif name in ("patient", "entity", "patient:Patient", "entity:Patient"):
        wanted.cases.append([each.removeprefix("Patient/") for each in text.split(",")])
    elif name == "outcome":
        wanted.statuses.append([_STATUSES[each] for each in _codes(name, text, _STATUSES)])
    elif name == "action":
        search.kinds.append((name, _codes(name, text, _ACTIONS)))
    elif name == "subtype":
        search.kinds.append((name, [each.rpartition("|")[2] for each in text.split(",")]))
    else:
        return _take_paging(search, name, text)
    return True


def _take_paging(search: AuditSearch, name: str, text: str) -> bool:
    if name == "_count":
        if not _is_number(text):
            raise UsageError("_count expects a whole number.")
        search.count = min(int(text), MAX_COUNT)
    elif name == "_sort" and text.removeprefix("-") in ("date", "_lastUpdated"):
        search.upwards = not text.startswith("-")
    elif name == "_total" and text in ("none", "estimate", "accurate"):
        pass  # the total is always told, and exact
    elif name == "_cursor":
        if not _is_number(text):
            raise UsageError("This cursor is none that the registry gave: follow the links of a page as they are.")
        search.after = int(text)
    else:
        return False
    return True


def _codes(name: str, text: str, known: Iterable[str]) -> list[str]:
    """Codes with or without their system, which is one only."""
    told = [each.rpartition("|")[2] for each in text.split(",")]
    if not set(told) <= set(known):
        raise UsageError(f"{name} is one of {', '.join(known)}.")
    return told


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
