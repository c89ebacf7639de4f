"""The table of permissions: which route needs which, and which role and scope brings which.

Takes from: declaration, errors, scopes.  Gives to: principals, web, cli.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from adapter.declaration import Declaration, load_declaration
from adapter.errors import DeclarationError
from adapter.scopes import Scope, may

FILE = Path(__file__).with_name("permissions.yaml")
PUBLIC = "public"
_ANY_SCOPE = "a"


@dataclass(frozen=True)
class Permissions:
    """Shapes:  routes   "METHOD /pattern" -> permission
    roles    role -> permissions
    clients  letter of an interaction -> permissions
    """

    names: tuple[str, ...]
    routes: Mapping[str, str]
    roles: Mapping[str, frozenset[str]]
    clients: Mapping[str, frozenset[str]]

    def needed(self, method: str, pattern: str) -> str | None:
        """The permission a route needs; None for a route that nobody was given."""
        return self.routes.get(f"{'GET' if method == 'HEAD' else method} {pattern}")

    def of_role(self, role: str) -> frozenset[str]:
        return self.roles.get(role, frozenset())

    def of_scopes(self, scopes: Iterable[Scope]) -> frozenset[str]:
        held = list(scopes)
        brought = [brings for letter, brings in self.clients.items() if letter == _ANY_SCOPE or may(held, "*", letter)]
        own = {scope.allowed for scope in held if not scope.type} & set(self.names)
        return frozenset(own).union(*brought) if held else frozenset()


@cache
def load_permissions() -> Permissions:
    """Errors:  DeclarationError for a permission that is not declared, or a route that is there twice"""
    declaration = load_declaration(FILE, "permissions")
    if problems := list(_check(declaration)):
        raise DeclarationError(problems)
    data = declaration.data
    return Permissions(
        names=tuple(data["permissions"]),
        routes={route: permission for permission, routes in data["routes"].items() for route in routes},
        roles={role: frozenset(brings) for role, brings in data["roles"].items()},
        clients={letter: frozenset(brings) for letter, brings in data["clients"].items()},
    )


def _check(declaration: Declaration) -> Iterator[str]:
    data, seen = declaration.data, set()
    for part in ("roles", "clients"):
        for name, brings in data[part].items():
            unknown = sorted(set(brings) - set(data["permissions"]))
            if unknown:
                yield f"{declaration.at((part, name))} A001 not declared under permissions: {', '.join(unknown)}"
    for permission, routes in data["routes"].items():
        if permission not in data["permissions"]:
            yield f"{declaration.at(('routes', permission))} A001 not declared under permissions: {permission}"
        for index, route in enumerate(routes):
            if route in seen:
                yield f"{declaration.at(('routes', permission, index))} A002 this route is given twice"
            seen.add(route)
