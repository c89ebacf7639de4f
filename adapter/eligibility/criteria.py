"""Criteria as loaded: read from mappings/criteria.yaml, proven, compiled once.

Takes from: declaration, case, eligibility.conditions, eligibility.proof.  Gives to: eligibility.decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.case.consistency import Consistency, load_consistency
from adapter.case.items import Holds
from adapter.declaration import Declaration, load_declaration
from adapter.eligibility.conditions import Condition, compile_condition
from adapter.eligibility.proof import check_criteria
from adapter.errors import DeclarationError, Json, UsageError

Text = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One line of a criterion: when it holds, the value, why. `when` None: always.

    Shapes:  settle, datum  what would settle an unknown, in words and as the field of the case
    """

    when: Condition | None
    value: bool | None
    reason: Text
    settle: Text | None
    datum: str


@dataclass(frozen=True)
class Criterion:
    id: str
    exclude: bool
    label: Text
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Criteria:
    rule_set: str
    version: str
    criteria: tuple[Criterion, ...]
    consistency: Consistency


def read_criteria(folder: Path, rule_set: str) -> tuple[Criteria, Declaration]:
    """Read, prove and compile one rule set; the declaration comes along for the proofs that need a decision.

    Errors:  DeclarationError with every problem as "file:line:col code message"; UsageError for an unknown rule set
    """
    consistency = load_consistency(folder)
    declaration = load_declaration(folder / "criteria.yaml", "criteria")
    if problems := list(check_criteria(declaration, {rule.id for rule in consistency.rules})):
        raise DeclarationError(problems)
    data = declaration.data
    if rule_set not in data["rule_sets"]:
        raise UsageError(f"no rule set '{rule_set}'; known: {', '.join(data['rule_sets'])}")
    lists = {name: _compile_list(listed, data["systems"]) for name, listed in data["lists"].items()}
    by_id = {declared["id"]: declared for declared in data["criteria"]}
    chosen = tuple(_compile_criterion(by_id[name], lists) for name in data["rule_sets"][rule_set]["criteria"])
    return Criteria(rule_set, data["version"], chosen, consistency), declaration


def _compile_criterion(declared: Json, lists: Mapping[str, Holds]) -> Criterion:
    rows = tuple(_compile_row(row, lists) for row in declared["rows"])
    return Criterion(declared["id"], declared.get("exclude", False), declared["label"], rows)


def _compile_row(row: Json, lists: Mapping[str, Holds]) -> Row:
    when = compile_condition(row["when"], lists) if "when" in row else None
    value = row["value"] if "when" in row else row["otherwise"]
    return Row(when, None if value == "unknown" else value, row["reason"], row.get("settle"), row.get("datum", ""))


def _compile_list(listed: Json, systems: Json) -> Holds:
    """A list of words holds a word; a list of codes holds a coding whose code starts with one of them."""
    if "values" in listed:
        return frozenset(listed["values"]).__contains__
    prefixes: dict[str, tuple[str, ...]] = {}
    for code in listed["codes"]:
        for uri in systems[code["system"]]["uris"]:
            prefixes[uri] = (*prefixes.get(uri, ()), _plain(code["code"]))
    exact = {uri for system in systems.values() if system["match"] == "whole" for uri in system["uris"]}

    def holds(coding: Any) -> bool:
        known, code = prefixes.get(coding["system"], ()), _plain(coding["code"])
        return code in known if coding["system"] in exact else code.startswith(known) if known else False

    return holds


def _plain(code: str) -> str:
    """Codes come with and without the dot, and ORPHA and HPO codes with and without their name in front."""
    return code.replace(".", "").upper().removeprefix("ORPHA:").removeprefix("ORPHANET_").removeprefix("HP:")
