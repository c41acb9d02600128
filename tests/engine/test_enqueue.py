"""Asking for work: in the caller's transaction, once a slot, in plain JSON."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from connector.engine.opening import open_engine
from connector.engine.port import Job
from connector.engine.records import SCHEMA
from connector.errors import ConfigError
from connector.store.front import front_url
from tests.engine.crew import rolled_back


def test_a_job_is_rolled_back_with_the_work_it_was_for(front, engine):
    with rolled_back(front) as u:
        assert engine.enqueue_in_tx(u.connection, Job(1, "drain"))
    assert not engine.has(1, "drain")
    with front.unit() as u:
        assert engine.enqueue_in_tx(u.connection, Job(1, "drain"))
    assert engine.has(1, "drain")
    assert not engine.has(1, "cycle")
    assert not engine.has(11, "drain")


def test_a_slot_is_enqueued_once_whoever_asks(front, engine, url):
    other = open_engine(front_url(url))
    assert engine.enqueue(Job(1, "cycle", "1000"))
    assert not other.enqueue(Job(1, "cycle", "1000"))
    with front.unit() as u:
        assert not other.enqueue_in_tx(u.connection, Job(1, "cycle", "1000"))
        assert other.enqueue_in_tx(u.connection, Job(1, "cycle", "2000"))
        assert other.enqueue_in_tx(u.connection, Job(2, "cycle", "1000"))
    other.close()


def test_work_without_a_slot_is_enqueued_as_often_as_asked(engine):
    assert engine.enqueue(Job(1, "drain"))
    assert engine.enqueue(Job(1, "drain"))


def test_jobs_are_kept_as_plain_json(front, engine, kind):
    engine.enqueue(Job(7, "cycle", "1000"))
    table = "workflow_input" if kind == "sqlite" else f"{SCHEMA}.workflow_input"
    with front.view() as u:
        kept = u.scalar(sa.text(f"SELECT inputs FROM {table}"))
    assert '"cycle:7:1000"' in kept


def test_a_job_that_is_not_held_cannot_be_retried(engine):
    engine.enqueue(Job(1, "cycle", "1000"))
    for ask in (engine.retry, engine.discard):
        with pytest.raises(ConfigError, match="No job cycle:1:1000 is held"):
            ask("cycle:1:1000")


def test_the_tables_may_be_made_by_several_at_once(front, url):
    code = f"from connector.engine.opening import open_engine; open_engine({front_url(url)!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]


def test_a_plain_command_never_loads_the_library():
    code = "import sys, connector.cli, connector.service, connector.engine.opening; sys.exit('dbos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
