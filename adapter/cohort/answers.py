"""What one case answers to one variable, and the logic that joins answers.

Takes from: nothing.  Gives to: the other rooms of cohort.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from adapter.errors import Json

Mark = Literal["", "midpoint", "derived", "unusable"]


class Answer(NamedTuple):
    """A truth, a number, or None when the record does not say; the mark tells how it was come by.

    Shapes:  mark  "midpoint"  a partial date stood in by its middle
                   "derived"   worked out from a measurement because the finding itself is not recorded
                   "unusable"  recorded, but impossible (an end before its start); value is None
    """

    value: bool | float | None
    mark: Mark = ""


UNKNOWN = Answer(None)

Ask = Callable[[str], Answer]
Variable = Callable[[Json, Ask], Answer]


def truth(value: bool | None) -> Answer:
    return Answer(value)


def join_all(answers: list[Answer]) -> Answer:
    """Kleene's "and"."""
    values = [answer.value for answer in answers]
    return Answer(False if False in values else None if None in values else True, _mark(answers))


def join_any(answers: list[Answer]) -> Answer:
    """Kleene's "or"."""
    values = [answer.value for answer in answers]
    return Answer(True if True in values else None if None in values else False, _mark(answers))


def _mark(answers: list[Answer]) -> Mark:
    return next((answer.mark for answer in answers if answer.mark), "")
