"""Imaging studies and biopsies as PACS and billing systems send them.

Rows 16 to 20 of the list of what hospitals send.

Takes from: hospital.dossier, canonical.  Gives to: population.
"""

from __future__ import annotations

from adapter.canonical import code_system
from adapter.errors import Json
from adapter.synthetic.hospital.dossier import DCM, SCT, Dossier, codings, concept

_DCM_OID = "urn:oid:1.2.840.10008.2.16.4"
_CCAM = "https://smt.esante.gouv.fr/terminologie-ccam"
# CCAM knows bone biopsies of the lower limb; for other bones no code could be checked.
_LOWER_LIMB = {"71341001", "12611008", "87342007", "182046008", "182061009", "302529003"}
_FRENCH = {"MR": "IRM", "NM": "Scintigraphie osseuse", "CT": "Scanner", "CR": "Radiographie", "DX": "Radiographie"}


def spell_studies(dossier: Dossier) -> None:
    """The modality stands at the study, at the series or at both; reports and markings come along as series."""
    for number, study in enumerate(dossier.of("ImagingStudy"), 1):
        code = study["modality"][0]["code"]
        study["identifier"] = [{"system": "urn:dicom:uid", "value": f"urn:oid:1.2.250.1.999.{dossier.number}.{number}"}]
        study["description"] = _FRENCH.get(code, code)
        series = [code, *dossier.take("series", [[], ["SR"], ["PR", "SR"], []])]
        if code == "NM":
            series += dossier.take("spect-ct", [[], ["CT"]])
        _spell_modality(dossier, study, series)


def forget_study_names(dossier: Dossier) -> None:
    """A hospital refers to a study by its address only; the registry's name for it is not known there."""
    for observation in dossier.of("Observation"):
        for reference in observation.get("derivedFrom", []):
            reference.pop("identifier", None)


def _spell_modality(dossier: Dossier, study: Json, series: list[str]) -> None:
    where = dossier.take("modality", ["both", "series", "study", "oid"])
    at_study = [{"system": _DCM_OID if where == "oid" else DCM, "code": code} for code in series]
    study.pop("modality")
    if where != "series":
        study["modality"] = at_study
    if where in ("both", "series"):
        uid = study["identifier"][0]["value"].removeprefix("urn:oid:")
        study["series"] = [
            {"uid": f"{uid}.{place}", "modality": {"system": DCM, "code": code}} for place, code in enumerate(series, 1)
        ]


def add_unfinished_studies(dossier: Dossier) -> None:
    """Appointments that were cancelled, studies that are only announced."""
    status = dossier.take("unfinished", [None, "cancelled", None, "registered"])
    if status:
        dossier.add("ImagingStudy", status=status, modality=[{"system": DCM, "code": "MR"}])


def add_reports(dossier: Dossier) -> None:
    """The radiologist's words: nothing of them is read."""
    for study in dossier.of("ImagingStudy")[:1]:
        if dossier.take("report", [False, True]):
            dossier.add(
                "DiagnosticReport",
                status="final",
                code=concept("http://loinc.org", "18748-4"),
                imagingStudy=[{"reference": f"ImagingStudy/{study['id']}"}],
                conclusion="Anomalies de signal en regard des régions douloureuses, à confronter à la clinique.",
            )


def spell_biopsies(dossier: Dossier) -> None:
    """CCAM with its phase digits, the general code with a wrong label, or SNOMED CT as it should be."""
    for procedure in dossier.of("Procedure"):
        site = (procedure.get("bodySite") or [{}])[0]
        bones = {coding["code"] for coding in site.get("coding", [])}
        ways = [concept(SCT, "13861005"), concept(SCT, "116014002", "Exérèse")]
        if bones:
            ways.append(concept(SCT, "86273004", "Biopsy of bone marrow"))
        if bones & _LOWER_LIMB:
            ways += [concept(_CCAM, "NZHA0014"), concept(_CCAM, "NZHB0010001"), concept(_CCAM, "NZHA001")]
        procedure["code"] = dossier.take(f"biopsy-{len(ways)}", ways)


def add_undone_procedures(dossier: Dossier) -> None:
    """A biopsy that was planned and not done."""
    status = dossier.take("undone", [None, None, "not-done", "preparation"])
    if status:
        dossier.add("Procedure", status=status, code=concept(SCT, "13861005"))


def spell_results(dossier: Dossier) -> None:
    """Results in the registry's code, or in the general SNOMED CT qualifiers."""
    general = {"positive": "10828004", "negative": "260385009"}
    for observation in dossier.observed("imaging-result", "biopsy-microbiology"):
        for coding in codings(observation, "valueCodeableConcept"):
            if coding["system"] in _RESULTS and coding["code"] in general and dossier.take("result", [True, False]):
                observation["valueCodeableConcept"] = concept(SCT, general[coding["code"]])


_RESULTS = {code_system("crmo-result"), code_system("crmo-microbiology")}
