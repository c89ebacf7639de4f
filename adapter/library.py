"""What Python programs use without a database: a Bundle to a case, a case to a Bundle, or onto one.

Takes from: mapping, bundle, config, typed.  Gives to: adapter.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from adapter.config import shipped
from adapter.errors import Json
from adapter.mapping import MappingResult, Mappings, load_mappings
from adapter.typed import make_typed

if TYPE_CHECKING:
    from adapter.typed import Bundle


def to_case(bundle: Json, *, case_id: str | None = None, mappings: Path | None = None) -> MappingResult:
    """The case a Bundle of one patient tells, with the issues, what nobody read, and the trace of every value.

    Shapes:  bundle    R4, parsed; decimals as Decimal keep their digits
             case_id   the pseudonym, for a Bundle that carries none of the registry's own
             mappings  a folder of declarations; ours by default
    Errors:  DeclarationError when the declarations are wrong; everything about the data is an issue
    """
    return _mappings(mappings).to_case(bundle, case_id=case_id)


@overload
def to_fhir(case: Json, *, typed: Literal[False] = ..., mappings: Path | None = ...) -> Json: ...
@overload
def to_fhir(case: Json, *, typed: Literal[True], mappings: Path | None = ...) -> Bundle: ...
def to_fhir(case: Json, *, typed: bool = False, mappings: Path | None = None) -> Json | Bundle:
    """A case as an R4 transaction Bundle, the caller's own to alter.

    Shapes:  typed  a `fhir.resources` model instead of plain dicts
    Errors:  DeclarationError; InvalidContentError when a word of the case has no code
    """
    bundle = _mappings(mappings).to_fhir(case)
    return make_typed(bundle) if typed else copy.deepcopy(bundle)


def put(case: Json, bundle: Json, *, mappings: Path | None = None) -> Json:
    """A changed case written onto the Bundle it came from, which is left as it is.

    Shapes:  bundle   R4, of one patient
             returns  a Bundle that `to_case` reads as this case; what no rule knows is still in it
    Errors:  DeclarationError; InvalidContentError, with the reasons, when it cannot be written without harm
    """
    return _mappings(mappings).put_bundle(case, bundle)


@cache
def _mappings(folder: Path | None) -> Mappings:
    return load_mappings(folder or shipped("mappings"))
