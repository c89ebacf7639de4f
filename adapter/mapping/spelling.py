"""The name somebody probably meant.

Takes from: nothing above the standard library.  Gives to: mapping.language, mapping.checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message: "; did you mean 'x'?", or nothing when no known name is near."""
    folded = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return f"; did you mean '{folded[near[0]]}'?" if near else ""
