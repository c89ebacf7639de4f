"""One count or one measure over a set of cases: N of them, `assessed` of which could answer.

Takes from: cohort.answers, cohort.members, cohort.intervals.  Gives to: cohort.description.
"""

from __future__ import annotations

import math
from statistics import quantiles

from adapter.cohort.answers import MARKS
from adapter.cohort.intervals import student, wilson
from adapter.cohort.members import Lens, Members
from adapter.errors import Json


def summarize(asked: Json, lens: Lens, among: Members) -> Json:
    """What a row asks, of the cases of its denominator within `among`.

    Shapes:  asked    {"of", and "count", "measure", "most_frequent" or nothing}
             returns  N, assessed and: n and its interval; or mean, sd, median, q1, q3, min, max and the mean's interval
             ci        of the share of N, as it is printed; ci_assessed of the assessed alone where they are fewer
    Units:   those of the measure; shares 0 to 1
    """
    members = lens.yes(asked.get("of", "")) & among
    if "most_frequent" in asked:
        return _most_frequent(asked["most_frequent"], lens, members)
    if "measure" in asked:
        return _measure(lens.values(asked["measure"], members), members)
    return _count(asked.get("count", ""), lens, members)


def find_marks(asked: Json, lens: Lens, among: Members) -> dict[str, int]:
    """How many answers of a row were come by otherwise than as recorded."""
    name = str(asked.get("measure") or asked.get("count") or "")
    members = lens.yes(asked.get("of", "")) & among
    counts = {word: (lens.marked(name, mark) & members).bit_count() for mark, word in enumerate(MARKS) if word}
    return {word: count for word, count in counts.items() if count}


def _count(name: str, lens: Lens, members: Members) -> Json:
    n = (lens.yes(name) & members).bit_count()
    assessed = (lens.known(name) & members).bit_count()
    among = members.bit_count()
    counted: Json = {"n": n, "N": among, "assessed": assessed}
    counted |= {"ci": wilson(n, among)} if among else {}
    return counted | ({"ci_assessed": wilson(n, assessed)} if 0 < assessed < among else {})


def _measure(values: list[float], members: Members) -> Json:
    """Sample standard deviation (n - 1), quartiles by linear interpolation; nothing when nobody could be assessed.

    Sums are exact before they are rounded, so the order of cases changes no digit.
    """
    assessed = len(values)
    told: Json = {"N": members.bit_count(), "assessed": assessed}
    if not values:
        return told
    mean = math.fsum(values) / assessed
    if assessed == 1:
        return told | {"mean": mean, "median": values[0], "min": values[0], "max": values[0]}
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (assessed - 1))
    q1, median, q3 = quantiles(values, n=4, method="inclusive")
    told |= {"mean": mean, "sd": sd, "median": median, "q1": q1, "q3": q3, "min": values[0], "max": values[-1]}
    return told | {"ci": student(mean, sd, assessed)}


def _most_frequent(asked: Json, lens: Lens, members: Members) -> Json:
    """n of the most frequent group, N of all; `regions` are the groups that have it, several when they tie."""
    totals = {word: int(sum(lens.values(name, members))) for word, name in asked["among"].items()}
    counted = lens.values(asked["all"], members)
    most = max(totals.values())
    winners = [word for word, total in totals.items() if most and total == most]
    return {"n": most, "N": int(sum(counted)), "assessed": len(counted), "regions": winners}
