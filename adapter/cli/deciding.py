"""Commands around eligibility: decide (and what if), the judgement of a person, and what to ask the hospitals.

Takes from: judgement, eligibility, adjudicating, queries, bootstrap.  Gives to: cli.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, end, json_option, read_input, tell, tell_issues
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.parts import Knowledge

FINDINGS = 1
_RULES = click.Choice(["SA", "SB"])


@click.command()
@click.argument("case")
@click.option("--rules", "--rule-set", "rule_set", default="SA", help="Criteria of which founding paper: SA or SB.")
@click.option("--what-if", "changes", multiple=True, metavar="FIELD=VALUE", help="Decide again with this datum.")
@click.option("--format", "form", type=click.Choice(["json", "text"]), default="json", show_default=True)
@json_option
@click.pass_obj
def decide(session: Session, case: str, rule_set: str, changes: tuple[str, ...], form: str, as_json: bool) -> None:
    """Decide whether a registry case (a file, or -) is eligible, with the evidence. Exit code 1 when it is not."""
    from adapter.bootstrap import load_knowledge
    from adapter.eligibility.what_if import suppose
    from adapter.resource import dump_json

    knowledge = load_knowledge(session.settings(), rule_set)
    document = check_case(session, knowledge, read_input(case))
    decision = told = _decide(session, knowledge, document)
    if changes:
        supposed = check_case(session, knowledge, dump_json(suppose(document, changes)))
        told = _compare(decision, after := _decide(session, knowledge, supposed))
        decision = after
    if form == "json" or as_json:
        emit(told, indent=not as_json)
    else:
        _show(told)
    end(FINDINGS if decision["status"] == "ineligible" else 0)


def _decide(session: Session, knowledge: Knowledge, case: Json) -> Json:
    from adapter.bootstrap import now
    from adapter.eligibility import decide as decide_case

    locate = knowledge.mappings.locate(case)
    return decide_case(case, knowledge.criteria, today=now().date(), locate=locate, language=session.language)


def _compare(before: Json, after: Json) -> Json:
    pairs = zip(before["criteria"], after["criteria"], strict=True)
    changed = [one["id"] for one, other in pairs if one["value"] != other["value"]]
    return {"before": before, "after": after, "changed": changed}


def _show(told: Json) -> None:
    """One criterion a line, in words."""
    if "after" in told:
        click.echo(f"{told['before']['status']} -> {told['after']['status']}")
        before = {each["id"]: each["value"] for each in told["before"]["criteria"]}
        rows = [[each["id"], before[each["id"]], each["value"], _why(each)] for each in told["after"]["criteria"]]
        emit_rows(rows, ["", "before", "after", "reason after"])
        return
    click.echo(told["status"])
    emit_rows([[each["id"], each["value"], _why(each)] for each in told["criteria"]], ["", "value", "reason"])


def _why(criterion: Json) -> str:
    seen = ", ".join(f"{each['resource']} {each['expression']}" for each in criterion["evidence"])
    asked = f" -> {criterion['settle']}" if "settle" in criterion else ""
    return f"{criterion['reason']}{asked}{f' [{seen}]' if seen else ''}"


def check_case(session: Session, knowledge: Knowledge, raw: bytes) -> Json:
    """A case held against schema and consistency; exit code 1 with the issues when it breaks them."""
    from adapter.bootstrap import now
    from adapter.judgement import judge_case

    judged = judge_case(knowledge, raw, now().date())
    tell_issues(judged.issues, session.language)
    if judged.case is None:
        end(FINDINGS)
    return judged.case


@click.command("adjudicate")
@click.argument("case_id")
@click.option("--decision", required=True, type=click.Choice(["eligible", "ineligible", "undetermined"]))
@click.option("--role", required=True, help="The office of who judges, never a name.")
@click.option("--reason", required=True, help="Why, in one sentence.")
@click.option("--rules", "rule_set", type=_RULES, default="SA", show_default=True, help="Criteria judged by.")
@json_option
@click.pass_obj
def adjudicate(
    session: Session, case_id: str, decision: str, role: str, reason: str, rule_set: str, as_json: bool
) -> None:
    """Record a person's judgement of a case beside the rule's answer, which stays what it is."""
    from adapter.access.commands import write_down
    from adapter.adjudicating import adjudicate as record
    from adapter.adjudicating import as_json as plain

    with session.parts() as parts:
        made = record(parts, case_id, {"decision": decision, "role": role, "reason": reason}, rule_set)
        with parts.store.writing() as connection:
            write_down(parts, connection, "case adjudicate", case_id)
    if as_json:
        emit(plain(made), indent=False)
    else:
        tell(f"recorded: {made.decision}; the criteria say {made.rule_status}")


@click.command()
@click.option("--source", help="Only this hospital.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "fhir"]), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
@json_option
@click.pass_obj
def queries(session: Session, source: str | None, form: str, out: Path | None, as_json: bool) -> None:
    """What to ask each hospital: the data that would settle its undetermined cases."""
    from adapter.queries import find_queries, group_queries, make_tasks, render_csv
    from adapter.resource import dump_json

    with session.parts() as parts:
        found = find_queries(parts, source=source, language=session.language)
        at = parts.clock()
    if form == "csv":
        text = render_csv(found)
    elif form == "fhir":
        text = dump_json(make_tasks(found, at), indent=not as_json).decode() + "\n"
    elif as_json:
        text = dump_json(group_queries(found)).decode() + "\n"
    else:
        text = "".join(
            f"{each['source']}: {each['n']} waiting for: {each['question']}\n" for each in group_queries(found)
        )
    if out:
        out.write_text(text, encoding="utf-8", newline="")
    else:
        click.echo(text, nl=False)
