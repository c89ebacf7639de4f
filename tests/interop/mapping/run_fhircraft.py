"""Run the exported StructureMaps in fhircraft:  python run_fhircraft.py WORK_DIR

fhircraft is slow (a tenth of a second a map and more), so only the first cases are run.
Run with the Python of the environment that has fhircraft.
"""

from __future__ import annotations

import json
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

from fhircraft.fhir.mapper import FHIRStructureMapper  # noqa: E402
from fhircraft.fhir.resources.datatypes.R4.core.structure_map import StructureMap  # noqa: E402

Json = dict[str, Any]
FIRST = 2
SECONDS = 10


def run(mapper: Any, map_: Any, task: Json) -> Json:
    made = mapper.map(map_, task["given"])
    found = [
        each.model_dump(mode="json", by_alias=True, exclude_none=True) if hasattr(each, "model_dump") else each
        for each in made
    ]
    if task["direction"] == "from-fhir":
        return {name: value for name, value in found[0].items() if name != "resourceType"}
    return {"resource": [entry["resource"] for entry in found[0].get("entry", [])]}


def _for_parts(model: Json) -> Json:
    """The model of a case of which one resource tells only a part: fhircraft refuses what is not whole."""
    for element in (*model["snapshot"]["element"], *model["differential"]["element"]):
        element["min"] = 0
    return model


def _late(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")


def main(work: Path) -> None:
    signal.signal(signal.SIGALRM, _late)
    # A case is read without its model: with it, fhircraft looks for valueDecimal where the case has value.
    mappers = {way: FHIRStructureMapper(fhir_release="R4") for way in ("to-fhir", "from-fhir")}
    model = work / "exported" / "StructureDefinition-CrmoCase.json"
    mappers["from-fhir"].register_definition(_for_parts(json.loads(model.read_text(encoding="utf-8"))))
    maps: dict[str, Any] = {}
    results: list[Json] = []
    for task in json.loads((work / "tasks.json").read_text(encoding="utf-8"))["tasks"]:
        if task["number"] >= FIRST:
            results.append({"skipped": True})
            continue
        signal.alarm(SECONDS)
        try:
            if task["map"] not in maps:
                text = (work / "exported" / f"StructureMap-{task['map']}.json").read_text(encoding="utf-8")
                maps[task["map"]] = StructureMap.model_validate(json.loads(text))
            results.append({"got": run(mappers[task["direction"]], maps[task["map"]], task)})
        except Exception as error:  # noqa: BLE001 - whatever a foreign engine throws is its result
            results.append({"error": f"{type(error).__name__}: {error}"[:300]})
        finally:
            signal.alarm(0)
    (work / "fhircraft.json").write_text(json.dumps(results, default=str), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
