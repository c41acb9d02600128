"""The process that works: DBOS hands out the jobs, this module runs them, and takes over what a dead worker left.

A job that runs when its worker dies is run again by whoever gets the dead worker's lock (``claims``), as a new ticket
that counts the attempt; after three deaths it is held. A job that died once runs beside no other such job, so that an
innocent one is not held for its neighbour. DBOS's own recovery finds nothing to do: it knows neither other workers nor
our count.
"""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import structlog
from dbos import DBOS, DBOSConfig

from connector.engine.claims import Claim, take
from connector.engine.dbos_engine import APPLICATION, JOBS_VERSION, QUEUE, SERIALIZER, WORKFLOW, DbosEngine, quiet, told
from connector.engine.port import Act, JobKind, Worker
from connector.engine.records import SCHEMA, let_go
from connector.engine.tickets import MAX_ATTEMPTS, GivenUp, Ticket
from connector.engine.yielding import Later, Yielded
from connector.errors import ConnectorError, StoreError

CONCURRENCY = 16
# A poll costs 6 ms of CPU whether anything waits or not, and DBOS cannot be woken: five a second are 3 % of a core, and
# a job waits a tenth of a second on average.
POLL_SECONDS = 0.2
WATCH_SECONDS = 2.0
STUCK_LOOKS = 5
# How long running jobs may take to end by themselves when the process is to stop, and how much later a job that did
# not is run again: by then this process is gone.
GRACE_SECONDS = 5
AFTER_US_SECONDS = 3.0

log = structlog.get_logger("leadwright.engine")


class DbosWorker:
    """One worker of this process. DBOS allows one at a time."""

    def __init__(self, desk: DbosEngine, claim: Claim, *, concurrency: int = CONCURRENCY) -> None:
        self._desk = desk
        self._claim = claim
        self._concurrency = concurrency
        self._acts: dict[JobKind, Act] = {}
        self._suspect = threading.Lock()
        self._running: set[str] = set()
        self._stuck: Counter[str] = Counter()
        self._pool = desk.place.engine()

    @property
    def name(self) -> str:
        return self._claim.name

    def register(self, kind: JobKind, act: Act) -> None:
        self._acts[kind] = act

    def full(self) -> bool:
        """Whether a portal that waits has to wait for one of our jobs to end."""
        return len(self._running) >= self._concurrency

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``. StoreError when our lock is lost: somebody may be at our jobs, so this one must end."""
        self._leave_to_others(attempts=True)
        self._launch()
        try:
            while not stop.wait(WATCH_SECONDS):
                if not self._claim.held():
                    raise StoreError("The connection that proves this worker alive was lost.", reason="lost_claim")
                with suppress(StoreError):  # a database that is away for a moment: next second again
                    self._look_round()
        finally:
            self._end()

    def _look_round(self) -> None:
        """Put back what dead workers left, and what is stuck under our own name."""
        turns = self._desk.running()
        for name in sorted({turn.worker for turn in turns} - {self.name}):
            self._adopt(name)
        self._put_back_stuck([turn.ticket for turn in turns if turn.worker == self.name])

    def _put_back_stuck(self, ours: Iterable[Ticket]) -> None:
        """Jobs that stand as ours and that no thread runs: their end could not be written (a full disk)."""
        stuck = {ticket.id: ticket for ticket in ours if ticket.id not in self._running}
        self._stuck = Counter({job_id: self._stuck[job_id] + 1 for job_id in stuck})
        for job_id in [job_id for job_id, looks in self._stuck.items() if looks >= STUCK_LOOKS]:
            self._desk.replace(stuck[job_id], stuck[job_id].attempt)

    def _adopt(self, name: str) -> None:
        """What a worker left, if it is dead: then its lock can be had."""
        claim = take(self._desk.place, name)
        if claim is None:
            return
        try:
            left = self._desk.running(name)
            for turn in left:
                self._desk.replace(turn.ticket, turn.next_attempt)
        finally:
            claim.release()
        if left:
            log.warning("took over jobs of a worker that died", worker=name, jobs=len(left))

    def _leave_to_others(self, *, attempts: bool) -> None:
        """Put back what stands under our own name: left by our predecessor (an attempt), or by us at the end (none)."""
        for turn in self._desk.running(self.name):
            if attempts:
                self._desk.replace(turn.ticket, turn.next_attempt)
            else:
                self._desk.replace(turn.ticket, turn.ticket.attempt, AFTER_US_SECONDS)

    def _launch(self) -> None:
        config = DBOSConfig(
            name=APPLICATION,
            system_database_url=self._desk.place.text,
            system_database_engine=self._pool,
            dbos_system_schema=SCHEMA,
            application_version=JOBS_VERSION,
            executor_id=self.name,
            serializer=SERIALIZER,
            use_listen_notify=False,
            run_migrations=False,
            max_executor_threads=self._concurrency + 8,
            log_level="WARNING",
        )
        with told():
            DBOS(config=config)
            quiet()
            DBOS.workflow(name=WORKFLOW)(self._job())
            DBOS.launch()
            DBOS.register_queue(
                QUEUE,
                partition_concurrency=1,
                worker_concurrency=self._concurrency,
                polling_interval_sec=POLL_SECONDS,
                on_conflict="always_update",
            )

    def _end(self) -> None:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=GRACE_SECONDS if self._running else 0)
        with suppress(StoreError):
            self._leave_to_others(attempts=False)
        let_go(self._pool)
        self._claim.release()

    # one job -----------------------------------------------------------------------------------------------------

    def _job(self) -> Callable[[str, int, int], None]:
        """``_perform`` as a plain function: the library marks the function it is given, and a method takes no marks."""

        def job(root: str, turn: int, attempt: int) -> None:
            self._perform(root, turn, attempt)

        return job

    def _perform(self, root: str, turn: int, attempt: int) -> None:
        """What DBOS calls: one turn of one job, on one of its threads."""
        ticket = Ticket(root, turn, attempt)
        if ticket.spent:
            raise GivenUp(f"Its process died {MAX_ATTEMPTS} times while it ran.")
        if attempt > 1 and not self._suspect.acquire(blocking=False):
            self._desk.put(ticket.again(attempt), 1)
            return
        self._running.add(ticket.id)
        try:
            if attempt > 1:
                self._desk.mark_begun(ticket)
            self._turn(ticket)
        finally:
            self._running.discard(ticket.id)
            if attempt > 1:
                self._suspect.release()

    def _turn(self, ticket: Ticket) -> None:
        """Act, unless such a job killed its process until it was held: then a person has to look at it first.

        What was held for a lesser reason is settled by the newer job, well or badly.
        """
        before = {job_id: held for job_id, held in self._desk.given_up(ticket.job).items() if held.root != ticket.root}
        if any(held.spent for held in before.values()):
            log.warning("not run: such a job of this portal is held", job=ticket.id)
            return
        try:
            self._act(ticket)
        finally:
            self._desk.forget(list(before))

    def _act(self, ticket: Ticket) -> None:
        act = self._acts.get(ticket.job.kind)
        if act is None:
            log.warning("nobody here does this kind of job", job=ticket.id)
            return
        with _Ending(self._desk, ticket):
            act(ticket.job)


class _Ending:
    """What becomes of a job that does not simply end: it comes back, or it is held with its reason."""

    def __init__(self, desk: DbosEngine, ticket: Ticket) -> None:
        self._desk = desk
        self._ticket = ticket

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(fault, Yielded | Later):
            self._desk.put(self._ticket.again(), fault.seconds if isinstance(fault, Later) else 0)
            return True
        if isinstance(fault, ConnectorError):
            log.error("job held", job=self._ticket.id, reason=fault.reason)
            raise GivenUp(str(fault)) from None
        if isinstance(fault, Exception):
            # The fault's own text may hold personal data; where it arose does not.
            log.error("job held", job=self._ticket.id, fault=type(fault).__name__, at=_place(trace))
            raise GivenUp(f"Something unexpected went wrong ({type(fault).__name__}).") from None
        return False


def _place(trace: TracebackType | None) -> str:
    """The last line of our own code on the way to the fault."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if "connector" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}" if ours else ""


if TYPE_CHECKING:
    _keeps_the_port: type[Worker] = DbosWorker
