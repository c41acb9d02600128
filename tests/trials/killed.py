"""O19, S20: kill -9, of a sender, of a migration. Real processes on the machine's own time."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from connector.errors import DatabaseNewer
from connector.rules.decide import STAMP
from connector.service import Service
from connector.store import Store, migrate
from connector.store.migrations import HEAD, REVISIONS
from connector.store.schema import METADATA
from connector.sync.doubt import VISIBLE_MS
from connector.twin import Dials, Twin, serve_twin
from tests.installation import Ahead, Installation
from tests.rig import OFF, settings_for
from tests.trials.effects import UPDATE, WELCOME, ripe_leads
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import enrolled_again, written_again
from tests.trials.stage import folder

ENROL = f"/automation/v2/workflows/{WELCOME}/"


@contextmanager
def installation(**dials: object) -> Iterator[Installation]:
    """A portal on the machine's own time and an installation whose commands can be killed."""
    twin = Twin.empty(dials=Dials(**{**OFF, **dials}))
    with folder() as place, serve_twin(twin) as url:
        yield Installation(place, twin, url)


def many_people(twin: Twin, count: int) -> None:
    for number in range(count):
        twin.create_contact({"email": f"p{number}@kunde{number % 40}.example", "lastname": f"Müller {number}"})


# O19 -----------------------------------------------------------------------------------------------------------------


def sender(scale: float, seed: int) -> Outcome:
    """The sender is killed among writes, then among enrolments; each time it is started again."""
    count, chance = Count(runs=1), random.Random(seed)
    kills = share(50, scale, 4)
    with installation(latency={"batch": 0.15, "other": 0.05, "default": 0.0}) as at:
        leads = ripe_leads(at.twin, share(1_000, scale, 40))
        many_people(at.twin, share(9_000, scale, 450))
        ready(at)
        for number in range(kills):
            path, most = (UPDATE, 3) if number < kills // 2 else (ENROL, 9)
            words = ("apply", "acme", "--hash", at.run("plan")["hash"])
            count.faults += at.kill(chance.randint(1, most), path, *words, later=chance.random() / 5)
        at.twin.dials.latency = 0.0
        # Killed after it was booked and before it was asked, an enrolment is looked for only when it must be visible.
        at.clock = Ahead(minutes=1 + VISIBLE_MS / 60_000)
        for _ in range(3):
            at.run("sync", only=("contacts",))
            at.run("apply", plan_hash=at.run("plan")["hash"])
        count.least("kills that met it at work", count.faults, 2)
        _sent_once(at, count, leads)
        count.must(at.run("plan")["contacts"] == 0, "something is left to write")
    return count.outcome()


def _sent_once(at: Installation, count: Count, leads: list[int]) -> None:
    enrolled = {e.contact_id for e in at.twin.ledger.enrolments}
    count.loses([f"enrolment of {i}: missing" for i in set(leads) - enrolled], enrolled_again(at.twin))
    unwritten = [i for i, p in at.twin.truth("contacts").items() if "leadwright_score" not in p]
    count.loses([f"scores of {i}: missing" for i in unwritten], written_again(at.twin))
    stamps = Counter(e.object_id for e in at.twin.ledger.effects if e.name == STAMP)
    repeated = sum(times - 1 for times in stamps.values())
    count.most("contacts written again per kill (a batch of a hundred)", repeated / max(1, count.faults), 100)


def ready(at: Installation) -> None:
    """Mirrored, provisioned, live, the welcome workflow named."""
    body = at.run("config_show", kind="workflows")["body"]
    file = at.folder / "workflows.yaml"
    file.write_text(body.replace('workflow_id: ""', f'workflow_id: "{WELCOME}"'), encoding="utf-8")
    for command, options in (
        ("sync", {}),
        ("provision", {}),
        ("live", {}),
        ("config_publish", {"path": file, "author": "admin", "reason": "as asked"}),
    ):
        at.run(command, **options)


# S20 -----------------------------------------------------------------------------------------------------------------

SLOW_UPGRADE = """
import sys, time
import sqlalchemy as sa
from connector.store import Store
sa.event.listen(sa.Engine, "after_cursor_execute", lambda *_: time.sleep(0.003))
print("ready", flush=True)
Store.open(sys.argv[1], create=True)
"""


def migration(scale: float, seed: int) -> Outcome:
    """A database with rows, at each older revision, is killed in mid-migration; then old code meets a new schema."""
    count, chance = Count(), random.Random(seed)
    with folder() as place:
        for number in range(share(20, scale, 6)):
            older = REVISIONS[number % (len(REVISIONS) - 1)]
            _killed_migration(count, place / f"{number}.db", older, chance.uniform(0.0, 0.35))
        _newer(count, place / "newer.db")
    return count.outcome()


def _killed_migration(count: Count, file: Path, older: str, after: float) -> None:
    count.runs += 1
    _database_of(file, older)
    child = subprocess.Popen([sys.executable, "-c", SLOW_UPGRADE, f"sqlite:///{file}"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    with suppress(subprocess.TimeoutExpired):
        child.wait(after)
    count.faults += child.poll() is None
    child.kill()
    child.communicate()
    store = Store(f"sqlite:///{file}")
    count.must(store.revision() in (older, HEAD), f"it stands at {store.revision()}, between {older} and {HEAD}")
    began = time.monotonic()
    store.upgrade()
    count.took(time.monotonic() - began)
    with store.view() as u:
        context = MigrationContext.configure(u.connection, opts={"version_table": migrate.VERSION_TABLE})
        count.must(compare_metadata(context, METADATA) == [], "the tables are not those of the newest revision")
        rows = u.number(sa.text("SELECT count(*) FROM portals"))
        count.must(u.scalar(sa.text("PRAGMA integrity_check")) == "ok", "the file is damaged")
    store.close()
    count.loses(["portals: rows are gone"] if rows != 200 else [])


def _database_of(file: Path, revision: str) -> None:
    """A database at an older revision, with rows in it."""
    store = Store(f"sqlite:///{file}")
    file.touch()
    with store.unit() as u:
        migrate.upgrade(u.connection, revision)
        names = {column["name"] for column in sa.inspect(u.connection).get_columns("portals")}
        needed = [c for c in METADATA.tables["portals"].columns if c.name in names]
        for number in range(1, 201):
            values = {c.name: _value(c, number) for c in needed}
            keys = ", ".join(values)
            u.run(sa.text(f"INSERT INTO portals ({keys}) VALUES ({', '.join(':' + k for k in values)})"), values)
    store.close()


def _value(column: sa.Column, number: int) -> object:
    kind = column.type.python_type
    return number if kind is int else f'{{"n": {number}}}' if kind is str else b"x" if kind is bytes else False


def _newer(count: Count, file: Path) -> None:
    """Old code is started on a schema it does not know: one clear line, and nothing is touched."""
    settings = settings_for(file.parent)
    Service.init(settings, file.parent / ".env")
    shutil.move(file.parent / "leadwright.db", file)
    url = f"sqlite:///{file}"
    store = Store(url)
    with store.unit() as u:
        u.run(sa.text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    store.close()
    count.runs, count.faults = count.runs + 1, count.faults + 1
    try:
        Store.open(url, create=True).close()
        count.must(False, "old code opened a newer schema")
    except DatabaseNewer as told:
        count.must("\n" not in str(told) and "Upgrade" in str(told), "the refusal is not one clear line")
