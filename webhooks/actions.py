"""The addresses of our custom workflow actions: check the signature, read who is meant, hand it to ``answer``, reply.

HubSpot signs these calls with version 2 (newer ones with version 3 beside it), so here version 2 counts where version
3 is not there. Whatever is signed gets a 200 with an execution state: a workflow must never hang on a fault of ours
that another attempt would not mend. 503 only while nothing can be answered at all. No body is ever logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from webhooks.receiver import PATH
from webhooks.signature import Request, Verdict, verify
from webhooks.wire import Seldom, Tally, body, later, missing, signed_request, usable, where

ACTIONS_PATH = f"{PATH}/actions"
BIGGEST_ID = (1 << 63) - 1
LONGEST_ID = 19
LONGEST_NAME = 500
CONTACT = ("CONTACT", "0-1")
FAILED = "FAIL_CONTINUE"

Output = str | int


@dataclass(frozen=True, slots=True)
class Asked:
    """One run of an action for one contact. ``callback_id`` is the same whenever HubSpot repeats it ('': not told)."""

    action: str
    portal_id: int
    contact_id: int
    callback_id: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result: ``code`` is what the definition's sentences are chosen by, ``reason`` is for people."""

    code: str
    reason: str


# The output fields, why there are none, or None: busy, HubSpot must come again.
Answer = Callable[[Asked], Mapping[str, Output] | Failure | None]

UNREADABLE = Failure("UNREADABLE", "Leadwright could not read for whom it was asked.")
NO_CONTACT = Failure("NO_CONTACT", "Leadwright scores contacts only.")
BROKEN = Failure("BROKEN", "Leadwright could not do it; its log says why.")


def actions(
    answer: Answer,
    *,
    names: Sequence[str],
    secrets: Sequence[str],
    public_url: str,
    now_ms: Callable[[], int],
    tally: Tally,
) -> Blueprint:
    """The blueprint with an address for each of ``names``. ``tally(name, label)`` counts; it must be quick."""
    keys = usable(secrets)
    lacks = missing(keys, public_url)
    complain = Seldom(now_ms)
    blueprint = Blueprint("actions", __name__)

    @blueprint.post(f"{ACTIONS_PATH}/<name>")
    def run(name: str) -> Response:
        if name not in names:
            return Response(status=404)
        if lacks:
            complain("webhooks_off", reason=lacks)
            return later()
        content = body()
        if content is None:
            tally("webhooks_refused", "too_large")
            return Response(status=413)
        verdict = _signed(signed_request(content), keys, public_url, now_ms())
        if not verdict:
            tally("webhooks_refused", verdict.reason)
            complain("action_refused", reason=verdict.reason)
            return Response(status=401)
        asked = read(name, content)
        return _told(asked if isinstance(asked, Failure) else answer(asked), tally)

    @blueprint.errorhandler(Exception)
    def last_resort(fault: Exception) -> Response | HTTPException:
        """What nobody foresaw would fail again: the workflow goes on without a score."""
        if isinstance(fault, HTTPException):
            return fault
        complain("action_failed", error=type(fault).__name__, where=where(fault))
        return _told(BROKEN, tally)

    return blueprint


def _signed(request: Request, keys: Sequence[str], public_url: str, now_ms: int) -> Verdict:
    """Version 1 covers neither address nor method and is not used for actions; an unnamed version is taken for 2."""
    told = replace(request, version=request.version or "v2")
    return verify(told, secrets=keys, public_url=public_url, now_ms=now_ms, allow_old=told.version == "v2")


def _told(found: Mapping[str, Output] | Failure | None, tally: Tally) -> Response:
    if found is None:
        tally("actions_answered", "busy")
        return later()
    if isinstance(found, Failure):
        tally("actions_answered", found.code.lower())
        fields: dict[str, Output] = {"errorCode": found.code, "leadwright_reason": found.reason}
        fields["hs_execution_state"] = FAILED
    else:
        tally("actions_answered", "success")
        fields = {**found, "hs_execution_state": "SUCCESS"}
    return Response(orjson.dumps({"outputFields": fields}), 200, mimetype="application/json")


def read(action: str, content: bytes) -> Asked | Failure:
    """For whom it was asked; never raises, whatever the body is."""
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        return UNREADABLE
    origin, record = (_object(told, name) for name in ("origin", "object"))
    portal, contact = _id(origin.get("portalId")), _id(record.get("objectId"))
    kind = record.get("objectType")
    if isinstance(kind, str) and kind.upper() not in CONTACT:
        return NO_CONTACT
    if portal is None or contact is None:
        return UNREADABLE
    callback = told.get("callbackId")
    short = isinstance(callback, str) and len(callback) <= LONGEST_NAME
    return Asked(action, portal, contact, callback if short else "")


def _object(told: Any, name: str) -> Mapping[str, Any]:
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _id(value: Any) -> int | None:
    """A whole number; HubSpot's pages show numbers, its newer object ids come as digits."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= LONGEST_ID:
        value = int(value)
    return value if type(value) is int and 0 < value <= BIGGEST_ID else None
