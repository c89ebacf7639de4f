"""Eligibility: the registry's criteria, a case, and a decision with its evidence.

Takes from: case, dates, declaration.  Gives to: inbound, screen, cohort, web, cli.
"""

from adapter.eligibility.criteria import Criteria
from adapter.eligibility.decision import decide, load_criteria

__all__ = ["Criteria", "decide", "load_criteria"]
