"""Treatments over time: one lane a child, from diagnosis to the last visit.

Takes from: figures.canvas, case, dates.  Gives to: figures.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.case.timeline import as_days, date_of
from adapter.dates import duration
from adapter.errors import Json
from adapter.figures.canvas import new_figure
from adapter.figures.picture import Picture
from adapter.figures.scene import INK
from adapter.figures.words import CLASSES, Language, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LANES = 70
_SLIVER = 0.5
# Okabe and Ito's colours, told apart by pattern as well.
_LOOKS = {
    "nsaid": ("#56b4e9", ""),
    "bisphosphonate": ("#d55e00", ""),
    "anti_tnf": ("#009e73", "////"),
    "methotrexate": ("#f0e442", "...."),
    "sulfasalazine": ("#e69f00", "\\\\\\\\"),
    "corticosteroid": ("#cc79a7", "xxxx"),
    "colchicine": ("#0072b2", ""),
    "other": ("#9aa5ad", "||||"),
}
_WORDS: Words = {
    "title": {"en": "Treatments from diagnosis on", "fr": "Traitements depuis le diagnostic"},
    "years": {"en": "Years from diagnosis", "fr": "Années depuis le diagnostic"},
    "lane": {"en": "Children, by length of follow-up", "fr": "Enfants, par durée de suivi"},
    "follow": {"en": "follow-up", "fr": "suivi"},
    "remission": {"en": "remission at the last visit", "fr": "rémission à la dernière visite"},
    "open": {
        "en": "no end recorded: drawn to the last visit",
        "fr": "fin non précisée : tracé jusqu'à la dernière visite",
    },
    "who": {
        "en": "{shown} of {N} children: those with dates of diagnosis and last visit{chosen}. No antibiotics.",
        "fr": "{shown} enfants sur {N} : ceux dont le diagnostic et la dernière visite sont datés{chosen}. "
        "Antibiotiques omis.",
    },
    "chosen": {"en": ", drawn by lot among {n}", "fr": ", tirés au sort parmi {n}"},
    "undated": {
        "en": "{n} courses of theirs have no usable date and are not drawn.",
        "fr": "{n} de leurs traitements n'ont pas de date utilisable et ne sont pas tracés.",
    },
    "child": {"en": "lane", "fr": "ligne"},
    "class": {"en": "class", "fr": "classe"},
    "from": {"en": "from month", "fr": "du mois"},
    "to": {"en": "to month", "fr": "au mois"},
    "ended": {"en": "end recorded", "fr": "fin précisée"},
    "length": {"en": "follow-up in months", "fr": "suivi en mois"},
    "yes": {"en": "yes", "fr": "oui"},
    "no": {"en": "no", "fr": "non"},
}


class Course(NamedTuple):
    """Units:   months from diagnosis"""

    start: float
    stop: float
    drug_class: str
    ended: bool


class Lane(NamedTuple):
    lot: str
    months: float
    remission: bool
    courses: tuple[Course, ...]
    undated: int


class TreatmentLanes:
    """Up to LANES children; of more, those whose lot (a hash of the pseudonym) is lowest, so the choice stays."""

    def __init__(self) -> None:
        self._lanes: list[tuple[int, str, Lane]] = []
        self._children = self._dated = 0

    def add(self, case: Json, row: Json) -> None:
        self._children += 1
        months = row["follow_up"]
        if months is None or months < 0:
            return
        self._dated += 1
        lot = sha256(case["case_id"].encode()).hexdigest()
        lane = (-int(lot, 16), lot, _lane(case, lot, months, remission=row["remission"] is True))
        (heapq.heappush if len(self._lanes) < LANES else heapq.heappushpop)(self._lanes, lane)

    def picture(self, language: Language) -> Picture:
        lanes = sorted((lane for _, _, lane in self._lanes), key=lambda lane: (-lane.months, lane.lot))
        say = {key: words[language] for key, words in _WORDS.items()}
        columns = tuple(say[key] for key in ("child", "length", "remission", "class", "from", "to", "ended"))
        rows = [row for number, lane in enumerate(lanes, 1) for row in _rows(number, lane, language)]

        def draw() -> Any:
            return _draw(lanes, language)

        notes = tuple(self._notes(lanes, language))
        return Picture("treatments", say["title"], f"{say['title']}. {notes[0]}", notes, columns, rows, draw)

    def _notes(self, lanes: list[Lane], language: Language) -> Iterator[str]:
        chosen = _WORDS["chosen"][language].format(n=self._dated) if self._dated > len(lanes) else ""
        yield _WORDS["who"][language].format(shown=len(lanes), N=self._children, chosen=chosen)
        if undated := sum(lane.undated for lane in lanes):
            yield _WORDS["undated"][language].format(n=undated)


def _lane(case: Json, lot: str, months: float, *, remission: bool) -> Lane:
    start = date_of(case, "diagnosis.date")
    courses: list[Course] = []
    undated = 0
    for treatment in case.get("treatments", []):
        if treatment["class"] == "antibiotic":
            continue
        began, ended = as_days(treatment.get("start")), as_days(treatment.get("stop"))
        if began is None or start is None or (ended and ended.high < began.low):
            undated += 1
            continue
        first = duration(start.interval, began, "mo")
        last = duration(start.interval, ended, "mo") if ended else max(months, first)
        courses.append(Course(first, last, treatment["class"], ended is not None))
    return Lane(lot, months, remission, tuple(sorted(courses)), undated)


def _rows(lane_number: int, lane: Lane, language: Language) -> Iterator[list[Any]]:
    yes_no = {True: _WORDS["yes"][language], False: _WORDS["no"][language]}
    head = [lane_number, round(lane.months, 1), yes_no[lane.remission]]
    if not lane.courses:
        yield [*head, None, None, None, None]
    for course in lane.courses:
        told = [CLASSES[course.drug_class][language], round(course.start, 1), round(course.stop, 1)]
        yield [*head, *told, yes_no[course.ended]]


@contextmanager
def _draw(lanes: list[Lane], language: Language) -> Iterator[Figure]:
    from matplotlib.ticker import MaxNLocator

    with new_figure(1.5 + 0.092 * max(len(lanes), 12)) as (figure, axes):
        shown: dict[str, str] = {}
        for place, lane in enumerate(reversed(lanes)):
            axes.plot([0, lane.months / 12], [place, place], color="#b5bdc3", linewidth=0.8, zorder=1)
            if lane.remission:
                axes.plot(lane.months / 12, place, marker="D", color=INK, markersize=2.6, linestyle="none", zorder=4)
            for course in lane.courses:
                look = course.drug_class if course.drug_class in _LOOKS else "other"
                shown.setdefault(look, CLASSES[look][language])
                _bar(axes, course, place, look)
        axes.axvline(0, color=INK, linewidth=0.6)
        axes.set(xlabel=_WORDS["years"][language], ylabel=_WORDS["lane"][language], ylim=(-1, max(len(lanes), 1)))
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(figure, shown, language)
        yield figure


def _bar(axes: Any, course: Course, place: int, look: str) -> None:
    colour, hatch = _LOOKS[look]
    width = max(course.stop - course.start, _SLIVER) / 12
    edges = {"edgecolor": INK, "linewidth": 0.25, "hatch": hatch}
    axes.barh(place, width, left=course.start / 12, height=0.74, color=colour, zorder=3, **edges)
    if not course.ended:
        axes.plot(course.stop / 12, place, marker=">", color=INK, markersize=2.2, linestyle="none", zorder=4)


def _legend(figure: Any, shown: dict[str, str], language: Language) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Any] = [
        Patch(facecolor=_LOOKS[look][0], hatch=_LOOKS[look][1], edgecolor=INK, linewidth=0.4, label=shown[look])
        for look in _LOOKS
        if look in shown
    ]
    keys.append(Line2D([], [], color="#b5bdc3", linewidth=1.2, label=_WORDS["follow"][language]))
    keys.append(
        Line2D([], [], marker="D", color=INK, markersize=3.5, linestyle="none", label=_WORDS["remission"][language])
    )
    keys.append(Line2D([], [], marker=">", color=INK, markersize=3.5, linestyle="none", label=_WORDS["open"][language]))
    figure.legend(handles=keys, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
