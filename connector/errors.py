"""The one tree of errors. Every error says what happened, why, and what to do; the exit code hangs on its class.

    ConnectorError            reason (short code for metrics), message, remedy, exit_code = 1
    ├── ConfigError           wrong usage or configuration: exit code 2
    │   ├── DocumentInvalid   an admin's document with all its faults at once
    │   ├── UnknownPortal     no portal of that name
    │   ├── UnknownContact    no contact with that id or e-mail
    │   ├── SecretKeyMissing  LEADWRIGHT_SECRET_KEY is missing or does not open what it closed
    │   └── DatabaseNewer     the database was made by a newer Leadwright
    ├── StoreError            the database could not do it
    │   └── DiskFull          no room left: nothing half-written, goes on when there is room
    └── SyncError             something between us and a portal
        ├── RetryableError    later may help; ``retry_after`` seconds when known
        │   ├── RateLimited           429 of the burst or search bucket
        │   ├── DailyLimitReached     429 DAILY: nothing before the portal's midnight
        │   ├── PortalUnavailable     5xx, 52x, connection faults, unreadable answers
        │   │   └── PortalResting     it was silent lately and is left alone for a while
        │   ├── PortalMoving          477: the portal moves house
        │   └── RecordLocked          423: another write holds the record
        ├── SkippableError    this record or feature only; go on with the others
        │   ├── NotFound              404
        │   ├── Refused               400: the portal rejects the values; ``faults`` per property
        │   ├── Conflict              409; ``existing_id`` when the portal names it
        │   └── FeatureOff            the portal lacks the endpoint, tier or scope for this feature
        └── FatalError        stop this portal's run
            ├── TokenRejected         401, or an answer that means the same
            ├── GrantRefused          HubSpot's token endpoint says no; ``code`` is its word for why
            │   └── GrantRevoked          the app was uninstalled, or its consent taken back: only people can mend it
            ├── MissingScope          403 with the scopes that are missing
            ├── ProtocolBroken        the portal answers in a way that would lose data (page token repeats …)
            └── BlastRadiusExceeded   a plan touches more contacts than the limit allows

First cut: what the caller can do (nothing, later, skip). Errors of libraries are translated at their own edge:
HTTP in ``connector/portal/classify.py``, SQL in ``connector/store/engine.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ConnectorError(Exception):
    """Root of all errors Leadwright raises on purpose."""

    exit_code = 1
    reason = "failed"

    def __init__(self, message: str, *, remedy: str = "", reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        if reason is not None:
            self.reason = reason

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ConfigError(ConnectorError):
    """What was asked for or configured cannot work."""

    exit_code = 2
    reason = "configuration"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a document: where it stands and how to mend it. ``line`` counts from 1, 0 when unknown."""

    file: str
    line: int
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.path, f"{self.message} {self.remedy}".rstrip()) if part)


class DocumentInvalid(ConfigError):
    """A document does not validate; ``faults`` lists all of them."""

    reason = "document_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        many = "fault" if len(self.faults) == 1 else "faults"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"The document has {len(self.faults)} {many}:\n{lines}")


class UnknownPortal(ConfigError):
    """No portal of that name is connected."""

    reason = "unknown_portal"


class UnknownContact(ConfigError):
    """The mirror holds no contact with that id or e-mail."""

    reason = "unknown_contact"


class SecretKeyMissing(ConfigError):
    """The key that closes the tokens is missing, malformed or another one."""

    reason = "secret_key"


class DatabaseNewer(ConfigError):
    """The database holds a schema revision this code does not know."""

    reason = "database_newer"


class StoreError(ConnectorError):
    """The database refused or failed."""

    reason = "store"


class DiskFull(StoreError):
    """No room on the disk; the transaction was rolled back as a whole."""

    reason = "disk_full"


class SyncError(ConnectorError):
    """Something between Leadwright and a portal went wrong."""

    reason = "sync"


class RetryableError(SyncError):
    """Trying again later may help; ``retry_after`` in seconds where the portal named a time."""

    reason = "retryable"

    def __init__(
        self, message: str, *, remedy: str = "", reason: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, reason=reason)
        self.retry_after = retry_after


class RateLimited(RetryableError):
    """The portal's burst or search limit answered 429 (HubSpot reference). ``policy`` names the bucket."""

    reason = "rate_limited"

    def __init__(self, message: str, *, policy: str, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.policy = policy


class DailyLimitReached(RetryableError):
    """The portal's daily calls are used up; nothing may be sent before its midnight."""

    reason = "daily_limit"


class PortalUnavailable(RetryableError):
    """The portal did not answer, or answered with a fault of its own."""

    reason = "unavailable"


class PortalResting(PortalUnavailable):
    """It did not answer lately and is left alone for ``retry_after`` seconds more; nothing was sent."""

    reason = "resting"


class PortalMoving(RetryableError):
    """Status 477: HubSpot moves the portal between data centres."""

    reason = "portal_moving"


class RecordLocked(RetryableError):
    """Status 423: another write holds the record for about two seconds."""

    reason = "record_locked"


class SkippableError(SyncError):
    """This record or this feature cannot be served; the others can."""

    reason = "skipped"


class NotFound(SkippableError):
    """The portal knows no such record."""

    reason = "not_found"


class Refused(SkippableError):
    """The portal rejects the values; ``faults`` maps a property name to the portal's reason."""

    reason = "refused"

    def __init__(self, message: str, *, faults: dict[str, str] | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.faults = faults or {}


class Conflict(SkippableError):
    """The record exists already; ``existing_id`` where the portal names it."""

    reason = "conflict"

    def __init__(self, message: str, *, existing_id: int | None = None) -> None:
        super().__init__(message)
        self.existing_id = existing_id


class FeatureOff(SkippableError):
    """This portal does not offer the feature (endpoint, tier or scope); ``scopes`` where a scope would help.

    ``absent``: there is no such endpoint at all, so nothing that could be granted would bring it.
    """

    reason = "feature_off"

    def __init__(self, message: str, *, scopes: Sequence[str] = (), absent: bool = False) -> None:
        super().__init__(message)
        self.scopes = tuple(scopes)
        self.absent = absent


class FatalError(SyncError):
    """Going on would be wrong; the portal's run stops here."""

    reason = "fatal"


class TokenRejected(FatalError):
    """The portal does not accept the token."""

    reason = "token_rejected"


class GrantRefused(FatalError):
    """HubSpot's token endpoint says no; ``code`` is its word for why (BAD_AUTH_CODE, BAD_REDIRECT_URI …)."""

    reason = "grant_refused"

    def __init__(self, message: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class GrantRevoked(GrantRefused):
    """The app was uninstalled or its consent taken back: only people can mend it, by connecting again."""

    reason = "grant_revoked"


class MissingScope(FatalError):
    """The token lacks scopes the call needs."""

    reason = "missing_scope"

    def __init__(self, message: str, *, scopes: Sequence[str] = (), remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.scopes = tuple(scopes)


class ProtocolBroken(FatalError):
    """The portal answers in a way that would lose or repeat data without end."""

    reason = "protocol"


class BlastRadiusExceeded(FatalError):
    """The plan touches more contacts than may be written without its hash being named: held, with the reason."""

    exit_code = 3
    reason = "blast_radius"
