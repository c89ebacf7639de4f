"""Counting lesions by place: what is one localisation, and which region it belongs to. Declared in derived.yaml.

Takes from: errors.  Gives to: cohort.steps, cohort.variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
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


def region_finder(regions: Mapping[str, Sequence[Json]]) -> Callable[[Iterable[Site]], dict[str, list[Site]]]:
    """The sites of each region that has any; a site may lie in several.

    Shapes:  regions  region -> patterns, each {"bones": [...], "segments": [...] or nothing for any}
    """
    lies_in: dict[tuple[str, str | None], list[str]] = {}
    for name, patterns in regions.items():
        for pattern in patterns:
            for bone, segment in product(pattern["bones"], pattern.get("segments", [None])):
                lies_in.setdefault((bone, segment), []).append(name)

    def find(sites: Iterable[Site]) -> dict[str, list[Site]]:
        found: dict[str, list[Site]] = {}
        for site in sites:
            bone, _, segment = site
            names = lies_in.get((bone, None), ())
            for name in (*names, *lies_in.get((bone, segment), ())) if segment else names:
                found.setdefault(name, []).append(site)
        return found

    return find
