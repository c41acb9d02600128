"""The endpoint HubSpot calls: check the signature, hand the raw body to ``accept``, answer. Nothing else happens here.

204 once the body is stored, 401 for a bad signature, 413 for a body over the limit, 503 when it cannot be stored now:
HubSpot then tries again for a day. Never 500, and never 4xx for a fault of ours. No body is ever logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from webhooks.signature import verify
from webhooks.wire import Seldom, Tally, body, later, missing, signed_request, usable, where

PATH = "/webhooks/hubspot"

Accept = Callable[[bytes], Literal["stored", "busy"]]


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
    keys = usable(secrets)
    lacks = missing(keys, public_url)
    complain = Seldom(now_ms)
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post(PATH)
    def receive() -> Response:
        if lacks:
            complain("webhooks_off", reason=lacks)
            return later()
        content = body()
        if content is None:
            tally("webhooks_refused", "too_large")
            return Response(status=413)
        verdict = verify(
            signed_request(content),
            secrets=keys,
            public_url=public_url,
            now_ms=now_ms(),
            allow_old=allow_old_signatures,
        )
        if not verdict:
            tally("webhooks_refused", verdict.reason)
            complain("webhook_refused", reason=verdict.reason)
            return Response(status=401)
        return Response(status=204) if accept(content) == "stored" else later()

    @blueprint.errorhandler(Exception)
    def last_resort(fault: Exception) -> Response | HTTPException:
        """A fault of ours is never HubSpot's: it keeps the delivery and comes again."""
        if isinstance(fault, HTTPException):
            return fault
        tally("webhooks_failed", type(fault).__name__)
        complain("webhook_failed", error=type(fault).__name__, where=where(fault))
        return later()

    return blueprint
