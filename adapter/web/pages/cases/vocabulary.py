"""The words of a case as people say them: coded values by the tables of the mappings, numbers and dates as written.

Takes from: case, mapping (tables), wording, writing.  Gives to: the other files of this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapter.case.fields import field_schema
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.mapping import Mappings
from adapter.web.pages.wording import Tongue, load_words
from adapter.web.pages.writing import day

# The table that names the words of a field; others are named by words/case.yaml.
_TABLES = {
    "opposition": "opposition",
    "patient.sex": "sex",
    "diagnosis.code": "diagnosis",
    "diagnosis.certainty": "condition-ver-status",
    "diagnosis.clinical_status": "condition-clinical",
    "laboratory[].test": "lab-test",
    "imaging_studies[].result": "result",
    "imaging_studies[].region": "bone",
    "biopsies[].histology": "histology",
    "biopsies[].microbiology": "microbiology",
    "treatments[].class": "treatment-class",
    "treatments[].status": "treatment-status",
    "treatments[].response": "response",
    "comorbidities[].type": "comorbidity",
    "comorbidities[].timing": "timing",
    "sequelae[].type": "sequela",
    "sequelae[].site": "bone",
    "other_diagnoses[].category": "other-diagnosis-category",
    "other_diagnoses[].certainty": "condition-ver-status",
    "outcome.status": "outcome",
    "assessments[].measure": "assessment",
    "assessments[].value": "result",
}
_BY_NAME = {"bone": "bone", "side": "side", "segment": "segment", "modality": "modality"}
_QUANTITY, _CODING = {"value", "unit"}, {"system", "code"}


class Vocabulary:
    """One language of the words of a case."""

    def __init__(self, mappings: Mappings, tongue: Tongue) -> None:
        self.tongue = tongue
        self._tables = mappings.language.tables
        self._systems = mappings.language.systems.names
        self._own = load_words("case", tongue)
        self._read: dict[str, Mapping[str, str]] = {}

    def said(self, key: str) -> str:
        """A text of words/case.yaml; "" when there is none."""
        return self._own.get(key, "")

    def label(self, field: str) -> str:
        """What the schema calls a field."""
        return _said(field, "title", self.tongue) or self.said(f"section_{field}")

    def description(self, field: str) -> str:
        return _said(field, "description", self.tongue) or self.said(f"section_{field}_lead")

    def word(self, field: str, value: Any) -> str:
        """A coded value in words; what has none is shown as it stands."""
        if isinstance(value, bool):
            return self._own["yes" if value else "no"]
        told = self._table(_TABLES.get(field) or _BY_NAME.get(field.rpartition(".")[2], "")).get(str(value))
        return told or self._own.get(f"word_{value}", str(value))

    def text(self, field: str, value: Any) -> str:
        """Any value of a field in words: a word, a date, a number, an age, a coding."""
        if isinstance(value, dict):
            return self._whole(field, value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return self.number(value)
        schema = field_schema(field) or {}
        if schema.get("format") == "partial-date" and isinstance(value, str):
            return day(value, self.tongue)
        return self.word(field, value)

    def number(self, value: int | float | Decimal) -> str:
        """With all its digits, those after the mark too: 1.10 was measured more closely than 1.1."""
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return text.replace(".", ",") if self.tongue == "fr" else text

    def _whole(self, field: str, value: Json) -> str:
        if value.keys() >= _QUANTITY:
            return f"{self.text(field, value['value'])} {self.word(field, value['unit'])}"
        if value.keys() >= _CODING:
            code = f"{self._system(value['system'])} {value['code']}"
            return f"{value['display']} ({code})" if value.get("display") else code
        told = (f"{self.label(f'{field}.{key}')} {self.text(f'{field}.{key}', held)}" for key, held in value.items())
        return ", ".join(told)

    def _system(self, uri: str) -> str:
        name = self._systems.get(uri, uri)
        return self._own.get(f"system_{name}", name)

    def _table(self, name: str) -> Mapping[str, str]:
        if name and name not in self._read:
            rows = self._tables[name].file.data["rows"]
            # The first row of a word is the one that is written.
            self._read[name] = {
                str(row["word"]): row["display"][self.tongue] for row in reversed(rows) if "display" in row
            }
        return self._read.get(name, {})


def is_whole(value: Any) -> bool:
    """Whether an object is one value to a reader: a quantity or a coding."""
    return isinstance(value, dict) and (value.keys() >= _QUANTITY or value.keys() >= _CODING)


def _said(field: str, what: str, tongue: Tongue) -> str:
    """Of a list, what it says of itself; of its members, what they say of themselves."""
    schema: Json = load_schema("case")["properties"].get(field) or field_schema(field) or {}
    return str((schema.get("x-fr", {}) if tongue == "fr" else schema).get(what, ""))
