"""A girl with CRMO and what else is said of her, and the row of the cohort's table that comes of such cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapter.cohort import describe, load_statistics
from adapter.errors import Json

MAPPINGS = Path(__file__).parents[2] / "mappings"
STATISTICS = {like: load_statistics(MAPPINGS, like) for like in ("SA", "SB")}


def make_case(**sections: Any) -> Json:
    return {"case_id": "c1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}, **sections}


def row(identity: str, *cases: Json) -> Json:
    like = "SA" if identity.startswith("A") else "SB"
    return next(each for each in describe(cases, STATISTICS[like]) if each["id"] == identity)
