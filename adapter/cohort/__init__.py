"""The cohort described: derived variables of every case, and the statistics of the founding papers over them.

Takes from: case, dates, declaration.  Gives to: describing, exports, figures, web, cli.
"""

from adapter.cohort.answers import MARKS
from adapter.cohort.csv import render_csv
from adapter.cohort.derivation import Column, Derivation, load_derivation
from adapter.cohort.description import contract_row, count_not_usable, describe, describe_groups, describe_table
from adapter.cohort.members import words_in
from adapter.cohort.reading import places_of
from adapter.cohort.statistics import Statistics, load_statistics
from adapter.cohort.table import Table, tabulate
from adapter.cohort.text import render_description, render_text

__all__ = [
    "MARKS",
    "Column",
    "Derivation",
    "Statistics",
    "Table",
    "contract_row",
    "count_not_usable",
    "describe",
    "describe_groups",
    "describe_table",
    "load_derivation",
    "load_statistics",
    "places_of",
    "render_csv",
    "render_description",
    "render_text",
    "tabulate",
    "words_in",
]
