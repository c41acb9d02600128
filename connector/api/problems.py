"""Errors as ``application/problem+json`` (RFC 9457): what went wrong, what to do, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

import orjson
from flask import Response

from connector.errors import (
    BlastRadiusExceeded,
    ConfigError,
    ConnectorError,
    DocumentInvalid,
    RetryableError,
    StoreError,
    SyncError,
    UnknownContact,
    UnknownPortal,
)
from connector.reports.wording import masked

MEDIA_TYPE = "application/problem+json"
OVERTAKEN = frozenset({"draft_overtaken", "document_overtaken"})


class Problem(ConnectorError):
    """An answer that is no success. ``fields``: what is wrong with which field; ``more``: further members."""

    reason = "problem"

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, reason=reason)
        self.status = status
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def no_token() -> Problem:
    return Problem(
        401, "no_token", "This needs a token that is good.",
        remedy="Send the header Authorization: Bearer lw_…; an admin makes tokens: leadwright token add.",
        headers={"WWW-Authenticate": 'Bearer realm="leadwright"'},
    )  # fmt: skip


def nothing_there() -> Problem:
    """The same for what does not exist and for what is no business of this token's."""
    return Problem(404, "not_found", "There is nothing at this address for this token.", remedy="Check the address.")


def too_small(least: str) -> Problem:
    message = f"The token's role is too small: this needs the role {least}."
    return Problem(403, "role", message, remedy="Ask an admin for a token with that role.")


def wrong_fields(faults: Sequence[Mapping[str, str]]) -> Problem:
    named = ", ".join(fault["field"] for fault in faults)
    return Problem(
        422, "invalid", f"What was sent does not fit: {named}.",
        remedy="See errors; /api/openapi.json says what fits.", more={"errors": list(faults)},
    )  # fmt: skip


def unexpected(reference: str) -> Problem:
    message = "Something unexpected went wrong on our side; it was noted."
    return Problem(
        500, "unexpected", message, remedy="Tell whoever runs this service the reference.",
        more={"reference": reference},
    )  # fmt: skip


def problem_of(fault: ConnectorError) -> Problem:
    """Any fault of ours as an answer. Whose portals there are is never told."""
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, UnknownPortal | UnknownContact):
        return nothing_there()
    if isinstance(fault, DocumentInvalid):
        faults = [{"line": one.line, "path": one.path, "message": one.message, "remedy": one.remedy}
                  for one in fault.faults]  # fmt: skip
        message = f"The document has {len(faults)} fault{'' if len(faults) == 1 else 's'}."
        return Problem(422, fault.reason, message, remedy="Mend them, and save again.", more={"faults": faults})
    if isinstance(fault, StoreError):
        return Problem(
            503, "store", "The database cannot be used just now.", remedy="Try again later.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    return _told(fault)


def _told(fault: ConnectorError) -> Problem:
    message, remedy = masked(fault.message), masked(fault.remedy)
    if isinstance(fault, RetryableError):
        wait = {"Retry-After": str(max(1, ceil(fault.retry_after or 30)))}
        return Problem(503, fault.reason, message, remedy=remedy or "Try again later.", headers=wait)
    if isinstance(fault, ConfigError | BlastRadiusExceeded):
        status = 412 if fault.reason in OVERTAKEN else 409
        return Problem(status, fault.reason, message, remedy=remedy)
    return Problem(502 if isinstance(fault, SyncError) else 409, fault.reason, message, remedy=remedy)


def answer(problem: Problem) -> Response:
    """The problem on the wire."""
    body = {
        "type": f"urn:leadwright:problem:{problem.reason}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.message,
        "remedy": problem.remedy,
        **problem.more,
    }
    made = Response(orjson.dumps(body), problem.status, content_type=MEDIA_TYPE)
    made.headers.update(problem.headers)
    return made
