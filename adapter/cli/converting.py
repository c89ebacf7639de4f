"""Commands that look at one document and store nothing: to-case, to-fhir, explain.

Takes from: judgement, mapping, case, bootstrap, deciding.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli.deciding import check_case
from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, end, json_option, read_input, tell_issues
from adapter.errors import Issue, Json, UsageError

FINDINGS = 1


@click.command("to-case")
@click.argument("bundle")
@click.option("--case-only", is_flag=True, help="The case alone.")
@click.option("--source", default="direct", help="Who sent it: part of the pseudonym, and which overlay is laid.")
@json_option
@click.pass_obj
def to_case(session: Session, bundle: str, case_only: bool, source: str, as_json: bool) -> None:
    """Map a Bundle (a file, or -) to a registry case."""
    from adapter.bootstrap import load_knowledge, now
    from adapter.judgement import judge_bundle
    from adapter.pseudonym import find_case_identifier, load_pseudonyms

    settings = session.settings()

    def case_id(patient: Json, full_url: str) -> str | None:
        known = find_case_identifier(patient)
        return known or load_pseudonyms(settings.pseudonym_key).case_id(patient, source=source, full_url=full_url)

    knowledge = load_knowledge(settings).of(overlay_of(session, source))
    judged = judge_bundle(knowledge, read_input(bundle), case_id, now().date())
    if case_only:
        emit(judged.case, indent=not as_json)
        tell_issues(judged.issues, session.language)
    else:
        told = {"case": judged.case, "trace": judged.trace, "unread": judged.unread}
        told["issues"] = [issue.as_json() for issue in judged.issues]
        emit({**told, "decision": judged.decision}, indent=not as_json)
    _end_by(judged.issues)


@click.command("to-fhir")
@click.argument("case")
@click.option("--onto", metavar="BUNDLE", help="Write it onto these resources, and keep what no rule knows.")
@click.option("--trace", is_flag=True, help="Instead: which rule writes each value, of what.")
@json_option
@click.pass_obj
def to_fhir(session: Session, case: str, onto: str | None, trace: bool, as_json: bool) -> None:
    """Map a registry case (a file, or -) to a FHIR transaction, or write it onto the resources it came from."""
    from adapter.bootstrap import load_knowledge

    knowledge = load_knowledge(session.settings())
    checked, mappings = check_case(session, knowledge, read_input(case)), knowledge.mappings
    if trace:
        emit(mappings.trace_written(checked), indent=not as_json)
        return
    made = mappings.put_bundle(checked, _read_bundle(session, onto)) if onto else mappings.to_fhir(checked)
    emit(made, indent=not as_json)
    tell_issues(mappings.unwritten(checked), session.language)


def overlay_of(session: Session, source: str | None) -> str:
    """The overlay of the mappings that a declared source names; "" for any other."""
    from adapter.hospital import load_sources

    settings = session.settings()
    known = load_sources(settings.sources, settings.client_keys).get(source or "")
    return known.overlay if known else ""


@click.command()
@click.argument("field")
@click.option("--source", help="With the overlay of this source.")
@json_option
@click.pass_obj
def explain(session: Session, field: str, source: str | None, as_json: bool) -> None:
    """Say what a registry FIELD means and which FHIR elements it is read from and written to."""
    from adapter.case.fields import allowed_values, field_schema, mark_lists
    from adapter.mapping import load_mappings

    field = mark_lists(field)
    schema = field_schema(field)
    if schema is None:
        raise UsageError("There is no such field in a registry case; fields look like diagnosis.onset.")
    mappings = load_mappings(session.settings().mappings, session.settings().cache).of(overlay_of(session, source))
    told = {
        "field": field,
        "title": {"en": schema.get("title"), "fr": schema.get("x-fr", {}).get("title")},
        "description": {"en": schema.get("description"), "fr": schema.get("x-fr", {}).get("description")},
        "values": allowed_values(field),
        "code_system": schema.get("x-code-system"),
        "rules": mappings.explain(field),
    }
    told = {key: value for key, value in told.items() if value is not None}
    if as_json:
        emit(told, indent=False)
    else:
        _show_field(told, session.language)


def _show_field(told: Json, language: str) -> None:
    for key in ("field", "title", "description", "values", "code_system"):
        if key in told:
            value = told[key].get(language) if isinstance(told[key], dict) else told[key]
            click.echo(f"{key:12} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    rows = [[rule["field"], rule["element"], rule["direction"], rule["origin"]] for rule in told["rules"]]
    emit_rows(rows, ["field", "element", "direction", "rule"])


def _read_bundle(session: Session, name: str) -> Json:
    """A Bundle of one patient from a file; exit code 1 with the issues when it is none."""
    from adapter.bundle import check_bundle
    from adapter.resource import parse_json

    bundle, issues = parse_json(read_input(name))
    if not any(issue.blocks for issue in issues):
        issues = [*issues, *check_bundle(bundle)]
    tell_issues(issues, session.language)
    if any(issue.blocks for issue in issues):
        end(FINDINGS)
    made: Json = bundle
    return made


def _end_by(issues: list[Issue]) -> None:
    end(FINDINGS if any(issue.blocks for issue in issues) else 0)
