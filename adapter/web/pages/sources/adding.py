"""A new hospital: six fields at most, checked as every declaration is; then its connection is tested.

A secret is never typed in here: what is asked for is the name of the environment's variable that holds it. The name
begins with SOURCE_, so that nobody can have another secret of this service sent to a server of his own.

Takes from: errors, hospital, web (answers, frame).  Gives to: pages.sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flask import Response, redirect, request, url_for

from adapter.errors import DeclarationError, Json, NotSupportedError, VersionConflictError
from adapter.hospital import Sources
from adapter.hospital.origin import is_loopback
from adapter.web.answers import parts
from adapter.web.pages.frame import show, words_of
from adapter.web.pages.sources.blueprint import routes

KINDS = ("none", "bearer", "basic", "client-secret", "smart-backend-services")
_FIELDS = ("name", "base", "centre", "kind", "account", "variable")
_LONGEST = 500
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")
_VARIABLE = re.compile(r"SOURCE_[A-Z0-9_]{1,80}\Z")
# Which key of `authentication` the account and the secret become.
_ACCOUNT = {"basic": "user", "client-secret": "client_id", "smart-backend-services": "client_id"}
_SECRET = {"bearer": "token", "basic": "password", "client-secret": "client_secret"}


@routes.get("/ui/new-source")
def new() -> Response:
    return _form({name: "" for name in _FIELDS} | {"kind": "none"}, [])


@routes.post("/ui/sources")
def add() -> Response:
    """Writes the declaration; with problems the form comes back as it was filled in."""
    told = {name: request.form.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    problems = [words_of("sources")[key] for key in _problems(told)]
    if not problems:
        try:
            source = _sources().add(_declaration(told))
        except DeclarationError as error:
            problems = [issue.text for issue in error.issues()]
        except VersionConflictError:
            problems = [words_of("sources")["name_taken"]]
        else:
            return redirect(url_for("source_pages.one", name=source.name), 303)  # type: ignore[return-value]
    return _form(told, problems, 422)


def _sources() -> Sources:
    """Errors:  NotSupportedError where sources are not read from a folder"""
    sources = parts().sources
    if not isinstance(sources, Sources):
        raise NotSupportedError("Sources cannot be declared here.")
    return sources


def _form(told: Mapping[str, str], problems: list[str], status: int = 200) -> Response:
    return show("sources/new", status, told=told, problems=problems, kinds=KINDS)


def _problems(told: Mapping[str, str]) -> Iterator[str]:
    """Keys of words; what a declaration cannot hold against the form."""
    kind = told["kind"]
    if not _NAME.match(told["name"]):
        yield "name_wrong"
    if not (told["base"].startswith("https://") or is_loopback(told["base"])):
        yield "base_wrong"
    if kind not in KINDS:
        yield "kind_unknown"
    if kind in _ACCOUNT and not told["account"]:
        yield "account_missing"
    if kind in _SECRET and not _VARIABLE.match(told["variable"]):
        yield "variable_wrong"


def _declaration(told: Mapping[str, str]) -> Json:
    kind = told["kind"]
    authentication: Json = {"type": kind}
    if kind in _ACCOUNT:
        authentication[_ACCOUNT[kind]] = told["account"]
    if kind in _SECRET:
        authentication[_SECRET[kind]] = {"variable": told["variable"]}
    declared: Json = {"source": told["name"], "base": told["base"]}
    declared |= {"centre": told["centre"]} if told["centre"] else {}
    return declared if kind == "none" else {**declared, "authentication": authentication}
