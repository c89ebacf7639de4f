"""The words of the case as ontology classes: HPO where the tables know a term, else what they write, else our own.

Takes from: mapping (code tables).  Gives to: exports.phenopackets, exports.erdri.
Source: https://phenopacket-schema.readthedocs.io/en/2.0.0/resource.html
"""

from __future__ import annotations

from adapter.canonical import BASE, code_system
from adapter.errors import Json
from adapter.mapping import Mappings

Term = dict[str, str]

# Prefix -> name, address, base of its terms. The tables do not record releases of the vocabularies.
_RESOURCES = {
    "HP": ("Human Phenotype Ontology", "http://purl.obolibrary.org/obo/hp.owl", "http://purl.obolibrary.org/obo/HP_"),
    "SCT": ("SNOMED CT", "http://snomed.info/sct", "http://snomed.info/id/"),
    "ICD10": ("ICD-10", "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10/"),
    "ORPHA": ("Orphanet nomenclature", "https://www.orpha.net", "http://www.orpha.net/ORDO/Orphanet_"),
    "LOINC": ("LOINC", "http://loinc.org", "http://loinc.org/rdf/"),
    "ATC": ("Anatomical Therapeutic Chemical index", "http://www.whocc.no/atc", "http://www.whocc.no/atc/"),
    "UCUM": ("Unified Code for Units of Measure", "http://unitsofmeasure.org", "http://unitsofmeasure.org/"),
    "NCBITaxon": (
        "NCBI organismal classification",
        "http://purl.obolibrary.org/obo/ncbitaxon.owl",
        "http://purl.obolibrary.org/obo/NCBITaxon_",
    ),
}
_PREFERRED = ("ORPHA", "HP", "LOINC", "SCT", "ICD10")
_NOT_STATED = "not stated"
# Words that the registry writes as they are.
_OWN = "treatment-class"


class Codes:
    """The code tables, asked by table and word."""

    def __init__(self, mappings: Mappings) -> None:
        self._tables = mappings.language.tables
        self._prefixes = {address: prefix for prefix, (_, address, _) in _RESOURCES.items()}
        self._known: dict[tuple[str, str], Term] = {}

    def term(self, table: str, word: str) -> Term:
        """The class of a word, in the vocabulary its readers know best."""
        if (table, word) not in self._known:
            self._known[table, word] = self._find(table, word)
        return self._known[table, word]

    def prefix_of(self, system: str) -> str:
        return self._prefixes.get(system, "")

    def orpha(self) -> dict[str, str]:
        """Diagnosis -> ORPHA code."""
        written = self._tables["diagnosis"].codings.items()
        address = _RESOURCES["ORPHA"][1]
        return {str(word): each["code"] for word, codings in written for each in codings if each["system"] == address}

    def resource(self, prefix: str) -> Json:
        """Who publishes the terms with a prefix."""
        name, address, terms = _RESOURCES.get(prefix, (f"CRMO registry, {prefix}", code_system(prefix), f"{BASE}/"))
        told = {"id": prefix.lower(), "name": name, "url": address, "version": _NOT_STATED}
        return {**told, "namespacePrefix": prefix, "iriPrefix": terms}

    def _find(self, table: str, word: str) -> Term:
        if table == _OWN:
            return {"id": f"crmo-{_OWN}:{word}", "label": word.replace("_", " ")}
        found = self._tables[table]
        label = next((row["display"]["en"] for row in found.file.data["rows"] if row["word"] == word), word)
        codes = {self.prefix_of(each["system"]): each["code"] for each in found.codings.get(word, [])}
        codes |= self._hpo(table, word)
        prefix = next((each for each in _PREFERRED if each in codes), None)
        if prefix is None:
            system, own = next(
                (each["system"], each["code"]) for each in found.codings[word] if each["system"].startswith(BASE)
            )
            return {"id": f"{system.rpartition('/')[2]}:{own}", "label": label}
        code = codes[prefix].removeprefix("HP:")
        return {"id": f"{prefix}:{code}", "label": label}

    def _hpo(self, table: str, word: str) -> Term:
        """A term of the phenotype ontology that is read as this word."""
        address = _RESOURCES["HP"][1]
        words = self._tables[table].words
        return next(({"HP": code} for (system, code), read in words.items() if system == address and read == word), {})
