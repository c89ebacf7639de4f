"""Behind a number: which patients are in it, and what in their records makes them so.

Takes from: errors, parts, cohort, describing.counting.  Gives to: describing.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.cohort import places_of
from adapter.describing.counting import Screened
from adapter.errors import Json, UsageError
from adapter.parts import Parts, Published

_ANSWERS = {True: "yes", False: "no", None: "unknown"}


def find_answers(parts: Parts, published: Published, identity: str) -> Iterator[Json]:
    """Every included case of a row's denominator, by pseudonym, with its answer and where that stands.

    Shapes:  identity  a row of the table, or the name of a derived variable
             returns   {"case_id", "answer": "yes|no|unknown" or a number or a word, "by", "evidence": [{"resource",
                       "expression", "case"}]}; `by` tells how it was come by otherwise than as recorded
    Errors:  UsageError when there is no such row or variable
    """
    statistics = published.statistics
    variables = statistics.derivation.declaration.data["variables"]
    name, of = find_asked(published, identity)
    derivation = statistics.derivation.only({name, of} - {""})
    for case in Screened(published).cases(parts):
        row = derivation.row(case)
        if not of or row[of]:
            locate = parts.knowledge.mappings.locate(case)
            places = list(places_of(name, variables, case)) if name else []
            evidence = [dict(zip(("resource", "expression"), locate(at), strict=True)) | {"case": at} for at in places]
            answer = row[name] if name else True
            told = _ANSWERS[answer] if answer in (True, False, None) and not isinstance(answer, float) else answer
            yield {"case_id": case["case_id"], "answer": told, "by": row.get(f"{name}_by", ""), "evidence": evidence}


def find_asked(published: Published, identity: str) -> tuple[str, str]:
    """(variable, denominator) behind a row or a name.  Errors:  UsageError when there is no such row or variable"""
    statistics = published.statistics
    for row in statistics.rows:
        if row["id"] == identity:
            most = row.get("most_frequent", {})
            return row.get("measure") or row.get("count") or most.get("all", ""), row["of"]
    for column in statistics.derivation.columns:
        if column.name == identity:
            return column.name, column.of
    rows = f"{statistics.rows[0]['id']} to {statistics.rows[-1]['id']}"
    raise UsageError(f"There is no such number; rows are {rows}, variables are those of derived.yaml.")
