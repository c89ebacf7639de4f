"""Narrative: the XHTML that R4 allows, and nothing that runs.

Takes from: validation.problem.  Gives to: validation.natives.
Source: https://hl7.org/fhir/R4/narrative.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import TYPE_CHECKING, Any

from adapter.validation.problem import Found, Problem
from adapter.validation.xhtml import ATTRIBUTES, BY_ELEMENT, ELEMENTS, XHTML

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

TAG = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<!DOCTYPE[^>]*>|</\s*([\w:\-]+)\s*>"
    r"|<([\w:\-]+)((?:\s+[\w:\-.]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*+)\s*(/?)>|(<)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w:\-.]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITY = re.compile(r"&(?:#\d+;|#x[0-9a-fA-F]+;|(\w+);|())")
# What most records send: text, perhaps in paragraphs, without markup to look at.
_PLAIN = re.compile(
    r'<div xmlns="http://www\.w3\.org/1999/xhtml">(?=\s*+[^<\s]|\s*+<\w)'
    r"(?:[^<&]*+<(p|b|i|h[1-6]|pre)>\s*+[^<&\s][^<&]*+</\1>)*+[^<&]*+</div>"
).fullmatch
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.\-]*):")
_LOCAL_LINK = re.compile(r"""href\s*=\s*["']#([^"']+)["']""")
_NO_ELEMENTS = ("<!DOCTYPE", "<![CDATA")
_LINKS = frozenset(["http", "https", "mailto", "tel", "ftp", "sftp", "cid", "pin"])


def check_narrative(value: Any, scope: Scope) -> Found:
    text = value.get("div")
    if type(text) is not str or not text.strip() or _PLAIN(text):
        return None
    found = [Problem(rule, **values).at("div") for rule, values in _faults(text)]
    if not found and _LOCAL_LINK.search(text) and not set(_LOCAL_LINK.findall(text)) <= scope.anchors:
        found.append(Problem("xhtml-anchor").at("div"))
    return found or None


def _faults(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind of fault once; a text that is not well formed has only that one."""
    told: set[tuple[str, str]] = set()
    for rule, name in _walk(text.strip()):
        if (rule, name) not in told:
            told.add((rule, name))
            yield rule, {"element": name} if name else {}
        if rule == "xhtml-not-well-formed":
            return


def _walk(text: str) -> Iterator[tuple[str, str]]:
    opened: list[str] = []
    visible, closed, end = False, False, 0
    for tag in TAG.finditer(text):
        between = text[end : tag.start()]
        visible = visible or bool(between.strip())
        yield from _entities(between)
        if (not opened and between.strip()) or (closed and tag[2]):
            yield "xhtml-not-well-formed", ""
            return
        end = tag.end()
        if tag[5]:
            yield "xhtml-not-well-formed", ""
        elif tag[0].startswith(_NO_ELEMENTS):
            yield "xhtml-element", next(each[1:] for each in _NO_ELEMENTS if tag[0].startswith(each))
        elif tag[1]:
            if not opened or opened.pop() != tag[1]:
                yield "xhtml-not-well-formed", tag[1]
                return
            closed = not opened
        elif tag[2]:
            yield from _element(tag[2], tag[3], root=not opened)
            visible = visible or tag[2] == "img"
            if not tag[4]:
                opened.append(tag[2])
            closed = not opened
    if opened or not closed or text[end:].strip():
        yield "xhtml-not-well-formed", ""
    elif not visible:
        yield "xhtml-empty", ""


def _element(name: str, attributes: str, root: bool) -> Iterator[tuple[str, str]]:
    pairs = attributes_of(attributes)
    if root and (name != "div" or pairs.get("xmlns") != XHTML):
        yield "xhtml-root", ""
        return
    if name not in ELEMENTS:
        yield "xhtml-element", name
        return
    allowed = BY_ELEMENT.get(name, ())
    for key, value in pairs.items():
        if key not in ATTRIBUTES and key not in allowed:
            yield "xhtml-attribute", f"{name}/@{key}"
        elif key in ("href", "src") and (scheme := _SCHEME.match(value)):
            yield from _link(scheme[1].lower(), key)


def attributes_of(text: str) -> dict[str, str]:
    """The attributes of an opening tag, as matched by TAG."""
    return {match[1]: match[2] or match[3] or "" for match in _ATTRIBUTE.finditer(text)}


def _link(scheme: str, key: str) -> Iterator[tuple[str, str]]:
    if scheme in _LINKS or (key == "src" and scheme == "data"):
        return
    yield "xhtml-link", scheme


def _entities(text: str) -> Iterator[tuple[str, str]]:
    for match in _ENTITY.finditer(text):
        if match[2] is not None or (match[1] and match[1] + ";" not in html5):
            yield "xhtml-not-well-formed", "&"
            return
