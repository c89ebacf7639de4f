"""Look for what must never be: bytes that changed, entries without an end, cases that contradict their own rows.

Takes from: parts, case, store.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.case import check_case
from adapter.parts import Parts
from adapter.store import Connection, integrity


def check_integrity(parts: Parts) -> Iterator[str]:
    """One sentence for each broken promise, naming the row.

    I1 the bytes are those that came · I2 every entry has ended · I3 a stored entry made a version · I4 a living
    case has its current version and a decision on it · I5 a version is what its hash says, and its schema accepts it ·
    I6 no source counts as taken beyond its pull · I7 the audit is unbroken
    """
    with parts.store.reading() as connection:
        yield from integrity.check_bytes(connection, parts.seals)
        yield from integrity.check_ends(connection)
        yield from integrity.check_audit(connection)
        yield from integrity.check_heads(connection)
        yield from integrity.check_reached(connection)
        yield from _check_versions(connection, parts)


def _check_versions(connection: Connection, parts: Parts) -> Iterator[str]:
    for case_id, version, case, unchanged in integrity.versions(connection):
        if not unchanged:
            yield f"I5 case {case_id} version {version}: is not what its hash says"
        if any(issue.blocks for issue in check_case(case, parts.knowledge.consistency, today=parts.today())):
            yield f"I5 case {case_id} version {version}: breaks the case schema or its consistency rules"
