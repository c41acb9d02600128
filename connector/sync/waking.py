"""How work asks for a worker: flag and job in one transaction; how a running job gives way; and the belt for lost jobs.

At most one job of a portal and kind waits, whoever asks how often: the flag says that one does. What a job does is not
here (``connector.serving.worker`` names it), nor when it is due (``connector.sync.schedule``).
"""

from __future__ import annotations

from collections.abc import Callable

from connector.clock import Clock, SystemClock
from connector.engine.port import Engine, Job, JobKind
from connector.engine.yielding import Yielded
from connector.store import wakes
from connector.store.front import Front
from connector.store.unit import Unit

# A flag this old without a job means that the job was lost; work this old without a flag, that the flag was.
LOST_MS = 30_000
# A job runs at least this long before it gives way, and asks the database no more often.
SLICE_SECONDS = 1.0
# So long another portal's live work may wait for a full worker.
PATIENCE_MS = 3_000


def wake(engine: Engine, kind: JobKind = "drain", clock: Clock | None = None) -> Callable[[Unit, int], None]:
    """What the receiver is handed: call it in the transaction that stores work for a portal."""
    time = clock or SystemClock()

    def ask(u: Unit, portal_id: int) -> None:
        request(u, engine, Job(portal_id, kind), time.now_ms())

    return ask


def request(u: Unit, engine: Engine, job: Job, now_ms: int) -> bool:
    """Enqueue within ``u`` (a unit of the front store) unless such a job waits already, or its slot was served."""
    if not wakes.raise_flag(u, job.portal_id, job.kind, now_ms):
        return False
    if engine.enqueue_in_tx(u.connection, job):
        return True
    wakes.lower(u, job.portal_id, job.kind)  # its slot was served: nobody waits
    return False


def mend(front: Front, engine: Engine, now_ms: int) -> int:
    """Ask again for work whose job or flag was lost; how many jobs. What is held stays held."""
    with front.view() as u:
        lost = {(wake.portal_id, wake.kind) for wake in wakes.raised(u) if wake.raised_ms < now_ms - LOST_MS}
        lost |= {(portal_id, "drain") for portal_id in wakes.open_since(u, now_ms - LOST_MS)}
    jobs: list[Job] = [Job(portal_id, kind) for portal_id, kind in sorted(lost)]  # type: ignore[arg-type]
    return sum(_ask_again(front, engine, job, now_ms) for job in jobs if not engine.has(job.portal_id, job.kind))


def _ask_again(front: Front, engine: Engine, job: Job, now_ms: int) -> bool:
    with front.unit() as u:
        wakes.lower(u, job.portal_id, job.kind)
        return request(u, engine, job, now_ms)


class Turnstile:
    """The ``GiveWay`` of a worker: raises ``Yielded`` when live work of the portal waits, when the worker is full and
    another portal's live work has waited too long, or when the process is to stop."""

    def __init__(self, front: Front, clock: Clock, full: Callable[[], bool], stopping: Callable[[], bool]) -> None:
        self._front = front
        self._clock = clock
        self._full = full
        self._stopping = stopping
        self._asked: dict[int, float] = {}

    def enter(self, portal_id: int) -> None:
        """A job of that portal begins; there is one at a time."""
        self._asked[portal_id] = self._clock.monotonic()

    def __call__(self, portal_id: int) -> None:
        if self._stopping():
            raise Yielded
        now = self._clock.monotonic()
        if now - self._asked.get(portal_id, now) < SLICE_SECONDS:
            return
        self._asked[portal_id] = now
        with self._front.view() as u:
            since = wakes.live_work_since(u)
            mine = since is not None and wakes.live_work_waits(u, portal_id)
        others = since is not None and since < self._clock.now_ms() - PATIENCE_MS and self._full()
        if mine or others:
            raise Yielded
