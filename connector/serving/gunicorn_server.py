"""Runs the web process with gunicorn: threads, one receiving process on SQLite, several on PostgreSQL.

SQLite has one writer: a second process that writes brings the long waits back that the group commit took away. Parts
are opened after the fork, never before: neither database driver survives one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from connector.settings import Settings
from connector.store.engine import normal_url, sqlite_file

THREADS = 32  # the more wait, the more share a commit
GRACE_S = 8
# Python hands the interpreter from thread to thread only this often; the writer comes back from the disk to a queue.
SWITCH_S = 0.001

# Makes the app of one process and what to call when it ends.
Build = Callable[[], tuple[Flask, Callable[[], None]]]


def processes(settings: Settings) -> int:
    return 1 if sqlite_file(normal_url(settings.database_url)) is not None else settings.web_workers


def serve(build: Build, host: str, port: int, *, workers: int, threads: int = THREADS) -> None:
    """Serve until SIGTERM or SIGINT; what is under way gets a few seconds. Must be called from the main thread."""
    _Web(build, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", workers, threads).run()


class _Web(BaseApplication):  # type: ignore[misc]
    """gunicorn's own master with its settings from here alone: no file, no environment, no control socket."""

    def __init__(self, build: Build, bind: str, workers: int, threads: int) -> None:
        self._build = build
        self._close: Callable[[], None] | None = None
        self._chosen: dict[str, Any] = {
            "bind": bind,
            "workers": workers,
            "worker_class": "gthread",
            "threads": threads,
            "worker_connections": 1000,
            "backlog": 512,
            "timeout": 60,
            "graceful_timeout": GRACE_S,
            "keepalive": 75,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "proc_name": "leadwright-web",
            "forwarder_headers": "",
            "control_socket_disable": True,
            "worker_exit": lambda _server, _worker: self._end(),
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """In the worker, after the fork."""
        sys.setswitchinterval(SWITCH_S)
        app, self._close = self._build()
        return app

    def _end(self) -> None:
        if self._close is not None:
            self._close()
