"""FHIRPath text to a tree of tuples.

Shapes:  ("literal", value) ("quantity", number, unit) ("date", text) ("variable", name) ("this", name)
         ("member", name) ("call", name, [arguments]) ("dot", left, right) ("index", left, right)
         ("sign", "-", operand) ("binary", operator, left, right) ("type", "is"|"as", left, type name) ("nothing",)

Takes from: nothing.  Gives to: validation.fhirpath.
Source: http://hl7.org/fhirpath/N1/grammar.html
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

Tree = tuple[Any, ...]


class FhirPathError(ValueError):
    """The expression is broken, or uses what is not supported: it is then reported as not checked."""


_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<date>@(?:T[\d:.]+|\d{4}(?:-\d\d(?:-\d\d(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?)?T?))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<variable>%(?:[A-Za-z_][\w\-]*|`[^`]*`|'[^']*'|"[^"]*"))
    |(?P<name>`[^`]*`|"[^"]*"|[A-Za-z_]\w*)
    |(?P<this>\$\w+)
    |(?P<sign><=|>=|!=|!~|[=~<>+\-*/&|.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_PRECEDENCE = [
    {"implies"},
    {"or", "xor"},
    {"and"},
    {"in", "contains"},
    {"=", "~", "!=", "!~"},
    {"<=", "<", ">", ">="},
    {"|"},
    {"is", "as"},
    {"+", "-", "&"},
    {"*", "/", "div", "mod"},
]
_LEVEL = {operator: level for level, operators in enumerate(_PRECEDENCE) for operator in operators}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_UNITS = frozenset(
    unit + plural
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for plural in ("", "s")
)


def parse(text: str) -> Tree:
    """Errors:  FhirPathError"""
    parser = _Parser(_tokens(text))
    tree = parser.expression(0)
    if parser.kind != "end":
        raise FhirPathError(f"unexpected {parser.text!r}")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise FhirPathError(f"unreadable at {at}")
        if match.lastgroup:
            found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return [*found, ("end", "")]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        return self._tokens[self._at][1]

    def _next(self) -> str:
        text = self.text
        self._at += 1
        return text

    def _expect(self, sign: str) -> None:
        if self.text != sign or self.kind not in ("sign", "name"):
            raise FhirPathError(f"expected {sign!r}, found {self.text!r}")
        self._at += 1

    def expression(self, level: int) -> Tree:
        left = self._unary()
        while self.kind in ("sign", "name") and _LEVEL.get(self.text, -1) >= level:
            operator = self._next()
            if operator in ("is", "as"):
                left = ("type", operator, left, self._type_name())
            else:
                left = ("binary", operator, left, self.expression(_LEVEL[operator] + 1))
        return left

    def _type_name(self) -> str:
        name = self._next().strip("`")
        while self.text == "." and self.kind == "sign":
            self._next()
            name = self._next().strip("`")
        return name

    def _unary(self) -> Tree:
        if self.kind == "sign" and self.text in "+-":
            return ("sign", self._next(), self._unary())
        return self._postfix(self._term())

    def _postfix(self, tree: Tree) -> Tree:
        while self.kind == "sign" and self.text in (".", "["):
            if self._next() == ".":
                tree = ("dot", tree, self._invocation())
            else:
                tree = ("index", tree, self.expression(0))
                self._expect("]")
        return tree

    def _term(self) -> Tree:
        kind, text = self.kind, self.text
        if kind == "string":
            return ("literal", _unescaped(self._next()[1:-1]))
        if kind == "number":
            return self._number()
        if kind == "date":
            return ("date", self._next()[1:])
        if kind == "variable":
            return ("variable", self._next()[1:].strip("`'\""))
        if kind == "sign" and text == "(":
            self._next()
            tree = self.expression(0)
            self._expect(")")
            return tree
        if kind == "sign" and text == "{":
            self._next()
            self._expect("}")
            return ("nothing",)
        return self._invocation()

    def _number(self) -> Tree:
        text = self._next()
        number = Decimal(text) if "." in text else int(text)
        if self.kind == "string":
            return ("quantity", number, self._next()[1:-1])
        if self.kind == "name" and self.text in _UNITS:
            return ("quantity", number, self._next())
        return ("literal", number)

    def _invocation(self) -> Tree:
        if self.kind == "this":
            return ("this", self._next())
        if self.kind != "name":
            raise FhirPathError(f"unexpected {self.text!r}")
        name = self._next()
        if name in ("true", "false") and self.text != "(":
            return ("literal", name == "true")
        if self.kind == "sign" and self.text == "(" and name[0] not in '`"':
            return ("call", name, self._arguments())
        return ("member", name.strip('`"'))

    def _arguments(self) -> list[Tree]:
        self._expect("(")
        found: list[Tree] = []
        while self.text != ")" or self.kind != "sign":
            found.append(self.expression(0))
            if self.text == ",":
                self._next()
            elif self.text != ")":
                raise FhirPathError(f"unexpected {self.text!r}")
        self._expect(")")
        return found


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        sign = match[1]
        return chr(int(sign[1:], 16)) if len(sign) == 5 else _ESCAPED.get(sign, sign)

    return _ESCAPE.sub(plain, text)
