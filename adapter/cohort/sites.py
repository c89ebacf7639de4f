"""Counting lesions by place: what is one localisation, and which region it belongs to. Declared in statistics.yaml.

Takes from: case.  Gives to: cohort.variables, cohort.description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.errors import Json

Site = tuple[str | None, ...]


@dataclass(frozen=True)
class Sites:
    """How lesions are counted.

    Shapes:  key      fields that make two lesions the same localisation, e.g. ("bone", "side")
             regions  region -> patterns, each {"bones": [...], "segments": [...] or nothing}
    """

    key: tuple[str, ...]
    regions: Mapping[str, Sequence[Json]]

    def of(self, lesions: list[Json] | None, region: str | None = None) -> set[Site] | None:
        """The distinct localisations of a lesion list; a lesion on both sides is two. None: not documented."""
        if lesions is None:
            return None
        present = [lesion for lesion in lesions if lesion.get("present", True)]
        chosen = [lesion for lesion in present if region is None or self.lies_in(lesion, region)]
        return {self._site(lesion, side) for lesion in chosen for side in _sides(lesion)}

    def lies_in(self, lesion: Json, region: str) -> bool:
        return any(
            lesion["bone"] in pattern["bones"]
            and ("segments" not in pattern or lesion.get("segment") in pattern["segments"])
            for pattern in self.regions[region]
        )

    def _site(self, lesion: Json, side: str) -> Site:
        return tuple(side if part == "side" else lesion.get(part) for part in self.key)


def _sides(lesion: Json) -> tuple[str, ...]:
    return ("left", "right") if lesion["side"] == "bilateral" else (lesion["side"],)
