"""One Bundle being read: what the generated readers tell, and the case that grows from it.

Takes from: bundle, errors, mapping.select, mapping.language.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapter.bundle import References
from adapter.canonical import BASE
from adapter.errors import Issue, Json
from adapter.mapping.language import Map, Rule
from adapter.mapping.path import Path
from adapter.mapping.select import Way, collect
from adapter.mapping.tables import Table


@dataclass
class Read:
    """One resource read: which map took it, where it stood, and what it gave."""

    mapping: Map
    number: int
    resource: Json
    item: Any
    way: Way
    index: int = -1

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}].resource"


@dataclass
class Pending:
    """A value that waits until the whole Bundle is read: the name of another item, by reference."""

    rule: Rule
    reference: Json
    read: Read | None = None


class Run:
    """State of one `to_case`. The generated readers call the methods below; nothing else is shared."""

    def __init__(self, bundle: Json) -> None:
        self.references = References(bundle)
        self.issues: list[Issue] = []
        self.reads: list[Read] = []
        self._patient: set[Any] = set()
        self.items: dict[str, Read] = {}
        self.pending: list[Pending] = []
        self.feeds: list[tuple[str, list[Json], tuple[str, ...], Read]] = []
        self.rules: list[Rule] = []
        self.read: Read | None = None

    def speaks_of_the_patient(self, resource: Json) -> bool:
        """Whether the subject is the Bundle's Patient; a resource without subject speaks of nobody."""
        subject = resource.get("subject")
        if not isinstance(subject, dict):
            return False
        if (name := subject.get("reference")) in self._patient:
            return True
        found, _ = self.references.resolve(subject, resource)
        known = found is not None and found.get("resourceType") == "Patient"
        if known and isinstance(name, str):
            self._patient.add(name)
        return known

    def begin(self, read: Read, rules: list[Rule]) -> None:
        self.read, self.rules = read, rules

    def keep(self, read: Read) -> None:
        self.reads.append(read)
        if read.mapping.place == "list":
            self.items[f"{read.mapping.resource}/{read.resource.get('id')}"] = read

    def item_of(self, reference: Any, holder: Json) -> Read | None:
        """The item that another resource of the Bundle became."""
        if not isinstance(reference, dict):
            return None
        if (read := self.items.get(reference.get("reference", ""))) is not None:
            return read
        _, number = self.references.resolve(reference, holder)
        return next((each for each in self.reads if each.number == number and each.mapping.place == "list"), None)

    def unmapped(self, rule: int, value: Any) -> None:
        """Something stands there and no word of the case means it."""
        if isinstance(value, dict) and _says_nothing(value):
            return
        found = self.rules[rule]
        table = f"none of the codes is in table '{found.codec.table.name}'" if found.codec.table else "not understood"
        self.issue("warning", "code-invalid", found, "unmapped", f"{table}; the value is left out")

    def unclassified(self, rule: int) -> None:
        found = self.rules[rule]
        self.issue("warning", "code-invalid", found, "unclassified", f"kept as '{found.otherwise}': nothing says more")

    def lacks(self, rule: int) -> None:
        """A part without which the item means nothing: the item is left out, and said so."""
        found = self.rules[rule]
        self.issue("warning", "required", found, "required", "needed and not found or not understood; item left out")

    def issue(self, severity: Any, kind: str, rule: Rule, code: str, text: str) -> None:
        read = self.read
        path = self._place(rule)
        place = ".".join(part for part in (read.place if read else "", path) if part)
        field = _field(read.mapping, rule) if read else ""
        self.issues.append(
            Issue(severity, kind, place, f"mapping:{code}:{rule.id}", text, "mapping", origin=rule.origin, field=field)
        )

    def _place(self, rule: Rule) -> str:
        """Of a rule with several branches, the first whose element is there."""
        paths = [each.fhir.reach for each in rule.leaves() if each.fhir.steps]
        resource = self.read.resource if self.read else {}
        there = (path for path in paths if collect(resource, path))
        found = next(there, paths[0] if paths else None)
        return found.fhirpath if found else ""

    def collect(self, value: Json, path: Path) -> list[Any] | None:
        """Values at a path that fans out or follows references; None when there are none."""
        return collect(value, path, self._resolve) or None

    def _resolve(self, reference: Any) -> Json | None:
        return self.references.resolve(reference, self.read.resource if self.read else {})[0]

    def system(self, uri: str) -> str:
        """The URI we write for a code system that hospitals know under several; ours stays as it was written."""
        systems = self.read.mapping.systems if self.read else None
        name = systems.names.get(uri) if systems else None
        if systems is None or name is None or systems.uris[name] == uri or self.is_ours():
            return uri
        return systems.uris[name]

    def is_ours(self) -> bool:
        meta = self.read.resource.get("meta") if self.read else None
        return isinstance(meta, dict) and meta.get("source") == BASE

    def prefer(self, codings: list[Json], table: Table) -> Json:
        """Of several codings the one the table knows, else the first that is not the registry's own."""
        foreign = [each for each in codings if not str(each.get("system", "")).startswith(BASE)]
        return next((each for each in foreign if table.find((each,)) is not None), foreign[0] if foreign else {})

    def key(self, rule: int, reference: Json) -> str | Pending:
        """The registry's name of another item: written beside the reference, or found by following it."""
        found = self.rules[rule]
        identifier = reference.get("identifier") or {}
        if identifier.get("system") == f"{BASE}/identifier/{found.codec.option['identifier']}":
            name: str = identifier["value"]
            return name
        pending = Pending(found, reference, self.read)
        self.pending.append(pending)
        return pending

    def feed(self, name: str, items: list[Json], keys: tuple[str, ...]) -> None:
        if self.read is not None:
            self.feeds.append((name, items, keys, self.read))


def _says_nothing(concept: Json) -> bool:
    """A CodeableConcept that carries only extensions says nothing that a table could know."""
    return concept.keys() <= {"extension", "id"}


def _field(mapping: Map, rule: Rule) -> str:
    inner = next((".".join(s.name for s in r.case.steps) for r in rule.leaves() if r.case.steps), "")
    return ".".join(part for part in (mapping.case, inner) if part)


def broken(read: Read, error: Exception, line: int) -> Issue:
    """The issue for a resource whose shape is not FHIR's: the element and the rule that stumbled."""
    origin = f"{read.mapping.file.name}:{line}"
    text = f"the {read.mapping.resource} is not shaped as R4 says; it is left out"
    return Issue("error", "structure", read.place, "mapping:shape", text, "mapping", origin=origin)


Dispatch = Callable[[Json], Way | None]
