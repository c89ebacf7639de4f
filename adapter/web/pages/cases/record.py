"""One case: what it says, what became of it, where each value came from, what is missing, and what persons judged.

Takes from: adjudicating, parts, queries, store, lesions, origins, timeline, values.  Gives to: pages.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from adapter.adjudicating import DECISIONS, adjudicate, read_adjudications
from adapter.case.fields import list_fields
from adapter.case.timeline import birth_of
from adapter.dates import Interval, duration
from adapter.errors import InvalidContentError, Issue, Json
from adapter.figures import documented
from adapter.queries import questions_of, sentences
from adapter.store import listing
from adapter.web.answers import parts
from adapter.web.guard import ensure_visible
from adapter.web.pages.cases.lesions import draw_lesions, lesions_of, place_of
from adapter.web.pages.cases.listing import routes
from adapter.web.pages.cases.origins import Origins, Past
from adapter.web.pages.cases.timeline import WIDTH, draw_timeline
from adapter.web.pages.cases.values import in_short, leaves, section_names, sections
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.frame import show, tongue, words_of

# Of a longer list, "where from?" is a link: a thousand answers nobody asked for would slow the page.
_SHOWN_AT_ONCE = 40
_DERIVED = ("age_at_onset", "delay", "follow_up")


@dataclass(frozen=True)
class Criterion:
    """Shapes:  value     true, false, unknown
    is_good   whether it speaks for the case: an inclusion met, an exclusion not met; None: open
    evidence  (pointer, what stands there)
    """

    id: str
    label: str
    is_exclusion: bool
    value: str
    is_good: bool | None
    reason: str
    settle: str
    evidence: list[tuple[str, str]]


@routes.get("/ui/cases/<case_id>")
def record(case_id: str) -> Response:
    return show_record(case_id)


@routes.post("/ui/cases/<case_id>/adjudications")
def judge(case_id: str) -> Answer:
    ensure_visible(case_id)
    told = {name: request.form.get(name, "").strip() for name in ("decision", "role", "reason")}
    try:
        adjudicate(parts(), case_id, told)
    except InvalidContentError as error:
        return show_record(case_id, 422, told, error.issues())
    return redirect(url_for("case_pages.record", case_id=case_id, done="adjudicated", _anchor="adjudications"), 303)


def show_record(
    case_id: str, status: int = 200, told: Json | None = None, problems: list[Issue] | None = None
) -> Response:
    ensure_visible(case_id)
    past = Past(parts(), case_id)
    with parts().store.reading() as connection:
        hospitals = listing.senders(connection, [case_id]).get(case_id, [])
    stands, say = past.newest, words_of("case")
    words = Vocabulary(parts().knowledge.mappings, tongue())
    lesions = lesions_of(stands.case, words, say["by_hand"])
    return show(
        "case/record",
        status,
        case=stands.case,
        stands=stands,
        hospitals=hospitals,
        strip=_strip(stands.case),
        sections=list(sections(stands.case, words)),
        origins=Origins(parts(), past),
        criteria=_criteria(stands.decision, stands.case, words),
        questions=questions_of(parts(), case_id, stands.decision, tongue()),
        adjudications=read_adjudications(parts(), case_id),
        decisions=DECISIONS,
        told=told or {"decision": "", "role": "", "reason": ""},
        problems={issue.expression: issue for issue in problems or ()},
        lesions=lesions,
        drawn=draw_lesions(lesions, words, say),
        timeline=draw_timeline(stands.case, words),
        timeline_width=WIDTH,
        case_sections=section_names(),
        words=words,
        done=request.args.get("done", ""),
        asked_of=request.args.get("of", ""),
        shown_at_once=_SHOWN_AT_ONCE,
    )


def _strip(case: Json) -> Json:
    """What stands at the head: numbers that are worked out, None where they cannot be; the share documented."""
    row = parts().knowledge.derivation.row(case)
    said, missing = documented(case, tongue())
    worked_out = {name: row[name] for name in _DERIVED}
    return {**worked_out, "age_now": _age_now(case), "said": said, "missing": missing}


def _age_now(case: Json) -> float | None:
    born, today = birth_of(case), parts().today()
    if born is None or case["patient"].get("vital_status") == "dead":
        return None
    return max(duration(born.interval, Interval(today, today), "a"), 0)


def _criteria(decision: Json | None, case: Json, words: Vocabulary) -> list[Criterion]:
    known = {each.id: each for each in parts().knowledge.criteria.criteria}
    said = sentences(parts(), words.tongue)
    there = _texts(case, words)
    found = []
    for each in (decision or {}).get("criteria", []):
        criterion = known.get(each["id"])
        is_exclusion = bool(criterion and criterion.exclude)
        good = None if each["value"] == "unknown" else (each["value"] == "true") is not is_exclusion
        found.append(
            Criterion(
                each["id"],
                criterion.label[words.tongue] if criterion else "",
                is_exclusion,
                each["value"],
                good,
                said.get(each["reason"], each["reason"]),
                said.get(each.get("settle", ""), each.get("settle", "")),
                [(at, _there(at, there)) for at in dict.fromkeys(e["case"] for e in each["evidence"])],
            )
        )
    return found


def _texts(case: Json, words: Vocabulary) -> dict[str, str]:
    """What a reader finds at each place of a case: of a lesion its site, of another member of a list all it says."""
    found = {value.pointer: value.text for value in leaves(case, words)}
    for name in list_fields():
        for number, each in enumerate(case.get(name, [])):
            said = {key: held for key, held in each.items() if key not in ("id", "study")}
            place = place_of(each, words) if "bone" in each and "side" in each else ""
            found[f"/{name}/{number}"] = place or in_short(name, said, words, is_labelled=False)
    return found


def _there(pointer: str, there: dict[str, str]) -> str:
    below = (text for at, text in there.items() if at.startswith(f"{pointer}/"))
    return there.get(pointer) or ", ".join(below)
