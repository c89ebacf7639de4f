"""How far a server's totals can be believed, learnt type by type while a pull goes on.

Some servers give the number of entries on the page for a total; with no next link beside it, a full page then looks
like all there is. So a page that is larger than any before it is counted by a question of its own, until totals have
shown that they are more than the page.

Takes from: nothing.  Gives to: walk, engine, forecast.
Source: https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.total
"""

from __future__ import annotations

from dataclasses import dataclass

# So many full pages that counted right are no coincidence.
_ENOUGH = 3


@dataclass(slots=True)
class Trust:
    """What the pages of one type have shown.

    Shapes:  honest   a total was larger than its page
             paged    matches on the largest page that had a next link: a smaller page was not cut
             counted  matches on the largest page whose total a count has confirmed, and how often
    """

    honest: bool = False
    paged: int = 0
    counted: int = -1
    times: int = 0

    def see(self, matches: int, total: int | None, *, has_next: bool) -> None:
        """A page came."""
        if has_next:
            self.paged = max(self.paged, matches)
        self.honest = self.honest or (total is not None and total > matches)

    def doubts(self, matches: int) -> bool:
        """Should the total of a single page be confirmed by a count?"""
        if self.honest or not matches:
            return False
        return matches > self.counted or (matches == self.counted and self.times < _ENOUGH)

    def confirm(self, matches: int) -> None:
        """A count has said the same as the total of a page."""
        self.times = self.times + 1 if matches == self.counted else 1 if matches > self.counted else self.times
        self.counted = max(self.counted, matches)

    def is_whole(self, matches: int) -> bool:
        """Is a page without next link surely not cut? Nothing cuts an empty one."""
        return matches == 0 or matches < self.paged
