"""A full, eligible case for tests that need one with something in every section."""

from __future__ import annotations

from typing import Any

ATC = "http://www.whocc.no/atc"


def make_case(number: int) -> dict[str, Any]:
    return {
        "case_id": f"SAMPLE-{number}",
        "centre": "CHU Imaginaire",
        "inclusion_date": "2010-05-01",
        "opposition": "not_opposed",
        "patient": {"sex": "female", "birth_date": "1998-06-15", "vital_status": "alive"},
        "diagnosis": {
            "code": "crmo",
            "certainty": "confirmed",
            "clinical_status": "active",
            "onset": {"date": "2007-05-03"},
            "date": "2008-02-11",
        },
        "findings": {
            "fever": "yes",
            "skin_inflammation_over_lesion": "no",
            "inflammatory_syndrome": "yes",
            "family_history_cno": "unknown",
            "infection_proven": "no",
        },
        "laboratory": [
            {"test": "crp", "value": 12.5, "unit": "mg/L", "date": "2008-01-05"},
            {"test": "crp", "value": 5, "comparator": "<", "unit": "mg/L", "date": "2008-02-05"},
            {"test": "esr", "value": 33, "unit": "mm/h", "date": "2008-01-05"},
        ],
        "clinical_lesions": [
            {"bone": "tibia", "side": "left", "segment": "distal", "present": True, "date": "2008-01-05"},
            {"bone": "clavicle", "side": "right", "present": True},
            {"bone": "sternum", "side": "midline", "present": True},
            {"bone": "ankle", "side": "unknown", "present": True},
        ],
        "imaging_studies": [
            {"modality": "MR", "date": "2008-01-20", "result": "positive", "id": "mr"},
            {"modality": "NM", "date": "2008-01-25", "whole_body": True, "result": "positive", "id": "nm"},
            {"modality": "DX", "date": "2008-01-06", "result": "negative", "id": "dx"},
        ],
        "imaging_lesions": [
            {
                "bone": "tibia",
                "side": "left",
                "segment": "distal",
                "modality": "MR",
                "active": True,
                "date": "2008-01-20",
                "study": "mr",
            },
            {"bone": "clavicle", "side": "right", "modality": "NM", "study": "nm"},
        ],
        "biopsies": [
            {
                "date": "2008-02-01",
                "bone": "tibia",
                "side": "left",
                "histology": "nonspecific_inflammation",
                "microbiology": "negative",
            }
        ],
        "treatments": [
            _treatment("antibiotic", "J01CF04", 1, "none", status="completed", start="2008-02-05", stop="2008-03-01"),
            _treatment("nsaid", "M01AE02", 1, "partial", status="active", start="2008-03-02"),
            _treatment("anti_tnf", "L04AB01", 2, "durable", status="stopped", start="2009-03-02", stop="2009-08-01"),
        ],
        "comorbidities": [{"type": "psoriasis", "date": "2006"}, {"type": "palmoplantar_pustulosis"}],
        "sequelae": [
            {"type": "local_deformation", "site": "clavicle"},
            {"type": "vertebral_fracture", "site": "vertebra"},
        ],
        "outcome": {"last_visit_date": "2010-04-20", "status": "remission_off_treatment"},
        "assessments": [{"measure": "pain", "value": 3, "date": "2010-04-20"}],
    }


def _treatment(kind: str, atc: str, line: int, response: str, **more: str) -> dict[str, Any]:
    return {"class": kind, "substance": {"system": ATC, "code": atc}, **more, "line": line, "response": response}
