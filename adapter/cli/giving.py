"""Commands that write files about the cohort: figures, export.

Takes from: describing, figures, exports.  Gives to: cli.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, json_option, tell
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.exports import Form
    from adapter.figures import Picture
    from adapter.parts import Parts

_LIKE = click.option("--like", type=click.Choice(["SA", "SB"]), default="SA", help="Cases by whose criteria.")


@click.command()
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--format", "forms", multiple=True, type=click.Choice(["svg", "png"]), help="Both when not given.")
@_LIKE
@json_option
@click.pass_obj
def figures(session: Session, folder: Path, forms: tuple[str, ...], like: str, as_json: bool) -> None:
    """Draw the eligible cases: each figure as SVG and PNG, and its data as CSV."""
    from adapter.describing import included_cases
    from adapter.figures import bone_names, make_pictures

    with session.parts() as parts:
        bones = bone_names(parts.knowledge.mappings)
        cases = included_cases(parts, like)
        pictures = make_pictures(cases, parts.knowledge.derivation, bones, language=session.language)
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for picture in pictures for name in _write(picture, folder, forms or ("svg", "png"))]
    if as_json:
        emit([_told(picture) for picture in pictures], indent=False)
    tell(f"{len(names)} files in {folder}")


def _write(picture: Picture, folder: Path, forms: tuple[str, ...]) -> list[str]:
    made = {"svg": lambda: picture.svg().encode(), "png": picture.png}
    contents = {form: made[form]() for form in forms} | {"csv": picture.csv().encode()}
    for ending, content in contents.items():
        (folder / f"{picture.name}.{ending}").write_bytes(content)
    return [f"{picture.name}.{ending}" for ending in contents]


def _told(picture: Picture) -> Json:
    return {"name": picture.name, "title": picture.title, "summary": picture.summary, "notes": list(picture.notes)}


@click.command()
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="A new or empty folder.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "phenopackets", "erdri"]), default="csv")
@click.option("--outside", is_flag=True, help="Counts only, cells under 11 hidden with what would give them away.")
@_LIKE
@json_option
@click.pass_obj
def export(session: Session, folder: Path, form: Form, outside: bool, like: str, as_json: bool) -> None:
    """Write the eligible cases for analysis, with data dictionary and SHA-256 manifest."""
    from adapter.describing import included_cases
    from adapter.exports import export_cases
    from adapter.reporting import tell_provenance

    with session.parts() as parts:
        _remember(parts, outside=outside)
        told = export_cases(
            included_cases(parts, like),
            folder,
            form,
            derivation=parts.knowledge.derivation,
            mappings=parts.knowledge.mappings,
            provenance=tell_provenance(parts, like),
            outside=outside,
        )
    if as_json:
        emit(told, indent=False)
    tell(f"exported to {folder}; check with: sha256sum -c SHA256SUMS")


def _remember(parts: Parts, *, outside: bool) -> None:
    """Who takes data out is written down, and before there is anything to take."""
    from adapter.access.commands import write_down

    with parts.store.writing() as connection:
        write_down(parts, connection, "export outside" if outside else "export")
