"""Commands that talk to hospitals, make one up, or serve: pull, push, synthesize, demo, serve.

Takes from: pull, outbound, demo, synthetic, web.  Gives to: cli.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, end, json_option, tell
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.pull import Notice


@click.command()
@click.argument("source")
@json_option
@click.pass_obj
def pull(session: Session, source: str, as_json: bool) -> None:
    """Pull eligible patients from SOURCE: a declared hospital, or a FHIR base address. Exit code 5 when in part."""
    from adapter.pull import exit_code, run_pull, start_pull

    with session.parts() as parts, _progress() as notice:
        report = run_pull(parts, start_pull(parts, source), notice=notice)
    emit(report, indent=not as_json)
    end(exit_code(report))


@contextmanager
def _progress() -> Iterator[Notice]:
    """A bar on a terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task("patients", total=None)
        yield lambda progress: shown.update(bar, total=progress["of"], completed=progress["done"])


@click.command()
@click.argument("case_id")
@click.option("--to", required=True, metavar="SOURCE", help="A declared hospital, or a FHIR base address.")
@json_option
@click.pass_obj
def push(session: Session, case_id: str, to: str, as_json: bool) -> None:
    """Send a stored case to a hospital as a transaction."""
    from adapter.outbound import push as push_case

    with session.parts() as parts:
        done = push_case(parts, case_id, to)
    told: Json = {"case_id": done.case_id, "host": done.host, "resources": len(done.statuses)}
    emit({**told, "statuses": done.statuses}, indent=not as_json)


@click.command()
@click.option("--host", help="Address to listen on (CRMO_HOST; default 127.0.0.1).")
@click.option("--port", help="Port to listen on (CRMO_PORT; default 8000).")
@json_option
@click.pass_obj
def serve(session: Session, host: str | None, port: str | None, as_json: bool) -> None:
    """Serve FHIR, JSON and pages until interrupted."""
    from adapter.web.serving import serve as serve_web

    settings = session.settings(host=host, port=port)
    if as_json:
        emit({"url": f"http://{settings.host}:{settings.port}/"}, indent=False)
    tell(f"serving on http://{settings.host}:{settings.port}/ (Ctrl-C ends)")
    serve_web(settings)
