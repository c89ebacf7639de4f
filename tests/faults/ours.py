"""Our own client against a hospital that fails: the product's stages on a real store, without judging anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from adapter.bootstrap import make_id, now
from adapter.crawl import SearchTaking
from adapter.errors import RemoteError
from adapter.hospital import Patience, Search, Source, resolve_source
from adapter.hospital.client import open_hospital
from adapter.parts import Parts
from adapter.pseudonym import load_pseudonyms
from adapter.sealing import load_seals
from adapter.store import candidates, open_store, units
from tests.faults.hospital import CODE

ATTEMPTS = 4


@dataclass
class Brought:
    """What a pull brought.

    Shapes:  rows      keys of the Conditions handed over, each as often as it was
             problems  what it says is missing
             told      issues about the server
    """

    rows: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.problems


@contextmanager
def open_parts(folder: Path) -> Iterator[Parts]:
    """What a crawl needs: a store, keys, a clock; no mappings."""
    store = open_store(f"sqlite:///{folder / 'pull.db'}")
    try:
        pseudonyms, seals = load_pseudonyms(folder / "pseudonyms.json"), load_seals(folder / "seals.json")
        nothing = cast(Any, None)
        yield Parts(
            knowledge=nothing,
            pseudonyms=pseudonyms,
            seals=seals,
            store=store,
            sources={},
            clock=now,
            make_id=make_id,
            secret=lambda name: None,
            client_keys=folder / "client.json",
        )
    finally:
        store.close()


def source_of(base: str, *, connections: int = 4, page_size: int = 100, hasty: bool = True) -> Source:
    """The candidates by one code, and their Conditions with an include."""
    source = resolve_source(base, {})
    timeouts = source.timeouts
    if hasty:
        timeouts = replace(timeouts, connect_seconds=2.0, read_seconds=0.4, answer_seconds=0.8)
    return replace(
        source,
        candidates=(Search("Condition", {"code": (CODE,)}),),
        collect=(Search("Condition", {"_include": ("Condition:encounter",)}),),
        page_size=page_size,
        timeouts=timeouts,
        politeness=replace(source.politeness, connections=connections),
    )


def pull(parts: Parts, source: Source, pull_id: str, patience: Patience | None = None) -> Brought:
    """Run the stages to their end and gather what can be handed over; killed before, it goes on."""
    patience = patience or Patience(attempts=ATTEMPTS, pause=lambda seconds: None)
    brought = Brought()
    with open_hospital(source, parts.secret, patience) as hospital:
        taking = SearchTaking(parts, hospital, pull_id)
        try:
            taking.take(lambda stage: True)
        except RemoteError as error:
            brought.problems.append(str(error))
            return brought
        brought.told = [issue.rule for issue in taking.issues()]
        with parts.store.reading() as connection:
            found = units.ended(connection, pull_id, "candidates")
            named = candidates.everybody(connection, pull_id)
        brought.problems += [unit.problem for unit in found if unit.state != "complete"]
        for patient in named:
            handed = taking.of(patient)
            brought.problems += [handed.problem] if handed.problem else []
            brought.rows += [key for key in handed.resources if key.startswith("Condition/")]
    return brought
