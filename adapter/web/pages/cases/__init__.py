"""Pages about cases: the list, one case, its versions, its FHIR, and the forms that change it.

Takes from: the files of this room.  Gives to: pages.
"""

from adapter.web.pages.cases import editing, record, versions
from adapter.web.pages.cases.listing import routes

__all__ = ["editing", "record", "routes", "versions"]
