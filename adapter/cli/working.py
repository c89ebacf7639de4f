"""The command that runs pulls which were asked for elsewhere: worker.

Takes from: config, bootstrap, worker.  Gives to: cli.
"""

from __future__ import annotations

import logging
import signal

import click

from adapter.cli.entry import Session
from adapter.cli.progress import format_option, show_progress
from adapter.cli.terminal import emit, json_option, tell

ENDS = {signal.SIGTERM, signal.SIGINT}


@click.command()
@click.option("--pulls-at-once", metavar="N", help="Pulls that run at a time (CRMO_PULLS_AT_ONCE; default 4).")
@click.option("--queue-url", metavar="URL", help="What wakes the workers (CRMO_QUEUE_URL): SQLite or PostgreSQL.")
@format_option
@json_option
@click.pass_obj
def worker(session: Session, pulls_at_once: str | None, queue_url: str | None, form: str, as_json: bool) -> None:
    """Run pulls that were asked for over HTTP, until interrupted.

    SIGTERM and Ctrl-C let each pull finish its page; the next worker goes on there. A second one ends at once.
    """
    from adapter.bootstrap import open_parts
    from adapter.store import pseudonym_keys
    from adapter.worker import Worker, open_queue

    settings = session.settings(pulls_at_once=pulls_at_once, queue_url=queue_url)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    queue = open_queue(settings.queue_url)
    with open_parts(settings) as parts, show_progress(form) as show:
        with parts.store.reading() as connection:
            pseudonym_keys.ensure_usable(connection, parts.pseudonyms.key_id)
        made = Worker(parts, queue, at_once=settings.pulls_at_once, told=show)
        # Masked in every thread that starts now: the signal waits until somebody asks for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        made.start()
        told = {"pulls_at_once": settings.pulls_at_once, "sources": sorted(parts.sources)}
        emit(told, indent=False) if as_json else tell(f"taking up to {settings.pulls_at_once} pulls at a time")
        signal.sigwait(ENDS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        tell("ending after the pages under way")
        made.stop()
