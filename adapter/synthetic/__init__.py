"""Patients that look real and are not: the two published cohorts, those around them, and any number of others.

Takes from: case, dates.  Gives to: demo, cli, tests.  The hospital that holds them is synthetic.hospital.
"""

from __future__ import annotations

from adapter.errors import Json, UsageError
from adapter.synthetic.any_case import synthesize
from adapter.synthetic.french_cohort import make_french_cohort
from adapter.synthetic.look_alikes import make_look_alikes
from adapter.synthetic.registry_cohort import make_cohort
from adapter.synthetic.series import make_series

__all__ = ["look_alikes", "make_cohort", "published_cohort", "synthesize"]

_COHORTS = {"SA": make_french_cohort, "SB": make_series}


def published_cohort(like: str, seed: int) -> list[Json]:
    """Cases that make a published table: 70 for SA, 17 for SB; every count, and means and SDs within 0.005.

    Errors:  UsageError for an unknown table
    """
    if like not in _COHORTS:
        raise UsageError(f"no published table '{like}'; known: {', '.join(_COHORTS)}")
    return _COHORTS[like](seed)


def look_alikes(seed: int) -> list[tuple[Json, str]]:
    """(case, why): cases that must not be taken; why starts with "ineligible: " or "undetermined: "."""
    return make_look_alikes(seed)
