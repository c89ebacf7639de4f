"""The command that hands out what a machine needs to run the service: deploy.

Takes from: nothing but the files in adapter/deploy.  Gives to: cli.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from adapter.cli.terminal import emit, json_option, tell
from adapter.errors import UsageError

FILES = Path(__file__).parents[1] / "deploy"


@click.command()
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to fill.")
@json_option
def deploy(folder: Path, as_json: bool) -> None:
    """Write examples of a Containerfile, systemd units and a reverse proxy's configuration into a folder."""
    names = sorted(file.name for file in FILES.iterdir() if file.is_file())
    if there := [name for name in names if (folder / name).exists()]:
        raise UsageError(f"{', '.join(there)} in that folder would be written over.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(FILES / name, folder / name)
    except OSError as error:
        raise UsageError(f"The files cannot be written ({error.strerror}).") from error
    if as_json:
        emit({"files": names}, indent=False)
    tell(f"{', '.join(names)}: look through them, they are examples")
