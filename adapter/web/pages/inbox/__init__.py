"""The inbox: what arrived and how it ended, why things wait, and how they are tried again.

Takes from: the journeys, store, frame.  Gives to: pages.
"""

from adapter.web.pages.inbox import entry, mending, retrying
from adapter.web.pages.inbox.listing import routes

__all__ = ["entry", "mending", "retrying", "routes"]
