"""Whether a page was wounded: a hostile text stands in it as anything else than text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from tests.battery.payloads import EVALUATED, MARK

_RUNS = re.compile(r"[\x00-\x20\x7f-\xa0]*(?:java|vb|live)?script\s*:|[\x00-\x20]*data\s*:", re.IGNORECASE)
_ADDRESSES = ("href", "src", "action", "formaction", "xlink:href", "data", "background", "poster", "srcdoc")
_OURS = re.compile(r"(?:/(?!/)|#|\?|https?://(?:127\.0\.0\.1|localhost)[:/])")
# Where what stands between the tags is not text for the reader.
_CODE = ("script", "style", "template", "noscript", "xmp", "plaintext", "listing")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK in tag:
            self.found.append("in the name of a tag")
        if tag in _CODE:
            self._inside.append(tag)
        for name, value in attrs:
            self._look(tag, name, value or "")

    def _look(self, tag: str, name: str, value: str) -> None:
        if MARK in name:
            self.found.append("in the name of an attribute")
        if name.startswith("on"):
            self.found.append(f"an event handler on {tag}")
        if name == "style" and MARK in value:
            self.found.append(f"in the style of {tag}")
        if name in _ADDRESSES and (_RUNS.match(value) or (MARK in value and not _OURS.match(value))):
            self.found.append(f"an address on {tag}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self._look(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside and MARK in data:
            self.found.append(f"inside {self._inside[-1]}")

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.found.append("in a comment")

    def handle_decl(self, decl: str) -> None:
        if MARK in decl:
            self.found.append("in a declaration")

    unknown_decl = handle_decl
    handle_pi = handle_decl


def wounds(html: str, payload: str = "") -> Iterator[str]:
    """What is wrong with a page, or with a narrative."""
    page = _Page()
    page.feed(html)
    page.close()
    yield from page.found
    if "<" in payload and payload in html:
        yield "it stands there as it came"
    if EVALUATED in html:
        yield "a template was evaluated"
