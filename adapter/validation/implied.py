"""Profiles that R4 itself demands by content: the vital signs.

Takes from: nothing.  Gives to: validation.resources.
Source: https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from __future__ import annotations

from typing import Any

from adapter.errors import Json

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_LOINC = {
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
# The same measurements where a record names them by SNOMED CT; the profile then asks for the LOINC code as well.
_SNOMED = {
    "86290005": "resprate",
    "364075005": "heartrate",
    "431314004": "oxygensat",
    "386725007": "bodytemp",
    "276885007": "bodytemp",
    "50373000": "bodyheight",
    "363812007": "headcircum",
    "27113001": "bodyweight",
    "60621009": "bmi",
    "75367002": "bp",
}
_BY_CODING = {("http://loinc.org", code): name for code, name in _LOINC.items()} | {
    ("http://snomed.info/sct", code): name for code, name in _SNOMED.items()
}


def implied_profiles(observation: Json) -> list[str]:
    """The vital-signs profiles an Observation must meet because of its code."""
    if observation.get("resourceType") != "Observation":
        return []
    code: Any = observation.get("code")
    codings = code.get("coding") if type(code) is dict else None
    if type(codings) is not list:
        return []
    keys = [(str(coding.get("system")), str(coding.get("code"))) for coding in codings if type(coding) is dict]
    named = (_BY_CODING.get(key) for key in keys)
    return [_BASE + name for name in dict.fromkeys(named) if name]
