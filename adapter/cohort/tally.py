"""What a row of the table gathers while the cases go by, and what it says at the end.

Takes from: cohort.answers, cohort.sites, cohort.statistics.  Gives to: cohort.description.
"""

from __future__ import annotations

import statistics
from array import array
from collections import Counter

from adapter.cohort.sites import Sites
from adapter.cohort.statistics import Questions
from adapter.errors import Json

EVERYONE = ""


class Tally:
    """One count or measure over the cases that belong to it. N of them, `assessed` of which could answer."""

    def __init__(self, declared: Json) -> None:
        self._of: str = declared.get("of", EVERYONE)
        self._count: str = declared.get("count", EVERYONE)
        self._measure: str = declared.get("measure", EVERYONE)
        self._values = array("d")
        self.marks: Counter[str] = Counter()
        self.n = self.N = self.assessed = 0

    def add(self, questions: Questions) -> None:
        if self._of and questions.ask(self._of).value is not True:
            return
        self.N += 1
        name = self._measure or self._count
        answer = questions.ask(name) if name else None
        if answer and answer.mark:
            self.marks[answer.mark] += 1
        if answer and answer.value is None:
            return
        self.assessed += 1
        if answer and self._measure and answer.value is not None:
            self._values.append(answer.value)
        else:
            self.n += answer is None or answer.value is True

    def row(self) -> Json:
        """The contract's keys that apply: n, N, assessed of a count; N, assessed and the summary of a measure."""
        if not self._measure:
            return {"n": self.n, "N": self.N, "assessed": self.assessed}
        return {"N": self.N, "assessed": self.assessed, **self._summary()}

    def _summary(self) -> Json:
        """Sample standard deviation (n - 1); nothing when nobody could be assessed."""
        values = self._values
        if not values:
            return {}
        spread = {"sd": statistics.stdev(values)} if len(values) > 1 else {}
        return {
            "mean": statistics.fmean(values),
            **spread,
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
        }


class RegionTally:
    """Which region is affected most often: localisations counted by region over the cases that belong to it."""

    def __init__(self, declared: Json, sites: Sites) -> None:
        self._of: str = declared.get("of", EVERYONE)
        self._list: str = declared["most_frequent"]["sites"]
        self._regions: list[str] = declared["most_frequent"]["regions"]
        self._sites = sites
        self._counts: Counter[str] = Counter()
        self.marks: Counter[str] = Counter()
        self._total = self._assessed = 0

    def add(self, questions: Questions, case: Json) -> None:
        lesions = case.get(self._list)
        if lesions is None or (self._of and questions.ask(self._of).value is not True):
            return
        self._assessed += 1
        self._total += len(self._sites.of(lesions) or ())
        for region in self._regions:
            self._counts[region] += len(self._sites.of(lesions, region) or ())

    def row(self) -> Json:
        count = max(self._counts.values(), default=0)
        return {"n": count, "N": self._total, "assessed": self._assessed}

    @property
    def winners(self) -> list[str]:
        """The regions with the most localisations; several when they tie, none when nothing was counted."""
        most = max(self._counts.values(), default=0)
        return [region for region in self._regions if most and self._counts[region] == most]
