"""The seam to the executor: the values ``Job`` and ``HeldJob``, the protocols ``Engine`` and ``Worker``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import sqlalchemy as sa

JobKind = Literal["drain", "cycle", "verify", "retention", "erase", "subscriptions", "errand"]
KINDS: tuple[JobKind, ...] = ("drain", "cycle", "verify", "retention", "erase", "subscriptions", "errand")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: a portal of ours (``portal_id``) and a kind.

    ``slot`` is the scheduled time (epoch ms, floored) of a job that the clock enqueues, so that two clocks enqueue it
    once; empty for work that a wake flag asks for.
    """

    portal_id: int
    kind: JobKind
    slot: str = ""


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job that was given up: it failed, or killed its process too often. ``why`` is the error's sentence."""

    id: str
    job: Job
    why: str
    attempts: int
    at_ms: int


Act = Callable[[Job], None]


class Engine(Protocol):
    """What may be asked of the executor from any process (web, clock, command line)."""

    def enqueue(self, job: Job) -> bool:
        """Enqueue; False when the same slot was enqueued before."""

    def enqueue_in_tx(self, connection: sa.Connection, job: Job) -> bool:
        """The same inside the caller's transaction on the front store: rolled back with it."""

    def has(self, portal_id: int, kind: JobKind) -> bool:
        """Whether a job of that kind waits, runs or is held, so that nobody need enqueue another."""

    def held(self) -> tuple[HeldJob, ...]: ...

    def retry(self, job_id: str) -> None:
        """Put a held job back."""

    def discard(self, job_id: str) -> None: ...

    def clean(self, before_ms: int) -> int:
        """Forget records of jobs that ended before; how many."""

    def close(self) -> None: ...


class Worker(Protocol):
    """The process that works: one job of a portal at a time, several portals at once."""

    def register(self, kind: JobKind, act: Act) -> None: ...

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then let running jobs end (at most a few seconds) and return."""
