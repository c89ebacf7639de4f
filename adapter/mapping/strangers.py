"""Codes that stand where a rule looks, and that its table does not know: what a table may have to learn.

Takes from: mapping.rules, mapping.select.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from adapter.errors import Json
from adapter.mapping.rules import Language, Map, Rule
from adapter.mapping.select import collect
from adapter.mapping.tables import Table

Stranger = tuple[str, str, str]


def rule_named(language: Language, issue_rule: str) -> tuple[Map, Rule, Table] | None:
    """The rule that an issue "mapping:required:diagnosis.code" speaks of, when it reads codes by a table."""
    kind, _, rest = issue_rule.partition(":")
    name = rest.partition(":")[2]
    for mapping in language.maps if kind == "mapping" and name else ():
        for rule in (leaf for each in mapping.rules for leaf in each.leaves()):
            table = rule.codec.table
            if rule.id == name and table is not None and table.kind == "concept":
                return mapping, rule, table
    return None


def strangers(mapping: Map, rule: Rule, table: Table, resources: list[Json]) -> Counter[Stranger]:
    """(system, code, display) of what the table does not know, each resource counting it once.

    Shapes:  resources  that no other map has taken
    """
    found: Counter[Stranger] = Counter()
    paths = [leaf.fhir.reach for leaf in rule.leaves() if leaf.fhir.steps]
    for resource in (each for each in resources if each.get("resourceType") == mapping.resource):
        concepts = [concept for path in paths for concept in collect(resource, path)]
        found.update({each for concept in concepts for each in _unknown(concept, table)})
    return found


def _unknown(concept: Any, table: Table) -> Iterator[Stranger]:
    """Codings of a concept of which the table knows none; those that name no system can be put into no table."""
    listed = concept.get("coding", [concept]) if isinstance(concept, dict) else []
    codings = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if table.find(codings) is not None:
        return
    for coding in codings:
        told = tuple(coding.get(name) for name in ("system", "code"))
        if all(isinstance(each, str) and each for each in told):
            yield str(told[0]), str(told[1]), str(coding.get("display") or "")[:80]
