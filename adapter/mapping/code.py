"""Python text under construction, each line tied to the YAML line it came from.

The finished text is compiled under the YAML file's name and line numbers: a traceback, a profiler or a coverage
report then speaks of `condition-diagnosis.yaml:31`, at no cost while running.

Takes from: nothing above the standard library.  Gives to: mapping.reader, mapping.writer, mapping.leftovers.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import count
from types import FunctionType
from typing import Any


class Code:
    """Lines of one function-to-be with the constants it refers to."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.constants: dict[str, Any] = {}
        self.lines: list[tuple[str, int]] = []
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

    def function(self, name: str) -> Callable[..., Any]:
        """Compile and return the one function the text defines.

        Errors:  SyntaxError would be a bug of ours: only checked names and repr() of values enter the text
        """
        tree = ast.parse(self.text)
        origin = [1, *(line for _, line in self.lines)]
        for node in ast.walk(tree):
            if (number := getattr(node, "lineno", None)) is not None:
                node.lineno = node.end_lineno = origin[number]  # type: ignore[attr-defined]
        module = compile(tree, self.filename, "exec")
        code = next(const for const in module.co_consts if getattr(const, "co_name", None) == name)
        return FunctionType(code, {"__builtins__": _BUILTINS, **self.constants}, name)


_BUILTINS = {"dict": dict, "list": list, "str": str, "len": len, "isinstance": isinstance, "enumerate": enumerate}
