"""Cases become the resources that the registry gives back, one at a time, with versions.

Takes from: mapping, parts, search, store.  Gives to: recording, web.
Source: https://hl7.org/fhir/R4/http.html
"""

from adapter.registry.catching_up import catch_up
from adapter.registry.publishing import publish

__all__ = ["catch_up", "publish"]
