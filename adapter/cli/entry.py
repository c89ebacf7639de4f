"""Where a command starts and ends: common options, and the one place where failures become exit codes.

Takes from: errors, config.  Gives to: the other rooms of cli.
Source: the outer contract ("exit codes")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from adapter import __version__
from adapter.cli.terminal import complain
from adapter.errors import AdapterError

if TYPE_CHECKING:
    from adapter.config import Settings
    from adapter.parts import Parts

INTERRUPTED = 130


@dataclass
class Session:
    """The options before the command's name."""

    overrides: dict[str, str | None]
    language: Literal["en", "fr"]

    def settings(self, **more: str | None) -> Settings:
        from adapter.config import load_settings

        return load_settings(None, **{**self.overrides, **more})

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        from adapter.bootstrap import open_parts

        with open_parts(self.settings()) as parts:
            yield parts


class _Command(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run; every failure of ours ends with its exit code, and only what is a bug shows a traceback."""
        try:
            return super().invoke(ctx)
        except AdapterError as error:
            complain(error, ctx.obj.language if ctx.obj else "en")
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", metavar="DIR", help="Data folder (CRMO_DATA; default ./data).")
@click.option("--database-url", metavar="URL", help="SQLite or PostgreSQL (CRMO_DATABASE_URL).")
@click.option("--mappings", metavar="DIR", help="Declarations of your own (CRMO_MAPPINGS).")
@click.option("--sources", metavar="DIR", help="Declared hospitals (CRMO_SOURCES).")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", help="Language of messages.")
@click.version_option(__version__, prog_name="crmo-adapter")
@click.pass_context
def main(ctx: click.Context, /, lang: Literal["en", "fr"], **overrides: str | None) -> None:
    """Hospital FHIR in, CRMO registry cases out, and back.

    Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 a declaration is wrong, 4 the other side cannot be
    reached, 5 done in part, 6 integrity, 130 interrupted.
    """
    from adapter.config import wants_no_colour

    ctx.obj = Session(overrides, lang)
    if wants_no_colour():
        ctx.color = False
