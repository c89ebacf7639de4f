"""Is this case one of ours? Three-valued, with every reason, its evidence and what would settle an open question.

Takes from: case, eligibility.criteria.  Gives to: inbound, screen, cohort, web, cli.
Source: S. C. Kleene's strong three-valued logic; mappings/criteria.yaml
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from adapter.case.fields import allowed_values, read_field
from adapter.eligibility.conditions import Facts
from adapter.eligibility.criteria import Criteria, Criterion, Row, read_criteria
from adapter.errors import DeclarationError, Json

Language = Literal["en", "fr"]
Locate = Callable[[str], tuple[str, str]]

# The proof below needs a day; no rule that an empty case could meet depends on which.
_ANY_DAY = date(2000, 1, 1)
_VALUES = {True: "true", False: "false", None: "unknown"}


def load_criteria(folder: Path, rule_set: str = "SA") -> Criteria:
    """Read <folder>/criteria.yaml and consistency.yaml, prove them, compile one rule set.

    Errors:  DeclarationError (schema, unknown field, word, code, rule; E007 when a case that says nothing but a
             diagnosis code would be eligible); UsageError when there is no such rule set
    """
    criteria, declaration = read_criteria(folder, rule_set)
    for case in _silent_cases():
        if decide(case, criteria, today=_ANY_DAY)["status"] == "eligible":
            place = declaration.at(("rule_sets", rule_set))
            raise DeclarationError(f"{place} E007 a case that says nothing would be eligible")
    return criteria


def _silent_cases() -> Iterable[Json]:
    yield {}
    for code in allowed_values("diagnosis.code") or []:
        yield {"case_id": "empty", "patient": {"sex": "unknown"}, "diagnosis": {"code": code}}


def decide(
    case: Json, criteria: Criteria, *, today: date, locate: Locate | None = None, language: Language = "en"
) -> Json:
    """Decide one case that its schema accepts.

    Shapes:  returns  {"status": "eligible|ineligible|undetermined", "criteria": [{"id", "value", "reason",
                      "evidence": [{"resource", "expression", "case"}], "settle", "datum" (only when unknown)}]}
             locate   JSON pointer into the case -> (resource, FHIRPath); without it the evidence is the case's own
    Units:   today is a calendar day; dates after it are data errors
    Errors:  none; contradicting data is unknown, never clipped
    """
    facts = Facts(case, criteria.consistency.breaches(case, today))
    judged = [(criterion, *_judge(criterion, facts)) for criterion in criteria.criteria]
    return {
        "status": _status((criterion, row.value) for criterion, row, _ in judged),
        "criteria": [
            _report(criterion, row, [_evidence(pointer, locate) for pointer in pointers], language)
            for criterion, row, pointers in judged
        ],
    }


def _judge(criterion: Criterion, facts: Facts) -> tuple[Row, tuple[str, ...]]:
    for row in criterion.rows[:-1]:
        if row.when and (evidence := row.when(facts)) is not None:
            return row, evidence or _asked(row, facts.case)
    return criterion.rows[-1], _asked(criterion.rows[-1], facts.case)


def _asked(row: Row, case: Json) -> tuple[str, ...]:
    """An open question that rests on nothing of its own rests on the datum it asks for, as far as that is recorded."""
    places = read_field(case, row.datum) if row.datum else ()
    return tuple(f"{at}/{next(iter(held))}" if isinstance(held, dict) and held else at for at, held in places)


def _status(judged: Iterable[tuple[Criterion, bool | None]]) -> str:
    """Every inclusion and no exclusion, joined by Kleene's "and": one certain failure decides, one unknown delays."""
    met = [value if value is None else value is not criterion.exclude for criterion, value in judged]
    if False in met:
        return "ineligible"
    return "undetermined" if None in met else "eligible"


def _report(criterion: Criterion, row: Row, evidence: list[Json], language: Language) -> Json:
    report: Json = {
        "id": criterion.id,
        "value": _VALUES[row.value],
        "reason": row.reason[language],
        "evidence": evidence,
    }
    return {**report, "settle": row.settle[language], "datum": row.datum} if row.settle else report


def _evidence(pointer: str, locate: Locate | None) -> Json:
    resource, expression = locate(pointer) if locate else ("case", pointer)
    return {"resource": resource, "expression": expression, "case": pointer}
