"""Age at onset and delay to diagnosis as histograms.

Takes from: figures.canvas.  Gives to: figures.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.figures.canvas import new_figure
from adapter.figures.picture import Picture
from adapter.figures.scene import GROUND, INK
from adapter.figures.words import Language, Words, number, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SEXES = ("female", "male", "")
# Colour and pattern; readers who see neither colour nor pattern have the table.
_LOOKS = {"female": ("#d55e00", ""), "male": ("#56b4e9", "////"), "": ("#b5bdc3", "....")}
_DELAYS = (0, 3, 6, 12, 24, 36, 60, float("inf"))
_WORDS: Words = {
    "female": {"en": "girls", "fr": "filles"},
    "male": {"en": "boys", "fr": "garçons"},
    "": {"en": "sex not known or other", "fr": "sexe inconnu ou autre"},
    "children": {"en": "Children", "fr": "Enfants"},
    "age": {"en": "Age at onset (years)", "fr": "Âge au début (années)"},
    "delay": {"en": "Delay from onset to diagnosis (months)", "fr": "Délai du début au diagnostic (mois)"},
    "from": {"en": "from", "fr": "de"},
    "to": {"en": "to under", "fr": "à moins de"},
    "over": {"en": "60 and more", "fr": "60 et plus"},
    "median": {"en": "median {m} (quartiles {a} and {b})", "fr": "médiane {m} (quartiles {a} et {b})"},
    "who": {
        "en": "{n} of {N} children; for {missing} the dates do not tell.",
        "fr": "{n} enfants sur {N} ; pour {missing} les dates ne le disent pas.",
    },
    "all": {"en": "All {N} children.", "fr": "Les {N} enfants."},
    "nobody": {"en": "nothing to show", "fr": "rien à montrer"},
}


class AgeAtOnset:
    """Years at the first symptom, by sex."""

    def __init__(self) -> None:
        self._ages: dict[str, list[float]] = {sex: [] for sex in _SEXES}
        self._children = 0

    def add(self, _: Json, row: Json) -> None:
        self._children += 1
        age = row["age_at_onset"]
        if age is not None and age >= 0:
            self._ages[row["sex"] if row["sex"] in _SEXES else ""].append(age)

    def picture(self, language: Language) -> Picture:
        ages = [age for each in self._ages.values() for age in each]
        top = max(18, int(max(ages, default=0)) + 1)
        bins = {
            sex: [sum(year <= age < year + 1 for age in of) for year in range(top)] for sex, of in _bins(self._ages)
        }
        title = _WORDS["age"][language]
        notes = (_who(len(ages), self._children, language),)

        @contextmanager
        def draw() -> Iterator[Figure]:
            with new_figure(2.9) as (figure, axes):
                below = [0] * top
                for sex, counts in bins.items():
                    colour, hatch = _LOOKS[sex]
                    axes.bar(
                        [year + 0.5 for year in range(top)], counts, width=0.92, bottom=below, color=colour,
                        hatch=hatch, edgecolor=GROUND, linewidth=0.4, label=_WORDS[sex][language],
                    )  # fmt: skip
                    below = [a + b for a, b in zip(below, counts, strict=True)]
                _mark_median(axes, ages, language)
                axes.set(xlim=(0, top), xlabel=title, ylabel=_WORDS["children"][language])
                axes.set_xticks(range(0, top + 1, 2))
                _whole_numbers(axes, max(below, default=0))
                axes.legend(frameon=False, loc="upper left")
                yield figure

        columns = (_WORDS["from"][language], _WORDS["to"][language], *(_WORDS[sex][language] for sex in bins))
        rows = [[year, year + 1, *(counts[year] for counts in bins.values())] for year in range(top)]
        summary = _spread(ages, language) or _WORDS["nobody"][language]
        return Picture("age-at-onset", title, f"{title}: {summary}.", notes, columns, rows, draw)


class Delay:
    """Months from the first symptom to the diagnosis; classes widen because the delay is skewed."""

    def __init__(self) -> None:
        self._months: list[float] = []
        self._children = 0

    def add(self, _: Json, row: Json) -> None:
        self._children += 1
        if row["delay"] is not None and row["delay"] >= 0:
            self._months.append(row["delay"])

    def picture(self, language: Language) -> Picture:
        steps = list(pairwise(_DELAYS))
        counts = [sum(low <= each < high for each in self._months) for low, high in steps]
        names = [f"{low:g}–<{high:g}" for low, high in steps[:-1]] + [_WORDS["over"][language]]
        total, title = len(self._months), _WORDS["delay"][language]

        @contextmanager
        def draw() -> Iterator[Figure]:
            with new_figure(2.9) as (figure, axes):
                bars = axes.bar(names, counts, width=0.8, color="#56b4e9", edgecolor=INK, linewidth=0.6)
                shown = [f"{n} ({percent(n / total, language)})" if total else "0" for n in counts]
                axes.bar_label(bars, shown, padding=2, fontsize=8)
                axes.set(xlabel=title, ylabel=_WORDS["children"][language])
                _whole_numbers(axes, max(counts, default=0))
                if self._months:
                    axes.set_title(_spread(self._months, language), fontsize=8.5, loc="right")
                yield figure

        columns = (_WORDS["from"][language], _WORDS["to"][language], _WORDS["children"][language])
        rows = [[low, high if high < float("inf") else None, n] for (low, high), n in zip(steps, counts, strict=True)]
        summary = f"{title}: {_spread(self._months, language) or _WORDS['nobody'][language]}."
        return Picture("delay", title, summary, (_who(total, self._children, language),), columns, rows, draw)


def _bins(ages: dict[str, list[float]]) -> list[tuple[str, list[float]]]:
    """Girls and boys always; the others only when there are any."""
    return [(sex, of) for sex, of in ages.items() if sex or of]


def _who(n: int, children: int, language: Language) -> str:
    words = "all" if n == children else "who"
    return str(_WORDS[words][language].format(n=n, N=children, missing=children - n))


def _spread(values: Sequence[float], language: Language) -> str:
    if not values:
        return ""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    told = {name: number(value, 1, language) for name, value in (("m", middle), ("a", low), ("b", high))}
    return str(_WORDS["median"][language].format(**told))


def _mark_median(axes: Any, values: Sequence[float], language: Language) -> None:
    if values:
        axes.axvline(statistics.median(values), color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
        axes.set_title(_spread(values, language), fontsize=8.5, loc="right")


def _whole_numbers(axes: Any, top: int) -> None:
    """Children are counted: ticks at whole numbers, room above the highest bar."""
    from matplotlib.ticker import MaxNLocator

    axes.set_ylim(0, max(1, top) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
