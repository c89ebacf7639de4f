"""How this door answers: FHIR or plain JSON, written so that decimals keep their digits.

Takes from: errors, resource.  Gives to: the other rooms of web.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import quote

from flask import Response, current_app, request

from adapter.errors import Issue, make_operation_outcome
from adapter.parts import Parts
from adapter.resource import dump_json

FHIR_JSON = "application/fhir+json"


def parts() -> Parts:
    """The parts this application was made with."""
    found: Parts = current_app.extensions["parts"]
    return found


def language() -> Literal["en", "fr"]:
    """By ?lang=, and else by what the browser prefers."""
    asked = request.args.get("lang") or request.accept_languages.best_match(["en", "fr"])
    return "fr" if asked == "fr" else "en"


def fhir(resource: Any, status: int = 200, **headers: str) -> Response:
    return Response(dump_json(resource), status, headers, content_type=f"{FHIR_JSON}; charset=utf-8")


def plain(value: Any, status: int = 200, **headers: str) -> Response:
    return Response(dump_json(value), status, headers, content_type="application/json; charset=utf-8")


def outcome(issues: Iterable[Issue], status: int, *, place: str = "http", **headers: str) -> Response:
    """Issues as an OperationOutcome in the reader's language.

    Shapes:  place  expression of an issue that names none: what is wrong as a whole
    """
    told = [issue if issue.expression else replace(issue, expression=place) for issue in issues]
    return fhir(make_operation_outcome(told, language()), status, **headers)


def case_address(case_id: str) -> str:
    return f"/cases/{quote(case_id, safe='')}"


def version_tag(version: int) -> str:
    return f'W/"{version}"'
