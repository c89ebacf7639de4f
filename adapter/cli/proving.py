"""The command that proves every declaration, and shows what was made of it.

Takes from: bootstrap, mapping, validation, tiers, hospital.  Gives to: cli.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option, tell
from adapter.errors import DeclarationError, UsageError

if TYPE_CHECKING:
    from adapter.config import Settings
    from adapter.mapping import Mappings


@click.command()
@click.option("--laws", "with_laws", is_flag=True, help="What each rule promises: iso, checked, lossy, one-way.")
@click.option("--trace-python", metavar="MAP", help="The Python made of one map, with the YAML line beside each line.")
@click.option("--code", metavar="CODE", help="What one problem code of the mappings means, and how to mend it.")
@click.option("--export", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write the maps as FHIR StructureMaps with their ConceptMaps.")  # fmt: skip
@json_option
@click.pass_obj
def check(session: Session, /, code: str | None, as_json: bool, **wanted: Any) -> None:
    """Prove every declaration: mappings, tables, profiles, criteria, sources. Exit code 3 names file and line."""
    if code:
        _show_code(code, session.language)
    else:
        _prove(session, as_json=as_json, **wanted)


def _prove(session: Session, *, with_laws: bool, trace_python: str | None, folder: Path | None, as_json: bool) -> None:
    from adapter.bootstrap import load_knowledge
    from adapter.hospital import load_sources
    from adapter.mapping.examples import check_examples

    settings = session.settings()
    knowledge = load_knowledge(settings)
    sources = load_sources(settings.sources)
    problems = [*knowledge.check_overlays(sources.values()), *check_examples(knowledge.mappings)]
    if problems:
        raise DeclarationError(problems)
    _check_profiles(settings)
    if trace_python:
        _show_python(knowledge.mappings, trace_python)
    elif with_laws:
        _show_laws(knowledge.mappings, as_json=as_json)
    elif folder:
        _export(knowledge.mappings, folder)
    elif as_json:
        told = {"mappings": str(settings.mappings), "mapping_version": knowledge.mappings.version}
        told["criteria_version"] = knowledge.criteria.version
        emit(
            {
                **told,
                "rule_sets": sorted(knowledge.published),
                "sources": sorted(sources),
                "overlays": knowledge.mappings.overlays,
            },
            indent=False,
        )
    rule_sets = ", ".join(sorted(knowledge.published))
    tell(f"mappings, profiles, criteria and statistics of {rule_sets}, {len(sources)} sources: fine")


def _show_code(code: str, language: Literal["en", "fr"]) -> None:
    from adapter.mapping.codes import explain_code, load_codes

    text = explain_code(code.upper(), language)
    if text is None:
        raise UsageError(f"There is no problem code '{code}'; there are {', '.join(load_codes())}.")
    click.echo(text)


def _check_profiles(settings: Settings) -> None:
    from adapter.tiers import load_tiers
    from adapter.validation import make_validator

    make_validator(settings.packages)
    load_tiers(settings.packages[0])


def _export(mappings: Mappings, folder: Path) -> None:
    """FML texts and StructureMaps both ways, ConceptMaps, the logical model of the case."""
    from adapter.mapping.exporting import export_maps
    from adapter.resource import dump_json

    folder.mkdir(parents=True, exist_ok=True)
    files = export_maps(mappings.language)
    for name, content in files.items():
        made = content.encode() if isinstance(content, str) else dump_json(content, indent=True)
        (folder / name).write_bytes(made)
    tell(f"{len(files)} files in {folder}")


def _show_python(mappings: Mappings, name: str) -> None:
    if name not in mappings.names:
        raise UsageError(f"There is no map '{name}'; there are {', '.join(mappings.names)}.")
    click.echo(mappings.generated(name), nl=False)


def _show_laws(mappings: Mappings, *, as_json: bool) -> None:
    from adapter.mapping.laws import laws

    found = laws(mappings.language)
    if as_json:
        emit([asdict(law) for law in found], indent=False)
    else:
        emit_rows([[law.rule, law.promise, law.remark, law.origin] for law in found], ["rule", "promise", "", "file"])
