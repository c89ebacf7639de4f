"""Which scopes to ask for, and what a grant leaves out.

Takes from: errors.  Gives to: hospital.granting, hospital.probing.
Source: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from adapter.errors import Json

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|[cruds]+)(\?.*)?\Z")


def served_types(capabilities: Json) -> frozenset[str]:
    """Types a CapabilityStatement lists for a server; empty when it lists none."""
    return frozenset(each["type"] for each in served_resources(capabilities) if isinstance(each.get("type"), str))


def served_resources(capabilities: Json) -> Iterator[Json]:
    """The `resource` entries of its server side."""
    for rest in _dicts(capabilities.get("rest")):
        if rest.get("mode", "server") == "server":
            yield from _dicts(rest.get("resource"))


def choose_scopes(
    wanted: Collection[str], served: Collection[str], supported: Collection[str], capabilities: Collection[str]
) -> tuple[str, ...]:
    """Read scopes for what is wanted, as far as the server serves and supports it; asking for more is refused by some.

    Shapes:  served, supported  empty when the server does not say
             capabilities       of its smart-configuration: permission-v1, permission-v2
    """
    form = "read" if _speaks_v1_only(supported, capabilities) else "rs"
    possible = [each for each in sorted(wanted) if not served or each in served]
    return tuple(f"system/{each}.{form}" for each in possible if not supported or _is_read(each, supported))


def find_missing(wanted: Iterable[str], granted: Collection[str]) -> list[str]:
    """Types that may not be read and searched as a whole with these scopes; none when they are not SMART's words."""
    if not any(map(_SCOPE.match, granted)):
        return []
    return [each for each in sorted(wanted) if not _is_read(each, granted)]


def _speaks_v1_only(supported: Collection[str], capabilities: Collection[str]) -> bool:
    if "permission-v2" in capabilities:
        return False
    forms = {match[2] for scope in supported if (match := _SCOPE.match(scope))}
    return "permission-v1" in capabilities or (bool(forms) and forms <= {"read", "write", "*"})


def _is_read(type_: str, scopes: Collection[str]) -> bool:
    """A scope with a query covers a part only, and does not count."""
    found = (match for scope in scopes if (match := _SCOPE.match(scope)))
    return any(
        match[1] in ("*", type_) and not match[3] and (match[2] in ("read", "*") or {"r", "s"} <= set(match[2]))
        for match in found
        if match[2] != "write"
    )


def _dicts(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
