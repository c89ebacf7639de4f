"""Every function there is, by name.

Takes from: validation.fhirpath.sets, .texts, .fhir.  Gives to: validation.fhirpath.evaluation.
"""

from adapter.validation.fhirpath.fhir import FHIR
from adapter.validation.fhirpath.registry import Maker
from adapter.validation.fhirpath.sets import SETS
from adapter.validation.fhirpath.texts import TEXTS

FUNCTIONS: dict[str, Maker] = {**SETS, **TEXTS, **FHIR}
