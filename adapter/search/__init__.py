"""Searches in FHIR's manner: which parameters there are, what a resource is found by, what was asked for.

Takes from: dates, declaration, errors.  Gives to: store, registry, web.
Source: https://hl7.org/fhir/R4/search.html
"""

from adapter.search.asking import (
    ABOUT_THE_ANSWER,
    MAX_COUNT,
    PATIENT,
    Filter,
    Search,
    Value,
    parse_moment,
    parse_search,
)
from adapter.search.matching import matches, within
from adapter.search.parameters import Entry, index_of, load_parameters

__all__ = [
    "ABOUT_THE_ANSWER",
    "MAX_COUNT",
    "PATIENT",
    "Entry",
    "Filter",
    "Search",
    "Value",
    "index_of",
    "load_parameters",
    "matches",
    "parse_moment",
    "parse_search",
    "within",
]
