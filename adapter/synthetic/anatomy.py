"""Where synthetic lesions sit: bones with their sides and segments, as often as the literature finds them.

Takes from: nothing.  Gives to: the other rooms of synthetic.
"""

from __future__ import annotations

import random

from adapter.errors import Json

Place = tuple[str, str]

_PAIRED_SEGMENTS = ("proximal", "shaft", "distal")
LONG_BONES = ("femur", "tibia", "fibula", "humerus", "radius", "ulna")
LEVELS = ("T4", "T6", "T7", "T8", "T9", "T11", "L1", "L3")

# Bone -> weight. The lower limb leads, as both abstracts and later reports say.
_LOWER_LIMB = {"tibia": 9, "femur": 8, "fibula": 4, "ankle": 3, "calcaneus": 2, "metatarsal": 2, "patella": 1}
_ELSEWHERE = {
    "clavicle": 6,
    "vertebra": 5,
    "sternum": 1,
    "rib": 1,
    "scapula": 1,
    "humerus": 2,
    "radius": 2,
    "ulna": 1,
    "pelvis": 2,
    "ilium": 2,
    "sacrum": 1,
    "si_joint": 1,
    "mandible": 2,
}
_MIDLINE = ("vertebra", "sternum", "sacrum", "mandible")


def draw_places(rng: random.Random, count: int, taken: set[Place], *, lower_limb: float) -> list[Place]:
    """So many further (bone, side), none of them taken; each in the lower limb with this probability."""
    found: list[Place] = []
    while len(found) < count:
        weights = _LOWER_LIMB if rng.random() < lower_limb else _ELSEWHERE
        bone = rng.choices(list(weights), list(weights.values()))[0]
        place = (bone, "midline" if bone in _MIDLINE else rng.choice(("left", "right")))
        if place not in taken and place not in found:
            found.append(place)
    return found


def make_lesion(rng: random.Random, place: Place) -> Json:
    """A lesion at a place, with a segment where the bone has segments and somebody wrote it down."""
    bone, side = place
    lesion: Json = {"bone": bone, "side": side}
    if bone in LONG_BONES and rng.random() < 0.6:
        lesion["segment"] = rng.choice(_PAIRED_SEGMENTS)
    elif bone == "vertebra" and rng.random() < 0.7:
        lesion["segment"] = rng.choice(LEVELS)
    return lesion
