"""A changed case written onto resources that exist already, keeping every element that no rule knows.

    survey ──► pair the items ──► rewrite what changed ──► read again ──► (rewrite what still differs) ──► the Bundle

Takes from: the rest of this package, bundle.  Gives to: mapping.engine.
"""

from adapter.mapping.putting.onto import put_onto

__all__ = ["put_onto"]
