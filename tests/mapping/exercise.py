"""Which rules ran: the generated code carries the lines of the YAML files, so its own coverage is theirs.

Several rules may share a line (a fragment is set in where it is used), and a line may hold a condition; so each rule
is given a line of its own before compiling, and what is counted is not lines but the instructions on them.
"""

from __future__ import annotations

import dis
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, pairwise
from types import CodeType, FrameType
from typing import Any

from adapter.config import shipped
from adapter.mapping import Mappings
from adapter.mapping.drops import make_drops
from adapter.mapping.language import load_language
from adapter.mapping.reader import make_reader_code
from adapter.mapping.rules import Language, Map, Rule
from adapter.mapping.writer import make_writer_code

Place = tuple[str, str]
WAYS = {"to-fhir": "write", "from-fhir": "read"}


@dataclass(frozen=True)
class Numbered:
    """The shipped maps with a line of its own for each rule.

    Shapes:  rules  (file, line) -> the rule
    """

    language: Language
    rules: dict[tuple[str, int], Rule]

    @property
    def mappings(self) -> Mappings:
        return Mappings(self.language)


def number_rules() -> Numbered:
    language, rules = load_language(shipped("mappings")), {}

    def numbered(rule: Rule, file: str, lines: Iterator[int]) -> Rule:
        made = replace(rule, at=next(lines))
        rules[file, made.at] = rule
        return replace(made, rules=tuple(numbered(each, file, lines) for each in rule.rules))

    def of_map(mapping: Map) -> Map:
        # Below 1000 stand the lines of the map itself: its id, its gates.
        lines = count(1000)
        return replace(mapping, rules=tuple(numbered(rule, mapping.file.name, lines) for rule in mapping.rules))

    return Numbered(replace(language, maps=tuple(of_map(each) for each in language.maps)), rules)


class Recorder:
    """Every instruction of generated code that runs while this is open."""

    def __init__(self) -> None:
        self.ran: dict[Place, set[int]] = defaultdict(set)

    def __enter__(self) -> Recorder:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if not code.co_filename.endswith(".map.yaml") or code.co_name not in WAYS.values():
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        ran = self.ran[code.co_filename, code.co_name]

        def step(frame: FrameType, event: str, _: Any) -> Any:
            if event == "opcode":
                ran.add(frame.f_lasti)
            return step

        return step


def functions(numbered: Numbered) -> Iterator[tuple[str, str, CodeType]]:
    """(file, direction, code) of everything that is compiled."""
    for mapping in numbered.language.maps:
        if mapping.get("one-way") != "from-fhir":
            written = make_writer_code(mapping, numbered.language).function("write")
            yield mapping.file.name, "to-fhir", written.__code__
        code, _ = make_reader_code(mapping, make_drops(mapping))
        yield mapping.file.name, "from-fhir", code.function("read").__code__


# What tells the run that something failed: a claim of its own, not the rule's value.
_TELLING = ("unmapped", "lacks", "unclassified", "dropped", "stranger")
_SETTING = ("COPY", "STORE_FAST", "RETURN_VALUE")
_SILENT = ("CACHE", "EXTENDED_ARG", "NOP", "RESUME", "PRECALL", "PUSH_EXC_INFO", "POP_EXCEPT", "COPY", "RERAISE")


def unrun(code: CodeType, ran: set[int]) -> Iterator[tuple[int, str]]:
    """(line, what it does) of the instructions that carry values and never ran.

    What asks whether something is there, what sets variables to None because it is not, and what tells the run of a
    failure is left out: these are claims of their own.
    """
    line, told, wide, none = 0, "", None, False
    listed = list(dis.get_instructions(code))
    for each, following in pairwise([*listed, listed[-1]]):
        line = each.starts_line or line
        done = each.offset in ran or wide in ran
        # The interpreter stops once for an instruction and the prefix that widens its argument.
        wide = each.offset if each.opname == "EXTENDED_ARG" else None
        if each.opname == "LOAD_METHOD" and each.argval in _TELLING:
            told = each.argval
        none = (each.opname == "LOAD_CONST" and each.argval is None) or (none and each.opname in _SETTING)
        asks = "JUMP" in each.opname or ("JUMP" in following.opname and each.opname == "LOAD_FAST")
        if not (done or told or none or asks or each.opname in _SILENT or each.argval == "run"):
            yield line, f"{each.opname} {each.argrepr}".strip()
        # An item without what it needs is told and left in one breath.
        if each.opname == "RETURN_VALUE" or (each.opname == "POP_TOP" and told != "lacks"):
            told = ""
