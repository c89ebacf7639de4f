"""What of a received Bundle may be read: R4 is checked, and what nobody can read is taken out, not the whole.

A hospital's record is rarely flawless, and most flaws cost the registry nothing. So at the door an error counts by
its tier: what makes an entry useless blocks it; what costs a field is told with the field's name; the rest is told.
An element that is not what R4 says (a number where a Coding should be, 30 February) is left unread.

Takes from: validation, tiers, mapping, errors.  Gives to: judgement, web.
Source: https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from adapter.errors import Issue, Json, Severity
from adapter.mapping import Mappings
from adapter.tiers import COSTS_NOTHING, Tier, Tiers
from adapter.validation import Policy, Validator

# Hospitals have extensions of their own; not knowing one is no fault of theirs.
AT_THE_DOOR = Policy(unknown_extensions="warning")
# Rules whose breach makes the element itself unreadable; all others speak of something beside it.
_UNREADABLE = (
    *("null", "empty-string", "blank-string", "empty-object", "empty-array"),
    *("not-an-object", "not-a-list", "list-not-allowed", "json-type"),
    *("primitive", "primitive-date", "primitive-dateTime", "primitive-instant", "no-such-day"),
)
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]\.resource")
_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+)\])?")


def admit(bundle: Json, validator: Validator, mappings: Mappings, tiers: Tiers) -> tuple[Json, list[Issue]]:
    """The Bundle without its unreadable elements, and what is wrong with it.

    What is wrong with the Bundle around the resources (a fullUrl that is not there, say) costs no case and is left
    to $validate.

    Shapes:  bundle   of an R4 release, not altered
             returns  the same object when nothing had to be taken out; errors are those that block their entry
    Errors:  none
    """
    found = [issue for issue in validator.validate(bundle) if issue.blocks and _ENTRY.match(issue.expression)]
    weighed = [_weighed(issue, bundle, mappings, tiers) for issue in found]
    # Each place once and the last first: what is taken out must not move what is still to be taken out.
    for place in sorted({issue.expression for issue in found if issue.rule in _UNREADABLE}, key=_order, reverse=True):
        bundle = without(bundle, place)
    return bundle, weighed


def _order(expression: str) -> str:
    return re.sub(r"\d+", lambda digits: digits[0].zfill(9), expression)


def _weighed(issue: Issue, bundle: Json, mappings: Mappings, tiers: Tiers) -> Issue:
    """The issue with the severity of its tier, and the registry fields it costs."""
    tier = cost_of(issue, bundle, mappings, tiers)
    severity: Severity = "error" if tier.blocks else "warning"
    return replace(issue, severity=severity, stage="structure", field=", ".join(tier.fields))


def cost_of(issue: Issue, document: Json, mappings: Mappings, tiers: Tiers) -> Tier:
    """What an issue of the validator costs the registry, in a Bundle or in a resource by itself."""
    resource, place = _about(issue.expression, document)
    if not isinstance(resource, dict):
        return COSTS_NOTHING
    profile, case = mappings.profile_of(resource)
    tier = tiers.of(profile, place, issue.rule)
    fields = tuple(each for each in tier.fields if each.startswith(case)) or tier.fields
    return Tier(tier.blocks and issue.rule not in _UNREADABLE, fields)


def _about(expression: str, document: Json) -> tuple[Any, str]:
    """The resource that a place is in, and the place as that resource would say it."""
    if document.get("resourceType") != "Bundle":
        return document, expression
    found = _ENTRY.match(expression)
    if found is None:
        return None, ""
    resource = document["entry"][int(found[1])].get("resource")  # an entry may have none but say "_resource"
    kind = resource.get("resourceType") if isinstance(resource, dict) else ""
    return resource, f"{kind}{expression[found.end() :]}"


def without(document: Json, expression: str) -> Json:
    """A copy that lacks the element at a FHIRPath of names and indexes; the rest is shared with the original."""
    steps: list[str | int] = []
    for name, index in _STEP.findall(expression)[1:]:
        steps += [name, int(index)] if index else [name]
    copied: Json = _without(document, steps)
    return copied


def _without(value: Any, steps: list[str | int]) -> Any:
    if not steps:
        return None
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict) and step in value:
        left = _without(value[step], rest)
        kept = {name: left if name == step else each for name, each in value.items()}
        return {name: each for name, each in kept.items() if name != step or left is not None}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        left = _without(value[step], rest)
        return [*value[:step], *([] if left is None else [left]), *value[step + 1 :]]
    return value
