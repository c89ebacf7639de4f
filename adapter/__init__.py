"""CRMO registry FHIR adapter: hospital FHIR R4 in, registry cases kept, FHIR R4 out.

Rooms are stacked in floors; a file imports only from lower floors (tests/contract/test_layering.py).

    from adapter import put, to_case, to_fhir, validate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.library import put, to_case, to_fhir
    from adapter.validation import validate

__all__ = ["__version__", "put", "to_case", "to_fhir", "validate"]
__version__ = "0.1.0"
_ROOMS = {"put": "library", "to_case": "library", "to_fhir": "library", "validate": "validation"}


def __getattr__(name: str) -> Any:
    """The library's face, loaded when asked for: most commands start without it."""
    if name not in _ROOMS:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"adapter.{_ROOMS[name]}"), name)
