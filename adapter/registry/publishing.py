"""Cases become resources that can be read one by one: new versions of what changed, the end of what is gone.

Takes from: canonical, mapping, resource, search, store.  Gives to: recording, web.
Source: https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from adapter.canonical import BASE
from adapter.errors import Json
from adapter.mapping import Mappings
from adapter.resource import dump_json
from adapter.search import index_of
from adapter.store import Connection, resources
from adapter.store.resources import Stored

_ACTIVITY = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def publish(
    connection: Connection, mappings: Mappings, case: Json, *, case_version: int, inbox_id: str, at: datetime
) -> None:
    """Make the resources of a case say what its current version says, in the transaction that keeps it."""
    case_id = case["case_id"]
    before = {(each.type, each.id): each for each in resources.saying_case(connection, case_id)}
    made = mappings.to_resources(case)
    rows = [*_changed(made, before, case_id, at), *_gone(made, before, at)]
    provenance = _provenance(made[0]["id"], case_version, inbox_id, mappings.version, rows, at)
    rows += _changed([provenance], _told_before(connection, provenance["id"]), case_id, at) if rows else []
    resources.add_versions(connection, rows)
    resources.replace_index(connection, ((row.type, row.id, index_of(row.body) if row.body else []) for row in rows))
    resources.mark_published(connection, case_id, case_version, mappings.version)


def _changed(
    made: Iterable[Json], before: dict[tuple[str, str], Stored], case_id: str, at: datetime
) -> Iterator[Stored]:
    for resource in made:
        key = resource["resourceType"], resource["id"]
        digest, known = hashlib.sha256(dump_json(resource)).hexdigest(), before.get(key)
        if known is None or known.content_hash != digest:
            yield Stored(*key, known.version + 1 if known else 1, True, case_id, at, digest, resource)


def _told_before(connection: Connection, id_: str) -> dict[tuple[str, str], Stored]:
    """The Provenance of this version, when its case was published before, by other mappings."""
    found = resources.read(connection, resources.PROVENANCE, id_)
    return {(found.type, found.id): found} if found else {}


def _gone(made: Iterable[Json], before: dict[tuple[str, str], Stored], at: datetime) -> Iterator[Stored]:
    there = {(each["resourceType"], each["id"]) for each in made}
    for key, known in before.items():
        if key not in there and known.body is not None:
            yield Stored(*key, known.version + 1, True, known.case_id, at, "", None)


def _provenance(
    patient_id: str, case_version: int, inbox_id: str, mapping_version: str, rows: list[Stored], at: datetime
) -> Json:
    """Which resources a version of a case made, out of which message, by which mappings."""
    first = case_version == 1
    return {
        "resourceType": resources.PROVENANCE,
        "id": f"{patient_id[:50]}-v{case_version}",
        "target": [{"reference": f"{row.type}/{row.id}/_history/{row.version}"} for row in rows],
        "recorded": at.isoformat(timespec="milliseconds"),
        "policy": [f"{BASE}/mappings/{mapping_version}"],
        "activity": {"coding": [{"system": _ACTIVITY, "code": "CREATE" if first else "UPDATE"}]},
        "agent": [
            {
                "type": {"coding": [{"system": _AGENT, "code": "assembler"}]},
                "who": {"identifier": {"system": f"{BASE}/identifier/software", "value": "crmo-fhir-adapter"}},
            }
        ],
        "entity": [
            {"role": "source", "what": {"identifier": {"system": f"{BASE}/identifier/inbox", "value": inbox_id}}}
        ],
    }
