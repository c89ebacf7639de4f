"""WSGI entry point: `gunicorn app:app`, configured by the CRMO_* variables."""

from adapter.config import load_settings
from adapter.web import open_app

app = open_app(load_settings())
