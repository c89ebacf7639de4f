"""The chapter on the mapping language, rendered from `spec/` and the schemas: mappings/README.md (`make docs`).

A test fails while the chapter in the repository is not the one rendered here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from adapter.declaration import load_schema
from tests.language import SHIPPED, SPEC, Entry, load_words, to_text

Json = dict[str, Any]
CHAPTER = SHIPPED / "README.md"
PARTS = {
    "path": "Paths",
    "codec": "Codecs: `via`",
    "rule": "Options of a rule",
    "composition": "Rules made of rules",
    "map": "Words of the file",
}
_FURTHER = {"fragment": "With the fragment:", "table": "With the table:", "map": "Beside the map:"}
# Definitions of a schema that are parts of the same file, and what they are called for people.
_ROWS = {"concept_row": "rows of kind concept", "code_row": "rows of kind code", "text_row": "rows of kind text"}


def render() -> str:
    text = (SPEC / "chapter.md").read_text(encoding="utf-8")
    parts = {
        "words": _words(),
        "reference": _reference(),
        "tables": _tables(),
        "overlays": _overlays(),
        "contents": _contents(),
    }
    for name, rendered in parts.items():
        text = text.replace(f"<!-- {name} -->", rendered)
    return text


def _contents() -> str:
    lines = []
    for part, title in PARTS.items():
        lines.append(f"- {title}")
        lines += [f"  - [{_heading(each)}](#{_anchor(each)})" for each in load_words() if each["part"] == part]
    return "\n".join(lines)


_MARKS = {
    "path": "a.b",
    "here": ".",
    "zero": "[0]",
    "slice": "[name]",
    "other": "[other]",
    "all": "[*]",
    "resolve": "resolve()",
}


def _name(word: Json) -> str:
    names = [_MARKS.get(word["word"], word["word"]), *(each for each in word.get("covers", []) if each != "copy")]
    return ", ".join(f"`{each}`" for each in names)


def _heading(word: Json) -> str:
    return f"{_name(word)}: {word['title']}"


def _anchor(word: Json) -> str:
    """As the usual renderers make it of a heading."""
    return re.sub(r"[^\w\s-]", "", _heading(word).lower()).replace(" ", "-")


def _words() -> str:
    chapters = []
    for part, title in PARTS.items():
        chapters.append(f"## {title}\n")
        for word in (each for each in load_words() if each["part"] == part):
            chapters.append(f"### {_heading(word)}\n\n{word['why'].strip()}\n")
            chapters += [_entry(Entry(word["word"], n, each)) for n, each in enumerate(word["entries"], 1)]
    return "\n".join(chapters)


def _entry(entry: Entry) -> str:
    lines = [f"**{entry.get('title')[:1].upper()}{entry.get('title')[1:]}.**"]
    if why := entry.get("why"):
        lines[0] += f" {why.strip()}"
    told = f"In `{entry.get('in')}.map.yaml`"
    if left := entry.get("without"):
        told += f", without {', '.join(f'`{each}`' for each in left)}"
    lines += ["", f"{told}:", "", _block("yaml", entry.get("mapping"))]
    for kind, introduction in _FURTHER.items():
        if text := entry.get(kind):
            lines += [introduction, "", _block("yaml", text)]
    lines += [f"Refused when loaded, with code `{entry.get('refused')}`.", ""] if entry.get("refused") else _run(entry)
    return "\n".join(lines)


def _run(entry: Entry) -> list[str]:
    case, resource = entry.spelled["case"], entry.spelled["resource"]
    told = "There is no case." if case is None else "" if case else "Nothing of it comes into the case."
    case_lines = [told, ""] if told else ["Case:", "", _block("json", to_text(case))]
    if entry.get("direction") == "put":
        return _put(entry, case_lines)
    way = {"both": "written and read", "to-fhir": "written", "from-fhir": "read"}[entry.get("direction")]
    lines = [f"Resource, {way}:", "", _block("json", to_text(resource))] if resource else ["Nothing is written.", ""]
    for beside in entry.get("beside", []):
        lines += ["Beside it:", "", _block("json", to_text(beside))]
    lines = [*lines, *case_lines] if entry.get("direction") == "from-fhir" else [*case_lines, *lines]
    remarks = [*_issues(entry), *(f"- unread: `{place}`" for place in entry.get("unread", []))]
    return [*lines, *remarks, ""] if remarks else lines


def _put(entry: Entry, case_lines: list[str]) -> list[str]:
    lines = ["Resource, as it is:", "", _block("json", to_text(entry.spelled["onto"]))]
    lines += ["Changed case:", *case_lines[1:]]
    if entry.get("issues"):
        return [*lines, "Nothing is written:", "", *_issues(entry), ""]
    return [*lines, "Resource, after `put`:", "", _block("json", to_text(entry.spelled["resource"]))]


def _issues(entry: Entry) -> list[str]:
    return [f"- {each['severity']}: `{each['rule']}` at `{each['expression']}`" for each in entry.get("issues", [])]


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def _reference() -> str:
    schema = load_schema("mapping")
    rows = ["| word | where | meaning |", "|---|---|---|"]
    rows += _rows(schema["else"]["properties"], "map", schema["else"]["required"], schema["$defs"])
    rows += _rows(schema["then"]["properties"], "fragment", schema["then"]["required"], schema["$defs"])
    rows += _rows(schema["$defs"]["rule"]["properties"], "rule", schema["$defs"]["rule"]["required"], schema["$defs"])
    codecs = next(each for each in schema["$defs"]["rule"]["properties"]["via"]["anyOf"] if "properties" in each)
    rows += _rows(codecs["properties"], "via", [])
    return "\n".join(rows)


def _rows(properties: Json, where: str, required: list[str], defined: Json | None = None) -> Iterator[str]:
    for name, spelled in properties.items():
        must = " (must)" if name in required else ""
        yield f"| `{name}` | {where}{must} | {_meaning(spelled, defined or {})} |"
        if name == "via":
            continue
        inner = spelled if "properties" in spelled else spelled.get("items", {})
        yield from _rows(inner.get("properties", {}), f"{where}: `{name}`", inner.get("required", []), defined)


def _meaning(spelled: Json, defined: Json) -> str:
    referred = defined.get(spelled.get("$ref", "").rpartition("/")[2], {})
    text = spelled.get("description") or referred.get("description", "")
    if words := spelled.get("enum"):
        text = f"{text} One of {', '.join(f'`{json.dumps(each)}`' for each in words)}.".replace('"', "").strip()
    return str(text).replace("|", "\\|").replace("<", "&lt;")


def _tables() -> str:
    rows = ["| word | where | meaning |", "|---|---|---|"]
    table, units, systems = (load_schema(name) for name in ("table", "units", "systems"))
    rows += _rows(table["properties"], "table", table["required"], table["$defs"])
    for definition, told in _ROWS.items():
        rows += _rows(
            table["$defs"][definition]["properties"], told, table["$defs"][definition]["required"], table["$defs"]
        )
    rows += _rows(units["properties"], "unit list", units["required"])
    system = systems["$defs"]["system"]
    rows += _rows(system["properties"], "system", system["required"], systems["$defs"])
    return "\n".join(rows)


def _overlays() -> str:
    schema = load_schema("overlay")
    rows = ["| word | where | meaning |", "|---|---|---|"]
    rows += _rows(schema["properties"], "overlay", schema["required"], schema["$defs"])
    for part, told in (("of_map", "overlay: a map"), ("of_table", "overlay: a table")):
        rows += _rows(schema["$defs"][part]["properties"], told, [], schema["$defs"])
    return "\n".join(rows)


if __name__ == "__main__":
    CHAPTER.write_text(render(), encoding="utf-8")
