"""The cohort: who is in, the published table with the registry's numbers, the figures, and all of it to take along.

Counting a large registry takes longer than a page may: it is done in the background, and the page says so.

Takes from: errors, report, store, web (answers, frame).  Gives to: pages.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, redirect, request, send_file, url_for

from adapter.errors import NotFoundError, RemoteTransientError, UsageError
from adapter.report import describe_rows, describe_stratum, draw_flow, group_name
from adapter.web.answers import parts
from adapter.web.pages.cohort.asking import NOT_KNOWN, Question, read_question
from adapter.web.pages.cohort.counting import Drawn, behind, describe, draw
from adapter.web.pages.cohort.giving import OUTSIDE, RECORDS, TABLES, give
from adapter.web.pages.frame import may, show, tongue
from adapter.web.pages.wording import TONGUES

routes = Blueprint("cohort_pages", __name__)

_BEHIND, _ROWS = 50, 200
# The ink of a figure on a light and on a dark page, as registry.css has it.
_INKS = {"light": "#1d2a33", "dark": "#e6ecef"}
_ANSWERS = ("yes", "no", "unknown")
_KINDS = {"tables": list(TABLES), "records": list(RECORDS), "outside": list(OUTSIDE)}


@routes.get("/ui/cohort")
def description() -> Response:
    """The table beside the published one, who was excluded and why, and the filters."""
    question, language = _question(), tongue()
    answer = describe(question, language)
    if answer.value is None:
        return _wait("description", question)
    found = answer.value.found
    rows = zip(found["rows"], describe_rows(found["rows"], language), strict=True)
    return show(
        "cohort/description",
        **_frame("description", question),
        counted=answer.value,
        current=answer.current,
        found=found,
        rows=list(rows),
        strata=[(each, *describe_stratum(found["rows"], each, language)) for each in found["strata"]],
        flow=draw_flow(found["flow"], language),
        choices=_choices(answer.value.groups),
    )


@routes.get("/ui/cohort/who")
def who() -> Response:
    """Who is behind a number, by pseudonym, with the places in the record that make it so."""
    question, identity, answer = _question(), request.args.get("row", ""), request.args.get("answer", "")
    skip = request.args.get("after", "0")
    if not (skip.isascii() and skip.isdigit() and len(skip) < 9) or (answer and answer not in _ANSWERS):
        raise UsageError("answer is yes, no or unknown; after is a whole number.")
    found = behind(question, identity, answer, int(skip), _BEHIND)
    if found.value is None:
        return _wait("description", question)
    following = int(skip) + _BEHIND if found.value.more else None
    told = {
        "case_page": _case_page(),
        "found": found.value,
        "identity": identity,
        "answer": answer,
        "following": following,
        "skip": int(skip),
    }
    return show("cohort/who", **_frame("description", question), current=found.current, **told)


@routes.get("/ui/cohort/figures")
def figures() -> Response:
    question, language = _question(), tongue()
    answer = draw(question, language)
    if answer.value is None:
        return _wait("figures", question)
    drawn = list(answer.value.values())
    shown = {"drawn": drawn, "undrawn": not all(each.svg for each in drawn), "most": _ROWS}
    return show("cohort/figures", **_frame("figures", question), current=answer.current, **shown)


@routes.get("/ui/cohort/figures/<language>/<name>.svg")
def figure(language: str, name: str) -> Response:
    """One figure; ?ink=dark for a dark page."""
    drawn = _find_drawn(language, name)
    if not drawn.svg:
        raise NotFoundError("There is no such figure.")
    ink = _INKS.get(request.args.get("ink", ""), _INKS["light"])
    svg = drawn.svg.replace("<svg ", f'<svg color="{ink}" ', 1)
    return Response(svg, content_type="image/svg+xml; charset=utf-8")


@routes.get("/ui/cohort/figures/<language>/<name>.csv")
def figure_data(language: str, name: str) -> Response:
    """All numbers behind a figure."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    told = _find_drawn(language, name).picture.csv()
    return Response(told, headers=headers, content_type="text/csv; charset=utf-8")


def _find_drawn(language: str, name: str) -> Drawn:
    """Errors:  NotFoundError; RemoteTransientError while it is being drawn"""
    if language not in TONGUES:
        raise NotFoundError("There is no such figure.")
    drawn = draw(_question(), "en" if language == "en" else "fr").value
    if drawn is None:
        raise RemoteTransientError("The figures are being drawn.", retry_after_seconds=2)
    if name not in drawn:
        raise NotFoundError("There is no such figure.")
    return drawn[name]


@routes.get("/ui/cohort/exports")
def exports() -> Response:
    """What can be taken along: tables, records, and what may leave the registry."""
    return show("cohort/exports", **_frame("exports", _question()), kinds=_KINDS)


@routes.get("/ui/cohort/tables/<name>")
def tables(name: str) -> Response:
    """The description itself: CSV, DOCX, HTML, JSON."""
    return _give("tables", name)


@routes.get("/ui/cohort/records/<name>")
def records(name: str) -> Response:
    """What is known of each child, and what each hospital should be asked."""
    return _give("records", name)


@routes.get("/ui/cohort/outside/<name>")
def outside(name: str) -> Response:
    """Counts that may leave the registry, of the whole cohort."""
    return _give("outside", name)


def _give(view: str, name: str) -> Response:
    """The file; while it is being made, or of an earlier state, a page that says so and asks again."""
    if name not in _KINDS[view]:
        raise NotFoundError("There is no such file.")
    question = _question()
    answer = give(name, question, tongue())
    address = url_for(f"cohort_pages.{view}", name=name, **question.query(), take="")
    if answer.value and (answer.current or "take" in request.args) and "look" not in request.args:
        made = answer.value
        return send_file(made.path, made.type, as_attachment=True, download_name=made.path.name)
    if "look" not in request.args:
        looking = url_for(f"cohort_pages.{view}", name=name, **question.query(), look="")
        return redirect(looking, 303)  # type: ignore[return-value]
    told = {"made": answer.value, "current": answer.current, "name": name, "address": address}
    return show("cohort/making", 200 if answer.current else 202, **_frame("exports", question), **told)


def _question() -> Question:
    return read_question(parts(), request.args)


def _wait(tab: str, question: Question) -> Response:
    """There is nothing to show yet."""
    return show("cohort/waiting", 202, **_frame(tab, question))


def _frame(tab: str, question: Question) -> dict[str, Any]:
    tabs = [
        (each, url_for(f"cohort_pages.{each}", **question.query())) for each in ("description", "figures", "exports")
    ]
    told = [(name, group_name(word, tongue())) for name, word in question.where]
    return {"tab": tab, "tabs": tabs, "question": question, "filters": told}


def _case_page() -> str:
    """Endpoint of the page of one case; "" when whoever asks may not see it."""
    rules = (rule.endpoint for rule in current_app.url_map.iter_rules() if rule.rule == "/ui/cases/<case_id>")
    return next((each for each in rules if may(each)), "")


def _choices(groups: dict[str, list[tuple[str, int]]]) -> dict[str, list[tuple[str, str, int]]]:
    """For each grouping what can be chosen: as the address says it, as a reader does, how many."""
    return {
        name: [(word or NOT_KNOWN, group_name(word, tongue()), n) for word, n in sizes]
        for name, sizes in groups.items()
    }
