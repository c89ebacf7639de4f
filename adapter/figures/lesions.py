"""The lesion map: in how many children each bone is affected, on the skeleton.

Takes from: figures.skeleton.  Gives to: figures.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import Any

from adapter.errors import Json
from adapter.figures.picture import Picture
from adapter.figures.skeleton import Region, Shade, draw_skeleton, regions_of
from adapter.figures.words import SIDES, Language, Words, number, percent

# Per cent of the children from which a bone is shaded a grade darker.
_STEPS = (0.0, 5.0, 10.0, 20.0)
# Letters of a line below the drawing.
_LINE = 108
_WORDS: Words = {
    "title": {"en": "Where the lesions are", "fr": "Localisation des lésions"},
    "summary": {
        "en": "Skeleton from the front and the back. Most often affected, of {n} children: {most}.",
        "fr": "Squelette de face et de dos. Le plus souvent atteints, sur {n} enfants : {most}.",
    },
    "none": {"en": "no lesion recorded", "fr": "aucune lésion enregistrée"},
    "label": {"en": "{place}: {n} of {N} children ({share})", "fr": "{place} : {n} enfants sur {N} ({share})"},
    "blank": {"en": "none", "fr": "aucun"},
    "under": {"en": "under {high}%", "fr": "moins de {high} %"},
    "between": {"en": "{low} to under {high}%", "fr": "{low} à moins de {high} %"},
    "over": {"en": "{low}% and more", "fr": "{low} % et plus"},
    "who": {
        "en": "Share of {N} children with a list of lesions, by examination or imaging. R, L: the child's own side.",
        "fr": "Part des {N} enfants ayant une liste de lésions, cliniques ou d'imagerie. D, G : côté de l'enfant.",
    },
    "vague": {
        "en": "Not on the map, bone or side being too vague: {places}.",
        "fr": "Hors de la carte, l'os ou le côté étant trop vague : {places}.",
    },
    "more": {"en": "and {n} more in the table", "fr": "et {n} autres dans le tableau"},
    "level": {"en": "level not recorded", "fr": "niveau non précisé"},
    "bone": {"en": "bone", "fr": "os"},
    "side": {"en": "side", "fr": "côté"},
    "segment": {"en": "level", "fr": "niveau"},
    "drawn": {"en": "on the map", "fr": "sur la carte"},
    "n": {"en": "children", "fr": "enfants"},
    "N": {"en": "children with a list", "fr": "enfants avec une liste"},
    "share": {"en": "per cent", "fr": "pour cent"},
    "yes": {"en": "yes", "fr": "oui"},
    "no": {"en": "no", "fr": "non"},
}


class LesionMap:
    """Children by region; what is too vague to be drawn is counted apart, never dropped."""

    def __init__(self, bones: Words) -> None:
        self._bones = bones
        self._drawn: Counter[Region] = Counter()
        self._vague: Counter[Region] = Counter()
        self._assessed = 0

    def add(self, case: Json, _: Json) -> None:
        lists = [case[name] for name in ("clinical_lesions", "imaging_lesions") if name in case]
        if not lists:
            return
        self._assessed += 1
        present = [lesion for each in lists for lesion in each if lesion.get("present", True)]
        self._drawn.update({region for lesion in present for region in regions_of(lesion)})
        self._vague.update({Region(each["bone"], each["side"]) for each in present if not regions_of(each)})

    def picture(self, language: Language) -> Picture:
        say = {key: words[language] for key, words in _WORDS.items()}
        scene = draw_skeleton(
            {region: self._shade(region, n, language) for region, n in self._drawn.items()},
            [(0, say["blank"]), *((grade, _step(grade, language)) for grade in range(1, 5))],
            name="lesions",
            title=say["title"],
            summary=self._summary(language),
            language=language,
            notes=[line for note in self._notes(language) for line in textwrap.wrap(note, _LINE)],
        )
        columns = tuple(say[key] for key in ("bone", "side", "segment", "drawn", "n", "N", "share"))
        rows = [*self._rows(self._drawn, say["yes"], language), *self._rows(self._vague, say["no"], language)]
        return Picture("lesions", say["title"], scene.summary, tuple(self._notes(language)), columns, rows, scene)

    def _summary(self, language: Language) -> str:
        most = [
            f"{self._place(region, language)} ({percent(n / self._assessed, language)})"
            for region, n in _ordered(self._drawn)[:3]
        ]
        told = ", ".join(most) or _WORDS["none"][language]
        return str(_WORDS["summary"][language].format(n=self._assessed, most=told))

    def _notes(self, language: Language) -> list[str]:
        notes = [_WORDS["who"][language].format(N=self._assessed)]
        if self._vague:
            listed = [f"{self._place(region, language)} {n}" for region, n in _ordered(self._vague)]
            shown = listed[:4]
            if len(listed) > len(shown):
                shown.append(_WORDS["more"][language].format(n=len(listed) - len(shown)))
            notes.append(_WORDS["vague"][language].format(places=", ".join(shown)))
        return notes

    def _shade(self, region: Region, n: int, language: Language) -> Shade:
        share = n / self._assessed
        told = {"place": self._place(region, language), "n": n, "N": self._assessed}
        label = _WORDS["label"][language].format(**told, share=percent(share, language))
        return Shade(sum(100 * share >= step for step in _STEPS), label)

    def _place(self, region: Region, language: Language) -> str:
        bone = self._bones[region.bone][language]
        if region.bone == "vertebra":
            return f"{bone} {region.segment}" if region.segment else f"{bone} ({_WORDS['level'][language]})"
        return bone if region.side == "midline" else f"{bone} ({SIDES[region.side][language]})"

    def _rows(self, counts: Counter[Region], drawn: str, language: Language) -> list[list[Any]]:
        return [
            [
                self._bones[region.bone][language],
                SIDES[region.side][language],
                region.segment,
                drawn,
                n,
                self._assessed,
                round(100 * n / self._assessed, 1),
            ]
            for region, n in _ordered(counts)
        ]


def _step(grade: int, language: Language) -> str:
    low, high = _STEPS[grade - 1], _STEPS[grade] if grade < len(_STEPS) else None
    words = "under" if grade == 1 else "between" if high else "over"
    told: str = _WORDS[words][language]
    return told.format(low=number(low, 0, language), high=number(high or 0, 0, language))


def _ordered(counts: Counter[Region]) -> list[tuple[Region, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
