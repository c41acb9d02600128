"""Real sockets: answers without end, too large, cut, bombs, dripping, reset; connections kept and cookies not."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connector.clock import SystemClock, VirtualClock
from connector.errors import PortalUnavailable
from connector.portal import transport, wire
from connector.portal.hubspot import connect

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n" + b'{"results":[]}'
Handler = Callable[[socket.socket], None]


@contextmanager
def listening(handle: Handler) -> Iterator[tuple[str, list[int]]]:
    """A server that is only a socket; counts its connections."""
    server = socket.create_server(("127.0.0.1", 0))
    connections: list[int] = []

    def serve() -> None:
        while True:
            try:
                conn, _ = server.accept()
            except OSError:
                return
            connections.append(1)
            threading.Thread(target=one, args=(conn,), daemon=True).start()

    def one(conn: socket.socket) -> None:
        with conn:
            try:
                handle(conn)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", connections
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def page(url: str, clock=None):
    portal = connect(url, "t", clock=clock or VirtualClock(), generation="v3")
    try:
        return portal.page("contacts", after=None, properties=["email"])
    finally:
        portal.close()


def answering(*answers: bytes) -> Handler:
    """Keep-alive: one prepared answer per request."""

    def handle(conn: socket.socket) -> None:
        for one in answers:
            if not conn.recv(65536):
                return
            conn.sendall(one)
        conn.recv(65536)

    return handle


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"results": [',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"res',
        b"complete nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnotgzip",
    ],
)
def test_broken_answers_are_repeated_five_times_and_told(broken):
    def handle(conn: socket.socket) -> None:
        conn.recv(65536)
        conn.sendall(broken)

    with listening(handle) as (url, _):
        portal = connect(url, "t", clock=VirtualClock(), generation="v3")
        with pytest.raises(PortalUnavailable):
            portal.page("contacts", after=None, properties=["email"])
        portal.close()
    assert portal.calls().made == 5


def test_a_reset_is_survived():
    first = threading.Event()

    def handle(conn: socket.socket) -> None:
        if not first.is_set():
            first.set()
            conn.recv(65536)
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        answering(OK)(conn)

    with listening(handle) as (url, _):
        assert page(url).records == ()


def test_nobody_listens():
    with listening(answering()) as (url, _):
        pass
    with pytest.raises(PortalUnavailable) as caught:
        page(url)
    assert caught.value.reason == "not_connected"


def test_an_answer_beyond_twenty_megabytes_is_not_read():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"

    def handle(conn: socket.socket) -> None:
        conn.recv(65536)
        conn.sendall(head)
        while True:
            conn.sendall(b" " * 1_000_000)

    with listening(handle) as (url, _), pytest.raises(PortalUnavailable, match="20 MB"):
        page(url)


def test_a_small_answer_that_unzips_without_end_is_not_unzipped():
    bomb = gzip.compress(b" " * 200_000_000, 9)
    body = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    with listening(answering(body)) as (url, _), pytest.raises(PortalUnavailable, match="20 MB"):
        page(url)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"])
def test_a_drip_ends_with_the_call(monkeypatch, head):
    monkeypatch.setattr(wire, "CALL_SECONDS", 0.4)
    monkeypatch.setattr("connector.portal.retry.FAULT_PATIENCE", 0.1)

    def handle(conn: socket.socket) -> None:
        conn.recv(65536)
        conn.sendall(head)
        while True:
            conn.sendall(b"H")
            time.sleep(0.05)

    started = time.monotonic()
    with listening(handle) as (url, connections), pytest.raises(PortalUnavailable):
        page(url, SystemClock())
    assert time.monotonic() - started < 1.5
    assert len(connections) == 1


def test_silence_ends_with_the_read_timeout(monkeypatch):
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    monkeypatch.setattr("connector.portal.retry.FAULT_PATIENCE", 0.1)
    with listening(lambda conn: time.sleep(3)) as (url, _), pytest.raises(PortalUnavailable, match="in time"):
        page(url, SystemClock())


def test_one_connection_serves_many_calls_and_cookies_are_left_behind():
    seen: list[bytes] = []
    cookie = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: __cf=1; Path=/\r\n\r\n", 1)

    def handle(conn: socket.socket) -> None:
        while data := conn.recv(65536):
            seen.append(data)
            conn.sendall(cookie)

    with listening(handle) as (url, connections):
        portal = connect(url, "t", clock=VirtualClock(), generation="v3")
        for _ in range(5):
            portal.page("contacts", after=None, properties=["email"])
        portal.close()
    assert len(connections) == 1
    assert b"cookie" not in b"".join(seen).lower()


def test_the_library_logs_no_addresses(caplog):
    caplog.set_level("DEBUG")
    with listening(answering(OK)) as (url, _):
        page(url)
    assert "contacts" not in caplog.text


def test_the_environment_neither_leaks_netrc_nor_hides_a_proxy(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ca.pem")
    session = wire.new_session("https://api.hubapi.test")
    assert session.proxies["https"] == "http://proxy.test:3128"
    assert session.verify == "/etc/ca.pem"
    assert not session.trust_env
    session.close()
