"""The pages of the registry: rendered here, readable without scripts, in French and English.

Each file is one page or a few that belong together; what they say is in words/*.yaml.
Takes from: the journeys, access, the other files of web.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, Flask

from adapter.web.pages.api import routes as api
from adapter.web.pages.cases import routes as cases
from adapter.web.pages.cohort import routes as cohort
from adapter.web.pages.frame import dress
from adapter.web.pages.home import routes as home
from adapter.web.pages.inbox import routes as inbox
from adapter.web.pages.mapping import routes as mapping
from adapter.web.pages.people import routes as people
from adapter.web.pages.sources import routes as sources
from adapter.web.pages.trail import routes as trail
from adapter.web.pages.validator import routes as validator

_PAGES: tuple[Blueprint, ...] = (home, inbox, cases, cohort, sources, mapping, validator, people, trail, api)


def add_pages(app: Flask) -> None:
    dress(app)
    for routes in _PAGES:
        app.register_blueprint(routes)
