"""From settings to ready parts: the only place where a real clock, real ids and real keys come in.

Takes from: config, every room below.  Gives to: the doors.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from adapter.case import load_consistency
from adapter.cohort import load_derivation, load_statistics
from adapter.config import Settings
from adapter.eligibility import load_criteria
from adapter.hospital import Sources
from adapter.mapping import load_mappings
from adapter.parts import Knowledge, Parts, Published
from adapter.pseudonym import load_pseudonyms
from adapter.sealing import load_seals
from adapter.store import open_store

PAPERS = ("SA", "SB")


def now() -> datetime:
    return datetime.now(UTC)


def make_id() -> str:
    return str(uuid.uuid4())


def load_knowledge(settings: Settings, rule_set: str = "SA") -> Knowledge:
    """Read, prove and compile everything experts declared.  Errors:  DeclarationError, UsageError (unknown rule set)"""
    folder = settings.mappings
    derivation = load_derivation(folder)
    published = {
        name: Published(load_criteria(folder, name), load_statistics(folder, name, derivation)) for name in PAPERS
    }
    return Knowledge(
        load_mappings(folder, settings.cache),
        load_consistency(folder),
        load_criteria(folder, rule_set),
        published,
        settings.packages,
    )


@contextmanager
def open_parts(settings: Settings, knowledge: Knowledge | None = None) -> Iterator[Parts]:
    """The adapter, ready; closes the database in the end.

    Shapes:  knowledge  when it is loaded already; else it is loaded from the settings' folders
    Errors:  DeclarationError, ConfigError, RemoteTransientError (the database does not answer)
    """
    knowledge = knowledge or load_knowledge(settings)
    sources = Sources(settings.sources, settings.client_keys, knowledge.check_overlays)
    pseudonyms, seals = load_pseudonyms(settings.pseudonym_key), load_seals(settings.sealing_key)
    store = open_store(settings.database_url)
    try:
        yield Parts(
            knowledge,
            pseudonyms,
            seals,
            store,
            sources,
            clock=now,
            make_id=make_id,
            secret=settings.secret,
            client_keys=settings.client_keys,
        )
    finally:
        store.close()
