"""One table: what came back → which class of connector/errors.py. Closed by default; structured fields before text.

Portals' own sentences are not repeated, for they quote what was sent; codes, property names and correlation ids are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
from urllib3 import exceptions as urllib3_errors

from connector.errors import (
    Conflict,
    DailyLimitReached,
    FeatureOff,
    GrantRefused,
    GrantRevoked,
    MissingScope,
    NotFound,
    PortalMoving,
    PortalUnavailable,
    RateLimited,
    RecordLocked,
    Refused,
    SyncError,
    TokenRejected,
)
from connector.portal.bodies import Answer, Envelope, context_of, describe, envelope
from connector.portal.faults import faults_of
from connector.portal.versions import Operation

NOT_CONNECTED = "not_connected"
OUTCOME_UNKNOWN = "outcome_unknown"
UNREADABLE = "unreadable"
# The CDN says that it did not get through to HubSpot, so nothing was carried out (HubSpot docs: error handling).
_ORIGIN_NOT_REACHED = frozenset({521, 522, 523, 525, 526})
# What a refresh answers after the app was uninstalled, or when the portal is gone.
_GRANT_GONE = frozenset({"BAD_REFRESH_TOKEN", "BAD_HUB"})
_NEW_CREDENTIAL = (
    "Create or copy a token with the scopes Leadwright needs (HubSpot: settings, integrations, private apps or service "
    "keys), then run `leadwright portal add` again."
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a row of the table sees: the answer, its envelope, the operation and the host that was asked."""

    answer: Answer
    body: Envelope
    operation: Operation
    host: str

    @property
    def status(self) -> int:
        return self.answer.status

    def sentence(self, what: str) -> str:
        return f"{what} ({self.operation.name}, status {self.status}){self.body.about()}."


@dataclass(frozen=True, slots=True)
class Row:
    """One row: for these statuses, when the test holds, this error."""

    statuses: frozenset[int]
    test: Callable[[Case], bool]
    make: Callable[[Case], SyncError]


def retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    """``Retry-After`` in seconds: a number or an HTTP date; None when absent or nonsense (HubSpot docs: 429, 477)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_ms / 1000)
    except ValueError:
        return None


def scopes_of(body: Envelope) -> tuple[str, ...]:
    """The scopes a 403 names; the key is spelled in two ways (HubSpot docs: error handling)."""
    found: list[str] = []
    for context in (body.context, *(context_of(entry) for entry in body.errors)):
        for key in ("requiredGranularScopes", "requiredScopes"):
            found.extend(context.get(key, []))
    return tuple(dict.fromkeys(found))


def _token_rejected(case: Case) -> SyncError:
    what = f"The token was not accepted by {case.host}"
    return TokenRejected(case.sentence(what), remedy=_NEW_CREDENTIAL)


def _grant_refused(case: Case) -> SyncError:
    """The token endpoint's own shape of an error; ``status`` tells more than ``error`` (hubspot-api.md 1.4)."""
    code = case.body.status if case.body.status not in {"", "error"} else case.body.category
    what = case.sentence(f"HubSpot refused the grant ({code or 'without a code'})")
    gone = code in _GRANT_GONE or (code == "invalid_grant" and case.operation.name == "oauth.refresh")
    return GrantRevoked(what, code=code) if gone else GrantRefused(what, code=code)


def _missing_scope(case: Case) -> SyncError:
    scopes = scopes_of(case.body)
    named = ", ".join(scopes) or "a scope the portal does not name"
    what = case.sentence(f"The token lacks {named}")
    if case.operation.optional:
        return FeatureOff(what, scopes=scopes)
    return MissingScope(what, scopes=scopes, remedy=f"Add the scope to the app in HubSpot: {named}.")


def _feature_off(case: Case) -> SyncError:
    return FeatureOff(case.sentence("The portal does not offer this feature"))


def _absent(case: Case) -> SyncError:
    return FeatureOff(case.sentence("The portal has no such endpoint"), absent=True)


def _not_found(case: Case) -> SyncError:
    return NotFound(case.sentence("The portal knows no such record"))


def _conflict(case: Case) -> SyncError:
    existing = re.search(r"[Ee]xisting ID:?\s*(\d+)", case.body.message)
    found = int(existing.group(1)) if existing else None
    return Conflict(case.sentence("The portal has that already"), existing_id=found)


def _refused(case: Case) -> SyncError:
    faults = faults_of(case.body)
    named = f"; properties: {', '.join(sorted(faults))}" if faults else ""
    return Refused(case.sentence(f"The portal refused the request{named}"), faults=faults)


def _rate_limited(case: Case) -> SyncError:
    policy = case.body.policy or ("SECONDLY" if case.operation.kind == "search" else "TEN_SECONDLY_ROLLING")
    return RateLimited(case.sentence(f"The portal's limit {policy} is reached"), policy=policy)


def _daily_limit(case: Case) -> SyncError:
    return DailyLimitReached(case.sentence("The portal's daily calls are used up"))


def _locked(case: Case) -> SyncError:
    return RecordLocked(case.sentence("Another write holds the record"))


def _moving(case: Case) -> SyncError:
    return PortalMoving(case.sentence("HubSpot is moving the portal between data centres"))


def _redirected(case: Case) -> SyncError:
    what = case.sentence("The portal sends us elsewhere, which is not followed")
    return PortalUnavailable(what, reason="redirected", remedy="Check the portal's base address.")


def _unavailable(case: Case) -> SyncError:
    reason = NOT_CONNECTED if case.status in _ORIGIN_NOT_REACHED else _unsettled(case.operation)
    return PortalUnavailable(case.sentence("The portal has a fault of its own"), reason=reason)


def _always(_case: Case) -> bool:
    return True


def _daily(case: Case) -> bool:
    return case.body.policy.upper().startswith("DAILY") or "daily limit" in case.body.message.lower()


def _only(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


TABLE: tuple[Row, ...] = (
    Row(_only(400, 401, 403), lambda case: case.operation.name.startswith("oauth."), _grant_refused),
    # A malformed token has been answered with 530 by the CDN (Airbyte's HubSpot source, error handler).
    Row(_only(401, 530), _always, _token_rejected),
    Row(_only(403), lambda case: "SCOPE" in case.body.category or bool(scopes_of(case.body)), _missing_scope),
    Row(_only(403), lambda case: case.body.readable and case.operation.optional, _feature_off),
    Row(_only(403), _always, _missing_scope),
    Row(_only(404), lambda case: case.operation.missing == "feature", _absent),
    Row(_only(404), _always, _not_found),
    Row(_only(405, 410, 501), _always, _absent),
    Row(_only(408), _always, _unavailable),
    Row(_only(409), _always, _conflict),
    Row(_only(423), _always, _locked),
    Row(_only(429), _daily, _daily_limit),
    Row(_only(429), _always, _rate_limited),
    Row(_only(477), _always, _moving),
    Row(frozenset(range(300, 400)), _always, _redirected),
    Row(frozenset(range(400, 500)), _always, _refused),
    Row(frozenset(range(100, 1000)), _always, _unavailable),
)


def error_of(answer: Answer, operation: Operation, host: str, now_ms: int) -> SyncError | None:
    """The error an answer means, or None for a success that can be read."""
    if 200 <= answer.status < 300:
        return _unreadable(answer, operation)
    case = Case(answer, envelope(answer), operation, host)
    row = next(row for row in TABLE if case.status in row.statuses and row.test(case))
    error = row.make(case)
    if isinstance(error, (RateLimited, RecordLocked, PortalMoving, PortalUnavailable)):
        error.retry_after = retry_after(answer.headers, now_ms)
    return error


def _unreadable(answer: Answer, operation: Operation) -> SyncError | None:
    """A success must be JSON, unless the operation answers with nothing; an HTML page with 200 is a fault."""
    if answer.overlong:
        return PortalUnavailable(f"The answer to {operation.name} is larger than 20 MB.", reason=UNREADABLE)
    if operation.empty or answer.status == 204 or isinstance(answer.data, (dict, list)):
        return None
    looks = "a bare value" if answer.readable else describe(answer.content)
    what = f"The portal answered {operation.name} with {looks} (status {answer.status})."
    return PortalUnavailable(what, reason=UNREADABLE)


def _caused_by(fault: BaseException, *kinds: type[BaseException]) -> bool:
    """Whether a library's exception wraps one of these, however deep (requests wraps urllib3 wraps the socket's)."""
    seen: set[int] = set()
    waiting: list[object] = [fault]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        if isinstance(one, kinds):
            return True
        seen.add(id(one))
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return False


_NEVER_SENT = (
    urllib3_errors.NewConnectionError,
    urllib3_errors.ConnectTimeoutError,
    urllib3_errors.NameResolutionError,
)


def error_of_fault(fault: requests.RequestException, operation: Operation, host: str) -> SyncError:
    """The error a library's exception means. Its text is not repeated: it holds the address, and that an e-mail."""
    if isinstance(fault, requests.exceptions.InvalidHeader):
        return TokenRejected("The token holds characters no token has.", remedy=_NEW_CREDENTIAL)
    if isinstance(fault, requests.exceptions.ConnectTimeout) or _caused_by(fault, *_NEVER_SENT):
        return PortalUnavailable(f"{host} could not be reached ({operation.name}).", reason=NOT_CONNECTED)
    if isinstance(fault, requests.exceptions.SSLError):
        return PortalUnavailable(f"No trusted connection to {host} ({operation.name}).", reason=NOT_CONNECTED)
    if isinstance(fault, requests.exceptions.Timeout) or _caused_by(fault, TimeoutError):
        what = f"{host} did not answer in time"
    else:
        what = f"The connection to {host} broke ({type(fault).__name__})"
    return PortalUnavailable(f"{what} ({operation.name}).", reason=_unsettled(operation))


def _unsettled(operation: Operation) -> str:
    """After a write whose answer is lost nobody knows whether it happened."""
    return OUTCOME_UNKNOWN if operation.kind == "write" else "unavailable"
