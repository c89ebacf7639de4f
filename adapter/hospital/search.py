"""One question to a server, as sources declare it.

Takes from: nothing.  Gives to: the rest of this room.
Source: https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Search:
    """A type with its parameters.

    Shapes:  parameters  name -> values that are ORed
    """

    type: str
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
