"""Counting lesions by place: what is one localisation, and which region it belongs to. Declared in derived.yaml.

Takes from: errors.  Gives to: cohort.steps, cohort.variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from adapter.errors import Json

# Bone, side, segment; a lesion on both sides is two.
Site = tuple[str, str, str | None]
PARTS = ("bone", "side", "segment")
_BOTH = ("left", "right")


def find_sites(lesions: Iterable[Json]) -> set[Site]:
    """Every place with a lesion; a site that was found free has none."""
    found: set[Site] = set()
    for lesion in lesions:
        if lesion.get("present", True):
            side, segment = lesion["side"], lesion.get("segment")
            for each in _BOTH if side == "bilateral" else (side,):
                found.add((lesion["bone"], each, segment))
    return found


def site_keys(parts: Sequence[str]) -> Callable[[Iterable[Site]], set[Any]]:
    """The distinct localisations among sites when only these parts tell them apart."""
    key = itemgetter(*(PARTS.index(part) for part in parts))
    return lambda sites: set(map(key, sites))


def find_region(patterns: Iterable[Json]) -> frozenset[tuple[str, str | None]]:
    """(bone, segment) of a region; segment None stands for any.

    Shapes:  patterns  each {"bones": [...], "segments": [...] or nothing}
    """
    return frozenset(
        (bone, segment)
        for pattern in patterns
        for bone in pattern["bones"]
        for segment in pattern.get("segments", [None])
    )


def sites_in(sites: Iterable[Site], region: frozenset[tuple[str, str | None]]) -> list[Site]:
    return [site for site in sites if (site[0], None) in region or (site[0], site[2]) in region]
