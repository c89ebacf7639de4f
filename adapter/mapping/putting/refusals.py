"""Why a changed case is not written: told by place and rule, never by value.

Takes from: errors, mapping.rules.  Gives to: mapping.putting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adapter.errors import InvalidContentError, Issue, Json
from adapter.mapping.rules import Rule


def ensure_readable(issues: Iterable[Issue]) -> None:
    """Errors:  InvalidContentError: what cannot be read cannot be changed without harm"""
    if blocking := [issue for issue in issues if issue.blocks]:
        raise InvalidContentError(blocking)


def ensure_one_case(told: Json, case: Json) -> None:
    """Errors:  InvalidContentError when the resources are those of another case"""
    if told.get("case_id", case["case_id"]) != case["case_id"]:
        text = "these resources carry the pseudonym of another case; nothing is written onto them"
        french = "ces ressources portent le pseudonyme d'un autre cas ; rien n'y est écrit"
        raise InvalidContentError([_issue("business-rule", "/case_id", "mapping:put:case", text, french)])


def ambiguous(name: str, match: Sequence[str]) -> Issue:
    told = f"the fields {', '.join(match)}" if match else "what they say"
    text = f"several items agree in {told}: which resource tells of which of them cannot be known"
    french = "plusieurs éléments ne se distinguent pas : quelle ressource parle duquel, nul ne peut le savoir"
    return _issue("multiple-matches", f"/{name}", "mapping:put:ambiguous", text, french)


def unread(place: str, rule: Rule, target: tuple[str | int, ...]) -> Issue:
    """Something stands there that no rule understands, and the case would be written over it."""
    pointer = "".join(f"/{part}" for part in target)
    text = f"'{place}' holds something that the map cannot read; it is not written over"
    french = f"« {place} » contient ce que la carte ne sait pas lire ; rien n'est écrit par-dessus"
    return _issue("not-supported", pointer, f"mapping:put:{rule.id}", text, french, rule.origin)


def stubborn(told: Json, case: Json) -> Iterator[Issue]:
    """What would not be read back as it should be: it stands where no rule can write, or in a resource of its own."""
    for name in dict.fromkeys([*case, *told]):
        if told.get(name) != case.get(name):
            text = "these resources would not tell the changed case: they say otherwise where no rule can write"
            french = (
                "ces ressources ne diraient pas le cas modifié : aucune règle n'écrit là où elles disent autre chose"
            )
            yield _issue("not-supported", f"/{name}", "mapping:put:unwritable", text, french)


def _issue(kind: str, place: str, rule: str, text: str, french: str, origin: str = "") -> Issue:
    return Issue("error", kind, place, rule, text, "mapping", origin=origin, text_fr=french)
