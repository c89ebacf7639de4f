"""Which id a resource has that is there already, and which one is free for a new resource.

Takes from: mapping.rules.  Gives to: mapping.putting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.errors import Json
from adapter.mapping.rules import Map


def reference_to(entry: Json) -> str:
    """How other entries of a Bundle point at this one."""
    url, resource = entry.get("fullUrl"), entry["resource"]
    by_url = isinstance(url, str) and (url.startswith("urn:") or "id" not in resource)
    return str(url) if by_url else f"{resource['resourceType']}/{resource.get('id')}"


def free_id(mapping: Map, name: str, number: int, taken: set[str]) -> str:
    """The id that the map gives an item; when it is taken, the next number, or a number behind it.

    Shapes:  name   the case's id as FHIR allows it
             taken  Type/id of every resource
    """
    plain = mapping.id.replace("{case}", name)
    made = plain.replace("{n}", str(number))
    while f"{mapping.resource}/{made}" in taken:
        number += 1
        made = plain.replace("{n}", str(number)) if "{n}" in plain else f"{plain}-{number}"
    return made


def name_references(value: Any, names: Mapping[str, str]) -> Any:
    """A copy in which references as the maps write them are those of the resources that are there.

    What the maps make shares its constant parts, and what a caller hands in may; the copy shares nothing.
    """
    if isinstance(value, dict):
        made = {name: name_references(each, names) for name, each in value.items()}
        if isinstance(target := made.get("reference"), str):
            made["reference"] = names.get(target, target)
        return made
    return [name_references(each, names) for each in value] if isinstance(value, list) else value
