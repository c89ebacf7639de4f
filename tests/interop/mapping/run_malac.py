"""Run the exported maps in MaLaC-HD, which compiles FML to Python:  python run_malac.py WORK_DIR

It needs Python classes for the case; they are made here out of the exported logical model.
Run with the Python of the environment that has malac-hd.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import keyword
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import malac.hd.__main__ as malac_hd
from malac.models.fhir import r4

Json = dict[str, Any]
# MaLaC-HD finds classes by the dotted name of their module, so the module needs a package.
MODEL = "crmo.model"
CASE = "https://crmo-registry.example/fhir/StructureDefinition"


def class_name(path: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[._]", path))


def field(name: str) -> str:
    """MaLaC-HD writes an underscore behind names that Python or generateDS has taken."""
    return f"{name}_" if name in ("type", "float", "build", "range", "set", *keyword.kwlist) else name


def write_model(model: Json, file: Path) -> None:
    """One class for each object of the logical model, shaped like MaLaC-HD's own."""
    objects: dict[str, list[Json]] = {"CrmoCase": []}
    for element in model["differential"]["element"][1:]:
        parent = element["path"].rsplit(".", 1)[0]
        objects.setdefault(parent, []).append(element)
    lines = ["from typing import List as List_", "from malac.models.fhir.r4 import *", "import sys", ""]
    for path, elements in objects.items():
        fields = {field(each["path"].rsplit(".", 1)[1].removesuffix("[x]")): _hint(each) for each in elements}
        arguments = ", ".join(f"{name}: {hint} = None" for name, hint in fields.items())
        lines += [
            f"class {class_name(path)}:",
            "    subclass = superclass = None",
            f"    def __init__(self, {arguments}):",
        ]
        lines += [
            f"        self.{n} = {'[]' if h.startswith('List_') else 'None'} if {n} is None else {n}"
            for n, h in fields.items()
        ]
        lines.append(f"    FIELDS = {_plain(elements)!r}")
    lines.append(f"list_i_o_modules = {{{CASE!r}: sys.modules[__name__]}}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _hint(element: Json) -> str:
    code = element["type"][0]["code"]
    name = class_name(element["path"]) if code == "BackboneElement" else code
    return f"List_['{name}']" if element["max"] == "*" else repr(name)


def _plain(elements: list[Json]) -> dict[str, tuple[str, str]]:
    return {
        each["path"].rsplit(".", 1)[1].removesuffix("[x]"): (each["path"], each["type"][0]["code"]) for each in elements
    }


def load(module: Any, path: str, value: Any) -> Any:
    """A case as objects of the model."""
    kind = getattr(module, class_name(path))
    made = {}
    for name, each in value.items():
        place, code = kind.FIELDS[name]
        listed = each if isinstance(each, list) else [each]
        items = [load(module, place, one) if code == "BackboneElement" else _primitive(code, one) for one in listed]
        made[field(name)] = items if isinstance(each, list) else items[0]
    return kind(**made)


def _primitive(code: str, value: Any) -> Any:
    """Numbers stay bare: MaLaC-HD wraps them itself. A score that is a word is a code."""
    if code == "decimal":
        return r4.code(value=value) if isinstance(value, str) else value
    return getattr(r4, code)(value=value)


def dump(value: Any) -> Any:
    """Objects of the model as JSON again."""
    if isinstance(value, list):
        return [dump(each) for each in value]
    if hasattr(value, "FIELDS"):
        found = {name: dump(getattr(value, field(name))) for name in value.FIELDS}
        return {name: each for name, each in found.items() if each not in (None, [], {})}
    if hasattr(value, "value"):
        return dump(value.value)
    return float(value) if isinstance(value, Decimal) else value


def _bare(value: Any) -> Any:
    return dump(value)


def compile_map(work: Path, task: Json, home: Path) -> Any:
    """The group of a map as a Python function; what a case has below its first level must have a type here."""
    name = task["map"]
    text = (work / "exported" / f"{name}.map").read_text(encoding="utf-8")
    if task["joined"]:
        kind = class_name(task["joined"])
        text = text.replace("CrmoCase", kind).replace("target item)", f"target item : {kind})")
    file = home / f"{name}.4.map"
    file.write_text(text, encoding="utf-8")
    made = home / f"{name.replace('-', '_')}.py"
    sys.argv = ["malac-hd", "-m", str(file), "-co", str(made), "-mod", MODEL, "-s"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        malac_hd.main(True)
    return getattr(importlib.import_module(made.stem), class_name(name.replace("-", "_")))


def run(group: Any, model: Any, task: Json) -> Json:
    if task["direction"] == "to-fhir":
        bundle = r4.Bundle()
        group(load(model, "CrmoCase", task["given"]), bundle)
        made = json.loads(json.dumps(bundle.exportJson(), default=_bare))
        return {"resource": [entry["resource"] for entry in made.get("entry", [])]}
    from malac.models.fhir import utils

    sent = utils.parse_json(r4, task["given"])
    target = model.CrmoCase() if not task["joined"] else getattr(model, class_name(task["joined"]))()
    group(sent, target)
    return dump(target)


def main(work: Path) -> None:
    home = work / "malac"
    home.mkdir(exist_ok=True)
    sys.path.insert(0, str(home))
    model_file = work / "exported" / "StructureDefinition-CrmoCase.json"
    (home / "crmo").mkdir(exist_ok=True)
    (home / "crmo" / "__init__.py").touch()
    write_model(json.loads(model_file.read_text(encoding="utf-8")), home / "crmo" / "model.py")
    model = importlib.import_module(MODEL)
    compiled: dict[str, Any] = {}
    results = []
    for task in json.loads((work / "tasks.json").read_text(encoding="utf-8"))["tasks"]:
        if task["map"] not in compiled:
            compiled[task["map"]] = _tried(lambda t=task: compile_map(work, t, home))
        group = compiled[task["map"]]
        results.append(group if isinstance(group, dict) else _tried(lambda g=group, t=task: {"got": run(g, model, t)}))
    (work / "malac-hd.json").write_text(json.dumps(results), encoding="utf-8")


def _tried(attempt: Any) -> Any:
    try:
        return attempt()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a foreign engine throws is its result
        return {"error": f"{type(error).__name__}: {error}"[:300]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
