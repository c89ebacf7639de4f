"""Python text under construction, each line tied to the YAML line it came from.

The finished text is compiled under the YAML file's name and line numbers: a traceback, a profiler or a coverage
report then speaks of `condition-diagnosis.yaml:31`, at no cost while running.

Takes from: nothing above the standard library.  Gives to: mapping.reader, mapping.writer, mapping.leftovers.
"""

from __future__ import annotations

import ast
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
        tree = ast.parse(self.text)
        origin = [1, *(line for _, line in self.lines)]
        _relocate(tree, origin)
        module = compile(tree, self.filename, "exec")
        return next(const for const in module.co_consts if isinstance(const, CodeType) and const.co_name == name)

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


def _relocate(tree: ast.AST, origin: list[int]) -> None:
    """Each node to the line it came from; `ast.walk` takes thrice the time."""
    waiting: list[Any] = [tree]
    while waiting:
        members = waiting.pop().__dict__
        if "lineno" in members:
            members["lineno"] = members["end_lineno"] = origin[members["lineno"]]
        for value in members.values():
            if value.__class__ is list:
                waiting += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                waiting.append(value)


_BUILTINS = {"dict": dict, "list": list, "str": str, "len": len, "isinstance": isinstance, "enumerate": enumerate}
