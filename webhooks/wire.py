"""What every address HubSpot calls has in common: the raw body, the request as it was signed, refusing, complaining.

Who may be answered what is decided by the endpoints (``receiver``, ``actions``); signatures are in ``signature``.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from urllib.parse import quote, urlsplit

import structlog
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from webhooks.signature import Request

MOST_BYTES = 4 << 20
MOST_LET_GO = 16 << 20
RETRY_AFTER_S = 30
COMPLAIN_EVERY_MS = 60_000

Tally = Callable[[str, str], None]

log = structlog.get_logger(__name__)


def usable(secrets: Sequence[str]) -> tuple[str, ...]:
    """The secrets that are not empty."""
    return tuple(secret for secret in (one.strip() for one in secrets) if secret)


class Seldom:
    """One line a minute of each kind: a flood of refusals must not become a flood of lines."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._told: dict[tuple[str, str], int] = {}

    def __call__(self, event: str, **more: object) -> None:
        now = self._now_ms()
        kind = (event, str(more.get("reason") or more.get("error")))
        if now - self._told.get(kind, -COMPLAIN_EVERY_MS) >= COMPLAIN_EVERY_MS:
            self._told[kind] = now
            log.warning(event, **more)


def missing(keys: Sequence[str], public_url: str) -> str:
    """What must be configured before anything can be believed; empty when all is there."""
    if not keys:
        return (
            "LEADWRIGHT_HUBSPOT_CLIENT_SECRET is not set: no signature can be checked, HubSpot is asked to come again."
        )
    if not urlsplit(public_url).netloc:
        return "LEADWRIGHT_PUBLIC_URL is not set: signatures cover the address that HubSpot calls."
    return ""


def where(fault: Exception) -> str:
    """The line that failed. Not the error's text: it may quote the body."""
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def later() -> Response:
    """HubSpot is asked to come again."""
    return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})


def body() -> bytes | None:
    """The raw bytes; None when they are more than is taken, by their own word or once so many have come."""
    length = request.content_length
    if length is not None:
        if length <= MOST_BYTES:
            return bytes(request.environ["wsgi.input"].read(length))
        _let_go(length)
        return None
    request.max_content_length = MOST_BYTES + 1  # at its limit werkzeug cuts without a word; one more tells
    try:
        found = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None
    return found if len(found) <= MOST_BYTES else None


def _let_go(length: int) -> None:
    """Take in what is refused anyway, up to a bound: a sender that is still sending hears a closed door, no answer."""
    stream, left = request.environ["wsgi.input"], min(length, MOST_LET_GO)
    while left > 0 and (chunk := stream.read(min(left, 65_536))):
        left -= len(chunk)


def signed_request(content: bytes) -> Request:
    """The request with what its signature covers, as it came over the wire."""
    told = request.environ.get
    return Request(
        method=request.method,
        target=_target(),
        body=content,
        signature_v3=told("HTTP_X_HUBSPOT_SIGNATURE_V3"),
        timestamp=told("HTTP_X_HUBSPOT_REQUEST_TIMESTAMP"),
        signature=told("HTTP_X_HUBSPOT_SIGNATURE"),
        version=told("HTTP_X_HUBSPOT_SIGNATURE_VERSION"),
    )


def _target() -> bytes:
    """Path and query as they came over the wire: escapes and the order of parameters are part of what is signed."""
    environ = request.environ
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.startswith("/"):
        return str(raw).encode("latin-1", "replace")
    if raw:  # the absolute form of a request line; its host is as little believed as any other
        parts = urlsplit(raw)
        return f"{parts.path}{'?' if parts.query else ''}{parts.query}".encode("latin-1", "replace")
    query = request.query_string
    return quote(request.path).encode() + (b"?" + query if query else b"")
