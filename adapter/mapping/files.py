"""A folder of mapping files, every one read; what is wrong with one hides nothing that is wrong with another.

Takes from: declaration, mapping.tables, mapping.quantities.  Gives to: mapping.language, mapping.checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from adapter.declaration import Declaration, load_declaration
from adapter.errors import DeclarationError
from adapter.mapping.overlays import Overlay, read_overlay
from adapter.mapping.path import PathError
from adapter.mapping.quantities import UnitList, make_units
from adapter.mapping.tables import Systems, Table, load_systems, make_table


@dataclass
class Folder:
    """The files that can be used, and what was wrong with the others.

    Shapes:  unread  names of tables, unit lists, fragments and maps whose file is there but cannot be used
    """

    path: Path
    systems: Systems
    tables: dict[str, Table] = field(default_factory=dict)
    units: dict[str, UnitList] = field(default_factory=dict)
    fragments: dict[str, Declaration] = field(default_factory=dict)
    maps: list[Declaration] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    overlay: Overlay | None = None

    def laid_over(self, place: Path) -> Folder:
        """The same files with an overlay over them.

        Errors:  DeclarationError when the overlay itself has no sense
        """
        known = [file.data["map"] for file in self.maps]
        overlay = read_overlay(place, known, {name: table.file for name, table in self.tables.items()})
        laid = replace(self, systems=overlay.systems(self.systems), problems=[], unread=set(), overlay=overlay)
        laid.maps = [overlay.leaving(file) for file in self.maps]
        files = [overlay.table(table.file) for table in self.tables.values()]
        laid.tables = {table.name: table for file in files for table in _tables(laid, file)}
        return laid


def read_folder(path: Path) -> Folder:
    """Errors:  DeclarationError when the code systems cannot be read: nothing else makes sense without them"""
    try:
        folder = Folder(path, load_systems(path / "tables"))
    except DeclarationError as error:
        problems = [*error.problems, *_read_all(Folder(path, Systems({}, {}, {}, frozenset())), path)]
        raise DeclarationError(problems) from error
    _read_all(folder, path)
    return folder


def _read_all(folder: Folder, path: Path) -> list[str]:
    tables = list(_declared(folder, path, "tables/*.table.yaml", "table", "table"))
    units = list(_declared(folder, path, "tables/*.units.yaml", "units", "units"))
    fragments = list(_declared(folder, path, "fragments/*.yaml", "mapping", "fragment"))
    folder.maps = list(_declared(folder, path, "*.map.yaml", "mapping", "map"))
    folder.units = make_units(units)
    folder.fragments = {file.data["fragment"]: file for file in fragments}
    if folder.systems.uris:
        folder.tables = {table.name: table for file in tables for table in _tables(folder, file)}
    return folder.problems


def _declared(folder: Folder, path: Path, pattern: str, schema: str, kind: str) -> Iterator[Declaration]:
    """The good files of one kind; a file is named after what it declares."""
    for place in sorted(path.glob(pattern)):
        name = place.name.split(".")[0]
        try:
            file = load_declaration(place, schema)
        except DeclarationError as error:
            folder.problems += error.problems
            folder.unread.add(name)
            continue
        if file.data.get(kind) == name:
            yield file
        else:
            text = f"the file '{place.name}' must declare `{kind}: {name}`"
            folder.problems.append(f"{file.at((kind,))} M001 {file.data.get(kind, name)}: {text}")
            folder.unread |= {name, str(file.data.get(kind))}


def _tables(folder: Folder, file: Declaration) -> Iterator[Table]:
    if problems := list(_unknown_systems(file, folder.systems)):
        folder.problems += problems
        folder.unread.add(file.data["table"])
    else:
        yield make_table(file, folder.systems)


def _unknown_systems(file: Declaration, systems: Systems) -> Iterator[str]:
    for number, row in enumerate(file.data["rows"]):
        for key in ("write", "read"):
            for name in row.get(key, ()) if file.data["kind"] == "concept" else ():
                try:
                    systems.uri(name)
                except PathError as error:
                    yield f"{file.at(('rows', number, key, name))} {error.code} {file.data['table']}: {error}"
