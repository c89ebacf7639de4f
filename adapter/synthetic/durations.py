"""Whole days whose mean and standard deviation are the printed ones, whatever the seed.

Takes from: dates.  Gives to: the other rooms of synthetic.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator

# Printed values are rounded; the days must come nearer than the promise of 0.005.
TOLERANCE = 0.004

_TRIES = 10_000


def even_days(
    rng: random.Random, count: int, mean: float, sd: float, limits: tuple[float, float], unit_days: float
) -> list[int]:
    """Days spread evenly on both sides of the mean (ages), within limits.

    Units:   mean, sd and limits in units of `unit_days` days; the answer in days, ascending
    """

    def draw() -> list[float]:
        return _moved([rng.betavariate(1.6, 1.3) for _ in range(count)], mean, sd)

    return _exact(draw, mean, sd, limits, unit_days)


def skewed_days(
    rng: random.Random, count: int, mean: float, sd: float, limits: tuple[float, float], unit_days: float
) -> list[int]:
    """Days with a long tail to the right (delays, follow-up), from the lower limit on. Units as for `even_days`."""

    def draw() -> list[float]:
        steps = [(i + rng.uniform(0.3, 0.7)) / count for i in range(count)]
        tail = _stretched([-math.log(1 - step) for step in steps], mean - limits[0], sd)
        return [limits[0] + value for value in tail]

    return _exact(draw, mean, sd, limits, unit_days)


def _exact(
    draw: Callable[[], list[float]], mean: float, sd: float, limits: tuple[float, float], unit_days: float
) -> list[int]:
    """The first draw that stays within the limits and keeps mean and SD when rounded to whole days."""
    for values in _tries(draw):
        days = sorted(round(value * unit_days) for value in values)
        back = [day / unit_days for day in days]
        near = abs(statistics.fmean(back) - mean) < TOLERANCE and abs(statistics.stdev(back) - sd) < TOLERANCE
        if near and limits[0] - 1 / unit_days <= back[0] and back[-1] <= limits[1]:
            return days
    raise ValueError("no draw keeps the limits; they do not fit the mean and the SD")


def _tries(draw: Callable[[], list[float]]) -> Iterator[list[float]]:
    return (draw() for _ in range(_TRIES))


def _moved(values: list[float], mean: float, sd: float) -> list[float]:
    """Shift and scale: mean and sample SD become exact."""
    centre, spread = statistics.fmean(values), statistics.stdev(values)
    return [mean + (value - centre) * sd / spread for value in values]


def _stretched(values: list[float], mean: float, sd: float) -> list[float]:
    """Raise to a power and scale: positive values stay positive, and the ratio of SD to mean becomes exact."""
    low, high = 0.2, 5.0
    while high - low > 1e-12:
        power = (low + high) / 2
        powered = [value**power for value in values]
        low, high = (power, high) if statistics.stdev(powered) / statistics.fmean(powered) < sd / mean else (low, power)
    powered = [value**low for value in values]
    scale = mean / statistics.fmean(powered)
    return [value * scale for value in powered]
