"""The port spoken to DBOS, from any process: enqueue, ask, mend. Working is in ``dbos_worker``.

This module costs 60 MB and a third of a second to import; ``connector.engine.opening`` does it where it is needed.
The library's rules that bind here: jobs carry plain JSON (its default would be pickle), the application's version is
ours (its default is a hash of the code: every release would leave the waiting jobs behind), and nothing in its tables
orders work (on SQLite its clock has whole seconds).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus, error
from sqlalchemy.exc import SQLAlchemyError

from connector.clock import iso
from connector.engine.claims import in_turn
from connector.engine.port import Engine, HeldJob, Job, JobKind
from connector.engine.records import SCHEMA, Place, let_go
from connector.engine.tickets import PRIORITY, GivenUp, Ticket, prefix
from connector.errors import ConfigError, StoreError

QUEUE = WORKFLOW = APPLICATION = "leadwright"
# Raised only when a waiting job of the older code could not be run by the newer.
JOBS_VERSION = "1"
WAITING, RUNNING = ("ENQUEUED", "DELAYED"), ("PENDING",)
GIVEN_UP, OVER = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"), ("SUCCESS", "CANCELLED")
_AT_ONCE = 500
SERIALIZER = DBOSPortableJSONSerializer()


@dataclass(frozen=True, slots=True)
class Running:
    """A job handed out to a worker. ``begun`` is noted only from the second attempt on."""

    worker: str
    ticket: Ticket
    begun: bool

    @property
    def next_attempt(self) -> int:
        """Its attempt once the worker died. One that died before and had not begun again is not to blame."""
        return self.ticket.attempt + (1 if self.ticket.attempt == 1 or self.begun else 0)


class DbosEngine:
    """The executor's books, from outside of it."""

    def __init__(self, place: Place) -> None:
        quiet()
        self.place = place
        self._engine = place.engine()
        with told():
            make_tables(place)
            self.client = DBOSClient(
                system_database_engine=self._engine,
                dbos_system_schema=SCHEMA,
                serializer=SERIALIZER,
                application_name=APPLICATION,
                retry_connection_errors=False,
            )

    def enqueue(self, job: Job) -> bool:
        return self.put(Ticket.fresh(job))

    def put(self, ticket: Ticket, delay: float = 0) -> bool:
        """Enqueue one turn of a job; False when it is there already."""
        with told():
            try:
                self.client.enqueue(_options(ticket, delay), ticket.root, ticket.turn, ticket.attempt)
            except error.DBOSWorkflowIDInUseError:
                return False
        return True

    def enqueue_in_tx(self, connection: sa.Connection, job: Job) -> bool:
        ticket = Ticket.fresh(job)
        try:
            self.client.enqueue_in_transaction(
                connection, _options(ticket, 0), ticket.root, ticket.turn, ticket.attempt
            )
        except error.DBOSWorkflowIDInUseError:
            return False
        return True

    def has(self, portal_id: int, kind: JobKind) -> bool:
        return bool(self._list(WAITING + RUNNING + GIVEN_UP, workflow_id_prefix=prefix(portal_id, kind), limit=1))

    def held(self) -> tuple[HeldJob, ...]:
        return tuple(_held(row) for row in self._list(GIVEN_UP, load_output=True))

    def retry(self, job_id: str) -> None:
        ticket = _ticket(self._held_row(job_id))
        self.put(ticket.again())
        self.forget([job_id])

    def discard(self, job_id: str) -> None:
        self._held_row(job_id)
        self.forget([job_id])

    def clean(self, before_ms: int) -> int:
        gone = 0
        while rows := self._list(OVER, completed_before=iso(before_ms), limit=_AT_ONCE, load_input=False):
            self.forget([row.workflow_id for row in rows])
            gone += len(rows)
        return gone

    def close(self) -> None:
        self.client.destroy()
        let_go(self._engine)

    # for the worker ----------------------------------------------------------------------------------------------

    def running(self, worker: str | None = None) -> list[Running]:
        """What was handed out and has not ended; to one worker or to all."""
        rows = self._list(RUNNING, executor_id=worker)
        return [Running(row.executor_id or "", _ticket(row), bool(row.attributes)) for row in rows]

    def mark_begun(self, ticket: Ticket) -> None:
        with told():
            self.client.update_workflow_attributes(ticket.id, {"begun": True})

    def replace(self, ticket: Ticket, attempt: int, delay: float = 0) -> None:
        """End a running turn and enqueue the next; killed in between, doing it again changes nothing."""
        self.put(ticket.again(attempt), delay)
        with told():
            self.client.cancel_workflow(ticket.id)

    def given_up(self, job: Job) -> dict[str, Ticket]:
        """What is held of that portal and kind."""
        rows = self._list(GIVEN_UP, workflow_id_prefix=prefix(job.portal_id, job.kind))
        return {row.workflow_id: _ticket(row) for row in rows}

    def forget(self, ids: list[str]) -> None:
        if ids:
            with told():
                self.client.delete_workflows(ids)

    def _list(self, status: tuple[str, ...], *, load_output: bool = False, **filters: Any) -> list[WorkflowStatus]:
        with told():
            return self.client.list_workflows(status=list(status), load_output=load_output, **filters)

    def _held_row(self, job_id: str) -> WorkflowStatus:
        rows = self._list(GIVEN_UP, workflow_ids=[job_id])
        if not rows:
            raise ConfigError(f"No job {job_id} is held.", remedy="It may have been retried or discarded already.")
        return rows[0]


def _options(ticket: Ticket, delay: float) -> EnqueueOptions:
    job = ticket.job
    options = EnqueueOptions(
        workflow_name=WORKFLOW,
        queue_name=QUEUE,
        workflow_id=ticket.id,
        workflow_id_reuse_policy="reject",
        queue_partition_key=str(job.portal_id),
        priority=PRIORITY[job.kind],
        app_version=JOBS_VERSION,
    )
    if delay > 0:
        options["delay_seconds"] = delay
    return options


def _ticket(row: WorkflowStatus) -> Ticket:
    given = row.input["args"] if row.input else ()
    return Ticket(*given)


def _held(row: WorkflowStatus) -> HeldJob:
    ticket = _ticket(row)
    why = str(row.error) if row.error else "It ended its process too often."
    return HeldJob(row.workflow_id, ticket.job, why, ticket.attempt, row.completed_at or row.updated_at or 0)


def make_tables(place: Place) -> None:
    """Make or migrate the engine's tables: one process at a time, the others wait their turn."""
    with in_turn(place, "tables"):
        DBOS.migrate(place.text, schema=SCHEMA)


def quiet() -> None:
    """The library's log goes the way of all logs, from warnings on."""
    log = logging.getLogger("dbos")
    log.handlers[:] = [logging.NullHandler()]  # an empty list would make it print to the terminal itself
    log.propagate = True
    log.setLevel(logging.WARNING)
    log.removeFilter(_told_already)
    log.addFilter(_told_already)


def _told_already(record: logging.LogRecord) -> bool:
    """The library logs a held job with its whole trace; the worker told it in one line before."""
    return not (record.exc_info and isinstance(record.exc_info[1], GivenUp))


@contextmanager
def told() -> Iterator[None]:
    """Errors of the database leave as ours; their own text may quote rows."""
    try:
        yield
    except SQLAlchemyError as fault:
        raise StoreError(
            f"The engine's tables could not be read or written ({type(fault).__name__}).",
            remedy="Check the database; nothing acknowledged is lost.",
        ) from None


if TYPE_CHECKING:
    _keeps_the_port: type[Engine] = DbosEngine
