"""What is different for one source: rules, codes and code systems set over the mapping files, and told as theirs.

An overlay is proven like the files it lies over: each of its rules and rows is held against the same schema, and the
maps with the overlay in them against R4 and the case.

Takes from: declaration, mapping.tables, mapping.spelling.  Gives to: mapping.files, mapping.language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapter.declaration import Declaration, Pointer, check_schema, load_declaration
from adapter.errors import DeclarationError, Json
from adapter.mapping.spelling import did_you_mean
from adapter.mapping.tables import Systems, make_systems

PATTERN = "overlays/*.overlay.yaml"
Part = tuple[tuple[Pointer, Declaration], Any]
_TEXTS = {"en": "-", "fr": "-"}


@dataclass(frozen=True)
class Overlaid(Declaration):
    """A mapping file with parts of an overlay in it: each place is told in the file where it is written.

    Shapes:  theirs  pointers of the parts that the overlay wrote
    """

    over: str = ""
    theirs: frozenset[Pointer] = frozenset()

    def at(self, pointer: Pointer = ()) -> str:
        line, column = self._place(pointer)
        return f"{self.over}:{line}:{column}" if pointer[:2] in self.theirs else super().at(pointer)


@dataclass(frozen=True)
class Overlay:
    """Shapes:  problems  what of it has no sense, as "file:line:col code overlay: message"; filled as it is laid"""

    file: Declaration
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.file.data["overlay"])

    def told(self, pointer: Pointer, code: str, text: str) -> None:
        self.problems.append(f"{self.file.at(pointer)} {code} {self.name}: {text}")

    def systems(self, known: Systems) -> Systems:
        """The code systems with those of the overlay."""
        entries: dict[str, Json] = self.file.data.get("systems", {})
        for name in entries.keys() & known.uris.keys():
            self.told(("systems", name), "O003", f"code system '{name}' is there already")
        return make_systems({**{name: entry for name, entry in entries.items() if name not in known.uris}}, known)

    def table(self, file: Declaration) -> Declaration:
        """A table with the overlay's rows in it."""
        name = file.data["table"]
        changed: Json = self.file.data.get("tables", {}).get(name, {})
        words = [row["word"] for row in file.data["rows"]]
        rows: list[Part] = [((("rows", n), file), row) for n, row in enumerate(file.data["rows"])]
        for verb in ("replace", "add"):
            for number, row in enumerate(changed.get(verb, ())):
                here: Pointer = ("tables", name, verb, number)
                if row["word"] not in words:
                    text = (
                        f"table '{name}' has no word '{row['word']}'{did_you_mean(str(row['word']), map(str, words))}"
                    )
                    self.told((*here, "word"), "O002", text)
                    continue
                told, first = ((here, self.file), row), len(rows)
                if verb == "replace":
                    first = next(n for n, (_, each) in enumerate(rows) if each["word"] == row["word"])
                    rows = [each for each in rows if each[1]["word"] != row["word"] or each[0][1] is self.file]
                rows.insert(first, told)
        return self._laid(file, "rows", rows)

    def leaving(self, file: Declaration) -> Declaration:
        """A map with what the overlay deliberately leaves."""
        further = self.of_map(file.data["map"]).get("leave", ())
        known = file.data.get("leave", ())
        entries: list[Part] = [((("leave", n), file), entry) for n, entry in enumerate(known)]
        entries += [((("maps", file.data["map"], "leave", n), self.file), entry) for n, entry in enumerate(further)]
        return self._laid(file, "leave", entries)

    def of_map(self, name: str) -> Json:
        found: Json = self.file.data.get("maps", {}).get(name, {})
        return found

    def _laid(self, file: Declaration, key: str, parts: list[Part]) -> Declaration:
        """The file with these parts under a key, each with the places it had."""
        if all(source is file for (_, source), _ in parts):
            return file
        places = {
            pointer: place for pointer, place in file.places.items() if pointer[:1] != (key,) or len(pointer) == 1
        }
        for number, ((pointer, source), _) in enumerate(parts):
            places |= {(key, number, *inner): place for inner, place in _below(source, pointer)}
        theirs = frozenset((key, n) for n, ((_, source), _) in enumerate(parts) if source is self.file)
        data = {**file.data, key: [part for _, part in parts]}
        return Overlaid(file.path, data, places, over=self.file.name, theirs=theirs)


def _below(source: Declaration, pointer: Pointer) -> Iterator[tuple[Pointer, tuple[int, int]]]:
    for each, place in source.places.items():
        if each[: len(pointer)] == pointer:
            yield each[len(pointer) :], place


def read_overlay(path: Path, maps: Iterable[str], tables: dict[str, Declaration]) -> Overlay:
    """Read and prove one overlay by itself: words it may use, maps and tables that there are.

    Errors:  DeclarationError
    """
    file = load_declaration(path, "overlay")
    overlay = Overlay(file)
    name = path.name.split(".")[0]
    if file.data["overlay"] != name:
        overlay.told(("overlay",), "M001", f"the file '{path.name}' must declare `overlay: {name}`")
    for kind, known in (("maps", list(maps)), ("tables", list(tables))):
        for each in (each for each in file.data.get(kind, ()) if each not in known):
            overlay.told((kind, each), "O001", f"there is no {kind[:-1]} '{each}'{did_you_mean(each, known)}")
    problems = [*overlay.problems, *_check_parts(overlay, tables)]
    if problems:
        raise DeclarationError(problems)
    return overlay


def _check_parts(overlay: Overlay, tables: dict[str, Declaration]) -> Iterator[str]:
    """Each part against the schema of the file that it is set into."""
    data = overlay.file.data
    for name, changed in data.get("maps", {}).items():
        least = {"fragment": "-", "title": _TEXTS}
        for verb in ("replace", "add"):
            if verb in changed:
                yield from _check(overlay, ("maps", name, verb), "rules", {**least, "rules": changed[verb]}, "mapping")
    for name, changed in data.get("tables", {}).items():
        for verb in changed if name in tables else ():
            whole = {**tables[name].data, "rows": changed[verb]}
            yield from _check(overlay, ("tables", name, verb), "rows", whole, "table")
    if "systems" in data:
        yield from _check(overlay, ("systems",), "systems", {"systems": data["systems"]}, "systems")


def _check(overlay: Overlay, pointer: Pointer, key: str, data: Json, schema: str) -> Iterator[str]:
    places = {(key, *inner): place for inner, place in _below(overlay.file, pointer)}
    places[()] = overlay.file.places[pointer]
    yield from check_schema(replace(overlay.file, data=data, places=places), schema)
