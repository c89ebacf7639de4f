"""Read the leaves of a tree into variables, walking each branch once.

Takes from: mapping.code, mapping.path.  Gives to: mapping.writer (reads cases), mapping.reader (reads resources).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter.mapping.code import Code
from adapter.mapping.path import Path, Step


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


def write_reads(code: Code, indent: int, source: str, branch: Branch) -> None:
    """Statements that fill every variable of `branch` from the object in `source`; absent ones become None."""
    for name, steps in branch.members.items():
        slices = [(step, inner) for step, inner in steps.items() if step.pick in ("slice", "other")]
        for step, inner in steps.items():
            if step.pick in ("one", "first", "each"):
                _read_member(code, indent, source, name, step, inner)
        if slices:
            _read_slices(code, indent, source, name, slices)


def _read_member(code: Code, indent: int, source: str, name: str, step: Step, branch: Branch) -> None:
    line = branch.line()
    target = branch.variable or code.var("n")
    code.add(indent, f"{target} = {source}.get({name!r})", line)
    if step.pick == "first":
        code.add(indent, f"if {target}: {target} = {target}[0]", line)
        if not branch.members:
            code.add(indent, f"else: {target} = None", line)
    if branch.members:
        inside = [each for each in branch.every_variable() if each != branch.variable]
        code.add(indent, f"if {target}:", line)
        write_reads(code, indent + 1, target, branch)
        code.add(indent, f"else: {_none(inside)}", line)


def _none(variables: Iterable[str]) -> str:
    return " = ".join([*variables, "None"])


def _read_slices(code: Code, indent: int, source: str, name: str, slices: list[tuple[Step, Branch]]) -> None:
    """One pass over the list; each entry goes to the slice whose key it carries, the first stranger to `[other]`."""
    line = min(branch.line() for _, branch in slices)
    code.add(indent, _none(each for _, branch in slices for each in branch.every_variable()), line)
    entry, keys = code.var("e"), {step.key for step, _ in slices if step.pick == "slice"}
    key = code.var("u") if len(keys) == 1 else ""
    code.add(indent, f"for {entry} in {source}.get({name!r}) or ():", line)
    if key:
        code.add(indent + 1, f"{key} = {entry}.get({keys.pop()!r})", line)
    keyed = [(step, branch) for step, branch in slices if step.pick == "slice"]
    word = "if"
    for step, branch in keyed:
        code.add(indent + 1, f"{word} {_claimed(code, entry, key, step)}:", branch.line())
        _read_entry(code, indent + 2, entry, branch)
        word = "elif"
    for _, branch in (item for item in slices if item[0].pick == "other"):
        seen = branch.every_variable()[0]
        code.add(indent + 1, f"{word} {seen} is None:", branch.line())
        _read_entry(code, indent + 2, entry, branch)


def _claimed(code: Code, entry: str, key: str, step: Step) -> str:
    if isinstance(step.discriminator, str):
        return f"{key or f'{entry}.get({step.key!r})'} == {step.value!r}"
    return f"{code.constant(step, 'slice')}.claims({entry})"


def _read_entry(code: Code, indent: int, entry: str, branch: Branch) -> None:
    if branch.variable:
        code.add(indent, f"{branch.variable} = {entry}", branch.at)
    write_reads(code, indent, entry, branch)
