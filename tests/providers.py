"""A data provider on this machine: a real server over real sockets that can be slow, down, rude or full of rubbish."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Say = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Firms:
    """What the provider knows, how it behaves, and everything it was ever sent. ``behave`` None: as it should."""

    answers: dict[str, Any] = field(default_factory=dict)
    behave: Say | None = None
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def asked(self) -> list[str]:
        """The domains it was asked about, in order."""
        return [unquote(path.rpartition("/")[2]) for path, _ in self.heard]


@contextmanager
def firms(behave: Say | None = None, tls: ssl.SSLContext | None = None, **answers: Any) -> Iterator[Firms]:
    """The provider as long as the block lasts; ``answers`` by domain come in through ``Firms.answers``."""
    known = Firms(dict(answers), behave)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.heard.append((self.path, dict(self.headers)))
            with suppress(OSError):
                (known.behave or _properly)(self)

        def log_message(self, *_: Any) -> None:
            pass

    def _properly(handler: BaseHTTPRequestHandler) -> None:
        answer = known.answers.get(unquote(handler.path.rpartition("/")[2]))
        say(handler, 404 if answer is None else 200, json.dumps(answer or {}).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    known.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int, body: bytes = b"", **headers: str) -> Say:
    """Answers everything so."""
    return lambda handler: say(handler, code, body, **headers)


def silent(seconds: float) -> Say:
    """Takes the question and says nothing for so long."""
    return lambda handler: time.sleep(seconds)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever: no single wait is long."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def dripping_head(handler: BaseHTTPRequestHandler) -> None:
    """The same before the answer even begins."""
    for at in range(10_000):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n"[at : at + 1] or b"x")
        handler.wfile.flush()
        time.sleep(0.02)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A body without an end, as fast as it goes."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"[" * 65536)


def slamming(handler: BaseHTTPRequestHandler) -> None:
    """Hangs up in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"size": ')
    handler.connection.shutdown(socket.SHUT_RDWR)


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
