"""What one case answers to one variable: a truth of three values, a number, or a word; and how it was come by.

Truths are small integers, so that a million answers are a million bytes.

Takes from: errors.  Gives to: the other rooms of cohort.
Source: S. C. Kleene's strong three-valued logic
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any, NamedTuple

from adapter.errors import Json

NO, YES, UNKNOWN = 0, 1, 2
NOT_KNOWN = nan

# A partial date stood in by its middle; worked out from a measurement because the finding is not recorded; recorded,
# but impossible.
MARKS = ("", "midpoint", "derived", "unusable")
AS_RECORDED, MIDPOINT, DERIVED, UNUSABLE = range(len(MARKS))

# One step of the work: the case, and what the earlier steps found.
Work = Callable[[Json, list[Any]], Any]


class Expression(NamedTuple):
    """The same as Python text, for a step that is a matter of one line: a call less for every case.

    Shapes:  text       of `case` and `found`; $0, $1 stand for the constants, EMPTY for a section that is silent
    """

    text: str
    constants: tuple[Any, ...] = ()


Step = Work | Expression


def truth(value: bool | None) -> int:
    return UNKNOWN if value is None else int(value)


def join_all(values: list[int]) -> int:
    """Kleene's "and"."""
    return NO if NO in values else UNKNOWN if UNKNOWN in values else YES


def join_any(values: list[int]) -> int:
    """Kleene's "or"."""
    return YES if YES in values else UNKNOWN if UNKNOWN in values else NO
