"""Cases whose resources are behind: kept by an earlier adapter, or written by earlier mappings.

Takes from: parts, store, publishing.  Gives to: web, cli.
"""

from __future__ import annotations

from adapter.parts import Parts
from adapter.registry.publishing import publish
from adapter.store import cases, resources

_BATCH = 50


def catch_up(parts: Parts) -> int:
    """Publish again what is behind. Returns how many cases that were; can be stopped and begun again at any time."""
    done = 0
    while count := _some(parts):
        done += count
    return done


def _some(parts: Parts) -> int:
    mappings = parts.knowledge.mappings
    with parts.store.writing() as connection:
        behind = resources.behind(connection, mappings.version, limit=_BATCH)
        for case_id in behind:
            found = cases.read(connection, case_id)
            at, version = parts.clock(), found.version
            publish(connection, mappings, found.case, case_version=version, inbox_id=found.inbox_id, at=at)
    return len(behind)
