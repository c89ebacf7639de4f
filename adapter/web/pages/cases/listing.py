"""The list of cases: filters that live in the address, how many there are, and the same list for programs.

Takes from: store, choosing, vocabulary.  Gives to: the other files of this room.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from adapter.errors import Json
from adapter.store import listing as store
from adapter.web.answers import parts
from adapter.web.choosing import NAMES, REVIEWS, SEXES, STATUSES, read_filters
from adapter.web.guard import principal
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.frame import show, tongue

routes = Blueprint("case_pages", __name__)
_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One case of the list."""

    case_id: str
    status: str
    updated_at: datetime
    version: int
    hospitals: list[str]
    sex: str
    born: str
    diagnosis: str
    diagnosed: str
    lesions: int


@routes.get("/ui/cases")
def listing() -> Response:
    filters, after = read_filters(), request.args.get("after", "")
    with parts().store.reading() as connection:
        found = store.summaries(connection, filters, after=after, limit=_PAGE + 1)
        shown = [each["case_id"] for each in found[:_PAGE]]
        bodies, senders = store.bodies(connection, shown), store.senders(connection, shown)
        count = store.count(connection, filters)
        hospitals = store.all_senders(connection) if principal().source is None else []
    words = Vocabulary(parts().knowledge.mappings, tongue())
    return show(
        "cases",
        lines=[_line(each, bodies[each["case_id"]], senders.get(each["case_id"], []), words) for each in found[:_PAGE]],
        count=count,
        hospitals=hospitals,
        statuses=STATUSES,
        sexes=[(sex, words.word("patient.sex", sex)) for sex in SEXES],
        reviews=REVIEWS,
        asked={name: request.args.get(name, "") for name in NAMES},
        after=after,
        following=shown[-1] if len(found) > _PAGE else "",
        as_json=f"/cases?{urlencode([(name, request.args[name]) for name in NAMES if request.args.get(name)])}",
    )


def _line(summary: Json, case: Json, hospitals: list[str], words: Vocabulary) -> Line:
    diagnosis = case["diagnosis"]
    lesions = [each for name in ("clinical_lesions", "imaging_lesions") for each in case.get(name, [])]
    places = {(each["bone"], each["side"]) for each in lesions if each.get("present", True)}
    return Line(
        **summary,
        hospitals=hospitals,
        sex=words.word("patient.sex", case["patient"]["sex"]),
        born=case["patient"].get("birth_date", ""),
        diagnosis=words.word("diagnosis.code", diagnosis["code"]),
        diagnosed=diagnosis.get("date", ""),
        lesions=len(places),
    )
