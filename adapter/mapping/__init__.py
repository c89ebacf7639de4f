"""Registry case and FHIR resource, paired by declarations that run both ways.

Takes from: declaration, bundle.  Gives to: the journeys (inbound, outbound, screen) and the doors.
"""

from adapter.mapping.engine import MappingResult, Mappings, load_mappings

__all__ = ["MappingResult", "Mappings", "load_mappings"]
