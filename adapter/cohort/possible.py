"""Can a printed mean and SD of whole numbers be right at all?

The mean of n whole numbers is one of few (GRIM), and so is their SD: the sum of their squares is whole too, and odd
or even with their sum (GRIMMER). Beyond both, numbers with this sum, these squares and this smallest value must exist.

Takes from: nothing.  Gives to: cohort.comparison.
Source: Brown and Heathers, Soc Psychol Personal Sci 2017;8:363 (GRIM); Anaya, PeerJ Preprints 2016;4:e2400v1 (GRIMMER)
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, isqrt
from typing import NamedTuple

# Above this excess over the smallest value, existence is not searched for; parity and bounds have been checked.
_SEARCHED = 300


class Verdict(NamedTuple):
    """Shapes:  test     which test it fails, "grim" or "grimmer"; "" when it is possible
    sums     the whole-number sums that round to the mean
    largest  what the largest of the numbers is at least; None when impossible or not searched
    """

    test: str
    sums: tuple[int, ...]
    largest: int | None = None

    @property
    def possible(self) -> bool:
        return not self.test


def decimals_of(printed: float) -> int:
    return max(0, -int(Decimal(str(printed)).as_tuple().exponent))


@lru_cache(maxsize=256)
def check_printed(mean: float, sd: float | None, n: int, minimum: int, decimals: int) -> Verdict:
    """Hold a printed mean and SD of n whole numbers, none below the minimum, against arithmetic.

    Shapes:  decimals  to which the SD was rounded; the mean's are its own. Both ways of rounding a half are allowed
    """
    sums = tuple(s for s in _whole(*_rounded(mean, decimals_of(mean)), n) if s >= n * minimum)
    if not sums or sd is None:
        return Verdict("" if sums else "grim", sums)
    reached = [_largest(n, s, q, minimum) for s in sums for q in _squares(sd, decimals, n, s)]
    found = [largest for largest in reached if largest is not None]
    if not found:
        return Verdict("grimmer", sums)
    return Verdict("", sums, min((each for each in found if each), default=None))


def _rounded(printed: float, decimals: int) -> tuple[Fraction, Fraction]:
    value, half = Fraction(str(printed)), Fraction(1, 2 * 10**decimals)
    return max(value - half, Fraction(0)), value + half


def _whole(low: Fraction, high: Fraction, n: int) -> range:
    return range(ceil(low * n), floor(high * n) + 1)


def _squares(sd: float, decimals: int, n: int, total: int) -> Iterator[int]:
    """Sums of squares that round to the SD, odd or even as the sum is."""
    low, high = _rounded(sd, decimals)
    least = Fraction(total * total, n)
    for q in range(ceil((n - 1) * low**2 + least), floor((n - 1) * high**2 + least) + 1):
        if (q - total) % 2 == 0:
            yield q


def _largest(n: int, total: int, squares: int, minimum: int) -> int | None:
    """The smallest value that the largest number can have; 0 when not searched, None when no such numbers exist."""
    excess = total - n * minimum
    over = squares - 2 * minimum * total + n * minimum**2
    if not excess <= over <= excess**2:
        return None
    if excess > _SEARCHED:
        return 0
    return next((minimum + part for part in range(isqrt(over) + 1) if _exists(n, excess, over, part)), None)


def _exists(n: int, excess: int, squares: int, part: int) -> bool:
    """Do n whole numbers from 0 to `part` have this sum and these squares? Sets of reachable squares are bits."""
    if excess > n * part or squares > excess * part:
        return False
    mask = (1 << squares + 1) - 1
    reach = [1, *[0] * excess]
    for _ in range(min(n, excess)):
        reach = [
            reach[s] | _joined(reach[s - v] << v * v & mask for v in range(1, min(part, s) + 1))
            for s in range(excess + 1)
        ]
    return bool(reach[excess] >> squares & 1)


def _joined(sets: Iterator[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found
