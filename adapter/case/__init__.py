"""Is this a case? Its shape against the schema, then what the fields say about each other.

Takes from: declaration, dates.  Gives to: eligibility, store, inbound, web, cli.
Source: adapter/schemas/case.schema.json, mappings/consistency.yaml
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from adapter.case.consistency import Consistency, Rule, load_consistency
from adapter.case.shape import case_shape
from adapter.declaration import Violation, find_violations
from adapter.errors import Issue

__all__ = ["Consistency", "check_case", "load_consistency"]

_ISSUE_TYPES = {"required": "required", "enum": "code-invalid", "const": "value", "pattern": "value", "format": "value"}


def check_case(case: Any, consistency: Consistency, *, today: date) -> list[Issue]:
    """Everything wrong with a case: its schema first and, when the shape holds, its consistency.

    Shapes:  case     parsed JSON, of any shape
             returns  issues of stage "case"; expression is a JSON pointer, rule "case:<keyword or rule id>"
    Errors:  none raised; no text ever shows a value of the case
    """
    violations = [] if case_shape()(case) else [_violation(each) for each in find_violations("case", case)]
    return violations or list(_inconsistencies(case, consistency, today))


def _violation(violation: Violation) -> Issue:
    kind = _ISSUE_TYPES.get(violation.keyword, "structure")
    pointer = "".join(f"/{_escape(str(part))}" for part in violation.pointer)
    return Issue("error", kind, pointer, f"case:{violation.keyword}", violation.expected, stage="case")


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _inconsistencies(case: Any, consistency: Consistency, today: date) -> Iterator[Issue]:
    breaches = consistency.breaches(case, today)
    for rule in consistency.rules:
        for pointer in breaches.get(rule.id, []):
            yield _breach(rule, pointer)


def _breach(rule: Rule, pointer: str) -> Issue:
    return Issue(
        rule.severity,
        "business-rule",
        pointer,
        f"case:{rule.id}",
        rule.text,
        stage="case",
        origin=rule.origin,
        text_fr=rule.text_fr,
    )
