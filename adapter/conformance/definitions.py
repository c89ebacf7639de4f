"""Find a definition by its canonical: added packages first, the R4 core below them.

Takes from: conformance.pack, conformance.package.  Gives to: terminology, validation.
Source: https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from adapter.conformance.pack import Pack
from adapter.conformance.package import load_package
from adapter.errors import Json

R4_PACK = Path(__file__).parent / "data" / "r4.pack"
CORE = "http://hl7.org/fhir/StructureDefinition/"


class Definitions:
    """A set of conformance resources over a pack. Never changed once made; `extended` makes a larger one."""

    def __init__(self, pack: Pack, added: Iterable[Json] = ()) -> None:
        self._pack = pack
        self._added: dict[tuple[str, str], Json] = {}
        for resource in added:
            key = (resource["resourceType"], resource["url"])
            self._added[key] = resource
            if version := resource.get("version"):
                self._added[key[0], f"{key[1]}|{version}"] = resource
        self._global = _global_profiles(self.added("ImplementationGuide"))
        self._read: dict[tuple[str, str], Json | None] = {}

    def extended(self, resources: Iterable[Json]) -> Definitions:
        known = [resource for (_, url), resource in self._added.items() if "|" not in url]
        return Definitions(self._pack, [*known, *resources])

    def with_packages(self, paths: Iterable[Path]) -> Definitions:
        """Errors:  DeclarationError for a package that cannot be used"""
        return self.extended([resource for path in paths for resource in load_package(path)])

    def find(self, kind: str, canonical: str) -> Json | None:
        """The resource a canonical means. A version that is not at hand falls back to the one that is."""
        bare, _, _version = canonical.partition("|")
        added = self._added.get((kind, canonical)) or self._added.get((kind, bare))
        if added is not None:
            return added
        key = (kind, bare)
        if key not in self._read:
            self._read[key] = self._pack.read(key) if key in self._pack.index else None
        return self._read[key]

    def has(self, kind: str, canonical: str) -> bool:
        key = (kind, canonical.partition("|")[0])
        return key in self._added or key in self._pack.index

    def structure(self, canonical: str) -> Json | None:
        return self.find("StructureDefinition", canonical)

    def type_structure(self, name: str) -> Json | None:
        """The definition of an R4 type by its bare name, which no package may redefine."""
        return self.find("StructureDefinition", CORE + name)

    def global_profiles(self, kind: str) -> tuple[str, ...]:
        """Profiles that a loaded guide demands of every resource of a type."""
        return self._global.get(kind, ())

    def added(self, kind: str) -> Iterator[Json]:
        """The resources that came with packages."""
        return (resource for (found, url), resource in self._added.items() if found == kind and "|" not in url)


def _global_profiles(guides: Iterable[Json]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule in (rule for guide in guides for rule in guide.get("global", [])):
        found[rule.get("type", "")] = (*found.get(rule.get("type", ""), ()), rule.get("profile", ""))
    return found


@cache
def r4_definitions() -> Definitions:
    """The R4 4.0.1 core that travels with the adapter, opened once."""
    return Definitions(Pack(R4_PACK))
