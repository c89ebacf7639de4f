"""Where in the body: entire bones for structures, the side as a second coding or as an extension, French words.

Row 15 of the list of what hospitals send.

Takes from: hospital.dossier, canonical.  Gives to: population.
"""

from __future__ import annotations

from adapter.canonical import extension
from adapter.errors import Json
from adapter.synthetic.hospital.dossier import SCT, Dossier

# Structure of a bone -> the entire bone: another SNOMED CT family, the same bone to the registry.
_ENTIRE = {
    "56873002": "302522007",
    "113197003": "302523002",
    "85050009": "181923006",
    "62413002": "181940002",
    "23416004": "181948009",
    "22356005": "182029005",
    "85710004": "182025004",
    "54735007": "264186006",
    "51282000": "181817002",
    "71341001": "182046008",
    "12611008": "182061009",
    "87342007": "302529003",
    "64234005": "182083008",
    "91609006": "181812008",
}
_LATERALITY = extension("laterality")
_SIDES = {"7771000": "gauche", "24028007": "droit", "51440002": "bilatéral"}


def spell_places(dossier: Dossier) -> None:
    """Respell every bodySite of a Condition, Observation or Procedure; bone, side and segment stay the same."""
    for resource in dossier.resources:
        site = resource.get("bodySite")
        for concept in site if isinstance(site, list) else [site]:
            if isinstance(concept, dict) and "coding" in concept:
                _respell(dossier, concept)


def _respell(dossier: Dossier, site: Json) -> None:
    if dossier.take("entire", [False, True, False]):
        for coding in site["coding"]:
            if coding["code"] in _ENTIRE:
                coding["code"] = _ENTIRE[coding["code"]]
                coding.pop("display", None)
    if dossier.take("side", [True, False, True]):
        _side_as_coding(site)


def _side_as_coding(site: Json) -> None:
    """The second coding of the concept tells the side, and the text repeats it in French."""
    kept = [each for each in site.get("extension", []) if each["url"] != _LATERALITY]
    moved = [each["valueCodeableConcept"]["coding"][0] for each in site.get("extension", []) if each not in kept]
    codes = [coding for coding in moved if coding["system"] == SCT]
    if not codes:
        return
    site["coding"] = [*site["coding"], *({"system": SCT, "code": coding["code"]} for coding in codes)]
    site["text"] = f"côté {_SIDES.get(codes[0]['code'], 'non précisé')}"
    site.pop("extension")
    if kept:
        site["extension"] = kept
