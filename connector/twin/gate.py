"""What every call passes before a handler sees it: address, token, limits, scripted faults, latency, the ledger."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson

from connector.twin.access import Access, Token
from connector.twin.errors import JSON, PortalError, envelope
from connector.twin.ledger import Call
from connector.twin.limits import Limits
from connector.twin.paths import canonical, is_writing, kind_of
from connector.twin.state import State

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]
OPEN = ("/oauth/", "/submissions/v3/", "/webhooks/", "/automation/v4/actions/", "/__twin__")
HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>cloudflare</body></html>"
REASONS = {423: "Locked", 477: "Migration in progress", 414: "URI Too Long", 524: "A timeout occurred"}


class Answer:
    """Status, headers and body of one answer, gathered before anything is sent."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self) -> int:
        return int(self.status.split(" ", 1)[0])

    @classmethod
    def of(cls, code: int, body: JSON | str, headers: dict[str, str] | None = None) -> Answer:
        raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
        mime = "text/html" if isinstance(body, str) else "application/json"
        listed = [("Content-Type", mime), *(headers or {}).items()]
        return cls(f"{code} {REASONS.get(code, 'Answer')}", listed, raw)

    def send(self, start_response: StartResponse, now: datetime) -> list[bytes]:
        """``now`` becomes the Date header: clients must see this portal's clock, not the machine's (RFC 7231)."""
        kept = [pair for pair in self.headers if pair[0].lower() not in ("content-length", "date")]
        kept.append(("Date", format_datetime(now.astimezone(UTC), usegmt=True)))
        if self.code != 204:
            kept.append(("Content-Length", str(len(self.body))))
        start_response(self.status, kept)
        return [self.body]


class Gate:
    """WSGI middleware around the routes."""

    def __init__(self, inner: Wsgi, state: State, access: Access, limits: Limits, lock: threading.RLock) -> None:
        self._inner = inner
        self._state = state
        self._access = access
        self._limits = limits
        self._lock = lock
        self._chance = random.Random(state.dials.fault_seed)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        raw = environ["PATH_INFO"]
        path, dated = canonical(raw)
        environ.update({"PATH_INFO": path, "twin.path": raw, "twin.dated": dated, "twin.template": path})
        if path.startswith("/__twin__/webhooks"):  # deliveries are waited for, and their receiver may call us
            return self._send(self._handle(environ), start_response)
        if path.startswith("/__twin__"):
            with self._lock:
                return self._send(self._handle(environ), start_response)
        token = Token("")
        try:
            token = self._admit(environ, path)
            answer = self._serve(environ, path, token)
        except PortalError as error:
            answer = Answer.of(error.status, error.body, error.headers)
        self._book(environ, path, answer, token)
        if "twin.reset" in environ:
            drop_connection(environ)
        return self._send(answer, start_response)

    def _send(self, answer: Answer, start_response: StartResponse) -> list[bytes]:
        return answer.send(start_response, self._state.clock.now())

    # -- admission -----------------------------------------------------------------------------------------------

    def _admit(self, environ: Environ, path: str) -> Token:
        dials = self._state.dials
        if len(environ["twin.path"]) + len(environ.get("QUERY_STRING", "")) + 1 > dials.url_limit:
            raise PortalError(414, envelope("URI Too Long", "REQUEST_TOO_LARGE"))
        if path.startswith(OPEN):
            return Token("oauth-endpoint")
        token = self._access.admit(environ.get("HTTP_AUTHORIZATION", ""), environ["REQUEST_METHOD"], path)
        self._check_features(path, environ["twin.path"])
        self._check_limits(path, token, environ["REQUEST_METHOD"])
        return token

    def _check_features(self, path: str, raw: str) -> None:
        off = self._state.dials.features_off
        for prefix in off:
            if path.startswith(prefix) or raw.startswith(prefix):
                status = off[prefix] if isinstance(off, dict) else 403
                message = "This account's subscription does not include this feature."
                raise PortalError(status, envelope(message, "MISSING_SCOPES" if status == 403 else "OBJECT_NOT_FOUND"))

    def _check_limits(self, path: str, token: Token, method: str) -> None:
        searching = kind_of(method, path) == "search"
        broken = self._limits.admit(token.name, self._state.clock.now(), searching=searching)
        if broken is not None:
            policy, wait = broken
            send = self._state.dials.retry_after and not searching
            headers = {"Retry-After": str(max(1, int(wait + 0.999)))} if send else {}
            raise PortalError(429, self._limits.body(policy, token.name), headers)

    # -- serving -------------------------------------------------------------------------------------------------

    def _serve(self, environ: Environ, path: str, token: Token) -> Answer:
        kind = kind_of(environ["REQUEST_METHOD"], path)
        fault = self._fault(environ)
        if fault is not None and not fault.get("after_effect") and fault["status"] != "slow":
            return self._faulty(environ, fault)
        latency = self._state.dials.latency_of(kind)
        # The effect comes first and the answer late, as over a wire: who is killed meanwhile does not know of it.
        # All that a caller waits is latency: the twin's own work is part of it.
        latency += float(fault.get("seconds", 30)) if fault and fault["status"] == "slow" else 0
        with self._lock:
            began = self._state.clock.now()
            self._state.caller = token.source
            answer = self._handle(environ)
            took = (self._state.clock.now() - began).total_seconds()
        if latency > took:
            self._state.clock.sleep(latency - took)
        if fault is not None and fault.get("after_effect") and fault["status"] != "slow":
            return self._faulty(environ, fault)
        if fault is not None and fault.get("body") == "cut":
            answer.body = answer.body[: len(answer.body) // 2]
        if kind != "search":
            answer.headers += self._limits.headers(token.name, oauth=token.oauth).items()
        return answer

    def _handle(self, environ: Environ) -> Answer:
        caught: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            caught[:] = [status, headers]

        chunks = self._inner(environ, start)
        body = b"".join(chunks)
        close = getattr(chunks, "close", None)
        if close:
            close()
        return Answer(caught[0], list(caught[1]), body)

    def _book(self, environ: Environ, path: str, answer: Answer, token: Token) -> None:
        method = environ["REQUEST_METHOD"]
        entry = Call(
            method, environ["twin.path"], environ["twin.template"], answer.code, self._state.clock.now(),
            kind_of(method, path), token.name, is_writing(method, path),
        )  # fmt: skip
        with self._lock:
            self._state.ledger.calls.append(entry)

    # -- faults --------------------------------------------------------------------------------------------------

    def _fault(self, environ: Environ) -> JSON | None:
        """The first scripted fault that still applies, else one by chance."""
        dials = self._state.dials
        with self._lock:
            for fault in dials.faults:
                if fault.get("times", 1) > 0 and self._applies(fault, environ):
                    fault["times"] = fault.get("times", 1) - 1
                    return fault if "status" in fault else {**fault, "status": "slow", "seconds": 0}
            if dials.fault_rate > 0 and self._chance.random() < dials.fault_rate:
                return {"status": self._chance.choice(list(dials.fault_statuses)), "body": "json"}
        return None

    def _applies(self, fault: JSON, environ: Environ) -> bool:
        method = fault.get("method")
        match = fault.get("match", "")
        path, raw = environ["PATH_INFO"], environ["twin.path"]
        return method in (None, environ["REQUEST_METHOD"]) and (match in path or match in raw)

    def _faulty(self, environ: Environ, fault: JSON) -> Answer:
        status = fault["status"]
        if status == "reset":
            environ["twin.reset"] = True
            return Answer.of(599, "reset")
        code = int(status)
        headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
        if code == 429:
            policy = fault.get("policy", "TEN_SECONDLY_ROLLING")
            return Answer.of(429, self._limits.body(policy, "fault"), headers)
        if fault.get("body", "html" if code >= 520 else "json") == "html":
            return Answer.of(code, HTML.format(f"{code} {REASONS.get(code, 'Server Error')}"), headers)
        made = Answer.of(code, envelope(REASONS.get(code, "internal error"), "INTERNAL_ERROR"), headers)
        if fault.get("body") == "cut":
            made.body = made.body[: len(made.body) // 2]
        return made


def drop_connection(environ: Environ) -> None:
    """Hang up without an answer; a test client without a socket sees ConnectionResetError."""
    channel = getattr(environ.get("waitress.client_disconnected"), "__self__", None)
    if channel is None:
        raise ConnectionResetError("the simulated portal hung up")
    channel.socket.shutdown(socket.SHUT_RDWR)
