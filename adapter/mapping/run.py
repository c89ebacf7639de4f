"""One Bundle being read: what the generated readers tell, and what they need to know of their surroundings.

Takes from: bundle, errors, mapping.select, mapping.language.  Gives to: mapping.intake, mapping.assembly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adapter.bundle import References
from adapter.canonical import BASE
from adapter.errors import Issue, Json
from adapter.mapping.drops import Drop
from adapter.mapping.findings import Place, about_rule, dropped, stranger
from adapter.mapping.path import Path
from adapter.mapping.rules import Map, Rule
from adapter.mapping.select import Way, collect
from adapter.mapping.slots import Slot
from adapter.mapping.tables import Table


@dataclass(slots=True)
class Taken:
    """One resource on its way into the case: which way took it, where it stood, what it gave.

    Shapes:  alone  what it gave before another resource added to it, when one may
    """

    way: Way
    number: int
    resource: Json
    item: Any = None
    alone: Any = None

    @property
    def mapping(self) -> Map:
        return self.way.mapping

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}].resource"


@dataclass(slots=True)
class Pending:
    """A value that waits until the whole Bundle is read: the name of another item, by reference."""

    rule: Rule
    reference: Json
    at: Taken


def _patient(bundle: Json) -> set[str]:
    """The Patient usually comes first; looking further is left to the first resource that asks."""
    for entry in (bundle.get("entry") or ())[:1]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            return {f"Patient/{resource.get('id')}"}
    return set()


class Run:
    """State of one `to_case`.

    Shapes:  at      (way, entry number, resource) being read; the short readers never need it
             placed  for each slot what was read for it, in the order of the Bundle
             items   items that others may point at: "Type/id" -> (slot, resource, item)
             root    the resource that the root of the case was read from
             taken   everything read, when a trace is asked for; else None
             same    of an item told a second time (by its identity) the one that was kept
             told, entries  when a trace is asked for, by identity: of an object that was read the branches its values
                     came by; of an item made of a list's entry that entry and its number
    """

    at: tuple[Way, int, Json]

    def __init__(self, bundle: Json, slots: int, *, recording: bool = False) -> None:
        self._bundle = bundle
        self.issues: list[Issue] = []
        self.placed: list[list[Any]] = [[] for _ in range(slots)]
        self.items: dict[Any, tuple[Slot, Json, Json]] = {}
        self.pending: list[Pending] = []
        self.feeds: list[tuple[str, list[Json], tuple[str, ...], Json]] = []
        self.patient = _patient(bundle)
        self.root: Json = {}
        self.taken: list[Taken] | None = [] if recording else None
        self.first: dict[tuple[Any, ...], Json] = {}
        self.same: dict[int, Json] = {}
        self.told: dict[int, list[Rule]] = {}
        self.entries: dict[int, tuple[int, Any]] = {}

    @cached_property
    def references(self) -> References:
        """Most Bundles are read without following one."""
        return References(self._bundle)

    @property
    def here(self) -> Taken:
        return Taken(*self.at)

    def speaks_of_the_patient(self, resource: Json) -> bool:
        """Whether the subject is the Bundle's Patient; a resource without subject speaks of nobody."""
        subject = resource.get("subject")
        if not isinstance(subject, dict):
            return False
        found, _ = self.references.resolve(subject, resource)
        known = found is not None and found.get("resourceType") == "Patient"
        if known and isinstance(name := subject.get("reference"), str):
            self.patient.add(name)
        return known

    def stranger(self) -> None:
        self.issues.append(stranger(self.here.place))

    def dropped(self, number: int) -> None:
        drop: Drop = self.at[0].drops[number]
        self.issues.append(dropped(self.here.place, self.at[0].mapping, drop.why))

    def unmapped(self, number: int, value: Any) -> None:
        """Something stands there and no word of the case means it."""
        if isinstance(value, dict) and value.keys() <= {"extension", "id"}:
            return
        rule = self.at[0].rules[number]
        known = f"none of the codes is in table '{rule.codec.table.name}'" if rule.codec.table else "not understood"
        self.issue("warning", "code-invalid", rule, "unmapped", f"{known}; the value is left out")

    def unclassified(self, number: int) -> None:
        rule = self.at[0].rules[number]
        self.issue("warning", "code-invalid", rule, "unclassified", f"kept as '{rule.otherwise}': nothing says more")

    def lacks(self, number: int) -> None:
        """A part without which the item means nothing: the item is left out, and said so."""
        text = "needed and not found or not understood; item left out"
        self.issue("warning", "required", self.at[0].rules[number], "required", text)

    def issue(self, severity: Any, kind: str, rule: Rule, code: str, text: str, at: Place | None = None) -> None:
        self.issues.append(about_rule(severity, kind, at or self.here, rule, code, text))

    def collect(self, value: Json, path: Path) -> list[Any] | None:
        """Values at a path that fans out or follows references; None when there are none."""
        return collect(value, path, self._resolve) or None

    def _resolve(self, reference: Any) -> Json | None:
        return self.references.resolve(reference, self.at[2])[0]

    def system(self, uri: str) -> str:
        """The URI we write for a code system that hospitals know under several; ours stays as it was written."""
        systems = self.at[0].mapping.systems
        name = systems.names.get(uri)
        if name is None or systems.uris[name] == uri or self._is_ours():
            return uri
        return systems.uris[name]

    def _is_ours(self) -> bool:
        meta = self.at[2].get("meta")
        return isinstance(meta, dict) and meta.get("source") == BASE

    def prefer(self, codings: list[Json], table: Table) -> Json:
        """Of several codings the one the table knows, else the first that is not the registry's own."""
        foreign = [each for each in codings if not str(each.get("system", "")).startswith(BASE)]
        return next((each for each in foreign if table.find((each,)) is not None), foreign[0] if foreign else {})

    def key(self, number: int, reference: Json) -> Pending:
        """The registry's name of another item, to be found by following a reference when all is read."""
        pending = Pending(self.at[0].rules[number], reference, self.here)
        self.pending.append(pending)
        return pending

    def took(self, source: Any, branch: Rule) -> None:
        self.told.setdefault(id(source), []).append(branch)

    def made(self, item: Json, number: int, entry: Any) -> None:
        self.entries[id(item)] = (number, entry)

    def feed(self, resource: Json, name: str, items: list[Json], keys: tuple[str, ...]) -> None:
        self.feeds.append((name, items, keys, resource))

    def place(self, item: Any) -> None:
        """Put what the resource at hand gave where it belongs."""
        way, number, resource = self.at
        slot = way.slot
        if slot.place == "root":
            self.root = resource
        if self.taken is not None:
            self.taken.append(Taken(way, number, resource, item, dict(item) if way.collapse else None))
        for pending in self.pending:
            if pending.at.resource is resource:
                pending.at.item = item
        if way.collapse and self._collapses(way, item):
            return
        if slot.named:
            name = resource.get("id")
            self.items[number if name is None else f"{resource['resourceType']}/{name}"] = (slot, resource, item)
        self.placed[slot.number].append(item)

    def _collapses(self, way: Way, item: Json) -> bool:
        """The same disease told once a stay: one item, from when it was first told."""
        kept = self.first.setdefault((way.slot.case, *(item.get(name) for name in way.collapse)), item)
        if kept is item:
            return False
        if self.taken is not None:
            self.same[id(item)] = kept
        for name, value in item.items():
            kept[name] = min(kept.get(name, value), value) if name == "date" else kept.get(name, value)
        return True

    def refuse(self, resource: Json) -> None:
        """Forget what a resource said beside its item."""
        self.feeds = [feed for feed in self.feeds if feed[3] is not resource]
