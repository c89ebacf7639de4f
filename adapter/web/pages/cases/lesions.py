"""One child's lesions: on the skeleton, shaded by what is known of each place, and the same as rows.

Takes from: figures, vocabulary.  Gives to: record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from adapter.errors import Json
from adapter.figures import Region, Shade, draw_skeleton, regions_of, write_svg
from adapter.web.pages.cases.vocabulary import Vocabulary

# State of a place -> how dark it is; each grade has a pattern of its own.
GRADES = {"active": 4, "seen": 3, "examined": 2, "quiet": 1}
_STRONGEST = ("active", "seen", "examined", "quiet")


@dataclass(frozen=True)
class Lesion:
    """One row.

    Shapes:  pointer  of the member in the case
             state    active, quiet, seen (imaging that tells neither), examined (by hand), free
             is_drawn  whether bone and side are exact enough for the drawing
    """

    pointer: str
    place: str
    by: str
    date: str
    state: str
    is_drawn: bool
    regions: frozenset[Region]


def lesions_of(case: Json, words: Vocabulary, by_hand: str) -> list[Lesion]:
    """Of both lists, latest last.

    Shapes:  by_hand  what an examination is called
    """
    clinical = [
        _lesion(f"/clinical_lesions/{n}", each, words, by_hand, "examined" if each.get("present", True) else "free")
        for n, each in enumerate(case.get("clinical_lesions", []))
    ]
    imaging = [
        _lesion(f"/imaging_lesions/{n}", each, words, words.word("imaging_lesions[].modality", each["modality"]),
                _activity(each.get("active")))
        for n, each in enumerate(case.get("imaging_lesions", []))
    ]  # fmt: skip
    return [*clinical, *imaging]


def _activity(active: bool | None) -> str:
    return "seen" if active is None else "active" if active else "quiet"


def _lesion(pointer: str, lesion: Json, words: Vocabulary, by: str, state: str) -> Lesion:
    regions = frozenset(regions_of(lesion))
    return Lesion(pointer, place_of(lesion, words), by, lesion.get("date", ""), state, bool(regions), regions)


def place_of(lesion: Json, words: Vocabulary) -> str:
    """Bone, part and side in words."""
    told = [words.word("bone", lesion["bone"])]
    if "segment" in lesion:
        segment = words.word("segment", lesion["segment"])
        # A level names its vertebra.
        told = [segment] if lesion["bone"] == "vertebra" else [*told, segment]
    if lesion["side"] != "midline":
        told.append(words.said("side_unknown") if lesion["side"] == "unknown" else words.word("side", lesion["side"]))
    return ", ".join([told[0], *(each[:1].lower() + each[1:] if len(each) > 3 else each for each in told[1:])])


def draw_lesions(lesions: list[Lesion], words: Vocabulary, say: Mapping[str, str]) -> str:
    """The skeleton from the front and the back as SVG; each shaded place leads to its row."""
    by_region: dict[Region, list[Lesion]] = defaultdict(list)
    for lesion in lesions:
        for region in lesion.regions:
            by_region[region].append(lesion)
    shades = {region: shade for region, found in by_region.items() if (shade := _shade(found, say))}
    legend = [(GRADES[state], say[f"lesion_{state}"]) for state in _STRONGEST]
    places = ", ".join(dict.fromkeys(each.place for each in lesions if each.is_drawn and each.state != "free"))
    summary = say["lesions_summary"].format(places=places or say["none"])
    scene = draw_skeleton(
        shades, legend, name="lesions", title=say["lesions"], summary=summary, language=words.tongue
    )  # fmt: skip
    return write_svg(scene)


def _shade(found: list[Lesion], say: Mapping[str, str]) -> Shade | None:
    state = _state(found)
    if state not in GRADES:
        return None
    seen = ", ".join(dict.fromkeys(each.by for each in found if each.state != "free"))
    label = say["lesion_label"].format(place=found[-1].place, state=say[f"lesion_{state}"], by=seen)
    return Shade(GRADES[state], label, f"#lesion{found[-1].pointer.replace('/', '-')}")


def _state(found: list[Lesion]) -> str:
    """What was said last of a place's activity; of one day, and without dates, the worse counts."""
    told = [each for each in found if each.state in ("active", "quiet")]
    if told:
        last = max(each.date for each in told)
        return min(each.state for each in told if each.date == last)
    return next((state for state in _STRONGEST if any(each.state == state for each in found)), "free")
