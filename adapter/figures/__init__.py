"""Figures that a paper would print, each with its data as a table: from the cases given, in one pass.

Takes from: case, dates, cohort (derived variables), mapping (names of bones), spreadsheet.  Gives to: report, cli, web.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from adapter.errors import Json
from adapter.figures.ages import AgeAtOnset, Delay
from adapter.figures.completeness import Completeness, documented
from adapter.figures.courses import TreatmentLanes
from adapter.figures.lesions import LesionMap
from adapter.figures.picture import Picture
from adapter.figures.scene import Scene, write_svg
from adapter.figures.skeleton import Region, Shade, draw_skeleton, regions, regions_of
from adapter.figures.survival import TimeToRemission
from adapter.figures.together import BonesTogether
from adapter.figures.words import Language, Words, number
from adapter.mapping import Mappings

if TYPE_CHECKING:
    from adapter.cohort import Derivation

__all__ = [
    "Language",
    "Picture",
    "Region",
    "Scene",
    "Shade",
    "bone_names",
    "documented",
    "draw_skeleton",
    "make_pictures",
    "number",
    "regions",
    "regions_of",
    "write_svg",
]


class _Gathering(Protocol):
    def add(self, case: Json, row: Json, /) -> None: ...

    def picture(self, language: Language) -> Picture: ...


def make_pictures(
    cases: Iterable[Json], derivation: Derivation, bones: Words, *, language: Language = "en"
) -> list[Picture]:
    """The seven figures of a cohort; nothing is drawn until a picture is asked for its SVG or PNG.

    Shapes:  cases  read once; the caller chooses who is in
             bones  as `bone_names` gives them
    Errors:  none; what a figure cannot use is counted in its notes
    """
    gathering: list[_Gathering] = [LesionMap(bones), AgeAtOnset(), Delay(), TreatmentLanes(), TimeToRemission()]
    gathering += [BonesTogether(bones), Completeness()]
    for case in cases:
        row = derivation.row(case)
        for each in gathering:
            each.add(case, row)
    return [each.picture(language) for each in gathering]


def bone_names(mappings: Mappings) -> Words:
    """Each bone of the case in both languages, as the table of bones calls it."""
    rows = mappings.language.tables["bone"].file.data["rows"]
    return {row["word"]: row["display"] for row in reversed(rows) if "display" in row}
