"""Learn what a server really does, by control questions, and put it down as a profile that later pulls go by.

What a CapabilityStatement promises and what a server does differ; a filter that is ignored or answered with nothing
comes with status 200. So a filter is tried on a resource the server itself has shown, and on a value nobody has.

Takes from: errors, hospital.  Gives to: the doctor, store.
Source: https://hl7.org/fhir/R4/search.html#errors, https://hl7.org/fhir/R4/http.html#paging
"""

from adapter.hospital.probing.probe import digest_of, probe_server
from adapter.hospital.probing.profile import Effect, NextForm, ServerProfile, TotalKind

__all__ = ["Effect", "NextForm", "ServerProfile", "TotalKind", "digest_of", "probe_server"]
