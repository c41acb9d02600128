"""One HTTP session per portal: auth, time-outs, leave from the governor, meaning, repeats, the portal's clock, the log.

Logged are event name, operation, path template, status and milliseconds; never a query, a value, a token or an e-mail.
Not here: which path an operation has (``versions``) and what a body means (``translate``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol, runtime_checkable
from urllib.parse import quote, urlsplit

import orjson
import requests
import structlog
from tenacity import RetryCallState

from connector.clock import Clock
from connector.errors import (
    ConfigError,
    DailyLimitReached,
    PortalMoving,
    PortalUnavailable,
    RateLimited,
    RecordLocked,
    SyncError,
    TokenRejected,
)
from connector.portal import retry
from connector.portal.bodies import Answer
from connector.portal.classify import error_of, error_of_fault
from connector.portal.gateway import CallRecord, Rates
from connector.portal.limits import Governor, Permit
from connector.portal.versions import Operation
from connector.portal.wire import exchange, new_session

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
# HubSpot ends a call of its own after 100 s (status 524); searches and batches are the slow ones.
SLOW_READ_SECONDS = 60.0
_SLOW = frozenset({"search", "batch_read", "write"})
# A token may be replaced while a call is under way, and its successor once more; a third refusal is meant.
MOST_TOKENS = 3
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_WASTED = (RateLimited, DailyLimitReached, PortalUnavailable, PortalMoving, RecordLocked)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make: ``path`` is filled in, ``template`` may be logged; ``query`` is encoded already."""

    operation: Operation
    path: str
    template: str
    query: str = ""
    body: bytes | None = None
    live: bool = False
    form: bool = False

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@runtime_checkable
class TokenSource(Protocol):
    """Where tokens come from that are replaced while we work."""

    def __call__(self) -> str:
        """The token to use now."""

    def refused(self, token: str) -> str:
        """The portal did not accept this one: the one to use instead. Raises ``FatalError`` when there is none."""


class PortalClock:
    """The portal's time from its Date header.

    The header is cut to the second, so one answer only says that the difference to our clock lies in a span of a good
    second; spans of several answers are cut with each other. A difference that may be zero is taken as zero.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._span: tuple[float, float] | None = None

    def now_ms(self) -> int:
        return self._clock.now_ms() + self.skew_ms()

    def skew_ms(self) -> int:
        """The portal's clock minus ours."""
        span = self._span
        if span is None or span[0] <= 0 <= span[1]:
            return 0
        return int(sum(span) / 2)

    def hear(self, date: str | None, sent_ms: int, received_ms: int) -> None:
        try:
            stamp = parsedate_to_datetime(date).timestamp() * 1000 if date else None
        except ValueError:
            return
        if stamp is None:
            return
        low, high = stamp - received_ms, stamp + 1000 - sent_ms
        with self._lock:
            known = self._span or (low, high)
            both = (max(low, known[0]), min(high, known[1]))
            # Spans that do not meet mean that one of the clocks was set: believe the newest answer.
            self._span = both if both[0] <= both[1] else (low, high)


def checked_base_url(base_url: str) -> str:
    """A portal's address without a trailing slash; raises ``ConfigError`` for what cannot be one."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        remedy = "Give an address like https://api.hubapi.com."
        raise ConfigError("The portal's address is not an http(s) address.", remedy=remedy)
    return base_url.strip().rstrip("/")


class Transport:
    """Makes calls and gives answers that can be read; everything else becomes an error of connector/errors.py."""

    def __init__(
        self,
        base_url: str,
        token: Callable[[], str] | str,
        *,
        clock: Clock,
        rates: Rates | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        key_name: str = "",
    ) -> None:
        """``key_name``: the query parameter that carries the token, where HubSpot takes no bearer."""
        self.base_url = checked_base_url(base_url)
        self.host = urlsplit(self.base_url).hostname or ""
        self.governor = Governor(clock, rates or Rates())
        self.time = PortalClock(clock)
        self._clock = clock
        self._token = token
        self._on_call = on_call
        self._key_name = key_name
        self._session = new_session(self.base_url)
        self._retrying = retry.retrying(clock, _operation_of)

    def call(self, call: Call) -> Answer:
        """The answer of a success, after as many tries as the error's class allows."""
        answer: Answer = self._retrying(_Tries(self), call)
        return answer

    def close(self) -> None:
        self._session.close()

    def attempt(self, call: Call, number: int) -> Answer:
        """One try, with another token when the portal refuses one that has been replaced."""
        fresh = ""
        for _ in range(MOST_TOKENS - 1):
            permit = self._leave(call)
            token = fresh or self._token_with(permit)
            try:
                return self._once(call, token, permit, number)
            except TokenRejected:
                fresh = self._other_token(token)
                if fresh == token:
                    raise
        return self._once(call, fresh, self._leave(call), number)

    def _leave(self, call: Call) -> Permit:
        return self.governor.acquire(call.operation.kind, live=call.live, now_ms=self.time.now_ms())

    def _token_with(self, permit: Permit) -> str:
        """Asked for once the call may be made: a token may run out while a call waits for its leave."""
        try:
            return self._current_token()
        except BaseException:
            self.governor.lost(permit)
            raise

    def _current_token(self) -> str:
        return (self._token if isinstance(self._token, str) else self._token()).strip()

    def _other_token(self, token: str) -> str:
        if isinstance(self._token, TokenSource):
            return self._token.refused(token).strip()
        return self._current_token()

    def _once(self, call: Call, token: str, permit: Permit, number: int) -> Answer:
        sent_ms, started = self._clock.now_ms(), self._clock.monotonic()
        answer, error = self._exchange(call, token)
        if answer is not None:
            self.time.hear(answer.headers.get("date"), sent_ms, self._clock.now_ms())
            error = error_of(answer, call.operation, self.host, self.time.now_ms())
        error = self._settled(permit, answer, error)
        self._record(call, answer, error, int((self._clock.monotonic() - started) * 1000), number)
        if error is not None or answer is None:
            # Libraries' exceptions hold the address with its e-mail: they do not travel along.
            raise error or PortalUnavailable("The portal did not answer.") from None
        return answer

    def _exchange(self, call: Call, token: str) -> tuple[Answer | None, SyncError | None]:
        slow = call.operation.kind in _SLOW
        timeout = (CONNECT_SECONDS, SLOW_READ_SECONDS if slow else READ_SECONDS)
        try:
            return exchange(self._session, self._prepared(call, token), timeout), None
        except requests.RequestException as fault:
            return None, error_of_fault(fault, call.operation, self.host)

    def _prepared(self, call: Call, token: str) -> requests.PreparedRequest:
        url, headers = f"{self.base_url}{call.target}", {}
        if self._key_name:  # added last, so that no log and no error ever holds it
            url += f"{'&' if call.query else '?'}{self._key_name}={quote(token, safe='')}"
        elif token:
            headers["Authorization"] = f"Bearer {token}"
        if call.body is not None:
            headers["Content-Type"] = _FORM if call.form else _JSON
        request = requests.Request(call.operation.method, url, headers=headers, data=call.body)
        return self._session.prepare_request(request)

    def _settled(self, permit: Permit, answer: Answer | None, error: SyncError | None) -> SyncError | None:
        """Tell the governor; a daily refusal comes back with the moment it ends."""
        if answer is None:
            self.governor.lost(permit)
        else:
            refused = error if isinstance(error, (RateLimited, DailyLimitReached)) else None
            self.governor.settle(permit, answer.headers, refused, self.time.now_ms())
        if isinstance(error, _WASTED):
            self.governor.count("wasted")
        return self.governor.daily_error(self.time.now_ms()) if isinstance(error, DailyLimitReached) else error

    def _record(self, call: Call, answer: Answer | None, error: SyncError | None, ms: int, number: int) -> None:
        status = answer.status if answer else None
        if number > 1:
            self.governor.count("retried")
        record = CallRecord(
            operation=call.operation.name,
            method=call.operation.method,
            path=call.template,
            kind=call.operation.kind,
            live=call.live,
            status=status,
            ms=ms,
            attempt=number,
            error=error.reason if error else "",
        )
        report = log.info if error else log.debug
        report(
            "portal.call",
            operation=record.operation,
            method=record.method,
            path=record.path,
            status=status,
            ms=ms,
            attempt=number,
            live=call.live,
            error=record.error,
        )
        if self._on_call is not None:
            self._on_call(record)


class _Tries:
    """The function tenacity repeats: counts its own tries, since a policy object is shared by all threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._number = 0

    def __call__(self, call: Call) -> Answer:
        self._number += 1
        return self._transport.attempt(call, self._number)


def _operation_of(state: RetryCallState) -> Operation:
    call: Call = state.args[0]
    return call.operation


def encoded(body: object) -> bytes:
    """A request body as compact JSON."""
    return orjson.dumps(body)
