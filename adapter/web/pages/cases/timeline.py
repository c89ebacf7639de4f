"""One child's course in time: what happened when, as lanes of a drawing and as rows of a table.

Partial dates stay what they are: a bar over every day that they may mean.

Takes from: case, dates, vocabulary, values.  Gives to: record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapter.case.timeline import as_days, date_of
from adapter.dates import Interval, midpoint
from adapter.errors import Json
from adapter.web.pages.cases.values import in_short, measured
from adapter.web.pages.cases.vocabulary import Vocabulary

WIDTH, LEFT, RIGHT, TOP = 960, 200, 24, 30
LANE, CURVE = 26, 48
_POINTS = ("diagnosis.onset", "diagnosis.date", "inclusion_date", "outcome.last_visit_date", "patient.death_date")
# List -> the key that names the lane.
_LISTS = {
    "imaging_studies": "modality",
    "biopsies": "",
    "comorbidities": "",
    "other_diagnoses": "",
    "laboratory": "test",
    "assessments": "measure",
}
_TICKS = 12


@dataclass(frozen=True)
class Event:
    """Shapes:  days   None when nobody wrote when
    open   it had not ended when it was last told of
    value  for lanes that are drawn as curves
    """

    lane: str
    pointer: str
    text: str
    days: Interval | None
    is_course: bool = False
    is_open: bool = False
    value: float | None = None


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    width: float
    title: str
    is_course: bool
    is_open: bool


@dataclass(frozen=True)
class Lane:
    """Shapes:  curve  points of a polyline, for a lane of measurements"""

    label: str
    y: float
    height: float
    marks: list[Mark]
    curve: str = ""


@dataclass(frozen=True)
class Timeline:
    """Shapes:  ticks  (x, year)
    events  all of them, the dated ones first, in the order of time
    """

    height: float
    ticks: list[tuple[float, int]] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def draw_timeline(case: Json, words: Vocabulary) -> Timeline:
    found = list(_events(case, words))
    dated = [(each, each.days) for each in found if each.days and not each.days.is_open]
    undated = [each for each in found if not each.days or each.days.is_open]
    listed = [each for each, _ in sorted(dated, key=lambda pair: (pair[1].low, pair[0].lane))]
    if not dated:
        return Timeline(0, events=undated)
    start = date(min(days.low.year for _, days in dated), 1, 1).toordinal()
    last = max(days.high.year for _, days in dated) + 1
    end = date(min(last, date.max.year), 1, 1).toordinal()

    def place(day: float) -> float:
        return round(LEFT + (day - start) / (end - start) * (WIDTH - LEFT - RIGHT), 1)

    lanes = list(_lanes([each for each, _ in dated], place))
    years = range(date.fromordinal(start).year, last + 1)
    step = -(-len(years) // _TICKS)
    ticks = [(place(date(year, 1, 1).toordinal()), year) for year in years[::step] if year <= date.max.year]
    return Timeline(lanes[-1].y + lanes[-1].height + 8, ticks, lanes, [*listed, *undated])


def _events(case: Json, words: Vocabulary) -> Iterator[Event]:
    for name in _POINTS:
        if found := date_of(case, name):
            yield Event(words.label(name), found.pointers[0], words.label(name), found.interval)
    for name, key in _LISTS.items():
        for number, member in enumerate(case.get(name, [])):
            lane = words.word(f"{name}[].{key}", member[key]) if key else words.label(name)
            value, text = _told(name, member, words)
            yield Event(lane, f"/{name}/{number}", text, as_days(member.get("date")), value=value)
    yield from _courses(case, words)


def _told(name: str, member: Json, words: Vocabulary) -> tuple[float | None, str]:
    """(number for a curve, what is told)"""
    if "value" in member:
        told = measured(name, member, words)
        return (None if isinstance(member["value"], str) else float(member["value"])), told
    return None, in_short(name, {key: each for key, each in member.items() if key not in ("date", "id")}, words)


def _courses(case: Json, words: Vocabulary) -> Iterator[Event]:
    for number, each in enumerate(case.get("treatments", [])):
        start, stop = as_days(each.get("start")), as_days(each.get("stop"))
        days = Interval(start.low, max(stop.high, start.low)) if start and stop else start or stop
        text = in_short("treatments", {key: held for key, held in each.items() if key != "class"}, words)
        lane = words.word("treatments[].class", each["class"])
        told = text or lane
        yield Event(lane, f"/treatments/{number}", told, days, is_course=True, is_open=bool(start and not stop))


def _lanes(events: list[Event], place: Callable[[float], float]) -> Iterator[Lane]:
    y = float(TOP)
    for label in dict.fromkeys(each.lane for each in events):
        mine = sorted((each for each in events if each.lane == label), key=_start)
        is_curve = len([each for each in mine if each.value is not None]) > 1
        height = CURVE if is_curve else LANE
        top = max((each.value or 0 for each in mine), default=0) if is_curve else 0
        marks = [_mark(each, place, y, height, top) for each in mine]
        points = [f"{mark.x + mark.width / 2:.1f},{mark.y}" for mark in marks] if is_curve else []
        yield Lane(label, y, height, marks, " ".join(points))
        y += height


def _start(event: Event) -> int:
    return event.days.low.toordinal() if event.days else 0


def _mark(event: Event, place: Callable[[float], float], y: float, height: float, top: float) -> Mark:
    days: Any = event.days
    low, high = place(days.low.toordinal()), place(days.high.toordinal() + 1)
    if event.is_open:
        high = WIDTH - RIGHT
    x, width = low, max(high - low, 3.0)
    at = y + height / 2
    if top:
        at = y + height - 8 - (event.value or 0) / top * (height - 16)
    if not event.is_course and days.is_exact:
        x, width = place(midpoint(days)), 0
    return Mark(x, round(at, 1), round(width, 1), event.text, event.is_course, event.is_open)
