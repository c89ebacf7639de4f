"""The API, for people: what openapi.json says, with a command to copy for each request.

Takes from: openapi, frame.  Gives to: pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, current_app, request

from adapter.errors import Json
from adapter.web.openapi import describe
from adapter.web.pages.frame import here, show

routes = Blueprint("api_pages", __name__)
_BODIES = {"application/x-www-form-urlencoded": "--data 'name=value'"}


@routes.get("/ui/api")
def description() -> Response:
    operations = list(_operations(_document()))
    wanted = request.args.get("part", "")
    parts = {part: list(found) for part, found in groupby(operations, key=lambda each: each["part"])}
    told = {part: found for part, found in parts.items() if not wanted or part == wanted}
    links = [(part, here(part=part), part == wanted) for part in parts]
    return show("api", parts_of_api=told, links=links, everything=here(part=None), wanted=wanted)


def _document() -> Json:
    """Made once: routes do not change while the service runs."""
    if "api" not in current_app.extensions:
        current_app.extensions["api"] = describe(current_app)
    found: Json = current_app.extensions["api"]
    return found


def _operations(document: Json) -> Iterator[dict[str, Any]]:
    """One entry for each method of each address, by the first step of the address."""
    for path, methods in sorted(document["paths"].items(), key=lambda item: (_part(item[0]), item[0])):
        for method, told in methods.items():
            yield {
                "part": _part(path),
                "method": method.upper(),
                "path": path,
                "summary": told["summary"],
                "parameters": told["parameters"],
                "secured": bool(told["security"]),
                "curl": _command(document["servers"][0]["url"], method, path, told),
            }


def _part(path: str) -> str:
    return path.strip("/").split("/")[0].removesuffix(".json")


def _command(server: str, method: str, path: str, told: Json) -> str:
    """Ready for a terminal but for what stands in braces."""
    body = next(iter(told.get("requestBody", {}).get("content", {})), "")
    parts = ["curl", *(["--request", method.upper()] if method != "get" else [])]
    parts += ['--header "Authorization: Bearer $TOKEN"'] if told["security"] else []
    if body:
        parts += [f"--header 'Content-Type: {body}'", _BODIES.get(body, "--data @file.json")]
    return " ".join([*parts, f"'{server}{path}'"])
