"""Python text under construction, each line tied to the YAML line it came from.

The finished text is compiled under the YAML file's name and line numbers: a traceback, a profiler or a coverage
report then speaks of `condition-diagnosis.yaml:31`, at no cost while running.

Takes from: nothing above the standard library.  Gives to: mapping.reader, mapping.writer, mapping.leftovers.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable
from itertools import count
from types import CodeType, FunctionType
from typing import Any


class Code:
    """Lines of one function-to-be with the constants it refers to."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.constants: dict[str, Any] = {}
        self._lines: list[tuple[str, int]] = []
        self._packed = b""
        self._compiled: CodeType | None = None
        self._names: dict[int, str] = {}
        self._numbers = count(1)

    def beside(self) -> Code:
        """Lines to be placed later, of the same function: names and constants are shared."""
        other = Code(self.filename)
        other.constants, other._names, other._numbers = self.constants, self._names, self._numbers
        return other

    def var(self, prefix: str = "v") -> str:
        return f"{prefix}{next(self._numbers)}"

    def constant(self, value: Any, prefix: str = "K") -> str:
        """A name for an object that the text cannot spell; the same object keeps the same name."""
        if id(value) not in self._names:
            self._names[id(value)] = name = f"{prefix}{len(self._names)}"
            self.constants[name] = value
        return self._names[id(value)]

    def add(self, indent: int, text: str, line: int) -> None:
        self.lines.append(("    " * indent + text, line))

    @property
    def text(self) -> str:
        return "\n".join(line for line, _ in self.lines) + "\n"

    def annotated(self) -> str:
        """The same text with the YAML line beside each line, for people (`--trace-python`)."""
        return "\n".join(f"{text:<100}  # {self.filename}:{line}" for text, line in self.lines) + "\n"

    def function(self, name: str, beside: dict[str, Any] | None = None) -> Callable[..., Any]:
        """The one function the text defines, compiled once.

        Shapes:  beside  what else the text names

        Errors:  SyntaxError would be a bug of ours: only checked names and repr() of values enter the text
        """
        if self._compiled is None:
            self._compiled = self._compile(name)
        return FunctionType(self._compiled, {"__builtins__": _BUILTINS, **self.constants, **(beside or {})}, name)

    def _compile(self, name: str) -> CodeType:
        module = compile(self.text, self.filename, "exec")
        made = next(const for const in module.co_consts if isinstance(const, CodeType) and const.co_name == name)
        return _relocated(made, [1, *(line for _, line in self.lines)])

    def __getstate__(self) -> dict[str, Any]:
        """Text and compiled code as bytes, which nobody unpacks who does not need them."""
        return {
            "filename": self.filename,
            "constants": self.constants,
            "packed": marshal.dumps(self.lines),
            "compiled": marshal.dumps(self._compiled),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["filename"])  # type: ignore[misc]
        self.constants = state["constants"]
        self._packed = state["packed"]
        self._compiled = marshal.loads(state["compiled"])  # noqa: S302 - our own cache, see mapping.cache

    @property
    def lines(self) -> list[tuple[str, int]]:
        if self._packed:
            self._lines, self._packed = marshal.loads(self._packed), b""  # noqa: S302 - likewise
        return self._lines

    @lines.setter
    def lines(self, lines: list[tuple[str, int]]) -> None:
        self._lines = lines


def _relocated(code: CodeType, origin: list[int]) -> CodeType:
    """The same code, each instruction on the line it came from; to move a syntax tree instead takes thrice the time."""
    inner = tuple(_relocated(each, origin) if isinstance(each, CodeType) else each for each in code.co_consts)
    first = origin[code.co_firstlineno]
    table, before = bytearray(), first
    for start, end, line in code.co_lines():
        here = before if line is None else origin[line]
        units = (end - start) // 2
        while units > 0:
            table += _located(min(units, _UNITS), None if line is None else here - before)
            before, units = here, units - _UNITS
    return code.replace(co_linetable=bytes(table), co_firstlineno=first, co_consts=inner)


# An entry of CPython's location table holds so many instruction words at most.
_UNITS = 8


def _located(units: int, moved: int | None) -> bytes:
    """An entry of the location table without columns, which would be those of a text that nobody has.

    Source: https://github.com/python/cpython/blob/3.11/Objects/locations.md (the same up to 3.14)
    """
    if moved is None:
        return bytes([0x80 | 15 << 3 | units - 1])
    number = -moved << 1 | 1 if moved < 0 else moved << 1
    made = bytearray([0x80 | 13 << 3 | units - 1])
    while number >= 64:
        made.append(number & 63 | 64)
        number >>= 6
    return bytes(made + bytes([number]))


_BUILTINS = {"dict": dict, "list": list, "str": str, "len": len, "isinstance": isinstance, "enumerate": enumerate}
