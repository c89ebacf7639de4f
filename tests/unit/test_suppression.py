"""Nobody can work out a hidden cell from the sums: an attacker's best is tried on random tables.

`make suppression` tries 10,000 tables instead of 300.
"""

from __future__ import annotations

import os
import random

import numpy
import pytest
from scipy.optimize import linprog

from adapter.exports.suppression import PLAY, THRESHOLD_OUTSIDE, merge_small, protect

TABLES = int(os.environ.get("SUPPRESSION_TABLES", "300"))
SHAPES = [(2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (5, 3)]


def random_table(rng: random.Random) -> list[list[int]]:
    """Many small cells, some zeros, some large ones; row and column sums of any size."""
    rows, columns = rng.choice(SHAPES)
    return [[rng.choice((0, rng.randint(1, 10), rng.randint(1, 40), rng.randint(20, 400))) for _ in range(columns)]
            for _ in range(rows)]  # fmt: skip


def possible_range(table: list[list[int]], hidden: set[tuple[int, int]], cell: tuple[int, int]) -> tuple[float, float]:
    """What an attacker who knows every sum, and that a hidden cell is at least 1, can still think possible.

    The sums of rows and columns make a matrix whose vertices are whole numbers, so the bounds are those of counts.
    """
    order = sorted(hidden)
    lines = [("row", i) for i in range(len(table))] + [("column", j) for j in range(len(table[0]))]
    matrix = [[float(place == (i if kind == "row" else j)) for i, j in order] for kind, place in lines]
    sums = [sum(table[i][j] for i, j in order if place == (i if kind == "row" else j)) for kind, place in lines]
    goal = numpy.zeros(len(order))
    goal[order.index(cell)] = 1
    found = [linprog(sign * goal, A_eq=matrix, b_eq=sums, bounds=(1, None)) for sign in (1, -1)]
    return found[0].fun, -found[1].fun


def test_no_hidden_cell_can_be_recovered_from_the_sums() -> None:
    rng = random.Random(2011)  # noqa: S311
    shown = 0
    for _ in range(TABLES):
        table = random_table(rng)
        hidden = protect(table)
        if hidden is None:
            continue
        shown += 1
        for cell in sorted(hidden)[:: 1 if TABLES > 300 else 4]:
            low, high = possible_range(table, hidden, cell)
            assert high - low >= PLAY - 1e-6, (table, hidden, cell)
    assert shown > TABLES / 3, "a rule that withholds every table protects nothing worth having"


def test_every_small_cell_is_hidden_and_no_zero() -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(TABLES):
        table = random_table(rng)
        hidden = protect(table) or {(i, j) for i, row in enumerate(table) for j, n in enumerate(row) if n}
        small = {(i, j) for i, row in enumerate(table) for j, n in enumerate(row) if 0 < n < THRESHOLD_OUTSIDE}
        assert small <= hidden
        assert all(table[i][j] for i, j in hidden)


def test_a_table_without_small_cells_is_shown_whole() -> None:
    assert protect([[20, 30], [0, 11]]) == set()


def test_one_small_cell_takes_the_cheapest_rectangle_with_it() -> None:
    assert protect([[3, 50, 90], [60, 40, 80], [70, 95, 99]]) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_small_cell_that_the_sums_give_away_withholds_the_table() -> None:
    """The row has nobody else: its sum is the cell."""
    assert protect([[3, 0], [40, 50]]) is None


def test_four_ones_are_not_hidden_by_each_other_alone() -> None:
    """All sums are 2 and hidden cells are at least 1, so each would be known to be 1."""
    assert protect([[1, 1], [1, 1]]) is None


def test_a_threshold_of_one_hides_nothing() -> None:
    assert protect([[1, 2], [3, 4]], threshold=1) == set()


@pytest.mark.parametrize(
    ("counts", "groups"),
    [
        ({"girls": 46, "boys": 24}, {"girls": ("girls",), "boys": ("boys",)}),
        ({"girls": 46, "boys": 24, "unknown": 3}, {"girls": ("girls",), "boys + unknown": ("boys", "unknown")}),
        ({"a": 4, "b": 4, "c": 4, "d": 40}, {"a + b + c": ("a", "b", "c"), "d": ("d",)}),
        ({"girls": 5, "boys": 5}, {}),
        ({}, {}),
    ],
)
def test_groups_that_are_too_small_are_put_together(counts: dict[str, int], groups: dict[str, tuple[str, ...]]) -> None:
    assert merge_small(counts) == groups
