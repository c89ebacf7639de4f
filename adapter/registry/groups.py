"""The registry's Groups: whom its criteria take, whom they do not, and of whom it is not known yet.

Takes from: canonical, errors, store.  Gives to: web.
Source: https://hl7.org/fhir/R4/group.html
"""

from __future__ import annotations

from adapter.canonical import BASE
from adapter.errors import Json, NotFoundError
from adapter.store import Connection, groups

GROUPS = {
    "eligible": "Children whom the criteria take",
    "undetermined": "Children of whom something is missing to decide",
    "ineligible": "Children whom the criteria do not take",
}


def ensure_group(id_: str) -> None:
    """Errors:  NotFoundError"""
    if id_ not in GROUPS:
        raise NotFoundError(f"The registry has the Groups {', '.join(GROUPS)}.")


def read_group(connection: Connection, id_: str, *, source: str | None, criteria_version: str) -> Json:
    """A Group with every member whom the asker may see, as decided now.

    Shapes:  source  see `store.groups`
    Errors:  NotFoundError
    """
    ensure_group(id_)
    found = groups.members(connection, id_, source=source)
    told: Json = {
        "resourceType": "Group",
        "id": id_,
        "identifier": [{"system": f"{BASE}/identifier/criteria", "value": f"{criteria_version}-{id_}"}],
        "active": True,
        "type": "person",
        "actual": True,
        "name": GROUPS[id_],
        "quantity": len(found),
    }
    return told | ({"member": [{"entity": {"reference": f"Patient/{each}"}} for each in found]} if found else {})
