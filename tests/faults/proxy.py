"""A faulty wire in front of the twin: a small TCP proxy whose fault can be switched while it runs.

Every request is read whole, answered once and its connection closed, so that a fault meets exactly the requests it is
meant for. ``FORWARDED`` says whether the portal has done the work when the answer goes wrong; no test logic here.
"""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from contextlib import suppress
from functools import cache
from typing import Self

MODES = (
    "plain", "delay", "refuse", "reset", "half_open", "drip", "cut", "bomb", "html", "redirect", "error",
)  # fmt: skip
FORWARDED = ("plain", "delay", "reset", "drip", "cut")
MEMBER = 16 * 1024 * 1024


class FaultyProxy:
    """``mode`` holds for all requests whose path contains ``match``; ``times`` (None: for ever) counts it down."""

    def __init__(self, target_port: int, *, host: str = "127.0.0.1") -> None:
        self.mode = "plain"
        self.match = ""
        self.times: int | None = None
        self.seconds = 1.0  # of delay, and between two dripped bytes
        self.status = 502  # of mode "error"
        self.bomb_bytes = 256 * 1024 * 1024
        self.location = "http://elsewhere.example.test/"
        self.seen: list[tuple[str, str]] = []  # (mode applied, request line)
        self._target = (host, target_port)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, 0), backlog=256)
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in list(self._threads):
            thread.join(5)
        self._listener.close()

    def fault(self, mode: str, *, times: int | None = None, match: str = "") -> None:
        """Switch the fault, all its parts at once."""
        if mode not in MODES:
            raise ValueError(f"no such fault: {mode}")
        with self._lock:
            self.mode, self.times, self.match = mode, times, match

    # -- the wire ------------------------------------------------------------------------------------------------

    def _start(self, run, *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True, name="faulty-wire")
        self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                client.settimeout(0.1)
                self._start(self._converse, client)

    def _converse(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            request = self._read_request(client)
            if request:
                self._answer(client, request, self._mode_for(request))

    def _mode_for(self, request: bytes) -> str:
        line = request.split(b"\r\n", 1)[0].decode("latin-1")
        with self._lock:
            mode = self.mode if self.match in line and self.times != 0 else "plain"
            if mode != "plain" and self.times is not None:
                self.times -= 1
            self.seen.append((mode, line))
            return mode

    def _answer(self, client: socket.socket, request: bytes, mode: str) -> None:
        if mode == "delay":
            self._over.wait(self.seconds)
        whole = self._forward(request) if mode in FORWARDED else self._made_up(mode)
        if mode in ("refuse", "reset"):
            self._hang_up(client, whole[: len(whole) // 2] if mode == "reset" else b"")
        elif mode == "half_open":
            self._wait_for_end(client)
        elif mode == "drip":
            self._drip(client, whole)
        else:
            client.settimeout(10)
            client.sendall(_cut(whole) if mode == "cut" else whole)

    def _read_request(self, client: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got and (more := self._receive(client)):
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        while len(body) < _length(head) and (more := self._receive(client)):
            body += more
        return head + b"\r\n\r\n" + body if head else b""

    def _receive(self, client: socket.socket) -> bytes:
        """Blocks in short waits, so that the end of the test ends it; empty at the end of either."""
        while not self._over.is_set():
            with suppress(TimeoutError):
                return client.recv(65536)
        return b""

    def _forward(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(self._target, timeout=60) as portal:
            portal.sendall(b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + body)
            return b"".join(iter(lambda: portal.recv(65536), b""))

    # -- faults --------------------------------------------------------------------------------------------------

    def _made_up(self, mode: str) -> bytes:
        if mode == "html":
            return _response("200 OK", b"<html><body>Please sign in to the hotel network</body></html>", "text/html")
        if mode == "redirect":
            return _response("302 Found", b"", "text/html", f"Location: {self.location}")
        if mode == "error":
            return _response(f"{self.status} Faulty", b"<html><body>cloudflare</body></html>", "text/html")
        if mode == "bomb":
            return _response("200 OK", _bomb(self.bomb_bytes), "application/json", "Content-Encoding: gzip")
        return b""

    def _hang_up(self, client: socket.socket, first: bytes) -> None:
        """A reset (RST), after some bytes."""
        client.sendall(first)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _wait_for_end(self, client: socket.socket) -> None:
        while self._receive(client):
            pass

    def _drip(self, client: socket.socket, whole: bytes) -> None:
        for at in range(len(whole)):
            client.sendall(whole[at : at + 1])
            if self._over.wait(self.seconds):
                return


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _response(status: str, body: bytes, mime: str, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {mime}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _cut(whole: bytes) -> bytes:
    """A complete answer whose JSON ends in the middle."""
    head, _, body = whole.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    half = body[: len(body) // 2]
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(half)]) + b"\r\n\r\n" + half


@cache
def _bomb(size: int) -> bytes:
    """Small on the wire, large when unpacked: one object with ever more blanks, in repeated gzip members."""
    blanks = gzip.compress(b" " * MEMBER)
    return gzip.compress(b'{"results": [') + blanks * (size // MEMBER) + gzip.compress(b"]}")
