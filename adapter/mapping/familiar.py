"""Whether every name in a resource is known to its map: the quick question before anybody looks for leftovers.

    def familiar(r): …      True is sure; False means that `find` (mapping.leftovers) has to look

Takes from: mapping.leftovers, mapping.code.  Gives to: mapping.intake.
"""

from __future__ import annotations

from adapter.mapping.code import Code
from adapter.mapping.leftovers import Known, known_names
from adapter.mapping.rules import Map

_NO = "return False"
# What most codings hold, and nothing else: asked for by name, it is known in half the time.
_CODING = {"system", "code"}


def make_familiar_code(mapping: Map) -> Code:
    """An error of the function means the same as False: the resource is not shaped as usual.

    It is asked once the short reader is through: that the subject has a reference, and that constants say what they
    should, is known by then.
    """
    code, known = Code(mapping.file.name), known_names(mapping)
    code.add(0, "def familiar(r):", 1)
    code.add(1, f"if not {code.constant(known.names, 'N')}.issuperset(r): {_NO}", 1)
    for name, inner in known.members.items():
        if name == "subject" and [*inner.members] == ["reference"]:
            code.add(1, f"if len(r['subject']) != 1: {_NO}", 1)
        elif not inner.values:
            _write_member(code, 1, "r", name, inner)
    code.add(1, "return True", 1)
    return code


def write_question(code: Code, name: str, known: Known) -> None:
    """The same question for any object, of which nothing is known yet."""
    code.add(0, f"def {name}(r):", 1)
    _write_object(code, 1, "r", known)
    code.add(1, "return True", 1)


def _write_object(code: Code, indent: int, source: str, known: Known) -> None:
    if len(known.members) == 1:
        (name,) = known.members
        code.add(indent, f"if len({source}) != 1 or {name!r} not in {source}: {_NO}", 1)
    else:
        usual = f"(len({source}) != 2 or 'code' not in {source} or 'system' not in {source}) and "
        ask = usual if _CODING.issubset(known.names) else ""
        code.add(indent, f"if {ask}not {code.constant(known.names, 'N')}.issuperset({source}): {_NO}", 1)
    for name, inner in known.members.items():
        _write_member(code, indent, source, name, inner)


def _write_concept(code: Code, indent: int, source: str, known: Known) -> None:
    """Most concepts hold codings and nothing else; one without codings is an error here, which means "look"."""
    coding = known.members["coding"]
    more = f"len({source}) != 1 and not {code.constant(known.names, 'N')}.issuperset({source})"
    code.add(indent, f"if {more}: {_NO}", 1)
    _write_entries(code, indent, f"{source}['coding']", coding)
    beside = code.beside()
    for name, inner in known.members.items():
        if name != "coding":
            _write_member(beside, indent + 1, source, name, inner)
    if beside.lines:
        code.add(indent, f"if len({source}) != 1:", 1)
        code.lines += beside.lines


def _write_member(code: Code, indent: int, source: str, name: str, known: Known) -> None:
    if known.values:
        values = code.constant(frozenset((None, *known.values)), "V")
        code.add(indent, f"if {name!r} in {source} and {source}[{name!r}] not in {values}: {_NO}", 1)
        return
    if not known.members or known.all_inside:
        return
    if known.const is not None:
        differs = f"{source}[{name!r}] != {code.constant(known.const, 'K')}"
        code.add(indent, f"if {name!r} in {source} and {differs}: {_NO}", 1)
        return
    member = code.var("m")
    code.add(indent, f"if {name!r} in {source}:", 1)
    indent += 1
    code.add(indent, f"{member} = {source}[{name!r}]", 1)
    if known.either:
        _write_entries(code, indent, f"({member} if {member}.__class__ is list else ({member},))", known)
    elif known.slices or known.open or name == "coding":
        _write_entries(code, indent, member, known)
    elif known.one:
        first = code.var("e")
        code.add(indent, f"({first},) = {member}", 1)
        _write_object(code, indent, first, known)
    elif "coding" in known.members:
        _write_concept(code, indent, member, known)
    else:
        _write_object(code, indent, member, known)


def _write_entries(code: Code, indent: int, listed: str, known: Known) -> None:
    each = code.var("e")
    code.add(indent, f"for {each} in {listed}:", 1)
    if known.slices and not known.open:
        _write_claim(code, indent + 1, each, known)
        inside = [name for name, inner in known.members.items() if inner.members and name != known.slices[0].key]
        if len(inside) == 1 and None in {step.coded for step in known.slices}:
            # Most extensions hold their url, which was read just now, and one value that is looked into.
            code.add(indent + 1, f"if len({each}) != 2 or {inside[0]!r} not in {each}:", 1)
            code.add(indent + 2, f"if not {code.constant(known.names, 'N')}.issuperset({each}): {_NO}", 1)
            for name, inner in known.members.items():
                _write_member(code, indent + 1, each, name, inner)
            return
    _write_object(code, indent + 1, each, known)


def _write_claim(code: Code, indent: int, entry: str, known: Known) -> None:
    """An entry that no slice claims by what it says first is not familiar."""
    keys = {step.key for step in known.slices}
    coded = {step.coded for step in known.slices}
    if len(keys) != 1 or (None in coded and len(coded) > 1):
        claimed = " or ".join(f"{code.constant(step, 'slice')}.claims({entry})" for step in known.slices)
        code.add(indent, f"if not ({claimed}): {_NO}", 1)
    elif None in coded:
        values = code.constant(frozenset(step.value for step in known.slices), "S")
        code.add(indent, f"if {entry}[{keys.pop()!r}] not in {values}: {_NO}", 1)
    else:
        codings, coding = code.constant(frozenset(coded), "S"), code.var("k")
        code.add(indent, f"{coding} = {entry}[{keys.pop()!r}]['coding'][0]", 1)
        code.add(indent, f"if ({coding}['system'], {coding}['code']) not in {codings}: {_NO}", 1)
