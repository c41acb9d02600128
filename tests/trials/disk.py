"""S04, S05: the disk is full, refuses, or belongs to somebody else. Real file systems and real processes."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from connector.errors import DiskFull
from connector.service import Service
from connector.store import Store, cursors
from connector.twin import Dials, Twin, serve_twin
from tests.installation import Installation
from tests.rig import OFF, differences, settings_for
from tests.trials.harness import Count, NotHere, Outcome, share
from tests.trials.killed import many_people
from tests.trials.stage import folder

MIB = 1024 * 1024
SMALL_MIB = 64


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """A file system of its own of this size; needs the right to mount one."""
    with folder() as place:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "leadwright-trial", str(place)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
            raise NotHere("no right to mount a small file system")
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


# S04 -----------------------------------------------------------------------------------------------------------------


def full(scale: float, seed: int) -> Outcome:
    """The disk fills up in mid-mirror, several times; the service is never restarted."""
    count = Count()
    with small_disk(SMALL_MIB) as place:
        twin = Twin.empty(dials=Dials(**OFF))
        many_people(twin, share(20_000, scale, 2_000))
        settings = settings_for(place)
        Service.init(settings, place / ".env")
        with serve_twin(twin) as url, Service.open(settings) as service:
            service.add_portal("acme", twin.token, url)
            service.sync("acme", only=("owners",))
            for _ in range(share(10, scale, 2)):
                _filled(count, service, place, twin)
            mirror = {int(r["id"]): r["properties"] for r in service.export("acme", "contacts") if not r["archived"]}
            count.loses(differences(mirror, twin.truth("contacts"), {"email", "lastname", "city"}))
        with closing(sqlite3.connect(place / "leadwright.db")) as file:
            count.must(file.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the file is damaged")
    return count.outcome()


def _filled(count: Count, service: Service, place: Path, twin: Twin) -> None:
    """Everything changes and there is no room for it; then there is room again."""
    count.runs += 1
    twin.bulk_touch(twin.ids("contacts"), {"city": f"Ort {count.runs} " + "x" * 900})
    ballast = place / "ballast"
    _fill(ballast, place, leave=MIB)
    began = time.monotonic()
    try:
        service.sync("acme", only=("contacts",), full=True)
        count.must(False, "no room was needed: the trial proves nothing")
    except DiskFull as told:
        count.faults += 1
        count.must("room" in told.remedy.lower(), "the remedy does not speak of room")
    count.most("seconds until it was told", time.monotonic() - began, 10)
    count.must(len(service.list_portals()["portals"]) == 1, "nothing can be read while the disk is full")
    ballast.unlink()
    began = time.monotonic()
    service.sync("acme", only=("contacts",), full=True)
    count.took(time.monotonic() - began)
    count.most("seconds until it goes on", time.monotonic() - began, 60)


def _fill(ballast: Path, place: Path, leave: int) -> None:
    with ballast.open("wb") as handle:
        while (free := shutil.disk_usage(place).free) > leave:
            handle.write(b"\0" * min(MIB, free - leave))
            handle.flush()


# S05 -----------------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from connector.errors import StoreError
from connector.store import Store, cursors
try:
    store = Store.open(sys.argv[1], synchronous="FULL")
    while True:
        with store.view() as u:
            done = (cursors.get(u, 1, "fill") or {"pages": 0})["pages"]
        with store.unit() as u:
            cursors.save(u, 1, "fill", {"pages": done + 1, "note": "x" * 9000}, 1)
        print(done + 1, flush=True)
        if done > 60:
            break
except StoreError as told:
    print("told:", told, flush=True)
"""


def refused(scale: float, seed: int) -> Outcome:
    """The n-th sync, then the n-th write fails; the file may only be read; somebody holds it for long."""
    if shutil.which("strace") is None:
        raise NotHere("strace is not installed")
    count = Count()
    with folder() as place:
        url = f"sqlite:///{place}/leadwright.db"
        Store.open(url, create=True).close()
        for number in range(1, 201, 200 // share(200, scale / 2, 4)):
            _nth_fails(count, url, "fdatasync", "EIO", number)
            _nth_fails(count, url, "pwrite64", ("EIO", "ENOSPC")[number % 2], number * 3)
    _read_only(count)
    _held_by_another(count, 31.0 if scale >= 0.5 else 1.0)
    return count.outcome()


def _nth_fails(count: Count, url: str, call: str, error: str, number: int) -> None:
    count.runs += 1
    inject = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    inject += ["-e", f"inject={call}:error={error}:when={number}+"]
    began = time.monotonic()
    ran = subprocess.run([*inject, sys.executable, "-c", WRITER, url], capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    told = [line for line in lines if line.startswith("told:")]
    count.faults += len(told)
    count.must(len(told) <= 1 and not ran.stderr, f"{call} {error}: not one clear error")
    written = [int(line) for line in lines if line.isdigit()]
    count.took(time.monotonic() - began)
    file = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as connection:
        count.must(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the file is damaged")
    store = Store.open(url)
    with store.view() as u:
        there = (cursors.get(u, 1, "fill") or {"pages": 0})["pages"]
    if written and there < max(written):
        count.loses([f"{call} {error} {number}: acknowledged pages are gone"])
    with store.unit() as u:
        cursors.drop(u, 1, "fill")
    store.close()


def _read_only(count: Count) -> None:
    """The folder belongs to somebody else: said with a remedy, the portal is not even asked."""
    if os.geteuid() != 0 or os.name != "posix":
        return
    count.runs, count.faults = count.runs + 1, count.faults + 1
    twin = Twin.empty(dials=Dials(**OFF))
    many_people(twin, 3)
    with folder() as place, serve_twin(twin) as url:
        at = Installation(place, twin, url)
        for file in place.iterdir():
            file.chmod(0o444)
        place.chmod(0o555)
        before = twin.ledger.count()
        os.seteuid(65534)
        try:
            with Service.open(at.settings) as service:
                service.sync("acme")
            count.must(False, "it wrote where it may not")
        except Exception as told:  # noqa: BLE001 - whatever it is, it must say what to do
            count.must("write access" in str(told), f"a read-only file is told as {type(told).__name__}")
        finally:
            os.seteuid(0)
            place.chmod(0o755)
        count.most("calls to the portal before the file was tried", twin.ledger.count() - before, 0)


HOLDER = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def _held_by_another(count: Count, seconds: float) -> None:
    """Another program holds the file's write lock: waited for, or told in one line; nothing is lost either way."""
    count.runs, count.faults = count.runs + 1, count.faults + 1
    twin = Twin.empty(dials=Dials(**OFF))
    many_people(twin, 120)
    with folder() as place, serve_twin(twin) as url:
        at = Installation(place, twin, url)
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(place / "leadwright.db"), str(seconds)], stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        holder.stdout.readline()
        ran = at.start("sync", "acme", "--only", "contacts")
        _, complaint = ran.communicate(timeout=120)
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
        if ran.returncode:
            lines = [line for line in complaint.decode().splitlines() if "another" in line.lower() or "lock" in line]
            count.must(len(lines) == 1, f"a held file is told in {len(lines)} lines")
            at.run("sync", only=("contacts",))
        count.loses(differences(at.mirrored(), twin.truth("contacts"), {"email", "lastname"}))
