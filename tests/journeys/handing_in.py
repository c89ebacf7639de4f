"""What a hospital hands in and what becomes of it: its entries by count, and all that lies there by state."""

from __future__ import annotations

from typing import Any

from adapter import inbound
from adapter.parts import Parts
from adapter.store import inbox
from tests.sample_bundles import as_bytes


def receive(parts: Parts, document: Any, source: str = "north") -> Any:
    return inbound.receive(parts, document if isinstance(document, bytes) else as_bytes(document), source)


def counts(receipt: Any) -> tuple[int, int, int, int]:
    entry = receipt.entry
    return entry.received, entry.stored, entry.rejected, entry.unchanged


def states(parts: Parts) -> dict[str, int]:
    with parts.store.reading() as connection:
        return {state: count for state, count in inbox.count_states(connection).items() if count}
