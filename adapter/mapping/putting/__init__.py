"""A changed case written onto resources that exist already, keeping every element that no rule knows.

    survey ──► pair the items ──► rewrite what changed ──► read again ──► (rewrite what still differs) ──► the Bundle

Takes from: the rest of this package, bundle.  Gives to: mapping.engine, mapping.written.
"""

from adapter.mapping.putting.onto import put_onto
from adapter.mapping.putting.places import Places
from adapter.mapping.putting.surveying import Pointer
from adapter.mapping.putting.written import places_of

__all__ = ["Places", "Pointer", "places_of", "put_onto"]
