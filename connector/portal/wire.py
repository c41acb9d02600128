"""The lowest floor: one pooled ``requests`` adapter whose answers have an end, in time and in size.

A read time-out alone does not end a call that drips one byte a second, so the deadline is checked at every read of the
socket, head and body alike. Not here: limits, retries, meaning of answers.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from connector.clock import SystemClock
from connector.portal.bodies import Answer

# What the libraries pass along without types.
Untyped = Any

POOL_SIZE = 48
MAX_BYTES = 20 * 1024 * 1024
CALL_SECONDS = 55.0
# A page of a hundred records in one piece.
_CHUNK = 1024 * 1024

# The socket's own time, not the business clock: a virtual clock must not end a real connection.
_seconds = SystemClock().monotonic


class _EndingReader(io.RawIOBase):
    """Reads a socket until the deadline, however slowly the bytes drip in."""

    def __init__(self, sock: socket.socket, raw: Untyped, seconds: float) -> None:
        super().__init__()
        self._sock = sock
        self._raw = raw
        self._deadline = _seconds() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Untyped, /) -> int | None:
        left = self._deadline - _seconds()
        if left <= 0:
            raise TimeoutError("the answer took too long as a whole")
        patience = self._sock.gettimeout()
        if patience is None or patience > left:
            self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _EndingResponse(http.client.HTTPResponse):
    """An answer whose every read, the head's too, is bound by the call's deadline."""

    def __init__(self, sock: socket.socket, *args: Untyped, **kwargs: Untyped) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: Untyped = self.fp.detach()
        self.fp = io.BufferedReader(_EndingReader(sock, raw, CALL_SECONDS), 65536)


class _Connection(HTTPConnection):
    """A plain connection whose answers end."""

    response_class = _EndingResponse


class _SecureConnection(HTTPSConnection):
    """A TLS connection whose answers end."""

    response_class = _EndingResponse


class _Pool(HTTPConnectionPool):
    """Plain connections of one host."""

    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    """TLS connections of one host."""

    ConnectionCls = _SecureConnection


class PortalAdapter(HTTPAdapter):
    """Keeps enough connections for every lane of a first mirror and never retries on its own."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)

    def init_poolmanager(self, *args: Untyped, **kwargs: Untyped) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Untyped, **kwargs: Untyped) -> Untyped:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


class _PortalSession(requests.Session):
    """A session that keeps no cookies and looks at no redirect, not even to see where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the library's signature
        return None


def new_session(base_url: str) -> requests.Session:
    """One session for one portal. The environment (proxy, CA bundle) is read once, and .netrc never: it would
    replace our Authorization header."""
    # urllib3 logs whole addresses, and those hold e-mails.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    session = _PortalSession()
    settings = session.merge_environment_settings(base_url, {}, None, None, None)
    session.trust_env = False
    session.proxies = settings["proxies"]
    session.verify = settings["verify"]
    session.mount("https://", PortalAdapter())
    session.mount("http://", PortalAdapter())
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "leadwright"})
    return session


def exchange(session: requests.Session, request: requests.PreparedRequest, timeout: tuple[float, float]) -> Answer:
    """One request, one answer of bounded size; redirects are answers like others. Raises ``RequestException``."""
    response = session.send(
        request,
        stream=True,
        timeout=timeout,
        allow_redirects=False,
        proxies=session.proxies,
        verify=session.verify,
    )
    try:
        content = _capped(response)
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    if content is None:
        return Answer(response.status_code, headers, overlong=True)
    return Answer.read(response.status_code, headers, content)


def _capped(response: requests.Response) -> bytes | None:
    """The body, or None for one that is larger than any honest one."""
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            return None
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
