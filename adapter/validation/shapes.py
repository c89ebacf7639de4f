"""The closures a snapshot is compiled to: an object, a list, a choice of types.

Takes from: validation.problem.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.problem import Check, Found, Problem, under

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Choice:
    """A group such as onset[x]: which members may carry it, and whether one must."""

    name: str
    members: frozenset[str]
    required: bool


@dataclass(slots=True)
class ObjectShape:
    """What an object may and must hold. Filled while compiling, frozen into a closure by `compiled`."""

    members: dict[str, Check] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    shadows: dict[str, tuple[bool, Check]] = field(default_factory=dict)
    whole: list[Check] = field(default_factory=list)

    def compiled(self) -> Check:
        get, required, whole = self.members.get, tuple(self.required), tuple(self.whole)
        choices = tuple(self.choices)
        variants = frozenset().union(*(choice.members for choice in choices)) if choices else _NOTHING
        chosen = tuple(choice.members for choice in choices if choice.required)
        unknown = self._make_unknown()

        def check(value: Any, scope: Scope) -> Found:
            if type(value) is not dict or not value:
                return _not_an_object(value)
            found: Found = [Problem("empty-object")] if len(value) == 1 and "id" in value else None
            for key, item in value.items():
                known = get(key)
                more = known(item, scope) if known is not None else unknown(key, value, scope)
                if more and (more := _without_shadowed_nulls(more, key, value)):
                    found = _joined(found, under(key, more))
            for name in required:
                if name not in value and "_" + name not in value:
                    found = [*(found or ()), Problem("min", element=name, min=1)]
            if variants and _may_break(value, variants, chosen):
                found = _check_choices(choices, value, found)
            for rule in whole:
                if more := rule(value, scope):
                    found = _joined(found, more)
            return found

        return check

    def _make_unknown(self) -> Callable[[str, Json, Scope], Found]:
        shadows, names = self.shadows, list(self.members)

        def unknown(key: str, owner: Json, scope: Scope) -> Found:
            shadow = shadows.get(key[1:]) if key.startswith("_") else None
            if shadow is None:
                return [Problem("unknown-element", element=key, among=names)]
            is_list, element = shadow
            if is_list:
                return _check_shadows(owner, key, element, scope)
            found = element(owner[key], scope)
            return found if key[1:] in owner or found else _check_lone_shadow(owner[key])

        return unknown


def _joined(found: Found, more: list[Problem]) -> list[Problem]:
    """In place: a list of a hundred thousand defects must not be copied for each of them."""
    if found is None:
        return more
    found.extend(more)
    return found


def _not_an_object(value: Any) -> Found:
    if type(value) is dict:
        return [Problem("empty-object")]
    return [Problem("null" if value is None else "list-not-allowed" if type(value) is list else "not-an-object")]


def _may_break(value: Json, variants: frozenset[str], chosen: tuple[frozenset[str], ...]) -> bool:
    """Cheap and sure to see a choice that is made twice or not at all; the careful look follows."""
    keys = value.keys()
    if len(keys & variants) > 1:
        return True
    for members in chosen:  # noqa: SIM110  # runs on every object with a choice; any() costs twice as much
        if keys.isdisjoint(members):
            return True
    return False


def _check_choices(choices: tuple[Choice, ...], value: Json, found: Found) -> Found:
    for choice in choices:
        present = {key.removeprefix("_") for key in value} & choice.members
        if len(present) > 1:
            problem = Problem("choice-twice", element=choice.name, present=", ".join(sorted(present)))
            found = [*(found or ()), problem]
        elif choice.required and not present:
            found = [*(found or ()), Problem("min", element=choice.name, min=1)]
    return found


def _check_lone_shadow(shadow: Any) -> Found:
    """Without a value there must be an extension to say why."""
    return [Problem("empty-object")] if type(shadow) is dict and "extension" not in shadow else None


def _check_shadows(owner: Json, key: str, element: Check, scope: Scope) -> Found:
    """The ids and extensions of a list of primitives stand in a list of the same length."""
    shadows, values = owner[key], owner.get(key[1:])
    if type(shadows) is not list or not shadows:
        return [Problem("not-a-list" if type(shadows) is not list else "empty-array")]
    if type(values) is list and len(values) != len(shadows):
        return [Problem("shadow-length", element=key[1:])]
    found: list[Problem] = []
    for index, item in enumerate(shadows):
        if item is not None:
            found += under(index, element(item, scope) or [])
        elif type(values) is not list or values[index] is None:
            found.append(Problem("null").at(index))
    return found


def _without_shadowed_nulls(problems: list[Problem], key: str, owner: Json) -> Found:
    """A null among primitives is right where the shadow list says what is meant."""
    shadows = owner.get("_" + key)
    if type(shadows) is not list:
        return problems

    def forgiven(problem: Problem) -> bool:
        at = problem.steps[0] if len(problem.steps) == 1 else None
        return problem.rule == "null" and type(at) is int and at < len(shadows) and shadows[at] is not None

    return [problem for problem in problems if not forgiven(problem)]


def make_list(item_check: Check, low: int = 0, high: int | None = None, name: str = "") -> Check:
    """A repeating element."""

    def check(value: Any, scope: Scope) -> Found:
        if type(value) is not list:
            return [Problem("null" if value is None else "not-a-list")]
        if not value:
            return [Problem("empty-array")]
        found: Found = None
        for index, item in enumerate(value):
            if more := item_check(item, scope):
                found = _joined(found, under(index, more))
        if low > 1 or high is not None:
            return _counted(value, low, high, name, found)
        return found

    return check


def _counted(value: list[Any], low: int, high: int | None, name: str, found: Found) -> Found:
    if len(value) < low:
        return [*(found or ()), Problem("min", element=name, min=low, count=len(value))]
    if high is not None and len(value) > high:
        return [*(found or ()), Problem("max", element=name, max=high, count=len(value))]
    return found


def make_forbidden(name: str, allowed: str = "") -> Check:
    """An element the profile does not allow here at all."""

    def check(value: Any, scope: Scope) -> Found:
        return [Problem("type-not-allowed" if allowed else "max", element=name, max=0, allowed=allowed)]

    return check


def make_forward(target: Callable[[], Check], place: tuple[dict[str, Check], str] | None = None) -> Check:
    """Compile on first use: breaks cycles, spares what nobody sends; then give up the `place` to the real check."""
    ready: Check | None = None

    def check(value: Any, scope: Scope) -> Found:
        nonlocal ready
        if ready is None:
            ready = target()
            if place is not None:
                place[0][place[1]] = ready
        return ready(value, scope)

    return check
