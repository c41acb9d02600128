"""Killed at any instant: what was acknowledged is there, what was not is not there in part."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from connector.store import Store, cursors, outbox, records
from tests import databases

WRITER = """
import sys
from connector.store import Store, cursors, outbox, records
from connector.store.outbox import NewEntry
from tests.store.builders import T0, snapshot

store = Store.open(sys.argv[1])
with store.view() as u:
    done = (cursors.get(u, 1, "fill") or {"pages": 0})["pages"]
while True:
    page = [snapshot(done * 100 + n, 1, email=f"p{done * 100 + n}@example.com", note="x" * 300) for n in range(1, 101)]
    with store.unit() as u:
        records.upsert(u, 1, "contacts", page, T0)
        outbox.enter(u, 1, "apply-1", [NewEntry(done, "enrol", f"cause-{done}", {}, {})], T0)
        cursors.save(u, 1, "fill", {"pages": done + 1}, T0)
    done += 1
    print(done, flush=True)
"""


def write_until_killed(url: str, seconds: float) -> int:
    """How many pages the writer had acknowledged when it was killed."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE)
    first = writer.stdout.readline()
    time.sleep(seconds)
    writer.kill()
    lines = [first, *writer.communicate()[0].splitlines(keepends=True)]
    return max(int(line) for line in lines if line.endswith(b"\n"))


@pytest.mark.parametrize("kind", databases.KINDS)
def test_nothing_acknowledged_is_lost_and_nothing_is_in_part(kind):
    url = databases.fresh_url(kind)
    chance = random.Random(7)
    for _ in range(5):
        acknowledged = write_until_killed(url, chance.uniform(0.01, 0.3))
        store = Store.open(url)
        with store.unit() as u:
            pages = cursors.get(u, 1, "fill")["pages"]
            assert pages in {acknowledged, acknowledged + 1}  # the last one may have been killed before it could say so
            assert records.count(u, 1, "contacts") == records.dirty_count(u, 1) == 100 * pages
            assert outbox.waiting(u, 1) == pages
            assert records.by_email(u, 1, f"p{pages * 100}@example.com").id == pages * 100
            if kind == "sqlite":
                assert u.scalar(sa.text("PRAGMA integrity_check")) == "ok"
        store.close()
    databases.drop(url)


HOLDER = """
import sys
from connector.store import Store
store = Store.open(sys.argv[1])
with store.unit() as u:
    u.own(1)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_killed_writer_leaves_no_lock(kind):
    url = databases.fresh_url(kind)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    holder.stdout.readline()
    holder.kill()
    holder.communicate()
    store = Store.open(url)
    with store.unit() as u:
        u.own(1)
        cursors.save(u, 1, "contacts", {}, 1)
    store.close()
    databases.drop(url)
