"""One patient as a hospital holds him: everything, or the reason why it is not.

Takes from: canonical, errors, hospital.collecting.  Gives to: crawl, bulk, screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adapter.canonical import BASE
from adapter.errors import Json
from adapter.hospital.collecting import Key

CENTRE_SYSTEM = f"{BASE}/identifier/centre"


@dataclass
class Collected:
    """What was collected of a patient.

    Shapes:  resources  by (type, id); the Patient is among them
             problem    why the patient could not be collected as a whole; "" when nothing is missing
    """

    resources: dict[Key, Json] = field(default_factory=dict)
    problem: str = ""

    @property
    def complete(self) -> bool:
        return not self.problem


def with_centre(patient: Json, centre: str) -> Json:
    """The centre a source declares is the registry's name for it; the hospital's own number is not needed."""
    if not centre:
        return patient
    return patient | {"managingOrganization": {"identifier": {"system": CENTRE_SYSTEM, "value": centre}}}
