"""FHIRPath as constraints need it: parsed once, compiled to closures, with FHIR's own functions.

Our own, since the libraries at hand lack hasValue, resolve, memberOf and conformsTo and do not tell an expression they
cannot evaluate from one that is broken.

Takes from: validation.scope, validation.references.  Gives to: validation.constraints, validation.contexts.
Source: http://hl7.org/fhirpath/N1/, https://hl7.org/fhir/R4/fhirpath.html
"""

from adapter.validation.fhirpath.evaluation import evaluate, evaluate_as_boolean, quick_test
from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.presence import Quick

__all__ = ["FhirPathError", "Quick", "evaluate", "evaluate_as_boolean", "quick_test"]
