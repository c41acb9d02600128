"""Serves a twin over HTTP with waitress in a thread, and stops without leaving a socket open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from connector.twin.twin import Twin

THREADS = 64


class Server:
    """One listening socket and its threads."""

    def __init__(self, twin: Twin, host: str, port: int, threads: int) -> None:
        self._twin = twin
        self._map: dict[int, Any] = {}
        self._stop = threading.Event()
        self._server = create_server(
            twin.app(), map=self._map, host=host, port=port, threads=threads, connection_limit=1000,
            channel_timeout=300, backlog=256, outbuf_overflow=8_388_608, ident=None, max_request_body_size=64_000_000,
        )  # fmt: skip
        self.url = f"http://{host}:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map, count=1)

    def stop(self) -> None:
        self._twin.webhooks.close()
        self._stop.set()
        self._server.pull_trigger()
        self._thread.join(10)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=2)
        for dispatcher in list(self._map.values()):
            dispatcher.close()
        self._map.clear()


@contextmanager
def serve_twin(twin: Twin, port: int = 0, *, host: str = "127.0.0.1", threads: int = THREADS) -> Iterator[str]:
    """The address while the block runs."""
    server = Server(twin, host, port, threads)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
