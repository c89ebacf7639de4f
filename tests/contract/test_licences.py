"""Every dependency is known by name, reason and licence."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.lock import locked
from tests.readme import ROOT, codes, table

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINE = re.compile(r"(?P<name>\S+)==(?P<version>\S+)  (?P<licence>\S.*)")
# Licences under which a library may be used by, and shipped beside, a work under Apache-2.0.
ALLOWED = re.compile(
    r"MIT|BSD|Apache|MPL|Mozilla Public License|ISC|PSF|Python Software Foundation|LGPL|Lesser General|Unlicense|Zlib",
    re.IGNORECASE,
)
# Pinned for other platforms, so not installed where the pins are made; read in their repositories.
READ_ELSEWHERE = {"colorama": "BSD-3-Clause", "tzdata": "Apache-2.0"}


def wanted() -> list[str]:
    """Names of all that pyproject.toml asks for: to run, as extras, to develop."""
    project = PROJECT["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return [re.split(r"[\[><=!~; ]", each, maxsplit=1)[0] for group in groups for each in group]


def licences() -> dict[tuple[str, str], str]:
    lines = (ROOT / "licences.lock").read_text(encoding="utf-8").splitlines()
    read = [LINE.fullmatch(line) for line in lines]
    assert None not in read
    return {(match["name"], match["version"]): match["licence"] for match in read if match}


def test_every_pinned_distribution_has_a_licence_and_no_other() -> None:
    locks = ("requirements.lock", "requirements-dev.lock", "requirements-spark.lock")
    assert set(licences()) == {pinned for lock in locks for pinned in locked(lock)}


def test_spark_gets_what_everybody_gets_and_spark() -> None:
    more = set(locked("requirements-spark.lock")) - set(locked("requirements.lock"))
    assert {name for name, _ in more} == {"py4j", "pyspark"}
    assert set(locked("requirements.lock")) <= set(locked("requirements-spark.lock"))


def test_every_licence_may_be_used_beside_ours() -> None:
    told = {name: READ_ELSEWHERE.get(name, licence) for (name, _), licence in licences().items()}
    unknown = {name: text for name, text in told.items() if not ALLOWED.search(text)}
    assert unknown == {}


@pytest.mark.parametrize("name", wanted())
def test_every_dependency_is_pinned(name: str) -> None:
    normal = re.sub(r"[-_.]+", "-", name).lower()
    pinned = {*locked("requirements-dev.lock"), *locked("requirements-spark.lock")}
    assert normal in {known for known, _ in pinned}


def test_every_dependency_has_one_line_in_the_readme_and_no_other() -> None:
    named = [code for row in table("Dependencies") for code in codes(row[0])]
    assert sorted(named) == sorted(wanted())


def test_every_line_gives_reason_room_and_alternative() -> None:
    assert [row[0] for row in table("Dependencies") if len(row) != 4 or not all(row)] == []


def test_what_runs_is_pinned_as_what_is_tested() -> None:
    assert set(locked("requirements.lock")) <= set(locked("requirements-dev.lock"))
