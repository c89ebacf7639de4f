"""Elements of a resource that exists: found by a rule's path, taken away, put in from another resource.

Takes from: mapping.path, mapping.rules.  Gives to: mapping.putting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from adapter.errors import Json
from adapter.mapping.path import Path, Step
from adapter.mapping.rules import Rule

Names = tuple[str, ...]
Clear = Callable[[Json, Step], None]
Put = Callable[[Json, Json, Step], None]
Ready = Callable[[Json, Path], None]


class Places:
    """Where the rules of one object stand in it.

    Shapes:  the slices of each list are those of all these rules: `[other]` is the first entry that none claims
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._slices: dict[Names, list[Step]] = defaultdict(list)
        self.known: set[str] = set()
        for path in (path for rule in rules for path in _paths(rule)):
            self.known |= {step.name for step in path.steps[:1]}
            for number, step in enumerate(path.steps):
                if step.pick == "slice":
                    self._slices[tuple(each.name for each in path.steps[: number + 1])].append(step)

    def erase(self, holder: Json, path: Path, clear: Clear) -> None:
        """Let `clear` act on whatever holds the last step of a path; the way to it stays until `tidy`."""
        self._walk(holder, path.steps, (), clear)

    def tidy(self, holder: Json, path: Path) -> None:
        """Take away what stands empty on the way down a path."""
        self._walk(holder, path.steps, (), None)

    def _walk(self, holder: Json, steps: tuple[Step, ...], at: Names, clear: Clear | None) -> None:
        step, rest = steps[0], steps[1:]
        if rest:
            for entry in self.entries(holder, step, at):
                self._walk(entry, rest, (*at, step.name), clear)
        elif clear:
            clear(holder, step)
        if clear is None:
            _prune(holder, step)

    def copy(self, holder: Json, source: Json, path: Path, put: Put, ready: Ready) -> None:
        """Put what `source` has at a path into `holder`; what stands on the way is made when it is not there.

        Shapes:  ready  called before a member is filled, with its holder and its path
        """
        self._copy(holder, source, path, 0, put, ready)

    def _copy(self, holder: Json, source: Json, path: Path, depth: int, put: Put, ready: Ready) -> None:
        step, at = path.steps[depth], tuple(each.name for each in path.steps[:depth])
        if depth == len(path.steps) - 1:
            if source.get(step.name) is not None:
                ready(holder, Path(path.steps[: depth + 1]))
                put(holder, source, step)
            return
        for theirs in self.entries(source, step, at)[:1]:
            ready(holder, Path(path.steps[: depth + 1]))
            mine = self.entries(holder, step, at) or [_made(holder, step)]
            self._copy(mine[0], theirs, path, depth + 1, put, ready)
            _prune(holder, step)

    def entries(self, holder: Json, step: Step, at: Names) -> list[Json]:
        """The objects that a step leads to; none behind a reference."""
        value = holder.get(step.name)
        if step.pick == "one":
            return [value] if isinstance(value, dict) else []
        listed = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        if step.pick == "slice":
            return [each for each in listed if step.claims(each)]
        if step.pick == "other":
            return self.unclaimed(listed, (*at, step.name))[:1]
        return [] if step.pick == "resolve" else listed[:1] if step.pick == "first" else listed

    def unclaimed(self, listed: list[Json], at: Names) -> list[Json]:
        return [each for each in listed if not any(step.claims(each) for step in self._slices.get(at, ()))]


def _paths(rule: Rule, base: Path | None = None) -> Iterator[Path]:
    here = rule.fhir if base is None else base + rule.fhir
    yield here
    if rule.kind != "each":
        for inner in rule.rules:
            yield from _paths(inner, here)


def _made(holder: Json, step: Step) -> Json:
    entry: Json = {step.key: step.discriminator} if step.pick == "slice" else {}
    if step.pick == "one":
        holder[step.name] = entry
    else:
        holder.setdefault(step.name, []).append(entry)
    return entry


def _prune(holder: Json, step: Step) -> None:
    """Objects that hold nothing any more, and slices that hold no more than their name."""
    value = holder.get(step.name)
    if isinstance(value, list):
        bare = {step.key: step.discriminator} if step.pick == "slice" else {}
        holder[step.name] = [each for each in value if each not in ({}, bare)]
    if not holder.get(step.name, True) and isinstance(value, dict | list):
        del holder[step.name]
