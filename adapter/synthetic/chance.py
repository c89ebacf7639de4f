"""Chance that can be played again.

Takes from: nothing.  Gives to: the other rooms of synthetic.
"""

from __future__ import annotations

import random


def make_chance(name: str, seed: int | str) -> random.Random:
    """The same name and seed throw the same dice, in every process; nothing secret may hang on them."""
    return random.Random(f"{name} {seed}")  # noqa: S311 - a reproducible play
