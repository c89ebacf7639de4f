"""CSV of ours runs nothing in a spreadsheet, and numbers stay numbers."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.spreadsheet import csv_lines, safe_cell, write_csv

STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
BLANKS = ("", " ", "\u00a0", "\u200b", "\ufeff", " \t ")


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("starter", STARTERS)
def test_text_that_could_start_a_formula_gets_an_apostrophe(starter: str, blank: str) -> None:
    payload = f"{blank}{starter}HYPERLINK()"
    assert safe_cell(payload) == f"'{payload}"


@pytest.mark.parametrize("number", [-12.5, -1, 0, 3.0, 1e-7])
def test_numbers_are_left_alone_also_below_zero(number: float) -> None:
    assert safe_cell(number) is number


@pytest.mark.parametrize(("cell", "written"), [(None, ""), (True, "true"), (False, "false"), ("tibia", "tibia")])
def test_other_cells_are_written_plainly(cell: object, written: str) -> None:
    assert safe_cell(cell) == written


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_what_is_written_is_read_again_but_for_the_apostrophe(rows: list[list[str]]) -> None:
    text = write_csv(("one", "other"), rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[1:] == [[str(safe_cell(cell)) for cell in row] for row in rows]


def test_lines_come_one_at_a_time_so_that_a_long_table_is_never_held() -> None:
    taken = []

    def rows() -> object:
        for number in range(3):
            taken.append(number)
            yield [number]

    lines = csv_lines(("n",), rows())  # type: ignore[arg-type]
    assert (next(lines), next(lines), taken) == ("n\r\n", "0\r\n", [0])
