"""The endpoint HubSpot calls: check the signature, hand the raw body to ``accept``, answer. Nothing else happens here.

204 once the body is stored, 401 for a bad signature, 413 for a body over the limit, 503 when it cannot be stored now:
HubSpot then tries again for a day. Never 500, and never 4xx for a fault of ours. No body is ever logged.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import quote, urlsplit

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from webhooks.signature import Request, verify

PATH = "/webhooks/hubspot"
MOST_BYTES = 4 << 20
RETRY_AFTER_S = 30
COMPLAIN_EVERY_MS = 60_000

Accept = Callable[[bytes], Literal["stored", "busy"]]
Tally = Callable[[str, str], None]

log = structlog.get_logger(__name__)


def receiver(
    accept: Accept,
    *,
    secrets: Sequence[str],
    public_url: str,
    now_ms: Callable[[], int],
    tally: Tally,
    allow_old_signatures: bool = False,
) -> Blueprint:
    """The blueprint with the one address. ``tally(name, label)`` counts what is refused; it must be quick."""
    keys = tuple(secret for secret in (one.strip() for one in secrets) if secret)
    missing = _missing(keys, public_url)
    complain = _Seldom(now_ms)
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post(PATH)
    def receive() -> Response:
        if missing:
            complain("webhooks_off", reason=missing)
            return _later()
        body = _body()
        if body is None:
            tally("webhooks_refused", "too_large")
            return Response(status=413)
        verdict = verify(
            _request(body), secrets=keys, public_url=public_url, now_ms=now_ms(), allow_old=allow_old_signatures
        )
        if not verdict:
            tally("webhooks_refused", verdict.reason)
            complain("webhook_refused", reason=verdict.reason)
            return Response(status=401)
        return Response(status=204) if accept(body) == "stored" else _later()

    @blueprint.errorhandler(Exception)
    def last_resort(fault: Exception) -> Response | HTTPException:
        """A fault of ours is never HubSpot's: it keeps the delivery and comes again."""
        if isinstance(fault, HTTPException):
            return fault
        tally("webhooks_failed", type(fault).__name__)
        complain("webhook_failed", error=type(fault).__name__, where=_where(fault))
        return _later()

    return blueprint


class _Seldom:
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


def _missing(keys: Sequence[str], public_url: str) -> str:
    """What must be configured before anything can be believed; empty when all is there."""
    if not keys:
        return (
            "LEADWRIGHT_HUBSPOT_CLIENT_SECRET is not set: no signature can be checked, HubSpot is asked to come again."
        )
    if not urlsplit(public_url).netloc:
        return "LEADWRIGHT_PUBLIC_URL is not set: signatures cover the address that HubSpot calls."
    return ""


def _where(fault: Exception) -> str:
    """The line that failed. Not the error's text: it may quote the body."""
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _later() -> Response:
    return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})


def _body() -> bytes | None:
    """The raw bytes; None when they are more than is taken, by their own word or once so many have come."""
    length = request.content_length
    if length is not None:
        return bytes(request.environ["wsgi.input"].read(length)) if length <= MOST_BYTES else None
    request.max_content_length = MOST_BYTES + 1  # at its limit werkzeug cuts without a word; one more tells
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= MOST_BYTES else None


def _request(body: bytes) -> Request:
    told = request.environ.get
    return Request(
        method=request.method,
        target=_target(),
        body=body,
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
