"""What was learnt about how a server wants to be asked, and where a unit stands: kept with the unit.

Takes from: errors, store.units.  Gives to: the other files of crawl.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

from adapter.errors import Json

Asking = Literal["pages", "count", "control", "read"]
Paging = Literal["next", "offset"]


@dataclass(slots=True)
class Way:
    """How a unit is asked.

    Shapes:  drop         parameters the server refused, and that do not change which resources match
             post         searches are sent by POST
             paging       the server's next links, or our own _offset
             forced       its next links have failed, not only ended early: a new walk keeps to _offset
             asking       what the next question is for: a page, a count, a control of the patient list, a read by id
             entries      matches on the pages so far, repeated ones too: our _offset
             first_total  the total on the first page that had one
             counted      the server was asked for a count
             idle         pages in a row that brought nothing new
             trouble      what made us leave the next links
             set          digest of what an earlier walk over the same pages brought
             gone         the last question was answered as if its page had expired
             since        ledger number after which this walk began
    """

    drop: list[str] = field(default_factory=list)
    post: bool = False
    paging: Paging = "next"
    forced: bool = False
    asking: Asking = "pages"
    entries: int = 0
    first_total: int | None = None
    counted: bool = False
    idle: int = 0
    trouble: str = ""
    set: str = ""
    gone: bool = False
    since: int = 0

    def as_json(self) -> Json:
        """Only what differs from the start."""
        plain = Way()
        return {name: value for name, value in asdict(self).items() if value != getattr(plain, name)}

    def again(self, since: int) -> Way:
        """The way a new walk starts with: what was learnt stays, where it stood does not."""
        fresh = Way(self.drop, self.post, set=self.set, since=since)
        if self.forced:
            fresh.paging, fresh.forced, fresh.trouble = "offset", True, self.trouble
        return fresh

    def habits(self) -> Json:
        """What holds for every unit of the same type."""
        return {"drop": self.drop, "post": self.post}
