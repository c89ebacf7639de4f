"""Commands that talk to hospitals, make one up, or serve: pull, push, synthesize, demo, serve.

Takes from: pull, outbound, demo, synthetic, web.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from adapter.cli.entry import Session
from adapter.cli.progress import format_option, show_progress
from adapter.cli.terminal import emit, end, json_option, tell, terminal_width
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.demo import Demonstration
    from adapter.mapping import Mappings

_FORMS = ("case", "bundle", "ndjson", "hospital", "hospital-ndjson")


@click.command()
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="Only say how many requests and resources it will be.")
@click.option("--since", default="all", metavar="last|DATE|all", help="Only what changed since then (default: all).")
@format_option
@json_option
@click.pass_obj
def pull(session: Session, source: str, dry_run: bool, since: str, form: str, as_json: bool) -> None:
    """Pull eligible patients from SOURCE: a declared hospital, or a FHIR base address. Exit code 5 when in part."""
    from adapter.forecast import forecast_pull
    from adapter.incremental import since_options
    from adapter.pull import exit_code, run_pull, start_pull

    if dry_run:
        with session.parts() as parts:
            emit(forecast_pull(parts, source), indent=not as_json)
        return
    with session.parts() as parts, show_progress(form) as show:
        pull_id = start_pull(parts, source, since_options(since))
        report = run_pull(parts, pull_id, notice=lambda progress: show(pull_id, progress))
    emit(report, indent=not as_json)
    end(exit_code(report))


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
@click.option("--processes", metavar="N", help="Processes that serve (CRMO_PROCESSES; default 1; several: PostgreSQL).")
@click.option("--with-worker/--no-worker", default=None, help="Run pulls inside the service, or not (CRMO_WORKER).")
@json_option
@click.pass_obj
def serve(session: Session, /, with_worker: bool | None, as_json: bool, **told: str | None) -> None:
    """Serve FHIR, JSON and pages until interrupted; what is under way then is answered first."""
    from adapter.web.serving import ensure_servable
    from adapter.web.serving import serve as serve_web

    worker = None if with_worker is None else "inside" if with_worker else "outside"
    settings = session.settings(worker=worker, **told)
    ensure_servable(settings)
    if as_json:
        emit({"url": f"http://{settings.host}:{settings.port}/"}, indent=False)
    tell(f"serving on http://{settings.host}:{settings.port}/ (Ctrl-C ends)")
    serve_web(settings)


@click.command()
@click.option("--no-serve", is_flag=True, help="End after the table.")
@json_option
@click.pass_obj
def demo(session: Session, no_serve: bool, as_json: bool) -> None:
    """Pull a hospital that does not exist, print the cohort beside the published one, and serve it.

    Keeps its cases in a folder of its own (<data>/demo): they never meet real ones.
    """
    from adapter.bootstrap import open_parts
    from adapter.demo import run_demo
    from adapter.pull import exit_code
    from adapter.web.serving import ensure_servable
    from adapter.web.serving import serve as serve_web

    folder = session.settings().data / "demo"
    settings = session.settings(data=str(folder), database_url=f"sqlite:///{folder / 'registry.db'}")
    if not no_serve:
        ensure_servable(settings)
    tell("making a hospital and pulling from it over HTTP on this machine")
    with open_parts(settings) as parts, show_progress("auto", elsewhere="text") as show:
        shown = run_demo(parts, notice=lambda progress: show("demo", progress))
    if as_json:
        emit(shown.as_json(), indent=False)
    else:
        _show(shown)
    if not no_serve:
        tell(f"serving on http://{settings.host}:{settings.port}/ (Ctrl-C ends)")
        serve_web(settings)
    end(exit_code(shown.report))


def _show(shown: Demonstration) -> None:
    from adapter.cohort import render_text

    click.echo(render_text(shown.cohort, terminal_width(), color=True))
    counts = shown.report
    named = {"eligible": "eligible", "undetermined": "undetermined", "ineligible": "not eligible"}
    told = ", ".join(f"{counts[key]} {word}" for key, word in {**named, "quarantined": "in quarantine"}.items())
    tell(f"screened {counts['screened']}: {told}")
    for each in shown.waiting:
        tell(f"  {each['case_id']}  {', '.join(each['criteria'])}: {' '.join(each['settle'])}")


@click.command()
@click.option("--n", "number", default=10, show_default=True, type=click.IntRange(0))
@click.option("--seed", default=1, show_default=True, type=int)
@click.option("--like", type=click.Choice(["SA", "SB"]), help="The cohort of a founding paper instead; --n is its own.")
@click.option("--as", "form", type=click.Choice(_FORMS), default="case", show_default=True)
@click.option("--every-field", is_flag=True, help="Cases of all kinds instead, that use every field of the schema.")
@json_option
@click.pass_obj
def synthesize(
    session: Session, number: int, seed: int, like: str | None, form: str, every_field: bool, as_json: bool
) -> None:
    """Write cases that look real and are not, one JSON document a line, as they are made.

    As case: registry cases. As bundle: a FHIR transaction each. As ndjson: their resources, as bulk files hold them.
    As hospital or hospital-ndjson: as French hospitals would send them, in every spelling, a collection each or by
    resource.
    """
    from adapter.mapping import load_mappings
    from adapter.synthetic import make_cohort, published_cohort
    from adapter.synthetic import synthesize as make_cases

    mappings = load_mappings(session.settings().mappings)
    made = make_cases(number, seed) if every_field else make_cohort(number, seed)
    for document in _documents(iter(published_cohort(like, seed)) if like else made, form, mappings, seed):
        emit(document, indent=False)


def _documents(cases: Iterator[Json], form: str, mappings: Mappings, seed: int) -> Iterator[Any]:
    from adapter.synthetic.hospital import make_collection, make_dossiers

    if form.startswith("hospital"):
        for resources in make_dossiers(cases, mappings, seed):
            yield from resources if form == "hospital-ndjson" else [make_collection(resources)]
        return
    for case in cases:
        yield from [case] if form == "case" else _fhir(case, form, mappings)


def _fhir(case: Json, form: str, mappings: Mappings) -> list[Json]:
    return [mappings.to_fhir(case)] if form == "bundle" else mappings.to_resources(case)
