"""RESULTS.md of the interoperability run: true figures, and what each server cannot do, as `doctor` saw it."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.interop.pull.run import Pulled

HEAD = """# The same pull from servers that are not ours

Made by `make interop`. {number} synthetic resources are put into each server as transactions and pulled with the same
source declaration. A resource is the same when the hash of its content without `meta` is; *exact* compares decimals
as they are written (1.50 is not 1.5), *content* as numbers. The measure is what comes from our own small server, which
gives the resources back as they were made.
"""


def render_results(number: int, pulled: list[Pulled], failed: dict[str, str]) -> str:
    lines = [HEAD.format(number=number), *_table(pulled), ""]
    lines += [f"{name} could not be run: {problem}\n" for name, problem in failed.items()]
    lines += ["## What each server cannot do, or does otherwise", ""]
    lines += ["As `crmo-adapter doctor` tells it; what every server does well is left out.", ""]
    lines += list(_findings(pulled))
    day = datetime.datetime.now(datetime.UTC).date()
    lines += ["", f"CPython {platform.python_version()}, {day.isoformat()}, two shared cores.", ""]
    return "\n".join(lines)


def _table(pulled: list[Pulled]) -> Iterator[str]:
    from tests.interop.pull.run import differences

    ours = pulled[0]
    yield "| | " + " | ".join(each.name for each in pulled) + " |"
    yield "|---|" + "---|" * len(pulled)
    rows: dict[str, list[Any]] = {
        "from": [each.origin for each in pulled],
        "state of the pull": [each.report["state"] for each in pulled],
        "candidates": [each.report["screened"] for each in pulled],
        "resources": [len(each.exact) for each in pulled],
        "missing / further": ["{} / {}".format(*differences(ours.plain, each.plain)[:2]) for each in pulled],
        "differing in content": [_told(differences(ours.plain, each.plain)[2]) for each in pulled],
        "differing in spelling of numbers": [_told(differences(ours.exact, each.exact)[2]) for each in pulled],
    }
    for status in ("eligible", "undetermined", "ineligible", "quarantined", "failed"):
        rows[status] = [each.report[status] for each in pulled]
    rows["decisions that differ"] = [len(ours.decided.items() ^ each.decided.items()) for each in pulled]
    rows["units with proof"] = ["{complete} of {made}".format(**each.report["units"]) for each in pulled]
    rows["requests (forecast)"] = [
        f"{each.report['asked']['requests']} ({each.forecast['requests']})" for each in pulled
    ]
    rows["resources forecast"] = [each.forecast["resources"] for each in pulled]
    rows["seconds"] = [f"{each.seconds:.1f}" for each in pulled]
    for name, cells in rows.items():
        yield f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |"


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {type_}" for type_, number in sorted(counts.items())) or "0"


def _findings(pulled: list[Pulled]) -> Iterator[str]:
    told = {each.name: {what: (state, text) for what, state, text in each.findings} for each in pulled}
    names = [what for what, _, _ in pulled[0].findings if what != "asked"]
    yield "| | " + " | ".join(told) + " |"
    yield "|---|" + "---|" * len(told)
    for what in names:
        cells = [each.get(what, ("", "")) for each in told.values()]
        if any(state != "fine" for state, _ in cells) or len({text for _, text in cells}) > 1:
            yield (
                f"| {what} | "
                + " | ".join(f"{text} ({state})" if state != "fine" else text for state, text in cells)
                + " |"
            )
