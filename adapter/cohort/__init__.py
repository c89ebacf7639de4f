"""The cohort described: the statistics of the founding papers, from the cases given.

Takes from: case, dates, declaration.  Gives to: web, cli.
"""

from adapter.cohort.csv import render_csv
from adapter.cohort.description import describe
from adapter.cohort.statistics import Statistics, load_statistics
from adapter.cohort.text import render_text

__all__ = ["Statistics", "describe", "load_statistics", "render_csv", "render_text"]
