"""CRMO registry FHIR adapter: hospital FHIR R4 in, registry cases kept, FHIR R4 out.

Rooms are stacked in floors; a file imports only from lower floors (tests/contract/test_layering.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.validation import validate

__all__ = ["__version__", "validate"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`from adapter import validate`, loaded when asked for: most commands start without it."""
    if name != "validate":
        raise AttributeError(name)
    from adapter import validation

    return getattr(validation, name)
