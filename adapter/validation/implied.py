"""Profiles that R4 itself demands by content: the vital signs.

Takes from: nothing.  Gives to: validation.resources.
Source: https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from __future__ import annotations

from typing import Any

from adapter.errors import Json

_BASE = "http://hl7.org/fhir/StructureDefinition/"
VITAL_SIGNS = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "59408-5": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}


def implied_profiles(observation: Json) -> list[str]:
    """The vital-signs profiles an Observation must meet because of its LOINC code."""
    code: Any = observation.get("code")
    codings = code.get("coding") if type(code) is dict else None
    if type(codings) is not list:
        return []
    loinc = [c.get("code") for c in codings if type(c) is dict and c.get("system") == "http://loinc.org"]
    return [_BASE + VITAL_SIGNS[found] for found in loinc if type(found) is str and found in VITAL_SIGNS]
