"""Confidence intervals: Wilson's for a proportion, Student's for a mean.

Takes from: nothing.  Gives to: cohort.summary.
Source: E. B. Wilson, J Am Stat Assoc 1927;22:209; Abramowitz and Stegun, 26.7.3, 26.7.4 and 26.7.5
"""

from __future__ import annotations

import math
from functools import lru_cache
from math import cos, pi, sin, sqrt, tan
from statistics import NormalDist

from adapter.errors import Json

LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
# From here on the expansion in powers of 1/df is exact to the last digit of a double.
_MANY = 300
_STEPS = 64


def wilson(n: int, assessed: int) -> Json:
    """The interval of a proportion.  Units:  shares, 0 to 1"""
    share, spread = n / assessed, _Z * _Z / assessed
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / assessed + spread / (4 * assessed)) / (1 + spread)
    low, high = (0.0 if n == 0 else middle - half), (1.0 if n == assessed else middle + half)
    return {"low": low, "high": high, "level": LEVEL, "method": "wilson"}


def student(mean: float, sd: float, assessed: int) -> Json:
    """The interval of a mean of at least two values.  Units:  those of the values"""
    half = quantile(assessed - 1) * sd / sqrt(assessed)
    return {"low": mean - half, "high": mean + half, "level": LEVEL, "method": "t"}


@lru_cache(maxsize=1024)
def quantile(df: int) -> float:
    """Beyond which Student's t lies with (1 - LEVEL) / 2 on either side, for whole degrees of freedom."""
    if df > _MANY:
        return _expansion(df)
    low, high = 0.0, pi / 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, df) < LEVEL else (low, middle)
    return sqrt(df) * tan((low + high) / 2)


def _within(angle: float, df: int) -> float:
    """The probability between -t and t where tan(angle) = t / sqrt(df): a finite sum."""
    odd, square = df % 2, cos(angle) ** 2
    term = cos(angle) if odd else 1.0
    total = term if df > 1 else 0.0
    for k in range(3 if odd else 2, df - 1, 2):
        term *= square * ((k - 1) / k)
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


def _expansion(df: int) -> float:
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / df**power for power, term in enumerate(terms, 1))
