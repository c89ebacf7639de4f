"""A name in an address may hold a slash, written %2F there: it stays within its name, and parts nothing.

Servers decode the path before the routes see it, and then %2F is a slash like any other. So it is put aside first.

Takes from: nothing.  Gives to: factory, pages.
Source: RFC 3986 2.2, https://peps.python.org/pep-3333/#url-reconstruction
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote

from flask import Flask
from werkzeug.routing import UnicodeConverter

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# No name holds a control character.
_ASIDE = "\x1f"
_SLASH = re.compile("%2f", re.IGNORECASE)


class _Name(UnicodeConverter):
    def to_python(self, value: str) -> str:
        return value.replace(_ASIDE, "/")

    def to_url(self, value: Any) -> str:
        return quote(str(value), safe="")


def keep_slashes(app: Flask) -> None:
    """Before any route is added: every `<name>` of a route may hold a slash."""
    app.url_map.converters.update({"default": _Name, "string": _Name})
    app.wsgi_app = _put_aside(app.wsgi_app)  # type: ignore[assignment,method-assign]


def write_path(path: str) -> str:
    """The path of a request as it stands in a link."""
    return quote(path, safe="/").replace("%1F", "%2F")


def _put_aside(inner: Application) -> Application:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        told = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
        if _SLASH.search(told):
            script, path = str(environ.get("SCRIPT_NAME", "")), str(environ.get("PATH_INFO", ""))
            kept = unquote(_SLASH.sub("%1F", told), "latin-1")
            # Whoever stands in front may have changed the path: then his word counts.
            if kept.replace(_ASIDE, "/") == script + path:
                environ = {**environ, "PATH_INFO": kept[len(script) :]}
        return inner(environ, start)

    return application
