"""What was learnt about a server.

Takes from: errors.  Gives to: hospital.probing, store, crawl, cli.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from adapter.errors import Json

Effect = Literal["filters", "ignored", "zero", "refused", "unproven"]
NextForm = Literal["absolute", "host", "base", "query", "elsewhere", "none", "unseen"]
TotalKind = Literal["exact", "wrong", "none", "unproven"]
Throttling = Literal["seconds", "date", "bare", "unseen"]


@dataclass(frozen=True)
class ServerProfile:
    """How a server behaves.

    Shapes:  types           type -> search parameters its CapabilityStatement lists for it
             filters         "Condition.code" -> what the parameter does, for those that a pull uses
             held            type -> number of resources, where the server says so to a search without filter
             unknown         what it does with a parameter that nobody has
             page_cap        most matches seen on a page when more were asked for and there are more; None when unseen
             next_form       how next links are written; none: the server has more and sends no link
             total           is Bundle.total right? Compared with a search that fits one page
             count_summary   _summary=count is answered with a number
             offset          _offset is understood
             patient_list    patient=a,b finds what patient=a and patient=b find
             throttling      form of Retry-After, when the server asked us to wait
             access          how we are known and what was granted
             digest          of the CapabilityStatement without its date
             requests        sent to learn this
    """

    software: str = ""
    fhir_version: str = ""
    types: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filters: Mapping[str, Effect] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    unknown: Effect = "unproven"
    page_cap: int | None = None
    next_form: NextForm = "unseen"
    total: TotalKind = "unproven"
    count_summary: bool = False
    offset: bool | None = None
    patient_list: bool | None = None
    throttling: Throttling = "unseen"
    bulk: bool = False
    access: Json = field(default_factory=dict)
    digest: str = ""
    requests: int = 0

    def as_json(self) -> Json:
        return asdict(self)

    @staticmethod
    def from_json(told: Json) -> ServerProfile:
        """A profile that an earlier or later release wrote: what is not known here is passed over."""
        known = ServerProfile.__dataclass_fields__
        return ServerProfile(**{name: value for name, value in told.items() if name in known})
