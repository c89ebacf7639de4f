"""MaLaC-HD timed on the exported maps:  python time_malac.py WORK_DIR     (with the Python of its own environment)

CPU a case, best of the rounds: the maps alone, and with the objects it reads from and the JSON it writes.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

INTEROP = Path(__file__).parents[2] / "interop" / "mapping"
sys.path.insert(0, str(INTEROP))

import run_malac as malac  # noqa: E402 - of tests/interop

Json = dict[str, Any]
ROUNDS, REPEATS = 5, 10


def best(once: Callable[[], Any]) -> float:
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(REPEATS):
            once()
        least = min(least, (time.process_time() - start) / REPEATS)
    return least


def fresh(task: Json) -> Json:
    """MaLaC-HD alters the JSON that it reads."""
    return {**task, "given": json.loads(task["text"])}


def prepared(group: Any, model: Any, task: Json) -> Callable[[], Any]:
    """The map alone, its source already an object."""
    if task["direction"] == "to-fhir":
        source = malac.load(model, "CrmoCase", task["given"])
        return lambda: group(source, malac.r4.Bundle())
    from malac.models.fhir import utils

    sent = utils.parse_json(malac.r4, fresh(task)["given"])
    kind = getattr(model, malac.class_name(task["joined"])) if task["joined"] else model.CrmoCase
    return lambda: group(sent, kind())


def main(work: Path) -> None:
    home = work / "malac"
    (home / "crmo").mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(home))
    (home / "crmo" / "__init__.py").touch()
    exported = work / "exported" / "StructureDefinition-CrmoCase.json"
    malac.write_model(json.loads(exported.read_text(encoding="utf-8")), home / "crmo" / "model.py")
    model = importlib.import_module(malac.MODEL)
    tasks = json.loads((work / "tasks.json").read_text(encoding="utf-8"))["tasks"]
    groups: dict[str, Any] = {}
    results, alone, whole = [], {"to-fhir": [], "from-fhir": []}, {"to-fhir": [], "from-fhir": []}
    for task in tasks:
        task["text"] = json.dumps(task["given"])
        try:
            if task["map"] not in groups:
                groups[task["map"]] = malac.compile_map(work, task, home)
            group = groups[task["map"]]
            results.append({"got": malac.run(group, model, fresh(task))})
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a foreign engine throws is its result
            results.append({"error": f"{type(error).__name__}: {error}"[:300]})
            continue
        alone[task["direction"]].append(prepared(group, model, task))
        whole[task["direction"]].append(lambda group=group, task=task: malac.run(group, model, fresh(task)))
    seconds = {way: best(lambda calls=calls: [call() for call in calls]) for way, calls in whole.items()}
    seconds |= {
        f"{way}, maps alone": best(lambda calls=calls: [call() for call in calls]) for way, calls in alone.items()
    }
    (work / "malac-hd.json").write_text(json.dumps({"seconds": seconds, "results": results}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
