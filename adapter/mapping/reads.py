"""Read the leaves of a tree into variables, walking each branch once.

Takes from: mapping.code, mapping.path.  Gives to: mapping.writer (reads cases), mapping.reader (reads resources).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter.mapping.code import Code
from adapter.mapping.path import Path, Step

_FIRST_CODING = "['coding'][0]"


@dataclass
class Branch:
    """What is wanted at one place: the value itself in `variable`, and what is wanted inside it."""

    variable: str = ""
    at: int = 0
    members: dict[str, dict[Step, Branch]] = field(default_factory=dict)

    def want(self, path: Path, variable: str, line: int) -> str:
        """Ask for the value at a path; returns the variable that will hold it, an earlier one if there is one."""
        branch = self
        for step in path.steps:
            branch = branch.members.setdefault(step.name, {}).setdefault(step, Branch())
        if not branch.variable:
            branch.variable, branch.at = variable, line
        return branch.variable

    def every_variable(self) -> list[str]:
        inner = [
            each for steps in self.members.values() for branch in steps.values() for each in branch.every_variable()
        ]
        return [self.variable, *inner] if self.variable else inner

    def line(self) -> int:
        inner = [branch.line() for steps in self.members.values() for branch in steps.values()]
        return min(line for line in (self.at, *inner, 10**9) if line) if self.at or inner else 1


Held = dict[tuple[str, str], str]


def write_reads(
    code: Code, indent: int, source: str, branch: Branch, *, strict: bool = False, held: Held | None = None
) -> None:
    """Statements that fill every variable of `branch` from the object in `source`; absent ones become None.

    Shapes:  strict  an entry that does not say what it is ends the function
             held    filled with (variable of an object, member) -> variable that holds the member whole
    """
    for name, steps in branch.members.items():
        slices = [(step, inner) for step, inner in steps.items() if step.pick in ("slice", "other")]
        for step, inner in steps.items():
            if step.pick in ("one", "first", "each"):
                target = _read_member(code, indent, source, name, step, inner, strict=strict, held=held)
                if held is not None and step.pick != "first":
                    held[source, name] = target
        if slices:
            _read_slices(code, indent, source, name, slices, strict=strict)


def _read_member(
    code: Code, indent: int, source: str, name: str, step: Step, branch: Branch, *, strict: bool, held: Held | None
) -> str:
    line = branch.line()
    target = branch.variable or code.var("n")
    got = f"{source}[{name!r}] if {name!r} in {source} else None" if strict else f"{source}.get({name!r})"
    code.add(indent, f"{target} = {got}", line)
    if step.pick == "first":
        code.add(indent, f"if {target}: {target} = {target}[0]", line)
        if not branch.members:
            code.add(indent, f"else: {target} = None", line)
    if branch.members:
        inside = [each for each in branch.every_variable() if each != branch.variable]
        code.add(indent, f"if {target}:", line)
        write_reads(code, indent + 1, target, branch, strict=strict, held=held)
        code.add(indent, f"else: {_none(inside)}", line)
    return target


def _none(variables: Iterable[str]) -> str:
    return " = ".join([*variables, "None"])


def _read_slices(
    code: Code, indent: int, source: str, name: str, slices: list[tuple[Step, Branch]], *, strict: bool
) -> None:
    """One pass over the list; each entry goes to the slice whose key it carries, the first stranger to `[other]`."""
    line = min(branch.line() for _, branch in slices)
    code.add(indent, _none(each for _, branch in slices for each in branch.every_variable()), line)
    entry = code.var("e")
    keyed = [(step, branch) for step, branch in slices if step.pick == "slice"]
    others = [branch for step, branch in slices if step.pick == "other"]
    if strict:
        code.add(indent, f"if {name!r} in {source}:", line)
        code.add(indent + 1, f"for {entry} in {source}[{name!r}]:", line)
        indent += 1
    else:
        code.add(indent, f"for {entry} in {source}.get({name!r}) or ():", line)
    coded = strict and not others and all(step.coded for step, _ in keyed)
    key = _write_key(code, indent + 1, entry, {step.key for step, _ in keyed}, line, strict=strict, coded=coded)
    word = "if"
    for step, branch in keyed:
        code.add(indent + 1, f"{word} {_claimed(code, entry, key, step, coded=coded)}:", branch.line())
        _read_entry(code, indent + 2, entry, branch, strict=strict)
        word = "elif"
    if coded:
        code.add(indent + 1, "else: return None", line)
    for branch in others:
        code.add(indent + 1, f"{word} {branch.every_variable()[0]} is None:", branch.line())
        _read_entry(code, indent + 2, entry, branch, strict=strict)


def _write_key(code: Code, indent: int, entry: str, keys: set[str], line: int, *, strict: bool, coded: bool) -> str:
    """The variable that holds what tells the slices apart; "" when they are told apart in different ways."""
    if len(keys) != 1:
        return ""
    key, name = code.var("u"), keys.pop()
    got = f"{entry}[{name!r}]" if strict else f"{entry}.get({name!r})"
    code.add(indent, f"{key} = {got}{_FIRST_CODING if coded else ''}", line)
    return key


def _claimed(code: Code, entry: str, key: str, step: Step, *, coded: bool) -> str:
    if step.coded is None:
        return f"{key or f'{entry}.get({step.key!r})'} == {step.value!r}"
    if coded and key:
        return f"{key}['code'] == {step.coded[1]!r} and {key}['system'] == {step.coded[0]!r}"
    return f"{code.constant(step, 'slice')}.claims({entry})"


def _read_entry(code: Code, indent: int, entry: str, branch: Branch, *, strict: bool) -> None:
    if branch.variable:
        code.add(indent, f"{branch.variable} = {entry}", branch.at)
    write_reads(code, indent, entry, branch, strict=strict)
