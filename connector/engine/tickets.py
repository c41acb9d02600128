"""What of a job is written into the engine's tables: its name, which turn it is, and how often it died.

A job that comes back (it stood aside, it waits for the portal, its worker died) is a new ticket with the same root and
the next turn. Its id is therefore known beforehand, and whoever makes it twice makes it once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import cast

from connector.engine.port import Job, JobKind

MAX_ATTEMPTS = 3
# Within one portal the smallest goes first: live work and erasures before backfills, backfills before housekeeping.
PRIORITY: dict[JobKind, int] = {"drain": 1, "erase": 1, "cycle": 5, "verify": 8, "retention": 8, "subscriptions": 8}
_ONCE = "+"


class GivenUp(Exception):
    """What is kept as the reason of a held job; its text is ours and names no person."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One turn of one job. ``root`` is ``kind:portal:slot``, or ``kind:portal:+random`` when nothing scheduled it."""

    root: str
    turn: int = 1
    attempt: int = 1

    @classmethod
    def fresh(cls, job: Job) -> Ticket:
        return cls(f"{prefix(job.portal_id, job.kind)}{job.slot or _ONCE + uuid.uuid4().hex}")

    @property
    def id(self) -> str:
        return self.root if self.turn == 1 else f"{self.root}~{self.turn}"

    @property
    def job(self) -> Job:
        kind, portal_id, slot = self.root.split(":", 2)
        return Job(int(portal_id), cast("JobKind", kind), "" if slot.startswith(_ONCE) else slot)

    def again(self, attempt: int = 1) -> Ticket:
        """The same job, next turn."""
        return replace(self, turn=self.turn + 1, attempt=attempt)

    @property
    def spent(self) -> bool:
        """Whether it ended its process too often to be run again."""
        return self.attempt > MAX_ATTEMPTS


def prefix(portal_id: int, kind: JobKind) -> str:
    """How every id of that portal and kind begins."""
    return f"{kind}:{portal_id}:"
