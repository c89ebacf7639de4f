"""The one blueprint of the pages about hospitals and pulls, so that the bar shows where the reader is.

Takes from: nothing.  Gives to: the other files of this room.
"""

from flask import Blueprint

routes = Blueprint("source_pages", __name__)
