"""A restored backup forgets again whom it must, and repeats nothing (S18)."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.errors import ConfigError
from connector.service import Service
from connector.store import Store, beats, erasures, meta, migrate, outbox, portals
from connector.store.archive import MANIFEST
from connector.store.front import Front
from connector.store.front_schema import DELIVERIES, FRONT_META, WAKES
from connector.store.outbox import NewEntry
from connector.sync import privacy, restoring
from tests.journeys.steps import go_live, people, wrong
from tests.rig import Rig, rig
from tests.sync.steps import document, look, publish, ripe
from tests.sync.test_privacy import deliver, hits, notice, whole

WELCOME = 91001


@pytest.fixture
def r(tmp_path):
    """A live portal with a welcome workflow: one lead enrolled, some that are not."""
    with rig(tmp_path / "home") as made:
        made.folder = tmp_path
        made.home = tmp_path / "home"
        made.ids = people(made, 4)
        made.first = ripe(made, "first@werk.example")
        body = document("workflows")
        body["workflows"][0]["workflow_id"] = str(WELCOME)
        publish(made, tmp_path, "workflows", body)
        go_live(made)
        apply(made)
        yield made


def apply(r: Rig) -> None:
    r.run("apply", plan_hash=r.run("plan")["hash"])


def saved(r: Rig, name: str = "a.backup") -> Path:
    with r.service() as service:
        service.backup(r.folder / name)
    return r.folder / name


def back(r: Rig, file: Path) -> dict:
    return Service.restore(r.settings, file, replace=True, clock=r.clock)


def enrolled(r: Rig) -> list[int]:
    return [e.contact_id for e in r.twin.ledger.enrolments if e.workflow_id == WELCOME]


def day_later(r: Rig) -> tuple[int, int]:
    """After the backup: somebody new is enrolled and done with the workflow, somebody is erased, one is edited."""
    r.clock.advance(24 * 3600)
    second = ripe(r, "second@werk.example")
    r.clock.advance(60)
    r.run("cycle")
    assert second in enrolled(r)
    r.twin.edit("contacts", r.ids[1], {"city": "Bonn"})
    r.twin.gdpr_delete(r.ids[0])
    with whole(r) as ctx:
        privacy.erase_many(ctx, [r.ids[0]])
    return second, r.ids[0]


def test_nobody_is_enrolled_twice_and_the_erased_stay_erased(r):
    file = saved(r)
    address = r.twin.get("contacts", r.ids[0])["email"]
    _, erased = day_later(r)
    before = sorted(enrolled(r))
    done = back(r, file)
    assert done["erased_again"] == 1
    assert hits(r.home, address) == []
    for _ in range(3):
        r.run("cycle")
        r.clock.advance(24 * 3600)
    assert sorted(enrolled(r)) == before
    assert wrong(r, {"email", "city", "lifecyclestage"}) == []
    assert look(r, lambda u, portal: erasures.standing(u, portal, [erased])) == {erased}
    assert "restored_ms" not in look(r, lambda u, portal: dict(portals.by_id(u, portal).settings))


@pytest.mark.parametrize("lost", ["database", "journal"])
def test_either_the_replaced_database_or_the_journal_is_enough(r, lost):
    file = saved(r)
    address = r.twin.get("contacts", r.ids[0])["email"]
    day_later(r)
    for found in r.home.glob("*.db*" if lost == "database" else "*erasures.log"):
        found.unlink()
    assert back(r, file)["erased_again"] == 1
    assert hits(r.home, address) == []


def test_an_installation_that_lost_everything_comes_back_with_all_rows(r):
    file = saved(r)
    before = r.rows("contacts"), r.rows("writes"), r.rows("activities")
    for found in r.home.glob("*.db*"):
        found.unlink()
    shown = Service.restore_preview(r.settings, file)
    assert shown["replaces"] == []
    Service.restore(r.settings, file)
    assert (r.rows("contacts"), r.rows("writes"), r.rows("activities")) == before


def test_nothing_is_written_before_the_portal_was_read_again(r):
    file = saved(r)
    second, _ = day_later(r)
    before = sorted(enrolled(r))
    back(r, file)
    plan = r.run("plan")
    with pytest.raises(ConfigError) as caught:
        r.run("apply", plan_hash=plan["hash"])
    assert caught.value.reason == "restored"
    r.run("sync")
    apply(r)
    assert sorted(enrolled(r)) == before
    assert second in before


def test_enrolments_that_waited_in_the_backup_are_set_aside(r):
    with r.service() as service, service.store.unit() as u:
        payload = {"workflow_id": str(WELCOME), "email": "first@werk.example"}
        outbox.enter(u, 1, "apply-9", [NewEntry(r.first, "enrol", "enrol:again", payload, {})], r.clock.now_ms())
    before = enrolled(r)
    assert back(r, saved(r))["enrolments_set_aside"] == 1
    r.run("cycle")
    assert enrolled(r) == before
    aside = [row for row in r.rows("writes") if row["state"] == "dropped"]
    assert [row["reason"] for row in aside] == [restoring.ASIDE]


def test_in_the_first_cycle_every_enrolment_is_looked_up(r):
    """Somebody became ripe while we were away and was enrolled by hand: the portal knows, the backup does not."""
    file = saved(r)
    r.clock.advance(3600)
    third = ripe(r, "third@werk.example")
    r.clock.advance(60)
    back(r, file)
    with whole(r) as ctx:
        ctx.portal.enrol(str(WELCOME), "third@werk.example")
    before = enrolled(r)
    r.run("cycle")
    assert third in before
    assert enrolled(r) == before
    assert [row["state"] for row in r.rows("writes") if row["kind"] == "enrol" and row["contact"] == str(third)] == [
        "confirmed"
    ]


def test_a_backup_is_taken_while_others_write_and_is_one_instant(r):
    """The front first: what it calls done is in the mirror that is copied after it."""
    with whole(r) as ctx:
        deliver(ctx, notice(ctx, r.ids[1], "creation"))
        with ctx.store.unit():  # a long transaction of somebody else
            file = r.folder / "b.backup"
            restoring.backup.back_up(ctx.store, ctx.front, file, "1", 1)
    with zipfile.ZipFile(file) as packed:
        assert set(packed.namelist()) == {"front.db", "main.db", MANIFEST}


def test_a_backup_holds_no_key_and_only_its_owner_reads_it(r):
    key = r.settings.secret_key.get_secret_value()
    with r.service() as service:
        told = service.backup(r.folder / "a.backup")
        with service.store.view() as u:
            assert meta.get(u, "last_backup_ms") == str(r.clock.now_ms())
    with zipfile.ZipFile(r.folder / "a.backup") as packed:
        assert not any(key.encode() in packed.read(name) for name in packed.namelist())
    assert "not in it" in told["text"]
    assert oct((r.folder / "a.backup").stat().st_mode & 0o777) == "0o600"
    assert [f.name for f in r.folder.iterdir() if "part" in f.name] == []


def test_a_database_in_use_is_not_replaced_unasked(r):
    file = saved(r)
    with pytest.raises(ConfigError) as caught:
        Service.restore(r.settings, file)
    assert caught.value.reason == "needs_yes"


def test_a_running_service_is_seen_by_its_heartbeat(r):
    file = saved(r)
    front = Front.beside(r.settings.database_url)
    with front.unit() as u:
        u.run(sa.insert(FRONT_META).values(key="beat/worker/1", value=str(r.clock.now_ms() - 5000)))
        u.run(sa.insert(WAKES).values(portal_id=1, kind="drain", raised_ms=5))
    front.close()
    with pytest.raises(ConfigError) as caught:
        back(r, file)
    assert caught.value.reason == "running"
    second = saved(r, "c.backup")
    r.clock.advance(120)
    back(r, second)
    front = Front.beside(r.settings.database_url)
    with front.view() as u:
        assert u.rows(sa.select(WAKES.c.raised_ms)) == [(None,)]
        # The silence since the backup is what the next start books as a gap.
        assert beats.last(u, "worker") == r.clock.now_ms() - 125_000
    front.close()


def manifest_of(file: Path) -> dict:
    with zipfile.ZipFile(file) as packed:
        return json.loads(packed.read(MANIFEST))


def rewritten(file: Path, to: Path, change) -> Path:
    """The archive with its parts and manifest as ``change(parts, manifest)`` leaves them."""
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    body = json.loads(parts.pop(MANIFEST))
    change(parts, body)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
        packed.writestr(MANIFEST, json.dumps(body))
    return to


def flip(parts, _body) -> None:
    middle = len(parts["main.db"]) // 2
    parts["main.db"] = parts["main.db"][:middle] + b"\x00\xff" * 8 + parts["main.db"][middle + 16 :]


def newer(_parts, body) -> None:
    body["format"], body["version"] = 99, "9.9"


def newer_schema(_parts, body) -> None:
    body["revision"] = "9999"


def escape(parts, body) -> None:
    parts["../outside.db"] = b"x"
    body["parts"].append({"name": "../outside.db", "bytes": 1, "sha256": "0" * 64, "columns": []})


def unnamed(parts, _body) -> None:
    parts["more.db"] = b"x" * 100


def bomb(_parts, body) -> None:
    body["parts"][0]["bytes"] = 1 << 60


def short(parts, body) -> None:
    del parts["front.db"]
    body["parts"] = [p for p in body["parts"] if p["name"] != "front.db"]


def lies(_parts, body) -> None:
    body["parts"][0]["bytes"] -= 1


def other_kind(_parts, body) -> None:
    body["kind"] = "postgresql"


def nonsense(_parts, body) -> None:
    body.clear()


@pytest.mark.parametrize(
    "change",
    [flip, newer, newer_schema, escape, unnamed, bomb, short, lies, other_kind, nonsense],
    ids=lambda c: c.__name__,
)
def test_a_backup_that_cannot_be_trusted_changes_nothing(r, change):
    bad = rewritten(saved(r), r.folder / "bad.backup", change)
    before = r.rows("contacts")
    with pytest.raises(Exception, match=r"[Bb]ackup|database|newer|Leadwright") as caught:
        back(r, bad)
    assert type(caught.value).__module__ == "connector.errors"
    assert r.rows("contacts") == before
    assert [f.name for f in r.home.iterdir() if "restoring" in f.name] == []
    assert not (r.folder / "outside.db").exists()


def test_a_file_that_is_no_backup_and_one_that_was_cut_off_are_refused(r):
    file = saved(r)
    text, cut = r.folder / "text", r.folder / "cut"
    text.write_text("not a zip")
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    for bad in (text, cut, r.folder / "missing"):
        with pytest.raises(ConfigError):
            Service.restore_preview(r.settings, bad)


def test_a_restore_that_dies_leaves_the_old_database_in_its_place(r, monkeypatch):
    file = saved(r)
    second, _ = day_later(r)

    def dying(*_args) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "_finish", dying)
    with pytest.raises(KeyboardInterrupt):
        back(r, file)
    assert str(second) in {row["id"] for row in r.rows("contacts")}
    assert [f.name for f in r.home.iterdir() if "restoring" in f.name] == []


def at_revision(target: str, content: bytes, folder: Path) -> bytes:
    """The database as that revision had it: its own tables, with today's rows as far as it has columns for them."""
    today, place = folder / "today.db", folder / "older.db"
    today.write_bytes(content)
    store = Store(f"sqlite:///{place}")
    with store.unit() as u:
        migrate.upgrade(u.connection, target)
    store.close()
    with sqlite3.connect(place) as older:
        older.execute("ATTACH ? AS today", (str(today),))
        tables = {name for (name,) in older.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")}
        for table in tables - {migrate.VERSION_TABLE}:
            names = [{row[1] for row in older.execute(f"PRAGMA {of}.table_info({table})")} for of in ("main", "today")]
            shared = ", ".join(names[0] & names[1])
            # What has moved elsewhere since (the bodies of receipts) is empty here.
            moved = [row[1] for row in older.execute(f"PRAGMA main.table_info({table})") if row[3] and row[4] is None]
            gone = [name for name in moved if name not in names[1]]
            into, values = ", ".join([shared, *gone]), ", ".join([shared, *("''" for _ in gone)])
            older.execute(f"INSERT INTO main.{table} ({into}) SELECT {values} FROM today.{table}")
    older.close()
    return place.read_bytes()


def test_an_older_backup_is_brought_to_this_schema(r):
    """A backup of an older revision restores: it is migrated before it takes its place."""
    file = saved(r)

    def older(parts, body) -> None:
        parts["main.db"] = at_revision("0002", parts["main.db"], r.folder)
        body["revision"] = "0002"
        for part in body["parts"]:
            content = parts[part["name"]]
            part.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    back(r, rewritten(file, r.folder / "older.backup", older))
    assert r.run("cycle")["ok"]


def test_deliveries_come_back_with_the_mirror(r):
    with whole(r) as ctx:
        number = deliver(ctx, notice(ctx, r.ids[1], "creation"))
    file = saved(r)
    shutil.rmtree(r.home)
    r.home.mkdir()
    back(r, file)
    front = Front.beside(r.settings.database_url)
    with front.view() as u:
        assert [row[0] for row in u.rows(sa.select(DELIVERIES.c.id))] == [number]
    front.close()
