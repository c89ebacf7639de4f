"""A person judges a case: recorded beside what the rule says, with who, when and why.

Takes from: errors, parts, store, eligibility.  Gives to: web, cli.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from adapter.eligibility import decide
from adapter.errors import InvalidContentError, Issue, Json, UsageError
from adapter.parts import Parts
from adapter.store import adjudications, cases
from adapter.store.adjudications import Adjudication

DECISIONS = ("eligible", "ineligible", "undetermined")
_ROLE = re.compile(r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ' -]{1,59}\Z")
# A reason speaks of findings: what looks like an identifier or an address of a person has no place in it.
_REASON = re.compile(r"(?!.*[0-9]{7})[^\x00-\x1f\x7f@]{3,500}\Z")
_EXPECTED = {
    "decision": (f"one of {', '.join(DECISIONS)}", f"un mot parmi {', '.join(DECISIONS)}"),
    "role": (
        "the office of who judges in 2 to 60 letters, never a name",
        "la fonction de qui juge, en 2 à 60 lettres, jamais un nom",
    ),
    "reason": (
        "3 to 500 characters on one line, without an address or a number of seven digits",
        "3 à 500 caractères sur une ligne, sans adresse ni nombre de sept chiffres",
    ),
}


def adjudicate(parts: Parts, case_id: str, told: Any, rule_set: str = "SA") -> Adjudication:
    """Record a judgement on the case as it stands.

    Shapes:  told  {"decision", "role", "reason"}
    Errors:  NotFoundError, GoneError; InvalidContentError; UsageError for an unknown rule set
    """
    published = parts.knowledge.published.get(rule_set)
    if published is None:
        raise UsageError(f"The rule sets are {', '.join(parts.knowledge.published)}.")
    if issues := list(_check(told)):
        raise InvalidContentError(issues)
    with parts.store.writing() as connection:
        found = cases.read(connection, case_id)
        decision = decide(found.case, published.criteria, today=parts.today())
        adjudication = Adjudication(
            id=parts.make_id(),
            case_id=found.case_id,
            version=found.version,
            rule_set=rule_set,
            criteria_version=published.criteria.version,
            rule_status=decision["status"],
            decision=told["decision"],
            role=told["role"],
            reason=told["reason"],
            made_at=parts.clock(),
        )
        adjudications.add(connection, adjudication)
    return adjudication


def read_adjudications(parts: Parts, case_id: str) -> list[Json]:
    """Every judgement on a case, oldest first.  Errors:  NotFoundError, GoneError"""
    with parts.store.reading() as connection:
        cases.read(connection, case_id)
        found = adjudications.of_case(connection, case_id)
    return [as_json(each) for each in found]


def as_json(adjudication: Adjudication) -> Json:
    told = {name: getattr(adjudication, name) for name in Adjudication.__slots__}
    return {**told, "made_at": adjudication.made_at.isoformat()}


def check_reason(reason: str) -> Iterator[Issue]:
    """What is wrong with a reason that a person gives for what he does to a case."""
    if not _REASON.match(reason):
        yield _issue("/reason", *_EXPECTED["reason"])


def _check(told: Any) -> Iterator[Issue]:
    if not isinstance(told, dict):
        yield _issue("", "an object with decision, role and reason", "un objet avec decision, role et reason")
        return
    if told.keys() - _EXPECTED.keys():
        known = ", ".join(_EXPECTED)
        yield _issue("", f"no key but {known}", f"aucune clé autre que {known}")
    rules: dict[str, Callable[[str], Any]] = {
        "decision": DECISIONS.__contains__,
        "role": _ROLE.match,
        "reason": _REASON.match,
    }
    for key, holds in rules.items():
        value = told.get(key)
        if not isinstance(value, str) or not holds(value):
            yield _issue(f"/{key}", *_EXPECTED[key])


def _issue(place: str, english: str, french: str) -> Issue:
    return Issue(
        "error", "value", place, "adjudication", f"expected {english}", "eligibility", text_fr=f"attendu : {french}"
    )
