"""What the shipped code tables make of codes and names as hospitals send them."""

from __future__ import annotations

import pytest

from adapter.config import shipped
from adapter.mapping.tables import load_systems, load_tables

FOLDER = shipped("mappings") / "tables"
TABLES = load_tables(FOLDER, load_systems(FOLDER))


@pytest.mark.parametrize(
    ("table", "system", "code", "word"),
    [
        ("diagnosis", "https://smt.esante.gouv.fr/terminologie-cim-10", "M863", "crmo"),
        ("diagnosis", "http://hl7.org/fhir/sid/icd-10", "M86.38", "crmo"),
        ("diagnosis", "http://hl7.org/fhir/sid/icd-10", "M86.9", None),
        ("diagnosis", "http://www.orpha.net/ORDO", "Orphanet_324964", "crmo"),
        ("diagnosis", "http://www.orpha.net", "ORPHA:793", "sapho"),
        ("comorbidity", "http://hl7.org/fhir/sid/icd-10", "L403", "palmoplantar_pustulosis"),
        ("comorbidity", "http://hl7.org/fhir/sid/icd-10", "L40.0", "psoriasis"),
        ("other-diagnosis", "http://hl7.org/fhir/sid/icd-10", "M08", None),
        ("other-diagnosis", "http://hl7.org/fhir/sid/icd-10", "M08.1", "era"),
        ("other-diagnosis", "http://hl7.org/fhir/sid/icd-10", "M08.0", "other"),
        ("other-diagnosis", "http://hl7.org/fhir/sid/icd-10", "M86.3", None),
        ("other-diagnosis", "http://hl7.org/fhir/sid/icd-10", "M86.9", "infection"),
        ("bone", "http://snomed.info/sct", "68367000", "unspecified"),
        ("bone", "http://snomed.info/sct", "7844006", "unspecified"),
        ("side", "http://snomed.info/sct", "419465000", "right"),
        ("present", "http://snomed.info/sct", "272519000", False),
        ("whole-body", "https://smt.esante.gouv.fr/terminologie-ccam", "PAQL002", True),
        ("biopsy", "https://smt.esante.gouv.fr/terminologie-ccam", "NZHA00101", "bone_biopsy"),
        ("biopsy", "https://smt.esante.gouv.fr/terminologie-ccam", "NZHB002", None),
        ("biopsy", "http://snomed.info/sct", "86273004", "generic_biopsy"),
        ("biopsy", "http://snomed.info/sct", "77477000", None),
        ("modality", "http://dicom.nema.org/resources/ontology/DCM", "SR", None),
        ("statement-of-nothing", "http://hl7.org/fhir/sid/icd-10", "R69", "uncoded"),
        ("absent-reason", "http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-asked", None),
        ("finding", "http://purl.obolibrary.org/obo/hp.owl", "HP:0011227", None),
    ],
)
def test_a_code_as_hospitals_send_it_is_read_as_the_registry_means_it(table, system, code, word):
    assert TABLES[table].find([{"system": system, "code": code}]) == word


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("M01AE01", "nsaid"),
        ("M01AX05", "other"),
        ("M02AA13", "other"),
        ("N02BE01", "other"),
        ("M05BA03", "bisphosphonate"),
        ("M05BX04", "other"),
        ("L04AB04", "anti_tnf"),
        ("L04AX03", "methotrexate"),
        ("L01BA01", "methotrexate"),
        ("L04AX01", "other"),
        ("L04AF01", "jak_inhibitor"),
        ("L04AA29", "jak_inhibitor"),
        ("L04AK01", "leflunomide"),
        ("L04AK02", "other"),
        ("L04AA13", "leflunomide"),
        ("H02AB07", "corticosteroid"),
        ("H02AA02", "other"),
        ("A07EC01", "sulfasalazine"),
        ("A07EC02", "other"),
        ("J01DB04", "antibiotic"),
        ("J04AB02", "other"),
        ("R03AC02", None),
    ],
)
def test_an_atc_code_falls_into_its_treatment_class(code, word):
    assert TABLES["atc-class"].find([{"system": "http://www.whocc.no/atc", "code": code}]) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ibuprofène 400 mg", "nsaid"),
        ("VOLTARENE EMULGEL 1 %, gel", "other"),
        ("Acide pamidronique 90 mg perf.", "bisphosphonate"),
        ("anti-TNF", "anti_tnf"),
        ("Aspirine 500", None),
        ("Hydrocortisone crème", None),
    ],
)
def test_a_drug_named_in_words_falls_into_its_treatment_class(text, word):
    assert TABLES["drug-names"].find_name(text) == word
