"""The outbound journey: a stored case becomes FHIR, to be read here or sent to a hospital as a transaction.

Takes from: errors, parts, store, hospital.  Gives to: web, cli.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.errors import Json, RemoteError
from adapter.hospital import resolve_source
from adapter.hospital.client import open_hospital
from adapter.parts import Parts
from adapter.store import cases


@dataclass(frozen=True)
class Delivery:
    """What the hospital did with a case.

    Shapes:  statuses  one HTTP status for each resource sent, as the hospital told it
    """

    case_id: str
    host: str
    statuses: list[str]


def read_fhir(parts: Parts, case_id: str, version: int | None = None) -> Json:
    """A stored case as a transaction Bundle of PUT entries with stable ids.

    Errors:  NotFoundError, GoneError
    """
    with parts.store.reading() as connection:
        found = cases.read(connection, case_id, version)
    return parts.knowledge.mappings.to_fhir(found.case)


def push(parts: Parts, case_id: str, to: str) -> Delivery:
    """Send a stored case to a hospital. Sent again it changes nothing there: every entry is a PUT by a stable id.

    Shapes:  to  name of a declared source, or a FHIR base address
    Errors:  NotFoundError, GoneError, UsageError, ConfigError; RemoteError also when a single entry was refused
    """
    source = resolve_source(to, parts.sources)
    bundle = read_fhir(parts, case_id)
    with open_hospital(source, parts.secret) as hospital:
        answer = hospital.transaction(bundle)
        statuses = [str(entry.get("response", {}).get("status", "")) for entry in answer.get("entry", [])]
        if refused := sum(not status.startswith("2") for status in statuses):
            raise RemoteError(f"refused {refused} of {len(statuses)} entries", hospital.host)
        return Delivery(case_id, hospital.host, statuses)
