"""The versions of a case with what each changed, who brought it and by which rules; and the case as FHIR.

Takes from: outbound, store, differences, origins.  Gives to: pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from adapter.errors import UsageError
from adapter.resource import dump_json
from adapter.web.answers import case_address, parts
from adapter.web.guard import ensure_visible
from adapter.web.pages.cases.differences import Change, changes
from adapter.web.pages.cases.listing import routes
from adapter.web.pages.cases.origins import Brought, read_history
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.frame import show, tongue


@dataclass(frozen=True)
class Step:
    """A version and what it changed; `changes` None for the first one."""

    brought: Brought
    changes: list[Change] | None


@routes.get("/ui/cases/<case_id>/versions")
def versions(case_id: str) -> Response:
    """Every version beside the one before; ?from=1&to=3 compares two others."""
    ensure_visible(case_id)
    with parts().store.reading() as connection:
        history = read_history(connection, case_id)
    words = Vocabulary(parts().knowledge.mappings, tongue())
    compared, numbers = None, [each.version.version for each in history]
    if "from" in request.args or "to" in request.args:
        first, second = (_chosen(history, name) for name in ("from", "to"))
        compared = first, second, changes(first.version.case, second.version.case, words)
    return show(
        "case/versions", case_id=case_id, steps=list(_steps(history, words))[::-1], numbers=numbers, compared=compared
    )


def _steps(history: list[Brought], words: Vocabulary) -> Iterator[Step]:
    for number, each in enumerate(history):
        before = history[number - 1].version.case if number else None
        yield Step(each, None if before is None else changes(before, each.version.case, words))


def _chosen(history: list[Brought], name: str) -> Brought:
    found = [each for each in history if str(each.version.version) == request.args.get(name)]
    if not found:
        raise UsageError("The case has no such version.")
    return found[0]


@routes.get("/ui/cases/<case_id>/fhir")
def as_fhir(case_id: str) -> Response:
    """The resources of a case, one by one."""
    ensure_visible(case_id)
    with parts().store.reading() as connection:
        stands = read_history(connection, case_id)[-1].version
    made = parts().knowledge.mappings.to_resources(stands.case)
    by_type: dict[str, list[Any]] = {}
    for each in made:
        by_type.setdefault(each["resourceType"], []).append((each["id"], dump_json(each, indent=True).decode()))
    address = f"{case_address(case_id)}/fhir"
    public = current_app.config["PUBLIC_URL"].rstrip("/")
    return show("case/fhir", case_id=case_id, stands=stands, by_type=by_type, address=address, public=public)
