"""Which bones are affected together in one child.

Takes from: figures.canvas.  Gives to: figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.figures.canvas import new_figure, paint_cells
from adapter.figures.picture import Picture
from adapter.figures.words import Language, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 14
_VAGUE = ("unspecified", "lower_limb")
_WORDS: Words = {
    "title": {"en": "Bones affected together", "fr": "Os atteints ensemble"},
    "who": {
        "en": "Children with a lesion in both bones, on either side, by examination or imaging, of {N} with a list. On "
        "the diagonal: children with a lesion in the bone.",
        "fr": "Enfants ayant une lésion dans les deux os, d'un côté ou de l'autre, clinique ou d'imagerie, sur {N} "
        "ayant une liste. Sur la diagonale : enfants ayant une lésion dans cet os.",
    },
    "most": {"en": "Most often together: {pairs}.", "fr": "Le plus souvent ensemble : {pairs}."},
    "nobody": {"en": "no two bones", "fr": "aucune paire"},
    "cut": {
        "en": "The {n} bones affected most often; the table holds all.",
        "fr": "Les {n} os les plus atteints ; le tableau les a tous.",
    },
    "one": {"en": "bone", "fr": "os"},
    "other": {"en": "other bone", "fr": "autre os"},
    "n": {"en": "children", "fr": "enfants"},
}


class BonesTogether:
    def __init__(self, bones: Words) -> None:
        self._bones = bones
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._assessed = 0

    def add(self, case: Json, _: Json) -> None:
        lists = [case[name] for name in ("clinical_lesions", "imaging_lesions") if name in case]
        self._assessed += bool(lists)
        affected = {lesion["bone"] for each in lists for lesion in each if lesion.get("present", True)}
        self._pairs.update(combinations_with_replacement(sorted(affected - set(_VAGUE)), 2))

    def picture(self, language: Language) -> Picture:
        names = {bone: words[language] for bone, words in self._bones.items()}
        diagonal = {one: n for (one, other), n in self._pairs.items() if one == other}
        order = sorted(diagonal, key=lambda bone: (-diagonal[bone], bone))
        shown = order[:_SHOWN]
        notes = [_WORDS["who"][language].format(N=self._assessed)]
        if len(order) > len(shown):
            notes.append(_WORDS["cut"][language].format(n=len(shown)))
        by_count = sorted(self._pairs.items(), key=lambda each: (-each[1], each[0]))
        pairs = [(one, other, n) for (one, other), n in by_count if one != other]
        told = ", ".join(f"{names[one]} – {names[other]} ({n})" for one, other, n in pairs[:3])
        title = _WORDS["title"][language]
        summary = f"{title}. " + _WORDS["most"][language].format(pairs=told or _WORDS["nobody"][language])
        columns = tuple(_WORDS[key][language] for key in ("one", "other", "n"))
        rows: list[list[Any]] = [[names[one], names[other], n] for (one, other), n in by_count]

        def draw() -> Any:
            return _draw([names[bone] for bone in shown], self._triangle(shown))

        return Picture("together", title, summary, tuple(notes), columns, rows, draw)

    def _triangle(self, shown: list[str]) -> list[list[float]]:
        """Lower triangle with the diagonal; the rest is not a number and stays blank."""
        blank = float("nan")
        return [
            [self._pairs[min(one, other), max(one, other)] if j <= i else blank for j, other in enumerate(shown)]
            for i, one in enumerate(shown)
        ]


@contextmanager
def _draw(names: list[str], counts: list[list[float]]) -> Iterator[Figure]:
    with new_figure(1.2 + 0.29 * max(len(names), 4), 6.0) as (figure, axes):
        if names:
            top = max(counts[i][j] for i in range(len(names)) for j in range(i + 1))
            paint_cells(axes, counts, "Blues", top * 1.15)
            for i, of in enumerate(counts):
                for j in range(i + 1):
                    weight, colour = ("bold" if i == j else "normal"), ("white" if of[j] > 0.6 * top else "black")
                    axes.text(j, i, f"{of[j]:.0f}", ha="center", va="center", size=7.5, color=colour, weight=weight)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor", size=8)
        axes.set_yticks(range(len(names)), names, size=8)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        yield figure
