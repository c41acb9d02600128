"""A provider over HTTP: one GET, one JSON object, within a time and a size, from the address that was checked.

Nothing is followed: an answer that leads elsewhere is a failure. The domain is all that is sent; whatever is said of a
failure names neither the domain nor the secret.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson

from connector.clock import SystemClock
from connector.model.enrichment import LOOPBACK, PLACE, Failed, Found, NotFound, Outcome
from connector.provider.guard import PointsInward, Resolve, checked, look_up

LARGEST: Final = 256 * 1024
PIECE: Final = 16 * 1024
SECONDS_AT_MOST: Final = 24 * 3600.0
_UNKNOWN = (404, 410)
_REFUSED = (401, 402, 403)
SLOW = Failed("it did not answer in time")
INWARD = Failed("its address leads into a network that is not public", final=True)
INSECURE = Failed("its address is plain http, which is not allowed here", final=True)


@dataclass(frozen=True, slots=True)
class HttpProvider:
    """One provider at one address. ``local``: this machine may be asked, which the operator decides.

    ``secret`` is the whole value of ``header``; without one nothing is sent. ``trust`` are other certificates to trust.
    """

    address: str
    timeout_s: float = 2.0
    header: str = "Authorization"
    secret: str = field(default="", repr=False)
    local: bool = False
    trust: ssl.SSLContext | None = None
    resolve: Resolve = look_up

    def ask(self, domain: str) -> Outcome:
        """What is known of a company's domain."""
        parts = urlsplit(self.address.replace(PLACE, quote(domain, safe="")))
        host = parts.hostname or ""
        if parts.scheme != "https" and not (self.local and host in LOOPBACK):
            return INSECURE
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            places = checked(host, port, local=self.local, resolve=self.resolve)
        except PointsInward:
            return INWARD
        except (OSError, UnicodeError):
            return Failed("its name is not known")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._exchange(_Pinned(host, port, places, self.timeout_s, self._tls(parts.scheme)), path)

    def _tls(self, scheme: str) -> ssl.SSLContext | None:
        return (self.trust or _everybodys_trust()) if scheme == "https" else None

    def _exchange(self, line: _Pinned, path: str) -> Outcome:
        """One request within the time, whatever the other side does: when it is over, the line is cut."""
        timer = threading.Timer(self.timeout_s, line.cut)
        timer.daemon = True
        timer.start()
        try:
            line.request("GET", path, headers=self._headers())
            answer = line.getresponse()
            return _outcome(answer, line)
        except ssl.SSLCertVerificationError:
            return Failed("its certificate is not trusted", final=True)
        except TimeoutError:
            return SLOW
        except (OSError, http.client.HTTPException, ValueError):
            return SLOW if line.late else Failed("the connection failed")
        finally:
            timer.cancel()
            line.close()

    def _headers(self) -> dict[str, str]:
        said = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Leadwright"}
        return {**said, self.header: self.secret} if self.secret else said


@lru_cache(maxsize=1)
def _everybodys_trust() -> ssl.SSLContext:
    """The machine's certificates: reading them takes longer than many an answer, so they are read once."""
    return ssl.create_default_context()


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were checked, under the name that was asked for."""

    def __init__(self, host: str, port: int, places: list[str], timeout_s: float, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self.default_port = 443 if tls is not None else 80
        self._places = places
        self._tls = tls
        self._cut = False
        self.late = False
        self._began = SystemClock().monotonic()

    def connect(self) -> None:
        """The first address that takes the connection; all of them share the time."""
        failed: OSError = OSError("no address")
        for place in self._places:
            try:
                raw = socket.create_connection((place, self.port), timeout=self.left())
            except OSError as fault:
                self.late = self.late or isinstance(fault, TimeoutError)
                failed = fault
                continue
            self.sock = raw  # at once, so that it can be cut while the keys are exchanged
            raw.settimeout(self.left())
            if self._tls is not None:
                self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
            return
        raise failed

    def left(self) -> float:
        """Seconds that are left; TimeoutError when none are."""
        left = float(self.timeout or 0) - (SystemClock().monotonic() - self._began)
        if self._cut or left <= 0:
            self.late = True
            raise TimeoutError
        return left

    def cut(self) -> None:
        """End it from another thread, in whatever it is."""
        self.late = self._cut = True
        line = self.sock
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


def _outcome(answer: http.client.HTTPResponse, line: _Pinned) -> Outcome:
    if answer.status in _UNKNOWN or answer.status == 204:
        return NotFound()
    if answer.status != 200:
        return _failure(answer)
    if answer.getheader("Content-Encoding", "identity") != "identity":
        return Failed("its answer is packed, which was not asked for")
    body = bytearray()
    while piece := answer.read1(PIECE):
        line.left()
        body += piece
        if len(body) > LARGEST:
            return Failed("its answer is too large")
    if line.late:
        return SLOW
    return _read(bytes(body))


def _failure(answer: http.client.HTTPResponse) -> Failed:
    if 300 <= answer.status < 400:
        return Failed("its answer leads elsewhere, which is not followed", final=True)
    if answer.status in _REFUSED:
        return Failed(f"it refuses us (status {answer.status}): see whether the secret is right", final=True)
    if answer.status == 429:
        said = answer.getheader("Retry-After", "")
        wait = float(said) if said.isascii() and said.isdecimal() and len(said) < 9 else None
        return Failed("it asks for fewer questions (status 429)", True, min(wait, SECONDS_AT_MOST) if wait else None)
    return Failed(f"it answers with status {answer.status}")


def _read(body: bytes) -> Outcome:
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Failed("its answer is no JSON")
    if not isinstance(found, dict):
        return Failed("its answer is no JSON object")
    return Found(found) if found else NotFound()
