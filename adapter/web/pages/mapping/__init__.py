"""The mapping: which element feeds which field by which rule and table; tried out; what it does not know; its versions.

Takes from: case, mapping, remapping, resource, store, web (answers, frame, prepared).  Gives to: pages.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request

from adapter.case.fields import allowed_values, field_schema, mark_lists
from adapter.errors import Issue, Json, NotFoundError, UsageError
from adapter.mapping import Mappings
from adapter.mapping.differences import find_differences
from adapter.mapping.trying import try_out
from adapter.remapping import Remapped, remap
from adapter.resource import dump_json, parse_json
from adapter.store import findings, inbox, streams, versions
from adapter.web.answers import parts
from adapter.web.pages.frame import show, tongue
from adapter.web.pages.mapping.finding import Pair, find, pairs, rows
from adapter.web.prepared import Answer, Prepared

routes = Blueprint("mapping_pages", __name__)

_SHOWN, _LONGEST, _LARGEST = 200, 200, 2 * 1024 * 1024
_SAMPLE = 200
Missing = tuple[list[Json], list[Json]]
_LOOKS = {"sample": _SAMPLE, "all": 0}


@routes.get("/ui/mapping")
def explorer() -> Response:
    """Field, element, rule, table and code, searched from any side: ?q="""
    asked = request.args.get("q", "")[:_LONGEST]
    found, coded = find(_mappings(), asked)
    tables = sorted(_mappings().language.tables)
    return show("mapping/explorer", asked=asked, pairs=found, rows=coded[:_SHOWN], coded=len(coded), tables=tables)


@routes.get("/ui/mapping/fields/<field>")
def field(field: str) -> Response:
    """What a field means, and which elements it is read from and written to."""
    name = mark_lists(field)
    schema = field_schema(name)
    if schema is None:
        raise NotFoundError("There is no such field in a registry case; fields look like diagnosis.onset.")
    mine = [each for each in pairs(_mappings()) if each.field == field or each.field.startswith(f"{field}.")]
    french = schema.get("x-fr", {}) if tongue() == "fr" else {}
    told = {key: french.get(key) or schema.get(key, "") for key in ("title", "description")}
    return show("mapping/field", field=field, told=told, pairs=mine, values=allowed_values(name) or [])


@routes.get("/ui/mapping/tables/<name>")
def table(name: str) -> Response:
    """Every code of a table, and the fields that it serves."""
    found = _mappings().language.tables.get(name)
    if found is None:
        raise NotFoundError("There is no such table.")
    mine = [each for each in rows(_mappings()) if each.table == name]
    serves = sorted({each.field for each in pairs(_mappings()) if each.table == name})
    title, note = (_said(found.file.data.get(key)) for key in ("title", "note"))
    told = {"name": name, "kind": found.kind, "about": title, "note": note}
    return show("mapping/table", **told, rows=mine, serves=serves)


@routes.get("/ui/mapping/try")
def ask() -> Response:
    return show("mapping/try", text="", trial=None, issues=[])


@routes.post("/ui/mapping/try")
def try_rules() -> Response:
    """Which rules fire on what was pasted, which decline and why; nothing is kept."""
    request.max_form_memory_size = _LARGEST
    text = request.form.get("resource", "")
    document, issues = parse_json(text.encode(), max_bytes=_LARGEST)
    if not isinstance(document, dict) or any(issue.blocks for issue in issues):
        told = issues or [Issue("error", "structure", "/", "json", "One FHIR resource or Bundle, as JSON.", "receive")]
        return show("mapping/try", 422, text=text, trial=None, issues=told)
    trial = try_out(_mappings(), document)
    values = {each["case"]: dump_json(_at(trial.case, each["case"])).decode() for each in trial.fired}
    return show("mapping/try", text=text, trial=trial, issues=[*issues, *trial.issues], values=values)


@routes.get("/ui/mapping/unmapped")
def unmapped() -> Response:
    """Which rules met codes that no table has, and what is sent and nobody reads; places and counts, no values."""
    found = parts()

    def count() -> Missing:
        with found.store.reading() as connection:
            return findings.count_unmapped(connection)[:_SHOWN], findings.count_unread(connection)[:_SHOWN]

    with found.store.reading() as connection:
        state = tuple(inbox.count_states(connection).values())
    answer = _prepared().ask("missing", state, count)
    coded, unread = answer.value or ([], [])
    by_rule = {each["rule"]: _pair_of(each["rule"]) for each in coded}
    told = {"coded": coded, "unread": unread, "by_rule": by_rule, "current": answer.current}
    return show("mapping/unmapped", 200 if answer.value else 202, counted=answer.value is not None, **told)


@routes.get("/ui/mapping/versions")
def compare() -> Response:
    """By which version of the mapping the cases were made; what another would change: ?overlay=&look="""
    overlay, look = request.args.get("overlay"), request.args.get("look", "")
    base = parts().knowledge.mappings
    other = base.of(overlay) if overlay else base
    if look and look not in _LOOKS:
        raise UsageError(f"look is {' or '.join(_LOOKS)}.")
    told = {"overlay": overlay or "", "overlays": base.overlays, "look": look, "sample": _SAMPLE}
    told["differences"] = find_differences(base.language, other.language) if overlay else []
    answer = _remap(overlay, look) if look else None
    return show("mapping/versions", **told, present=other.version, made_by=_count_versions(), answer=answer)


def _count_versions() -> Answer[list[tuple[str, int]]]:
    found = parts()

    def count() -> list[tuple[str, int]]:
        with found.store.reading() as connection:
            return versions.count(connection)

    with found.store.reading() as connection:
        state = streams.state(connection)
    return _prepared().ask("versions", state, count)


def _pair_of(rule: str) -> Pair | None:
    """The pair of a rule, or the first inside it."""
    return next((each for each in pairs(_mappings()) if f"{each.rule}.".startswith(f"{rule}.")), None)


def _remap(overlay: str | None, look: str) -> Answer[Remapped]:
    found, prepared = parts(), _prepared()
    state = (found.knowledge.mappings.version, found.today())
    return prepared.ask(("remapped", overlay, look), state, lambda: remap(found, overlay or None, most=_LOOKS[look]))


def _prepared() -> Prepared:
    prepared: Prepared = current_app.extensions["prepared"]
    return prepared


def _mappings() -> Mappings:
    return parts().knowledge.mappings


def _said(texts: Any) -> str:
    return str(texts.get(tongue(), "")) if isinstance(texts, dict) else str(texts or "")


def _at(case: Json, pointer: str) -> Any:
    found: Any = case
    for step in pointer.split("/")[1:]:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found
