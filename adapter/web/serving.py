"""Serve: gunicorn with threads, in one process on SQLite, which has one writer, and in several on PostgreSQL.

Takes from: config, bootstrap, inbound, factory, gate.  Gives to: app.py, cli.
Source: https://docs.gunicorn.org/en/stable/settings.html
"""

from __future__ import annotations

import atexit
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from adapter.access.key_sets import open_key_sets
from adapter.bootstrap import open_parts
from adapter.config import LOOPBACK, Settings, ensure_loopback, ensure_processes
from adapter.errors import ConfigError, RemoteTransientError
from adapter.inbound import finish, forget_old_bytes
from adapter.registry import catch_up
from adapter.store import pseudonym_keys
from adapter.web.factory import create_app
from adapter.web.gate import Gate, make_rooms
from adapter.web.logbook import log_end
from adapter.worker import Queue, Worker, open_queue


def open_app(settings: Settings) -> Flask:
    """The application, its database open until the process ends. What an earlier process left unjudged is judged now.

    Errors:  ConfigError, DeclarationError, RemoteTransientError
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    closing = ExitStack()
    atexit.register(closing.close)
    parts = closing.enter_context(open_parts(settings))
    with parts.store.reading() as connection:
        pseudonym_keys.ensure_usable(connection, parts.pseudonyms.key_id)
    queue = open_queue(settings.queue_url)
    closing.callback(queue.close)
    app = create_app(
        parts,
        may_pull_any_address=settings.host in LOOPBACK,
        wake=_waker(queue),
        ask_who=settings.access == "required",
        public_url=settings.public_url,
        key_sets=open_key_sets(settings.private_key_sets),
    )
    background: ThreadPoolExecutor = app.extensions["background"]
    closing.callback(background.shutdown, wait=False, cancel_futures=True)
    closing.callback(app.extensions["prepared"].close)
    finish(parts, by=lambda judge: background.submit(judge).add_done_callback(log_end))
    background.submit(catch_up, parts).add_done_callback(log_end)
    background.submit(forget_old_bytes, parts, settings.keep_raw_days).add_done_callback(log_end)
    if settings.worker == "inside":
        worker = Worker(parts, queue, at_once=settings.pulls_at_once)
        closing.callback(worker.stop)
        worker.start()
    app.extensions["gate"] = gate = Gate(app.wsgi_app, make_rooms(settings.threads))
    app.wsgi_app = gate  # type: ignore[method-assign]
    return app


def _waker(queue: Queue) -> Callable[[str], None]:
    def wake(pull_id: str) -> None:
        # The pull is in its table: a worker finds it there a little later.
        with suppress(RemoteTransientError):
            queue.put(pull_id)

    return wake


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self.settings.host}:{self.settings.port}",
            "workers": self.settings.processes,
            "worker_class": "gthread",
            "threads": make_rooms(self.settings.threads).threads,
            "timeout": 120,
            "graceful_timeout": 30,
            "limit_request_line": 4094,
            "accesslog": None,  # its lines hold addresses and queries; ours do not
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return open_app(self.settings)


def ensure_servable(settings: Settings) -> None:
    """Errors:  ConfigError when serving would be open to a network unprotected, for several processes on SQLite, and
    when the address cannot be had
    """
    ensure_loopback(settings)
    ensure_processes(settings)
    _ensure_free(settings.host, settings.port)


def serve(settings: Settings) -> None:
    """Serve until interrupted; what is under way then is answered first.  Errors:  as `ensure_servable`"""
    ensure_servable(settings)
    _Server(settings).run()


def _ensure_free(host: str, port: int) -> None:
    """Gunicorn would try five times and then tell it in words of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        told = error.strerror or type(error).__name__
        raise ConfigError(f"Nothing can be served at {host}:{port} ({told}): set CRMO_PORT or CRMO_HOST.") from None
