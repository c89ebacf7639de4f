"""The versions of a case with what each changed, who brought it and by which rules; and the case as FHIR.

Takes from: outbound, store, differences, origins.  Gives to: pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flask import Response, current_app, request

from adapter.errors import UsageError
from adapter.resource import dump_json
from adapter.store import Connection, cases
from adapter.web.answers import case_address, parts
from adapter.web.guard import ensure_visible
from adapter.web.pages.cases.differences import Change, changes
from adapter.web.pages.cases.listing import routes
from adapter.web.pages.cases.origins import Brought, read_history
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.frame import here, show, tongue

# Of a child who is sent every night, a page tells the newest; the others are behind a link.
_PAGE = 50
_VERSION = re.compile(r"[1-9][0-9]{0,8}\Z")


@dataclass(frozen=True)
class Step:
    """A version and what it changed; `changes` None for the first one."""

    brought: Brought
    changes: list[Change] | None


@routes.get("/ui/cases/<case_id>/versions")
def versions(case_id: str) -> Response:
    """Each version beside the one before; ?from=1&to=3 compares two others, ?before=8 tells older ones."""
    ensure_visible(case_id)
    words = Vocabulary(parts().knowledge.mappings, tongue())
    with parts().store.reading() as connection:
        newest = cases.newest(connection, case_id)
        last = max(min(_number("before", newest + 1) - 1, newest), 1)
        first = max(last - _PAGE + 1, 1)
        told = read_history(connection, case_id, max(first - 1, 1), last)
        compared = _compared(connection, case_id, newest, words) if {"from", "to"} & request.args.keys() else None
    return show(
        "case/versions",
        case_id=case_id,
        steps=_steps(told, words, first),
        newest=newest,
        compared=compared,
        start=here(before=None) if last < newest else "",
        older=here(before=str(first)) if first > 1 else "",
    )


def _steps(told: list[Brought], words: Vocabulary, first: int) -> list[Step]:
    """Newest first. The version before the first of them is there to be compared with."""
    found = [Step(now, changes(before.version.case, now.version.case, words)) for before, now in pairwise(told)]
    return [*reversed(found), *([Step(told[0], None)] if first == 1 else [])]


def _compared(
    connection: Connection, case_id: str, newest: int, words: Vocabulary
) -> tuple[cases.Version, cases.Version, list[Change]]:
    numbers = _number("from", 1), _number("to", newest)
    if max(numbers) > newest:
        raise UsageError("The case has no such version.")
    first, second = (cases.read(connection, case_id, number) for number in numbers)
    return first, second, changes(first.case, second.case, words)


def _number(name: str, default: int) -> int:
    """Of a version.  Errors:  UsageError"""
    told = request.args.get(name) or str(default)
    if not _VERSION.match(told):
        raise UsageError("A version is a whole number from 1.")
    return int(told)


@routes.get("/ui/cases/<case_id>/fhir")
def as_fhir(case_id: str) -> Response:
    """The resources of a case, one by one."""
    ensure_visible(case_id)
    with parts().store.reading() as connection:
        stands = cases.read(connection, case_id)
    made = parts().knowledge.mappings.to_resources(stands.case)
    by_type: dict[str, list[Any]] = {}
    for each in made:
        by_type.setdefault(each["resourceType"], []).append((each["id"], dump_json(each, indent=True).decode()))
    address = f"{case_address(case_id)}/fhir"
    public = current_app.config["PUBLIC_URL"].rstrip("/")
    return show("case/fhir", case_id=case_id, stands=stands, by_type=by_type, address=address, public=public)
