"""Drugs as French hospitals name them: dispensing codes, French names, ATC second or hidden, references of every kind.

Rows 1 to 5 and 25 of the list of what hospitals send.

Takes from: hospital.dossier, canonical.  Gives to: population.
"""

from __future__ import annotations

from adapter.errors import Json
from adapter.synthetic.hospital.dossier import Dossier, codings, concept

ATC = "http://www.whocc.no/atc"
ATC_FR = "https://smt.esante.gouv.fr/terminologie-atc"
UCD = "https://smt.esante.gouv.fr/terminologie-cip_ucd"
CLASSIFICATION = "https://profiles.ihe.net/PHARM/MPD/StructureDefinition/ihe-ext-medication-classification"
_OTHER_DRUG = concept(ATC_FR, "N02BE01", text="Paracétamol")

# French names of the drugs that synthetic cases use; a drug without one keeps its code.
_NAMES = {
    "M01AE01": "IBUPROFENE 400 MG, COMPRIMÉ",
    "M01AE02": "NAPROXENE 500 MG, COMPRIMÉ",
    "M01AB01": "INDOMETACINE 25 MG, GÉLULE",
    "M01AB05": "DICLOFENAC 50 MG, COMPRIMÉ",
    "M05BA03": "PAMIDRONATE 30 MG, PERFUSION",
    "M05BA08": "ZOLEDRONATE 4 MG, PERFUSION",
    "L04AB01": "ETANERCEPT 25 MG, SOLUTION INJECTABLE",
    "L04AB02": "INFLIXIMAB 100 MG, PERFUSION",
    "L04AB04": "ADALIMUMAB 40 MG, SOLUTION INJECTABLE",
    "H02AB06": "PREDNISOLONE 20 MG, COMPRIMÉ",
    "H02AB07": "PREDNISONE 20 MG, COMPRIMÉ",
    "L04AX03": "METHOTREXATE 10 MG, COMPRIMÉ",
    "L01BA01": "METHOTREXATE 10 MG, SOLUTION INJECTABLE",
    "A07EC01": "SULFASALAZINE 500 MG, COMPRIMÉ",
    "M04AC01": "COLCHICINE 1 MG, COMPRIMÉ",
    "J01CF04": "OXACILLINE 1 G, PERFUSION",
    "J01FF01": "CLINDAMYCINE 300 MG, GÉLULE",
    "J01CR02": "AMOXICILLINE ACIDE CLAVULANIQUE 1 G, COMPRIMÉ",
}


def spell_drugs(dossier: Dossier) -> None:
    """One way of naming for each statement; the class it leads to stays the same."""
    for statement in dossier.of("MedicationStatement"):
        atc = next(
            (each["code"] for each in codings(statement, "medicationCodeableConcept") if each["system"] == ATC), ""
        )
        if atc:
            ways = [_coded, _coded_second, _contained, _referenced, _classified]
            ways += [_named, _named_by_reference] if atc in _NAMES else []
            del statement["medicationCodeableConcept"]
            dossier.take(f"drug-{len(ways)}", ways)(dossier, statement, atc)


def _coded(dossier: Dossier, statement: Json, atc: str) -> None:
    statement["medicationCodeableConcept"] = concept(ATC_FR, atc)


def _coded_second(dossier: Dossier, statement: Json, atc: str) -> None:
    coding = [{"system": UCD, "code": _ucd(atc)}, {"system": ATC_FR, "code": atc}]
    statement["medicationCodeableConcept"] = {"coding": coding}


def _named(dossier: Dossier, statement: Json, atc: str) -> None:
    statement["medicationCodeableConcept"] = concept(UCD, _ucd(atc), text=_NAMES[atc])


def _named_by_reference(dossier: Dossier, statement: Json, atc: str) -> None:
    _refer(dossier, statement, {"code": concept(UCD, _ucd(atc), text=_NAMES[atc])})


def _referenced(dossier: Dossier, statement: Json, atc: str) -> None:
    _refer(dossier, statement, {"code": concept(ATC_FR, atc)})


def _classified(dossier: Dossier, statement: Json, atc: str) -> None:
    classified = [{"url": CLASSIFICATION, "valueCodeableConcept": concept(ATC, atc)}]
    _refer(dossier, statement, {"extension": classified, "code": concept(UCD, _ucd(atc))})


def _contained(dossier: Dossier, statement: Json, atc: str) -> None:
    """Every statement of the hospital calls its own contained drug by the same name."""
    statement["contained"] = [{"resourceType": "Medication", "id": "m", "code": concept(ATC_FR, atc)}]
    statement["medicationReference"] = {"reference": "#m"}


def _refer(dossier: Dossier, statement: Json, drug: Json) -> None:
    medication = {"resourceType": "Medication", "id": dossier.new_id(), **drug}
    dossier.resources.append(medication)
    statement["medicationReference"] = {"reference": f"Medication/{medication['id']}"}


def _ucd(atc: str) -> str:
    """A made-up dispensing code: no table knows it, so that only the name or the ATC can tell the drug."""
    return f"9999{sum(map(ord, atc)):03}"


def add_drugs_not_taken(dossier: Dossier) -> None:
    """Planned, refused, entered by mistake: none of them was a treatment."""
    status = dossier.take("not-taken", [None, "intended", None, "not-taken", "entered-in-error"])
    if status:
        dossier.add("MedicationStatement", status=status, medicationCodeableConcept=concept(ATC_FR, "L04AB04"))


def add_prescriptions(dossier: Dossier) -> None:
    """The prescription behind the first statement, as a resource of its own."""
    sent = dossier.take("prescription", [False, True, False])
    if sent and dossier.of("MedicationStatement"):
        dossier.add("MedicationRequest", status="active", intent="order", medicationCodeableConcept=_OTHER_DRUG)
