"""Commands about profiles: validate files against them, hand them out as a FHIR package.

Takes from: validation, package.  Gives to: cli.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, end, json_option

if TYPE_CHECKING:
    from adapter.validation.files import Verdict

FINDINGS = 1
FORMATS = ("text", "json", "outcome", "sarif")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--profile", "profiles", multiple=True, metavar="URL", help="Validate against this profile too.")
@click.option("--package", "packages", multiple=True, type=click.Path(exists=True, path_type=Path), metavar="PATH",
              help="Load a FHIR package: a folder or a .tgz.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to tell; text by default.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; as many as there are cores for many files.")
@json_option
@click.pass_obj
def validate(
    session: Session,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    packages: tuple[Path, ...],
    form: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Validate resources in JSON or NDJSON files (or -) against FHIR R4 and profiles."""
    from adapter.validation.files import Request, validate_files
    from adapter.validation.report import RENDERERS

    request = Request(profiles, (*session.settings().packages, *(path.absolute() for path in packages)))
    cores = workers or (min(os.cpu_count() or 1, len(files)) if len(files) > 3 else 1)
    watched = _Watched(validate_files([Path(name) for name in files], request, workers=cores))
    for line in RENDERERS["json" if as_json else form](watched, session.language):
        click.echo(line)
    end(0 if watched.valid else FINDINGS)


class _Watched:
    """Verdicts passed on as they come; afterwards it knows whether all were good."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self.verdicts, self.valid = verdicts, True

    def __iter__(self) -> Iterator[Verdict]:
        for verdict in self.verdicts:
            self.valid = self.valid and verdict.valid
            yield verdict


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, writable=True, path_type=Path))
@json_option
@click.pass_obj
def package(session: Session, file: Path | None, as_json: bool) -> None:
    """Write our profiles as a FHIR package; FILE is named after the package unless told otherwise."""
    from adapter.package import make_package, package_name

    folder = session.settings().packages[0]
    made, target = make_package(folder), file or Path(package_name(folder))
    target.write_bytes(made)
    emit({"file": str(target), "bytes": len(made)}) if as_json else click.echo(str(target))
