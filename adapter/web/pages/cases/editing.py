"""A case changed by hand, section by section: every change is a new version, and says who made it and why.

Takes from: editing, store, differences, form.  Gives to: pages.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from adapter.case.fields import list_fields
from adapter.editing import check_edit, edit_case
from adapter.errors import Issue, Json, NotFoundError
from adapter.store import cases
from adapter.store.edits import Edit
from adapter.web.answers import parts
from adapter.web.guard import ensure_visible, principal
from adapter.web.pages.cases.differences import changes
from adapter.web.pages.cases.form import make_form, name_place, read_rows, read_section, tell_problems
from adapter.web.pages.cases.listing import routes
from adapter.web.pages.cases.origins import read_history
from adapter.web.pages.cases.values import HEAD, head_fields, section_names
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.frame import show, tongue
from adapter.web.receiving import read_source

_REMOVE = re.compile(r"remove-([0-9]{1,4})\Z")
_DIGITS = re.compile(r"[0-9]{1,9}\Z")


@routes.get("/ui/cases/<case_id>/edit")
def choose_section(case_id: str) -> Response:
    stands = _read(case_id)
    words = _words()
    told = [(name, words.label(name), words.description(name), _held(stands.case, name)) for name in section_names()]
    return show("case/edit", stands=stands, sections=told)


@routes.get("/ui/cases/<case_id>/edit/<section>")
def edit_section(case_id: str, section: str) -> Response:
    _ensure_section(section)
    stands = _read(case_id)
    return _form(stands, section, _held(stands.case, section), 200)


@routes.post("/ui/cases/<case_id>/edit/<section>")
def change(case_id: str, section: str) -> Answer:
    """Save, or one row more or less; a form that cannot be taken comes back as it was filled in."""
    _ensure_section(section)
    seen = _read(case_id, _number("version"))
    held, asked = _told(section), request.form.get("do", "save")
    if section in list_fields() and asked != "save":
        removed = _REMOVE.match(asked)
        rows = [each for number, each in enumerate(held) if not removed or number != int(removed[1])]
        return _form(seen, section, rows if removed else [*rows, {}], 200)
    return _save(seen, section, held)


def _save(seen: cases.Version, section: str, held: Any) -> Answer:
    if section in list_fields():
        held = [each for each in held if each]
    case, reason = _changed(seen.case, section, held), request.form.get("reason", "").strip()
    issues = [issue for issue in check_edit(parts(), case, reason) if issue.blocks]
    if case.get("opposition") == "opposed" and not request.form.get("confirm"):
        issues.append(Issue("error", "business-rule", "/opposition", "opposed", "this erases the case", "case"))
    if issues:
        return _form(seen, section, held, 422, issues)
    edit = Edit(principal().actor, reason)
    receipt = edit_case(parts(), case, read_source(), edit, expected=seen.version)
    if receipt.entry.state == "superseded":
        return _conflict(seen, section)
    if receipt.entry.state == "erased":
        return redirect(url_for("case_pages.listing", done="erased"), 303)
    if not receipt.accepted:
        return _form(seen, section, held, 422, receipt.issues)
    done = "unchanged" if receipt.duplicate else "edited"
    return redirect(url_for("case_pages.record", case_id=seen.case_id, done=done), 303)


def _changed(case: Json, section: str, held: Any) -> Json:
    """The case with another section in its place, in the order of its schema; one that says nothing is left out."""
    if section == HEAD:
        return {**{key: each for key, each in case.items() if key not in head_fields()}, **held}
    rest = {key: each for key, each in case.items() if key != section}
    says_nothing = not held and not (section in list_fields() and request.form.get("nothing") == "none")
    return rest if says_nothing else {**rest, section: held}


def _conflict(seen: cases.Version, section: str) -> Response:
    """Somebody was faster: what he changed, and the way back to the form."""
    with parts().store.reading() as connection:
        since = read_history(connection, seen.case_id, seen.version + 1)
    found = changes(seen.case, since[-1].version.case, _words())
    return show("case/conflict", 409, case_id=seen.case_id, section=section, since=since, changes=found)


def _form(seen: cases.Version, section: str, held: Any, status: int, issues: list[Issue] | None = None) -> Response:
    words = _words()
    problems = tell_problems(issues or (), words)
    groups = make_form(section, held, problems, words)
    return show(
        "case/section",
        status,
        stands=seen,
        section=section,
        label=words.label(section),
        description=words.description(section),
        groups=groups,
        is_list=section in list_fields(),
        is_said=section in seen.case,
        count=len(groups),
        problems=problems,
        places={pointer: name_place(pointer, words) for pointer in problems},
        reason=request.form.get("reason", ""),
        nothing=request.form.get("nothing", "none" if seen.case.get(section) == [] else ""),
    )


def _told(section: str) -> Any:
    if section in list_fields():
        return read_rows(section, request.form, _number("rows"))
    return read_section(section, request.form)


def _held(case: Json, section: str) -> Any:
    if section == HEAD:
        return {key: case[key] for key in head_fields() if key in case}
    return case.get(section, [] if section in list_fields() else {})


def _read(case_id: str, version: int | None = None) -> cases.Version:
    ensure_visible(case_id)
    with parts().store.reading() as connection:
        return cases.read(connection, case_id, version)


def _ensure_section(section: str) -> None:
    if section not in section_names():
        raise NotFoundError("A case has no such section.")


def _number(name: str) -> int:
    text = request.form.get(name, "0")
    return int(text) if _DIGITS.match(text) else 0


def _words() -> Vocabulary:
    return Vocabulary(parts().knowledge.mappings, tongue())
