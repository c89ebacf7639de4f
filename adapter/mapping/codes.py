"""The problem codes of the mapping files, told to whoever met one: meaning, example, how to mend it.

Takes from: declaration, codes.yaml.  Gives to: cli.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from adapter.declaration import load_declaration
from adapter.errors import Json

_WORDS = {"en": ("instead of", "tells"), "fr": ("au lieu de", "donne")}


@cache
def load_codes() -> dict[str, Json]:
    """Shapes:  returns  code -> {"meaning", "mend"[, "example"]}, as in codes.schema.json"""
    with resources.as_file(resources.files("adapter.mapping").joinpath("codes.yaml")) as path:
        codes: dict[str, Json] = load_declaration(Path(path), "codes").data["codes"]
    return codes


def explain_code(code: str, language: Literal["en", "fr"] = "en") -> str | None:
    """What a code means, an example of it, and how to mend it, as text of several lines; None for no code of ours."""
    known = load_codes().get(code)
    if known is None:
        return None
    lines = [f"{code}  {known['meaning'][language]}", *_example(known.get("example"), language)]
    return "\n".join([*lines, f"→ {known['mend'][language]}"])


def _example(example: Json | None, language: Literal["en", "fr"]) -> list[str]:
    if example is None:
        return []
    instead, tells = _WORDS[language]
    wrong = [f"    {line}" for line in example["wrong"].rstrip().splitlines()]
    right = [f"    {line}" for line in example.get("right", "").rstrip().splitlines()]
    told = [f"  {tells}", f"    {example['says']}"]
    return [f"  {example['file']}", *wrong, *([f"  {instead}", *right] if right else []), *told]
