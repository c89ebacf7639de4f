"""The house as it stands, held against its plan: floors, one library one room, sizes, and what stands in one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "adapter"

# A file imports from its own room and from lower floors, never sideways and never up.
FLOORS = [
    {"errors", "canonical", "scopes"},
    {"resource", "dates", "declaration", "keyfile", "spreadsheet"},
    {"typed"},
    {"conformance", "bundle", "release", "case", "pseudonym", "tokens", "sealing", "credentials"},
    {"terminology"},
    {"search", "mapping", "eligibility", "cohort"},
    {"validation", "figures", "exports"},
    {"store", "hospital", "synthetic", "report"},
    {"parts", "tiers", "package"},
    {"admission", "conditions", "crawl", "registry"},
    {"bulk"},
    {
        "judgement",
        "mending",
        "receipt",
        "tracing",
        "describing",
        "adjudicating",
        "queries",
        "outbound",
        "fsck",
        "access",
        "backup",
        "rotating",
    },
    {"recording", "reporting"},
    {"inbound", "lease"},
    {"incremental"},
    {"tally", "examining", "forecast", "editing", "recomputing", "remapping"},
    {"screen", "pull"},
    {"demo", "worker"},
    {"config"},
    {"library"},
    {"bootstrap"},
    {"web"},
    {"cli"},
    {"__main__"},
]

LIBRARIES = {
    "orjson": {"resource"},
    "argon2": {"credentials"},
    "pyotp": {"credentials"},
    "cryptography": {"sealing"},
    "yaml": {"declaration"},
    "jsonschema": {"declaration"},
    "fhir": {"typed"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "joserfc": {"tokens"},
    "requests": {"hospital"},
    "urllib3": {"hospital"},
    "babel": {"web"},
    "flask": {"web"},
    "werkzeug": {"web"},
    "jinja2": {"web"},
    "gunicorn": {"web"},
    "click": {"cli"},
    "rich": {"cli"},
    "huey": {"worker"},
    "matplotlib": {"figures"},
    "scipy": {"figures"},
    "numpy": {"figures"},
    "pyarrow": {"exports"},
    "pyspark": {"screen"},
    "docx": {"report"},
}
# Rooms that read or write JSON which is not FHIR and not a case: a schema of ours, a key, a log line, generated code.
PLAIN_JSON = {
    "declaration",
    "resource",
    "keyfile",
    "web",
    "conformance",
    "mapping",
    "hospital",
    "synthetic",
    "cohort",
    "figures",
    "exports",
}

FILE_LINES, FUNCTION_LINES = 250, 40
SHAPELESS = ("util", "helper", "manager", "common", "misc", "base", "processor", "handler")


def files() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if "_shipped" not in file.parts)


def room(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            name = node.module or ""
            if name == "adapter":
                yield from ((node.lineno, f"adapter.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, name


def floor_of(name: str) -> int:
    found = next((number for number, rooms in enumerate(FLOORS) if name in rooms), None)
    assert found is not None, f"room '{name}' has no floor: give it one in FLOORS"
    return found


def where(file: Path, line: int) -> str:
    return f"{file.relative_to(PACKAGE.parent)}:{line}"


def test_every_file_imports_only_from_lower_floors() -> None:
    wrong = []
    for file in files():
        if (own := room(file)) == "__init__":
            continue
        for line, name in imports(parse(file)):
            parts = name.split(".")
            outside = parts[0] == "adapter" and len(parts) > 1 and parts[1] not in (own, "__version__")
            if outside and floor_of(parts[1]) >= floor_of(own):
                wrong.append(f"{where(file, line)} {own} must not know {parts[1]}")
    assert wrong == []


def test_every_library_lives_in_its_room() -> None:
    wrong = [
        f"{where(file, line)} {name}"
        for file in files()
        for line, name in imports(parse(file))
        if (library := name.split(".")[0]) in LIBRARIES and room(file) not in LIBRARIES[library]
    ]
    assert wrong == []


def test_every_library_that_is_imported_has_a_room() -> None:
    import sys

    known = {*sys.stdlib_module_names, *LIBRARIES, "adapter"}
    found = {name.split(".")[0] for file in files() for _, name in imports(parse(file))}
    assert found - known == set()


def test_fhir_and_cases_are_read_and_written_by_the_room_that_keeps_their_digits() -> None:
    wrong = [
        where(file, line)
        for file in files()
        for line, name in imports(parse(file))
        if name == "json" and room(file) not in PLAIN_JSON
    ]
    assert wrong == []


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_and_functions_can_be_read_at_one_go(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LINES, f"{lines} lines: a crowded room is redesigned"
    for node in ast.walk(parse(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= FUNCTION_LINES, f"{where(file, node.lineno)} {node.name} has {size} lines"


def test_every_room_says_what_it_is_for() -> None:
    silent = [str(file.relative_to(PACKAGE)) for file in files() if not ast.get_docstring(parse(file))]
    assert silent == []


def test_only_one_file_looks_at_the_environment() -> None:
    looking = {
        file.name
        for file in files()
        for node in ast.walk(parse(file))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb", "putenv")
    }
    assert looking == {"config.py"}


def test_nobody_swallows_what_he_does_not_know() -> None:
    """But one: the worker's loop, which outlives a bad pull. `except BaseException` may tidy up and must pass on."""
    found = []
    for file in files():
        for node in ast.walk(parse(file)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            names = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)} if node.type else {"bare"}
            passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if names & {"bare", "Exception"} or ("BaseException" in names and not passes_on):
                found.append(str(file.relative_to(PACKAGE)))
    assert found == ["worker/loop.py"]


def test_no_room_is_called_by_a_word_that_says_nothing() -> None:
    names = {part.removesuffix(".py").lower() for file in files() for part in file.relative_to(PACKAGE).parts}
    shapeless = {name for name in names for word in SHAPELESS if name in (word, f"{word}s")}
    assert shapeless == set()


def test_a_screening_process_loads_no_database_and_no_http() -> None:
    """Every process of a screening starts by importing; what it does not need is time that cannot be shared out."""
    told = "import sys, adapter.screen; print(*(each for each in sys.argv[1:] if each in sys.modules))"
    unneeded = ("sqlalchemy", "requests", "joserfc", "flask", "scipy", "matplotlib", "pyarrow")
    loaded = subprocess.run([sys.executable, "-c", told, *unneeded], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
