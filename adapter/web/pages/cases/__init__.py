"""Pages about cases: the list, one case, its versions, its FHIR, and the forms that change it.

Takes from: the files of this room.  Gives to: pages.
"""

from adapter.web.pages.cases.editing import change
from adapter.web.pages.cases.listing import routes
from adapter.web.pages.cases.record import judge
from adapter.web.pages.cases.versions import as_fhir

# Views come with the files that hold them; `routes` knows them all once these are read.
__all__ = ["as_fhir", "change", "judge", "routes"]
