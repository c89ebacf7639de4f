"""Time to remission: the Kaplan-Meier estimate with its band. The one file that knows the library of statistics.

A registry knows remission at the last visit, so a remission is dated by that visit: it began earlier, and the curve is
the latest it can be. Children without remission are followed until their last visit.

Takes from: figures.canvas.  Gives to: figures.
Source: Kaplan and Meier, J Am Stat Assoc 1958;53:457; log-log band: Kalbfleisch and Prentice, 1980
"""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.figures.canvas import ensure_library, new_figure
from adapter.figures.picture import Picture
from adapter.figures.words import Language, Words, number, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOUR = "#0072b2"
_MONTHS_A_YEAR = 12
_WORDS: Words = {
    "title": {"en": "Time from diagnosis to remission", "fr": "Délai du diagnostic à la rémission"},
    "years": {
        "en": "Years from diagnosis (below: children still followed)",
        "fr": "Années depuis le diagnostic (dessous : enfants encore suivis)",
    },
    "share": {"en": "Children in remission", "fr": "Enfants en rémission"},
    "risk": {"en": "followed", "fr": "suivis"},
    "band": {"en": "95% confidence band", "fr": "bande de confiance à 95 %"},
    "curve": {"en": "Kaplan–Meier estimate", "fr": "estimation de Kaplan-Meier"},
    "who": {
        "en": "{n} of {N} children with outcome and dates; {events} in remission, the others until the last visit.",
        "fr": "{n} enfants sur {N} avec issue et dates ; {events} en rémission, les autres suivis jusqu'à la dernière "
        "visite.",
    },
    "caveat": {
        "en": "A remission is dated by the visit that records it; it began earlier: the curve is the latest possible.",
        "fr": "Une rémission est datée par la visite qui la constate ; elle a débuté avant, la courbe est donc la plus "
        "tardive possible.",
    },
    "median": {
        "en": "Half of the children are in remission at {m} years.",
        "fr": "La moitié est en rémission à {m} ans.",
    },
    "five": {
        "en": "At {t} years {p} are in remission ({a} to {b}).",
        "fr": "À {t} ans, {p} sont en rémission ({a} à {b}).",
    },
    "nobody": {"en": "Nothing to estimate.", "fr": "Rien à estimer."},
    "time": {"en": "months from diagnosis", "fr": "mois depuis le diagnostic"},
    "estimate": {"en": "in remission", "fr": "en rémission"},
    "low": {"en": "lower bound", "fr": "borne inférieure"},
    "high": {"en": "upper bound", "fr": "borne supérieure"},
    "events": {"en": "remissions", "fr": "rémissions"},
}


@dataclass(frozen=True)
class Curve:
    """Share in remission after each time at which somebody was seen in remission, with its 95 % band.

    Units:   times in months
    """

    times: list[float]
    shares: list[float]
    low: list[float]
    high: list[float]

    def at(self, time: float) -> tuple[float, float, float]:
        """(share, lower, upper) at a time."""
        place = sum(each <= time for each in self.times) - 1
        return (0.0, 0.0, 0.0) if place < 0 else (self.shares[place], self.low[place], self.high[place])

    def median(self) -> float | None:
        return next((time for time, share in zip(self.times, self.shares, strict=True) if share >= 0.5), None)


def estimate(remissions: list[float], followed: list[float]) -> Curve:
    """Kaplan-Meier with the log-log band.

    Shapes:  remissions  times at which remission was seen; followed: times until which it was not
    """
    ensure_library()
    import numpy
    from scipy.stats import CensoredData, ecdf

    if not remissions:
        return Curve([], [], [], [])
    with numpy.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where the band is not defined: see _bound
        survival = ecdf(CensoredData(uncensored=remissions, right=followed)).sf
        band = survival.confidence_interval(0.95, method="log-log")
    seen = set(remissions)
    steps = [
        (float(time), 1 - float(share), _bound(1 - high, 1 - share), _bound(1 - low, 1 - share))
        for time, share, low, high in zip(
            survival.quantiles, survival.probabilities, band.low.probabilities, band.high.probabilities, strict=True
        )
        if time in seen
    ]
    times, shares, lows, highs = (list(each) for each in zip(*steps, strict=True))
    return Curve(times, shares, lows, highs)


def _bound(value: Any, share: Any) -> float:
    """Where everybody is in remission the log-log band is not defined: the estimate stands in."""
    return float(share) if value != value else min(max(float(value), 0.0), 1.0)


class TimeToRemission:
    """Months from diagnosis to the last visit, and whether it found remission."""

    def __init__(self) -> None:
        self._remissions: list[float] = []
        self._followed: list[float] = []
        self._children = 0

    def add(self, _: Json, row: Json) -> None:
        self._children += 1
        months, remission = row["follow_up"], row["remission"]
        if months is not None and months > 0 and remission is not None:
            (self._remissions if remission else self._followed).append(months)

    def picture(self, language: Language) -> Picture:
        curve = estimate(self._remissions, self._followed)
        say = {key: words[language] for key, words in _WORDS.items()}
        seen = sorted([*self._remissions, *self._followed])
        told = {"n": len(seen), "N": self._children, "events": len(self._remissions)}
        notes = (say["who"].format(**told), say["caveat"])
        columns = tuple(say[key] for key in ("time", "estimate", "low", "high", "events", "risk"))
        counts = Counter(self._remissions)
        rows = [
            [time, share, low, high, counts[time], len(seen) - bisect_left(seen, time)]
            for time, share, low, high in zip(curve.times, curve.shares, curve.low, curve.high, strict=True)
        ]

        def draw() -> Any:
            return _draw(curve, seen, language)

        return Picture("remission", say["title"], _summary(curve, seen, language), notes, columns, rows, draw)


def _summary(curve: Curve, seen: list[float], language: Language) -> str:
    if not curve.times:
        return str(_WORDS["nobody"][language])
    years = max(1, min(5, int(seen[-1] // _MONTHS_A_YEAR)))
    p, a, b = (percent(each, language) for each in curve.at(years * _MONTHS_A_YEAR))
    told = [_WORDS["five"][language].format(t=years, p=p, a=a, b=b)]
    if (median := curve.median()) is not None:
        told.append(_WORDS["median"][language].format(m=number(median / _MONTHS_A_YEAR, 1, language)))
    return " ".join(told)


@contextmanager
def _draw(curve: Curve, seen: list[float], language: Language) -> Iterator[Figure]:
    with new_figure(3.3) as (figure, axes):
        last = max(seen[-1] if seen else 0, _MONTHS_A_YEAR) / _MONTHS_A_YEAR
        years = [0.0, *(time / _MONTHS_A_YEAR for time in curve.times), last]
        share, low, high = (_closed(each) for each in (curve.shares, curve.low, curve.high))
        band = {"color": _COLOUR, "alpha": 0.18, "linewidth": 0, "label": _WORDS["band"][language]}
        axes.fill_between(years, low, high, step="post", **band)
        axes.step(years, share, where="post", color=_COLOUR, linewidth=1.6, label=_WORDS["curve"][language])
        step = max(1, round(last / 8))
        ticks = list(range(0, int(last) + 1, step))
        counts = [len(seen) - bisect_left(seen, tick * _MONTHS_A_YEAR) for tick in ticks]
        axes.set(xlim=(0, last), ylim=(0, 1), ylabel=_WORDS["share"][language])
        axes.set_xticks(ticks, [f"{tick}\n{n}" for tick, n in zip(ticks, counts, strict=True)])
        axes.set_xlabel(_WORDS["years"][language])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [percent(each, language) for each in (0, 0.25, 0.5, 0.75, 1)])
        axes.grid(axis="y", linewidth=0.4, color="#d5dbdf")
        axes.legend(frameon=False, loc="upper left")
        yield figure


def _closed(values: list[float]) -> list[float]:
    return [0.0, *values, values[-1] if values else 0.0]
