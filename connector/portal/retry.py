"""When a call is made again, and after how long: decided by the class of the error, never by a status or a text.

    RateLimited        the call was not carried out: again after Retry-After, else by policy (10 s burst, 1 s search)
    DailyLimitReached  never
    RecordLocked       not carried out: again after at least 2 s
    PortalMoving       not carried out: again after Retry-After if that is short, else the caller comes back later
    PortalUnavailable  again with growing, jittered waits, if the operation is safe to repeat or never left our side
    all others         never

A wait longer than ``LONGEST_WAIT`` is not slept through: the error, with ``retry_after``, goes to the caller, whose job
can come back then instead of holding a worker.
"""

from __future__ import annotations

from collections.abc import Callable

import tenacity
from tenacity import RetryCallState, Retrying

from connector.clock import Clock
from connector.errors import PortalMoving, PortalUnavailable, RateLimited, RecordLocked, RetryableError
from connector.portal.classify import NOT_CONNECTED
from connector.portal.versions import Operation

TRIES = 5
LONGEST_WAIT = 60.0
# A 429 is the portal's own "later": it is worth more patience than a fault, and costs one probe per pause (limits.py).
RATE_TRIES = 30
RATE_PATIENCE = 120.0
# No new try once this much time went into faults: a portal that accepts and never answers holds a caller <= 60 s.
FAULT_PATIENCE = 25.0
_BURST_WAIT = 10.0
_SEARCH_WAIT = 1.0
_LOCK_WAIT = 2.0
_MOVING_WAIT = 10.0

_backoff = tenacity.wait_exponential_jitter(multiplier=0.5, max=15.0, jitter=0.5)
_lock_jitter = tenacity.wait_random(0.0, 1.0)


def wait_of(error: RetryableError) -> float | None:
    """The least wait an error asks for; None where only our own back-off counts."""
    if isinstance(error, RateLimited):
        default = _SEARCH_WAIT if error.policy.upper() == "SECONDLY" else _BURST_WAIT
        return default if error.retry_after is None else error.retry_after
    if isinstance(error, RecordLocked):
        return max(_LOCK_WAIT, error.retry_after or 0.0)
    if isinstance(error, PortalMoving):
        return _MOVING_WAIT if error.retry_after is None else error.retry_after
    return error.retry_after


def repeatable(error: BaseException | None, operation: Operation) -> bool:
    """Whether making this call again can do no harm and may help."""
    if isinstance(error, (RateLimited, RecordLocked, PortalMoving)):
        return True
    if isinstance(error, PortalUnavailable):
        return operation.safe or error.reason == NOT_CONNECTED
    return False


def retrying(clock: Clock, operation_of: Callable[[RetryCallState], Operation]) -> Retrying:
    """The one retry policy of a portal's transport; sleeping is the clock's business."""
    return Retrying(
        retry=lambda state: repeatable(_error(state), operation_of(state)),
        wait=_wait,
        stop=lambda state: _enough(state, clock),
        before=lambda state: _start(state, clock),
        sleep=clock.sleep,
        reraise=True,
    )


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _start(state: RetryCallState, clock: Clock) -> None:
    # tenacity's own stop watch reads the machine's clock; ours may be virtual.
    if state.attempt_number == 1:
        state.started = clock.monotonic()  # type: ignore[attr-defined]


def _wait(state: RetryCallState) -> float:
    error = _error(state)
    named = wait_of(error) if isinstance(error, RetryableError) else None
    if isinstance(error, PortalUnavailable):
        return max(named or 0.0, _backoff(state))
    if isinstance(error, RecordLocked):
        return (named or _LOCK_WAIT) + _lock_jitter(state)
    if isinstance(error, RateLimited) and error.retry_after is None and error.policy.upper() == "SECONDLY":
        return min(_SEARCH_WAIT * 2.0 ** (state.attempt_number - 1), _BURST_WAIT)
    return named or 0.0


def _enough(state: RetryCallState, clock: Clock) -> bool:
    error = _error(state)
    if isinstance(error, RetryableError) and (wait_of(error) or 0.0) > LONGEST_WAIT:
        return True
    spent = clock.monotonic() - getattr(state, "started", clock.monotonic())
    if isinstance(error, RateLimited):
        return state.attempt_number >= RATE_TRIES or spent >= RATE_PATIENCE
    if isinstance(error, PortalUnavailable) and spent >= FAULT_PATIENCE:
        return True
    return state.attempt_number >= TRIES
