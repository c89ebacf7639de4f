"""How a pull shows that it goes on: bars on a terminal, JSON lines elsewhere, or plain words.

Takes from: errors, cli.terminal.  Gives to: cli.moving, cli.working.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from adapter.cli.terminal import tell
from adapter.errors import Json

# (name of what is under way, its progress)
Show = Callable[[str, Json], None]
Function = TypeVar("Function", bound=Callable[..., Any])

PATIENTS_A_LINE = 20
FORMS = ("auto", "bar", "json", "text")


def format_option(command: Function) -> Function:
    meaning = "How progress is shown; auto: bars on a terminal, JSON lines elsewhere."
    return click.option("--format", "form", type=click.Choice(FORMS), default="auto", help=meaning)(command)


@contextmanager
def show_progress(form: str, *, elsewhere: str = "json") -> Iterator[Show]:
    """Shows progress on stderr inside the block; may be told from several threads.

    Shapes:  form       of FORMS
             elsewhere  what auto means where there is no terminal
    """
    chosen = form if form != "auto" else "bar" if sys.stderr.isatty() else elsewhere
    if chosen == "bar":
        with _bars() as show:
            yield show
    else:
        yield _seldom(_as_json if chosen == "json" else _as_words)


@contextmanager
def _bars() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import Progress

    bars: dict[str, Any] = {}
    with Progress(console=Console(stderr=True), transient=True) as shown:

        def show(name: str, progress: Json) -> None:
            if name not in bars:
                bars[name] = shown.add_task(name, total=None)
            if "of" in progress:
                shown.update(bars[name], total=progress["of"], completed=progress["done"])
            else:
                shown.console.print(f"{name}: {progress.get('state', '')}", highlight=False, markup=False)
                shown.remove_task(bars.pop(name))

        yield show


def _seldom(show: Show) -> Show:
    """A line now and then, so that a log shows life and is not flooded; an end is always told."""
    told: dict[str, tuple[Any, ...]] = {}

    def show_some(name: str, progress: Json) -> None:
        done = progress.get("done", 0)
        due = "of" not in progress or done % PATIENTS_A_LINE == 0 or done == progress["of"]
        step = tuple(progress.get(key) for key in ("state", "phase", "done", "of"))
        if due and told.get(name) != step:
            told[name] = step
            show(name, progress)

    return show_some


def _as_words(name: str, progress: Json) -> None:
    phase = f"{progress['phase']}: " if "phase" in progress else ""
    told = f"{phase}{progress.get('done')} of {progress.get('of')} {progress.get('unit', 'patients')}"
    tell(told if "of" in progress else f"{name}: {progress['state']}")


def _as_json(name: str, progress: Json) -> None:
    from adapter.resource import dump_json

    tell(dump_json({"pull": name, **progress}).decode())
