"""What a server can do, in the reader's language: the findings of an examination, word by word.

Takes from: web (frame).  Gives to: pages.sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from adapter.errors import Json
from adapter.web.pages.frame import words_of

_NUMBER, _OTHER = re.compile(r"\d+"), re.compile(r"[^a-z0-9]+")
_NAMED = ("filter", "type")
# What the server says itself, in no language.
_AS_TOLD = ("software", "FHIR version", "scopes granted")


def say_findings(findings: Iterable[Json]) -> Iterator[Json]:
    """Shapes:  {"what", "state", "detail", "tongue": "" or the language of a detail that has no words here}"""
    words = words_of("sources")
    for each in findings:
        kind, _, name = each["what"].partition(" ")
        what = each["what"] if kind not in _NAMED else kind
        said, detail = _say(words, "what", what), _say(words, "detail", each["detail"])
        named = f" {name}" if kind in _NAMED else ""
        told = {"what": (said or what) + named, "state": each["state"], "detail": detail or each["detail"]}
        yield told | {"tongue": "" if detail or each["what"] in _AS_TOLD else "en"}


def _say(words: Mapping[str, str], kind: str, text: str) -> str:
    """The words for a text, whatever its numbers; "" when there are none."""
    numbers = dict(zip("nm", _NUMBER.findall(text), strict=False))
    key = _OTHER.sub("_", _NUMBER.sub("n", text.lower())).strip("_")
    return words.get(f"{kind}_{key}", "").format(**numbers)
