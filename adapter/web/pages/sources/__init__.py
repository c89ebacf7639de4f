"""Hospitals and pulls: how each was asked last and what proves it complete, what its server can do, a new one.

Takes from: web (answers, frame).  Gives to: pages.
"""

from adapter.web.pages.sources import adding, listing, watching
from adapter.web.pages.sources.blueprint import routes

__all__ = ["adding", "listing", "routes", "watching"]
