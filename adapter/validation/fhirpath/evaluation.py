"""Trees to closures: (focus, surroundings) to a collection.

Takes from: validation.fhirpath.grammar, .items, .functions.  Gives to: validation.fhirpath.
Source: http://hl7.org/fhirpath/N1/
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adapter.validation.fhirpath.functions import FUNCTIONS
from adapter.validation.fhirpath.grammar import FhirPathError, Tree, parse
from adapter.validation.fhirpath.items import Date, Item, Items, is_of_type, members
from adapter.validation.fhirpath.operators import LOGIC, OPERATORS, union
from adapter.validation.fhirpath.presence import Quick, make_quick
from adapter.validation.fhirpath.registry import Around, Code, truth

if TYPE_CHECKING:
    from adapter.validation.scope import Scope


def evaluate_as_boolean(expression: str, value: Any, scope: Scope, shadow: Any = None) -> bool | None:
    """Whether a constraint holds; None when it cannot be evaluated. An empty answer does not hold.

    Errors:  none; what is broken or not supported is None
    """
    try:
        code = compiled(expression)
        kind = str(value.get("resourceType", "")) if type(value) is dict else ""
        focus = [Item(value, kind, shadow)]
        found = code(focus, Around(focus, scope))
        return False if not found else truth(found)
    except (FhirPathError, InvalidOperation, RecursionError):
        return None


def evaluate(expression: str, value: Any, scope: Scope) -> list[Any] | None:
    """The values an expression selects; None when it cannot be evaluated."""
    try:
        focus = [Item(value, str(value.get("resourceType", "")) if type(value) is dict else "")]
        return [item.value for item in compiled(expression)(focus, Around(focus, scope))]
    except (FhirPathError, InvalidOperation, RecursionError):
        return None


def quick_test(expression: str) -> Quick | None:
    """A test by the keys of an object alone, where the expression allows one; it may answer None all the same."""
    try:
        return make_quick(parse(expression))
    except FhirPathError:
        return None


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Code:
    """Errors:  FhirPathError"""
    return _code(parse(expression))


def _code(tree: Tree) -> Code:
    return _MAKERS[tree[0]](*tree[1:])


def _make_constant(value: Any, *unit: str) -> Code:
    found = [Item({"value": value, "unit": unit[0]} if unit else value)]
    return lambda focus, around: found


def _make_date(text: str) -> Code:
    found = [Item(Date(text.removesuffix("T")))]
    return lambda focus, around: found


def _make_variable(name: str) -> Code:
    return lambda focus, around: around.variable(name)


def _make_this(name: str) -> Code:
    if name == "$index":
        return lambda focus, around: [Item(around.index)]
    if name == "$total":
        return lambda focus, around: around.total
    return lambda focus, around: around.this


def _make_member(name: str) -> Code:
    def code(focus: Items, around: Around) -> Items:
        found = [child for item in focus for child in members(item, name)]
        if not found and name[:1].isupper():
            return [item for item in focus if item.type == name or name in ("Resource", "DomainResource")]
        return found

    return code


def _make_dot(left: Tree, right: Tree) -> Code:
    first, then = _code(left), _code(right)
    return lambda focus, around: then(first(focus, around), around)


def _make_index(left: Tree, right: Tree) -> Code:
    collection, number = _code(left), _code(right)

    def code(focus: Items, around: Around) -> Items:
        found, at = collection(focus, around), number(around.this, around)
        return found[at[0].value : at[0].value + 1] if at and type(at[0].value) is int and at[0].value >= 0 else []

    return code


def _make_call(name: str, arguments: list[Tree]) -> Code:
    maker = FUNCTIONS.get(name)
    if maker is None:
        raise FhirPathError(f"unknown function {name}")
    if name in ("ofType", "as", "is"):
        return _make_type(name, ("this", "$that"), _type_argument(arguments))
    return maker(*[_code(argument) for argument in arguments])


def _type_argument(arguments: list[Tree]) -> str:
    tree = arguments[0] if arguments else ("nothing",)
    while tree[0] == "dot":
        tree = tree[2]
    if tree[0] not in ("member", "literal"):
        raise FhirPathError("a type name is expected")
    return str(tree[1])


def _make_type(operator: str, left: Tree, name: str) -> Code:
    operand = None if left == ("this", "$that") else _code(left)

    def code(focus: Items, around: Around) -> Items:
        found = focus if operand is None else operand(focus, around)
        if operator == "is":
            return [Item(is_of_type(found[0], name))] if len(found) == 1 else []
        return [item for item in found if is_of_type(item, name)]

    return code


def _make_sign(sign: str, operand: Tree) -> Code:
    code = _code(operand)
    return code if sign == "+" else lambda focus, around: [Item(-item.value) for item in code(focus, around)]


def _make_binary(operator: str, left: Tree, right: Tree) -> Code:
    one, other = _code(left), _code(right)
    if operator in LOGIC:
        return _make_logic(operator, one, other)
    if operator == "|":
        return lambda focus, around: union(one(focus, around), other(focus, around))
    join = OPERATORS[operator]
    return lambda focus, around: join(one(focus, around), other(focus, around))


def _make_logic(operator: str, one: Code, other: Code) -> Code:
    join = LOGIC[operator]

    def code(focus: Items, around: Around) -> Items:
        left = truth(one(focus, around))
        if (operator == "and" and left is False) or (operator == "or" and left is True):
            return [Item(left)]
        if operator == "implies" and left is False:
            return [Item(True)]
        found = join(left, truth(other(focus, around)))
        return [] if found is None else [Item(found)]

    return code


_MAKERS: dict[str, Callable[..., Code]] = {
    "literal": _make_constant,
    "quantity": _make_constant,
    "date": _make_date,
    "variable": _make_variable,
    "this": _make_this,
    "member": _make_member,
    "call": _make_call,
    "dot": _make_dot,
    "index": _make_index,
    "sign": _make_sign,
    "binary": _make_binary,
    "type": _make_type,
    "nothing": lambda: lambda focus, around: [],
}
