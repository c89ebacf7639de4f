"""What is known of FHIR: the R4 definitions we ship and the packages an operator adds, found by canonical.

Takes from: resource, errors.  Gives to: terminology, validation, mapping.
Source: https://hl7.org/fhir/R4/conformance-module.html, https://hl7.org/fhir/packages.html
"""

from adapter.conformance.definitions import Definitions, r4_definitions
from adapter.conformance.package import PackageLimits, load_package

__all__ = ["Definitions", "PackageLimits", "load_package", "r4_definitions"]
