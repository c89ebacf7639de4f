"""What holds across a whole resource: contained resources are plain, named and used; element ids are unique.

Takes from: validation.problem.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/references.html#contained
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.problem import Check, Found, Problem

if TYPE_CHECKING:
    from adapter.validation.scope import Scope


def _check_contained(value: Any, scope: Scope) -> Found:
    """dom-2 to dom-5: what is contained is plain, and something refers to it."""
    contained = value.get("contained")
    if type(contained) is not list or scope.root is not value:
        return None
    found: list[Problem] = []
    texts: set[str] | None = None
    seen: set[str] = set()
    for index, item in enumerate(contained):
        if type(item) is not dict:
            continue
        if "contained" in item:
            found.append(Problem("contained-nested").at("contained", index))
        meta = item.get("meta")
        if type(meta) is dict and (meta.keys() & {"versionId", "lastUpdated", "security"}):
            found.append(Problem("contained-meta").at("contained", index, "meta"))
        if type(item.get("id")) is not str:
            found.append(Problem("contained-no-id").at("contained", index))
            continue
        if item["id"] in seen:
            found.append(Problem("duplicate-contained-id").at("contained", index))
        seen.add(item["id"])
        texts = _mentions(value) if texts is None else texts
        if f"#{item['id']}" not in texts and not _refers_back(item):
            found.append(Problem("contained-unused").at("contained", index))
    return found or None


_ANCHOR = re.compile(r"""(?:href|src)\s*=\s*["'](#[^"']+)["']""")


def _mentions(value: Any) -> set[str]:
    """Every local reference in a resource: reference, canonical and uri values, and links of the narrative."""
    found: set[str] = set()
    pending = [value]
    while pending:
        node = pending.pop()
        if type(node) is dict:
            pending.extend(node.values())
        elif type(node) is list:
            pending.extend(node)
        elif type(node) is str:
            if node[:1] == "#":
                found.add(node)
            elif node[:1] == "<":
                found.update(_ANCHOR.findall(node))
    return found


def _refers_back(item: Json) -> bool:
    return "#" in _mentions(item)


def _check_unique_ids(value: Any, scope: Scope) -> Found:
    """Element ids are unique within their resource."""
    if not scope.has_element_ids:
        return None
    seen: set[str] = set()
    pending: list[tuple[Any, tuple[str | int, ...], bool]] = [(value, (), True)]
    while pending:
        node, steps, top = pending.pop()
        if type(node) is dict:
            found = node.get("id")
            if not top and type(found) is str and "resourceType" not in node:
                if found in seen:
                    return [Problem("duplicate-element-id").at(*steps, "id")]
                seen.add(found)
            if top or "resourceType" not in node:
                pending.extend((item, (*steps, key), False) for key, item in node.items() if type(item) in (dict, list))
        else:
            pending.extend((item, (*steps, n), False) for n, item in enumerate(node) if type(item) is dict)
    return None


ANY_RESOURCE: tuple[Check, ...] = (_check_contained, _check_unique_ids)
