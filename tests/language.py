"""The mapping language as data: the entries of `spec/`, each set into a shipped map so that it stands in real company.

`python -m tests.language` renders them as the chapter mappings/README.md (`make docs`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.config import shipped
from adapter.declaration import parse_declaration

Json = dict[str, Any]
SPEC = Path(__file__).parent / "spec"
SHIPPED = shipped("mappings")
# What an example leaves out of its case: the least that makes one.
BASE_CASE: Json = {"case_id": "C-1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
_PSEUDONYM = {
    "system": "https://crmo-registry.example/fhir/identifier/case",
    "type": {"coding": [{"system": "http://snomed.info/sct", "code": "422549004"}]},
    "value": "C-1",
}
# Further files that an entry may bring.
_FURTHER = {"fragment": "fragments/{}.yaml", "table": "tables/{}.table.yaml", "map": "{}.map.yaml"}
# What every resource has, and no example shows.
_HEAD = ("resourceType", "id", "meta")


@dataclass(frozen=True)
class Entry:
    """One example of a word."""

    word: str
    number: int
    spelled: Json

    def __str__(self) -> str:
        return f"{self.word}-{self.number}"

    def get(self, key: str, otherwise: Any = None) -> Any:
        return self.spelled.get(key, otherwise)

    @property
    def resources(self) -> list[Json]:
        resource = self.spelled["resource"]
        return resource if isinstance(resource, list) else [resource]

    @property
    def case(self) -> Json | None:
        """The whole case; None when the example makes none."""
        return None if self.spelled["case"] is None else {**BASE_CASE, **self.spelled["case"]}


def load_words() -> list[Json]:
    """Every file of `spec/`, in the order of the chapter."""
    parts = ["path", "codec", "rule", "composition", "map"]
    words = [read_yaml(file.read_text(encoding="utf-8"), file) for file in sorted(SPEC.glob("*.yaml"))]
    return sorted(words, key=lambda word: (parts.index(word["part"]), word["order"]))


def entries() -> list[Entry]:
    return [Entry(word["word"], n, each) for word in load_words() for n, each in enumerate(word["entries"], 1)]


def read_yaml(text: str, path: Path = SPEC) -> Any:
    """YAML as the product reads it: `yes` and `no` are words."""
    return parse_declaration(text, path).data


def set_in(entry: Entry) -> Json:
    """The shipped map with the entry's words in it."""
    mapping: Json = deepcopy(read_yaml((SHIPPED / f"{entry.get('in')}.map.yaml").read_text(encoding="utf-8")))
    told = read_yaml(entry.get("mapping"))
    keys = {"rules": told} if isinstance(told, list) else told
    rules = {rule["id"]: rule for rule in mapping["rules"] if rule["id"] not in entry.get("without", [])}
    rules |= {rule["id"]: rule for rule in keys.get("rules", [])}
    merged = {**mapping, **keys, "rules": list(rules.values())}
    return {key: value for key, value in merged.items() if value is not None}


def write_folder(entry: Entry, folder: Path) -> Path:
    """The shipped declarations with the entry's map instead of the shipped one."""
    shutil.copytree(SHIPPED, folder / "mappings")
    target = folder / "mappings"
    (target / f"{entry.get('in')}.map.yaml").write_text(json.dumps(set_in(entry), indent=1), encoding="utf-8")
    for kind, pattern in _FURTHER.items():
        if text := entry.get(kind):
            (target / pattern.format(read_yaml(text)[kind])).write_text(text, encoding="utf-8")
    return target


def constants(mapping: Json) -> Json:
    """What the rules with `const` of the shipped map write into every resource, by element."""
    shipped_map = read_yaml((SHIPPED / f"{mapping['map']}.map.yaml").read_text(encoding="utf-8"))
    ours = [rule for rule in shipped_map["rules"] if rule in mapping["rules"]]
    plain = [rule for rule in ours if "const" in rule and rule["fhir"].isidentifier()]
    known = {rule["fhir"]: json.loads(json.dumps(rule["const"]).replace("{case}", "C-1")) for rule in plain}
    return {**known, "identifier": [_PSEUDONYM]} if mapping["resource"] == "Patient" else known


def bare(resource: Json, known: Json) -> Json:
    """A written resource as examples show it."""
    return {name: value for name, value in resource.items() if name not in _HEAD and known.get(name) != value}


def dressed(entry: Entry, mapping: Json, key: str = "resource") -> Iterator[Json]:
    """The resources of an example as a hospital would send them; those that are there already under the key `onto`."""
    told = entry.spelled[key]
    for number, resource in enumerate(told if isinstance(told, list) else [told], 1):
        name = "C-1" if mapping["resource"] == "Patient" else f"h{number}"
        head = {"resourceType": mapping["resource"], "id": name}
        yield {**head, **constants(mapping), **resource}


def to_text(value: Any) -> str:
    """JSON for people: short objects on one line."""
    return _layout(value, 0)


def _layout(value: Any, indent: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= 110 or not isinstance(value, dict | list) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, list):
        inner = ",\n".join(pad + _layout(each, indent + 2) for each in value)
        return f"[\n{inner}\n{' ' * indent}]"
    inner = ",\n".join(f"{pad}{json.dumps(key)}: {_layout(each, indent + 2)}" for key, each in value.items())
    return f"{{\n{inner}\n{' ' * indent}}}"
