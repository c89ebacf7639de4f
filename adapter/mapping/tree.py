"""Write a tree of values as Python text: one dict display where every part is there, conditions only where not.

Both directions end here: a resource is built from what a case holds, and a case from what a resource holds.

Takes from: mapping.code, mapping.path.  Gives to: mapping.writer, mapping.reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.mapping.code import Code
from adapter.mapping.path import Path, Step

Have = frozenset[str]


@dataclass
class Leaf:
    """A value. `guard` is the variable that must not be None for it; None when the value is always there.

    `whole` is the text for the enclosing object when this leaf is all it holds (a shared CodeableConcept).
    """

    text: str
    guard: str | None
    line: int
    whole: str = ""


@dataclass
class Repeat:
    """A list built item by item; `body(code, indent, list)` writes the loop."""

    source: str
    body: Callable[[Code, int, str], None]
    line: int


@dataclass
class Node:
    """An object; members in the order they were put. A member with several entries is a list."""

    members: dict[str, list[tuple[Step, Leaf | Node | Repeat]]] = field(default_factory=dict)

    def put(self, path: Path, leaf: Leaf | Repeat) -> None:
        node = self
        for step in path.steps[:-1]:
            node = node._child(step)
        node.members.setdefault(path.steps[-1].name, []).append((path.steps[-1], leaf))

    def _child(self, step: Step) -> Node:
        entries = self.members.setdefault(step.name, [])
        for known, child in entries:
            if known == step and isinstance(child, Node):
                return child
        child = Node()
        if step.pick == "slice":
            child.put(Path((Step(step.key),)), Leaf(repr(step.discriminator), None, 0))
        entries.append((step, child))
        return child

    def guards(self) -> frozenset[str] | None:
        """Variables of which one must be there for the object to be; None when it always is."""
        found: set[str] = set()
        for entries in self.members.values():
            for step, child in entries:
                guards = _guards(child)
                if guards is None:
                    if step.pick == "one" and self._is_key(step):
                        continue
                    return None
                found |= guards
        return frozenset(found)

    def _is_key(self, step: Step) -> bool:
        # The discriminator of a slice never brings the slice about on its own.
        leaf = self.members[step.name][0][1]
        return isinstance(leaf, Leaf) and leaf.line == 0

    def line(self) -> int:
        lines = [_line(child) for entries in self.members.values() for _, child in entries]
        return next((line for line in lines if line), 1)


def _guards(child: Leaf | Node | Repeat) -> frozenset[str] | None:
    if isinstance(child, Node):
        return child.guards()
    guard = child.guard if isinstance(child, Leaf) else child.source
    return None if guard is None else frozenset((guard,))


def _line(child: Leaf | Node | Repeat) -> int:
    return child.line() if isinstance(child, Node) else child.line


def display(child: Leaf | Node | Repeat, have: Have) -> str | None:
    """The value as one Python expression, or None when it needs statements."""
    if isinstance(child, Leaf):
        return child.text if child.guard is None or child.guard in have else None
    if isinstance(child, Repeat):
        return None
    if whole := _whole(child, have):
        return whole
    parts = [(name, _member_display(entries, have)) for name, entries in child.members.items()]
    if any(text is None for _, text in parts):
        return None
    return "{" + ", ".join(f"{name!r}: {text}" for name, text in parts) + "}"


def _whole(node: Node, have: Have) -> str:
    only = next(iter(node.members.values())) if len(node.members) == 1 else []
    leaf = only[0][1] if len(only) == 1 else None
    return leaf.whole if isinstance(leaf, Leaf) and (leaf.guard is None or leaf.guard in have) else ""


def _member_display(entries: list[tuple[Step, Leaf | Node | Repeat]], have: Have) -> str | None:
    texts = [display(child, have) for _, child in entries]
    if any(text is None for text in texts):
        return None
    listed = ", ".join(text for text in texts if text is not None)
    return listed if entries[0][0].pick == "one" else f"[{listed}]"


def write_object(code: Code, indent: int, node: Node, target: str, have: Have) -> None:
    """Statements that bind `target` to the object, every absent part left out."""
    always, rest = [], []
    for name, entries in node.members.items():
        text = _member_display(entries, have)
        if text is None:
            rest.append((name, entries))
        else:
            always.append(f"{name!r}: {text}")
    code.add(indent, f"{target} = {{{', '.join(always)}}}", node.line())
    for name, entries in rest:
        _write_member(code, indent, f"{target}[{name!r}]", entries, have)


def _write_member(
    code: Code, indent: int, place: str, entries: list[tuple[Step, Leaf | Node | Repeat]], have: Have
) -> None:
    step, child = entries[0]
    if len(entries) > 1:
        _write_list(code, indent, place, entries, have)
    elif isinstance(child, Repeat):
        listed = code.var("L")
        code.add(indent, f"if {child.source}:", child.line)
        code.add(indent + 1, f"{listed} = []", child.line)
        child.body(code, indent + 1, listed)
        code.add(indent + 1, f"if {listed}: {place} = {listed}", child.line)
    else:
        wrap = "{}" if step.pick == "one" else "[{}]"
        _write_guarded(code, indent, child, have, lambda text: f"{place} = {wrap.format(text)}")


def _write_list(
    code: Code, indent: int, place: str, entries: list[tuple[Step, Leaf | Node | Repeat]], have: Have
) -> None:
    listed = code.var("L")
    texts = [(child, display(child, have)) for _, child in entries]
    fixed = ", ".join(text for _, text in texts if text is not None)
    code.add(indent, f"{listed} = [{fixed}]", _line(entries[0][1]))
    for child, text in texts:
        if text is None and not isinstance(child, Repeat):
            _write_guarded(code, indent, child, have, lambda text: f"{listed}.append({text})")
    assign = f"{place} = {listed}"
    code.add(indent, assign if fixed else f"if {listed}: {assign}", _line(entries[0][1]))


def _write_guarded(code: Code, indent: int, child: Leaf | Node, have: Have, statement: Callable[[str], str]) -> None:
    guards = _guards(child)
    line = _line(child)
    if guards is not None and not guards & have:
        code.add(indent, f"if {' or '.join(f'{guard} is not None' for guard in sorted(guards))}:", line)
        indent += 1
        if len(guards) == 1:
            have |= guards
    text = display(child, have)
    if text is None and isinstance(child, Node):
        text = code.var("t")
        write_object(code, indent, child, text, have)
    code.add(indent, statement(str(text)), line)
