"""The HTTP door: FHIR for hospitals, JSON for the registry, pages for people, figures for operators.

Takes from: every journey.  Gives to: gunicorn (app:app), cli.
Source: https://hl7.org/fhir/R4/http.html
"""

from adapter.web.factory import create_app
from adapter.web.serving import open_app, serve

__all__ = ["create_app", "open_app", "serve"]
