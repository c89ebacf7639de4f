"""Whether every name in an object is known: the quick question before anybody looks for leftovers.

    def familiar(r): …      True is sure; False means that `find` (mapping.leftovers) has to look

The short reader of a map asks it at its end, of what it has in its hands by then.

Takes from: mapping.leftovers, mapping.reads, mapping.code.  Gives to: mapping.shortcut, mapping.unwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adapter.mapping.code import Code
from adapter.mapping.leftovers import Known
from adapter.mapping.reads import Held

# What most codings hold, and nothing else: asked for by name, it is known in half the time.
_CODING = {"system", "code"}
# Up to so many names are counted one by one; of more the set is asked.
_FEW = 4


def write_question(code: Code, name: str, known: Known) -> None:
    """The question for any object, of which nothing is known yet."""
    code.add(0, f"def {name}(r):", 1)
    Question(code, "return False").object(1, "r", known)
    code.add(1, "return True", 1)


@dataclass
class Question:
    """Lines that ask; an error in them means the same as doubt: the object is not shaped as usual.

    Shapes:  doubt  the statement for what is not familiar
             held   (variable of an object, member) -> variable that holds the member, None when there is none
    """

    code: Code
    doubt: str
    held: Held = field(default_factory=dict)

    def resource(self, indent: int, known: Known, certain: set[str]) -> None:
        """A resource of which some members are known to be there, and to say what they should."""
        inside = [name for name, inner in known.members.items() if name not in certain and _is_looked_into(inner)]
        plain = [name for name in known.members if name not in (*certain, *inside)]
        count = ""
        if len([name for name in plain if ("r", name) not in self.held]) <= _FEW:
            count = self.code.var("c")
            self.code.add(indent, f"{count} = {len(certain)}", 1)
            for name in plain:
                self.code.add(indent, f"if {self._present('r', name)}: {count} += 1", 1)
        for name in inside:
            self._member(indent, "r", name, known.members[name], count)
        strange = f"len(r) != {count}" if count else f"not {self.code.constant(known.names, 'N')}.issuperset(r)"
        self.code.add(indent, f"if {strange}: {self.doubt}", 1)

    def object(self, indent: int, source: str, known: Known) -> None:
        if len(known.members) == 1:
            (name,) = known.members
            self.code.add(indent, f"if len({source}) != 1 or {name!r} not in {source}: {self.doubt}", 1)
        else:
            usual = f"(len({source}) != 2 or 'code' not in {source} or 'system' not in {source}) and "
            ask = usual if _CODING.issubset(known.names) else ""
            self._names(indent, source, known, ask)
        for name, inner in known.members.items():
            self._member(indent, source, name, inner)

    def _names(self, indent: int, source: str, known: Known, ask: str = "") -> None:
        self.code.add(
            indent, f"if {ask}not {self.code.constant(known.names, 'N')}.issuperset({source}): {self.doubt}", 1
        )

    def _present(self, source: str, name: str) -> str:
        return self.held.get((source, name)) or f"{name!r} in {source}"

    def _concept(self, indent: int, source: str, known: Known) -> None:
        """Most concepts hold codings and nothing else; one without codings is an error here."""
        code, coding = self.code, known.members["coding"]
        self._names(indent, source, known, f"len({source}) != 1 and ")
        self._entries(indent, f"{source}['coding']", coding)
        outer, self.code = code, code.beside()
        for name, inner in known.members.items():
            if name != "coding":
                self._member(indent + 1, source, name, inner)
        beside, self.code = self.code, outer
        if beside.lines:
            code.add(indent, f"if len({source}) != 1:", 1)
            code.lines += beside.lines

    def _member(self, indent: int, source: str, name: str, known: Known, count: str = "") -> None:
        """Shapes:  count  variable to which one is added when the member is there"""
        code = self.code
        if known.values:
            values = code.constant(frozenset((None, *known.values)), "V")
            code.add(indent, f"if {name!r} in {source} and {source}[{name!r}] not in {values}: {self.doubt}", 1)
            return
        if not _is_looked_into(known):
            return
        code.add(indent, f"if {self._present(source, name)}:", 1)
        indent += 1
        if count:
            code.add(indent, f"{count} += 1", 1)
        if known.const is not None:
            code.add(indent, f"if {source}[{name!r}] != {code.constant(known.const, 'K')}: {self.doubt}", 1)
            return
        member = self.held.get((source, name), "")
        if not member:
            member = code.var("m")
            code.add(indent, f"{member} = {source}[{name!r}]", 1)
        self._inside(indent, member, name, known)

    def _inside(self, indent: int, member: str, name: str, known: Known) -> None:
        if known.either:
            self._entries(indent, f"({member} if {member}.__class__ is list else ({member},))", known)
        elif known.slices or known.open or name == "coding":
            self._entries(indent, member, known)
        elif known.one:
            first = self.code.var("e")
            self.code.add(indent, f"({first},) = {member}", 1)
            self.object(indent, first, known)
        elif "coding" in known.members:
            self._concept(indent, member, known)
        else:
            self.object(indent, member, known)

    def _entries(self, indent: int, listed: str, known: Known) -> None:
        each = self.code.var("e")
        self.code.add(indent, f"for {each} in {listed}:", 1)
        if known.slices and not known.open:
            self._claim(indent + 1, each, known)
            inside = [name for name, inner in known.members.items() if inner.members and name != known.slices[0].key]
            if len(inside) == 1 and None in {step.coded for step in known.slices}:
                # Most extensions hold their url, which was read just now, and one value that is looked into.
                self.code.add(indent + 1, f"if len({each}) != 2 or {inside[0]!r} not in {each}:", 1)
                self._names(indent + 2, each, known)
                for name, inner in known.members.items():
                    self._member(indent + 1, each, name, inner)
                return
        self.object(indent + 1, each, known)

    def _claim(self, indent: int, entry: str, known: Known) -> None:
        """An entry that no slice claims by what it says first is not familiar."""
        keys = {step.key for step in known.slices}
        coded = {step.coded for step in known.slices}
        if len(keys) != 1 or (None in coded and len(coded) > 1):
            claimed = " or ".join(f"{self.code.constant(step, 'slice')}.claims({entry})" for step in known.slices)
            self.code.add(indent, f"if not ({claimed}): {self.doubt}", 1)
        elif None in coded:
            values = self.code.constant(frozenset(step.value for step in known.slices), "S")
            self.code.add(indent, f"if {entry}[{keys.pop()!r}] not in {values}: {self.doubt}", 1)
        else:
            codings, coding = self.code.constant(frozenset(coded), "S"), self.code.var("k")
            self.code.add(indent, f"{coding} = {entry}[{keys.pop()!r}]['coding'][0]", 1)
            self.code.add(indent, f"if ({coding}['system'], {coding}['code']) not in {codings}: {self.doubt}", 1)


def _is_looked_into(known: Known) -> bool:
    return bool(known.values or (known.members and not known.all_inside))
