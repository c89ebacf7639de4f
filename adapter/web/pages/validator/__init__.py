"""The validator: paste or drop a resource, see what is wrong with it, where, why it matters and how to mend it.

What is looked at travels with the form each time: nothing of it is kept here.
Takes from: checking, lines, profiles, frame, spreadsheet.  Gives to: pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from adapter.case.fields import field_schema
from adapter.errors import NotFoundError, UsageError, make_operation_outcome
from adapter.resource import MAX_BYTES, dump_json
from adapter.spreadsheet import write_csv
from adapter.web.answers import parts
from adapter.web.pages.frame import show, tongue
from adapter.web.pages.validator.checking import CLAIMED, REGISTRY, SEVERITIES, Check, check_text, without_lines
from adapter.web.pages.validator.lines import number_lines
from adapter.web.pages.validator.profiles import profile_behind, profiles_in, rules_of, said

routes = Blueprint("validator_pages", __name__)
_SAMPLE = Path(__file__).with_name("sample.json")
# A text of 10 MiB, with every line feed sent as two signs, and what a form puts around it.
_LARGEST_FORM, _PARTS = 2 * MAX_BYTES, 20
_SHOWN = 200
_COLUMNS = (
    "severity",
    "line",
    "column",
    "expression",
    "rule",
    "text",
    "fix",
    "blocks_entry",
    "registry_fields",
    "profile",
)


@routes.get("/ui/validator")
def ask() -> Response:
    return _page(sample() if "sample" in request.args else "")


@routes.post("/ui/validator")
def answer() -> Response:
    text = _read_form()
    if not text.strip():
        return _page("", 400, problem="nothing_given")
    severity, rule = request.args.get("severity", ""), request.args.get("rule", "")
    check = check_text(parts().knowledge, text, _profile())
    chosen = check.chosen(severity if severity in SEVERITIES else "", rule)
    return _page(
        text.decode("utf-8", "replace") if len(text) <= MAX_BYTES else "",
        check=check,
        findings=chosen[:_SHOWN],
        left_out=len(chosen[_SHOWN:]),
        lines=number_lines(check.shown, chosen[:_SHOWN]),
        severity=severity,
        rule=rule,
    )


@routes.post("/ui/validator/outcome")
def outcome() -> Response:
    """The findings as a file: an OperationOutcome."""
    check = check_text(parts().knowledge, _read_form(), _profile())
    issues = [without_lines(each) if check.reshaped else each.issue for each in check.findings]
    return _file(
        dump_json(make_operation_outcome(issues, tongue()), indent=True), "application/fhir+json", "outcome.json"
    )


@routes.post("/ui/validator/table")
def table() -> Response:
    """The findings as a file: CSV for a spreadsheet."""
    check = check_text(parts().knowledge, _read_form(), _profile())
    content = write_csv(_COLUMNS, _rows(check)).encode("utf-8-sig")
    return _file(content, "text/csv; charset=utf-8", "issues.csv")


@routes.get("/ui/validator/profiles/<name>")
def profile(name: str) -> Response:
    """A profile in words: its elements and its rules, each with an anchor of its own."""
    found = next((each for each in _profiles().values() if each["id"] == name), None)
    if found is None:
        raise NotFoundError("No profile of this name is loaded.")
    told = found.get("differential", {}).get("element", [])
    elements = [each for each in told if each.keys() & {"min", "max", "short", "binding"}]
    rules = rules_of(parts().knowledge.packages, found)
    return show("validator/profile", profile=found, elements=elements, rules=rules, said=said)


def sample() -> str:
    """A synthetic Bundle with mistakes of the kind that hospitals make."""
    return _SAMPLE.read_text(encoding="utf-8")


def _page(text: str, status: int = 200, **more: Any) -> Response:
    filled = {"check": None, "problem": "", "severity": "", "rule": "", "chosen": _profile(), **more}
    return show(
        "validator",
        status,
        text=text,
        raw=_raw,
        profiles=_profiles(),
        profile_behind=lambda issue: profile_behind(parts().knowledge.packages, issue),
        field_name=_field_name,
        largest=MAX_BYTES,
        claimed=CLAIMED,
        registry=REGISTRY,
        said=said,
        **filled,
    )


def _read_form() -> bytes:
    """What was dropped or uploaded, else what was pasted.  Errors:  413 for more than a form may hold"""
    request.max_content_length, request.max_form_memory_size, request.max_form_parts = (
        _LARGEST_FORM,
        _LARGEST_FORM,
        _PARTS,
    )
    if upload := request.files.get("file"):
        with upload.stream as stream:
            content = bytes(stream.read())
        if content:
            return content
    return request.form.get("text", "").replace("\r\n", "\n").encode("utf-8", "surrogatepass")


def _profile() -> str:
    """Errors:  UsageError for a profile that is not loaded"""
    told = request.values.get("profile", CLAIMED)
    if told not in (CLAIMED, REGISTRY) and told not in _profiles():
        raise UsageError("No profile with this canonical is loaded.")
    return told


def _profiles() -> Any:
    return profiles_in(parts().knowledge.packages)


def _rows(check: Check) -> Any:
    french = tongue() == "fr"
    for each in check.findings:
        issue = without_lines(each) if check.reshaped else each.issue
        text, mend = (issue.text_fr or issue.text, issue.mend_fr or issue.mend) if french else (issue.text, issue.mend)
        place = issue.severity, issue.line or None, issue.column or None, issue.expression, issue.rule
        yield (*place, text, mend, each.cost.blocks, ", ".join(each.cost.fields), issue.profile)


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, headers={"Content-Disposition": f'attachment; filename="{name}"'}, content_type=kind)


def _raw(text: str) -> str:
    """Inside a textarea only these two signs mean anything; every quote escaped would double a large text."""
    return "\n" + text.replace("&", "&amp;").replace("<", "&lt;")


def _field_name(field: str) -> str:
    """What a field of the case is called, in the reader's language."""
    schema = field_schema(field) or {}
    told = schema.get("x-fr", {}).get("title") if tongue() == "fr" else schema.get("title")
    return str(told or field)
