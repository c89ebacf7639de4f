"""Our FHIR as typed models, for programs that prefer attributes to keys.

The models are a convenience at the edge: they turn 1.10 into 1.1 and drop what they do not know, so nothing that we
store or send ever passes through them.

Takes from: errors.  Gives to: adapter (the library's face).
Source: https://pypi.org/project/fhir.resources/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.errors import Json
from adapter.resource import dump_json

if TYPE_CHECKING:
    from fhir.resources.R4B.bundle import Bundle

__all__ = ["Bundle", "make_typed"]


def make_typed(bundle: Json) -> Bundle:
    """A Bundle of ours as a `fhir.resources` R4B model (for these resource types R4B and R4 are the same).

    Errors:  pydantic.ValidationError for a Bundle that is not shaped as R4 says; ours is
    """
    from fhir.resources.R4B.bundle import Bundle

    return Bundle.model_validate_json(dump_json(bundle))
