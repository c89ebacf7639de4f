"""What a terminal shows: JSON and lines on stdout, messages on stderr.

Takes from: errors.  Gives to: the other rooms of cli.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import click

from adapter.errors import AdapterError, DeclarationError, Issue, Json, UsageError

Function = TypeVar("Function", bound=Callable[..., Any])

_COLOURS = {"fatal": "red", "error": "red", "warning": "yellow", "information": "blue"}


def json_option(command: Function) -> Function:
    """Every command has it; those whose data is JSON anyway write it without line breaks then."""
    return click.option("--json", "as_json", is_flag=True, help="Data as JSON on stdout.")(command)


def emit(value: Any, *, indent: bool = True) -> None:
    """A value as JSON on stdout."""
    from adapter.resource import dump_json

    click.echo(dump_json(value, indent=indent).decode())


def tell(text: str) -> None:
    click.echo(text, err=True)


def emit_rows(rows: Iterable[Sequence[Any]], heads: Sequence[str]) -> None:
    """Rows in columns on stdout."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    for row in (list(heads), *texts):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def tell_issues(issues: Iterable[Issue], language: str) -> None:
    """Issues, one a line, worst first."""
    for issue in sorted(issues, key=lambda each: list(_COLOURS).index(each.severity)):
        place = f"{issue.expression} (line {issue.line})" if issue.line else issue.expression
        text = (issue.text_fr if language == "fr" else "") or issue.text
        head = f"{click.style(issue.severity, fg=_COLOURS[issue.severity])} {place}".rstrip()
        tell(f"{head}: {text} [{issue.rule}]")


def complain(error: AdapterError, language: str) -> None:
    """What stopped a command."""
    if isinstance(error, DeclarationError):
        for problem in error.problems:
            tell(problem)
    else:
        tell_issues(error.issues(), language)


def read_input(name: str) -> bytes:
    """The bytes of a file, or of stdin for "-".  Errors:  UsageError"""
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"The file cannot be read: {error.strerror}.") from None


def terminal_width() -> int:
    """Columns of the terminal; of a printed page where there is none."""
    return shutil.get_terminal_size((120, 24)).columns


def end(code: int) -> NoReturn:
    """End the command with an exit code."""
    click.get_current_context().exit(code)


def without_times(values: Json) -> Json:
    """Times as ISO text."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}
