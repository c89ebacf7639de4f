"""What the pages say, in French and English: words/PAGE.yaml for each page, words/shared.yaml for all.

Takes from: declaration, errors.  Gives to: the other files of pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from adapter.declaration import Declaration, load_declaration
from adapter.errors import DeclarationError

Tongue = Literal["fr", "en"]
TONGUES: tuple[Tongue, ...] = ("fr", "en")
_FOLDER = Path(__file__).with_name("words")
_SHARED = "shared"
_BLANK = re.compile(r"\{\w+\}")


@cache
def load_words(page: str, tongue: Tongue) -> Mapping[str, str]:
    """What one page and all pages say, by key.

    Errors:  DeclarationError for a text that lacks a language, or whose languages fill in different things
    """
    return {**_load(_SHARED, tongue), **(_load(page, tongue) if page != _SHARED else {})}


def pages() -> list[str]:
    """Pages that say something."""
    return sorted(file.stem for file in _FOLDER.glob("*.yaml"))


def _load(page: str, tongue: Tongue) -> dict[str, str]:
    declaration = load_declaration(_FOLDER / f"{page}.yaml")
    if problems := list(_check(declaration)):
        raise DeclarationError(problems)
    return {key: said[tongue] for key, said in declaration.data.items()}


def _check(declaration: Declaration) -> Iterator[str]:
    for key, said in declaration.data.items():
        if not isinstance(said, dict) or set(said) != set(TONGUES) or not all(map(_is_text, said.values())):
            yield f"{declaration.at((key,))} W001 '{key}' needs a text in each of {', '.join(TONGUES)}"
        elif len({tuple(sorted(_BLANK.findall(text))) for text in said.values()}) > 1:
            yield f"{declaration.at((key,))} W002 '{key}' fills in different things in its languages"


def _is_text(said: object) -> bool:
    return isinstance(said, str) and bool(said.strip())
