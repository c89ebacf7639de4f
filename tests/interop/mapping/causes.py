"""Known ways in which each engine differs from the standard or from us, and where that shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Test = Callable[[dict[str, Any], str, Any, Any], bool]


@dataclass(frozen=True)
class Cause:
    """Shapes:  holds  (task, place without indexes, our value, their value) -> whether this explains it"""

    text: str
    holds: Test


CAUSES: dict[str, tuple[Cause, ...]] = {}
