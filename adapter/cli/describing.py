"""The command that describes the cohort.

Takes from: describing, cohort, reporting.  Gives to: cli.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option, terminal_width
from adapter.errors import Json, UsageError

if TYPE_CHECKING:
    from adapter.parts import Parts

_GROUPS = ("sex", "centre", "focality", "period")


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "html", "docx"]), default="text")
@click.option("--like", type=click.Choice(["SA", "SB"]), default="SA", help="Beside which published cohort.")
@click.option("--by", multiple=True, type=click.Choice(_GROUPS), help="The same for each group; may be given again.")
@click.option("--who", metavar="ROW", help="Who is behind a number: a row like A20, or a variable of derived.yaml.")
@click.option("--from", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="Cases of an export (cases.parquet) instead of the registry's.")  # fmt: skip
@click.option("--complete", is_flag=True, help="JSON with everything: quartiles, intervals, flow, groups, comparison.")
@json_option
@click.pass_obj
def cohort(
    session: Session,
    form: str,
    like: str,
    by: tuple[str, ...],
    who: str | None,
    file: Path | None,
    complete: bool,
    as_json: bool,
) -> None:
    """Describe the eligible cases beside the published cohort."""
    from adapter.cohort import contract_row, render_csv, render_description
    from adapter.describing import describe_registry

    if who:
        _show_answers(session, who, like, form, as_json=as_json)
        return
    if file and form in ("html", "docx"):
        raise UsageError("A report tells who was screened, which an export does not: text, json or csv.")
    with session.parts() as parts:
        if file:
            found = _describe_export(parts, file, like, by, session.language)
        else:
            found = describe_registry(parts, like, by=by, language=session.language, processes=os.cpu_count() or 1)
        made = _make_document(parts, found, form, session.language) if form in ("html", "docx") else None
    if made is not None:
        click.echo(made, nl=False)
        return
    if as_json or form == "json":
        everything = complete or bool(by)
        emit(found if everything else [contract_row(row) for row in found["rows"]], indent=not as_json)
    elif form == "csv":
        click.echo(render_csv(found), nl=False)
    else:
        click.echo(render_description(found, session.language, terminal_width(), color=True))


def _make_document(parts: Parts, found: Json, form: str, language: Literal["en", "fr"]) -> str | bytes:
    from adapter.describing import included_cases
    from adapter.reporting import make_document

    return make_document(parts, found, included_cases(parts, found["like"]), form, language)


def _describe_export(parts: Parts, file: Path, like: str, by: tuple[str, ...], language: Literal["en", "fr"]) -> Json:
    from adapter.describing import describe_columns
    from adapter.exports.derived import read_derived

    statistics = parts.knowledge.published[like].statistics
    table = read_derived(file, statistics.derivation.only(statistics.variables(by)))
    return describe_columns(parts, table, like, by=by, language=language)


def _show_answers(session: Session, who: str, like: str, form: str, *, as_json: bool) -> None:
    from adapter.describing import answers_behind
    from adapter.spreadsheet import write_csv

    heads = ["case_id", "answer", "by", "evidence"]
    with session.parts() as parts:
        found = list(answers_behind(parts, who, like))
    if as_json or form == "json":
        emit(found, indent=not as_json)
        return
    rows = [[each["case_id"], each["answer"], each["by"], _seen(each["evidence"])] for each in found]
    if form == "csv":
        click.echo(write_csv(heads, rows), nl=False)
    else:
        emit_rows(rows, heads)


def _seen(evidence: list[Json]) -> str:
    return ", ".join(f"{each['resource']} {each['expression']}" for each in evidence)
