"""The tree of processes: what dies is started again, not for ever; all end together, in time, with nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from connector.errors import ConfigError, ConnectorError
from connector.service import Service
from connector.serving.forked import Forked
from connector.serving.tree import Tree, children_of
from connector.store import portals, records
from connector.twin import Dials, Twin, serve_twin
from tests.rig import settings_for


class TestRoles:
    """Which child does what."""

    @pytest.mark.parametrize(
        ("roles", "workers", "children"),
        [
            (("web", "clock", "worker"), 1, ("worker,clock", "web")),
            (("web", "clock", "worker"), 3, ("worker,clock", "worker", "worker", "web")),
            (("worker",), 2, ("worker", "worker")),
            (("clock",), 4, ("clock",)),
            (("web",), 4, ("web",)),
        ],
    )
    def test_the_web_is_alone_and_the_clock_sits_with_the_first_worker(self, roles, workers, children):
        assert children_of(roles, workers) == children

    @pytest.mark.parametrize("roles", [("web", "cook"), ()])
    def test_unknown_roles_are_refused(self, roles):
        with pytest.raises(ConfigError, match="role"):
            children_of(roles, 1)


@pytest.fixture
def handlers():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.copies
@pytest.mark.usefixtures("handlers")
class TestDeaths:
    """A child that dies is started again; one that goes on dying ends the whole."""

    def tree(self, act) -> tuple[Tree, list[str]]:
        started: list[str] = []

        def start(roles: str) -> Forked:
            started.append(roles)
            return Forked(act)

        return Tree(["worker"], start), started

    def test_three_times_and_then_it_says_so(self):
        tree, started = self.tree(lambda: sys.exit(7))
        with pytest.raises(ConnectorError, match=r"worker process died 4 times within a minute \(last: exit code 7\)"):
            tree.run(lambda: True)
        assert len(started) == 4

    def test_not_at_all_when_its_settings_are_wrong(self):
        tree, started = self.tree(lambda: 2)
        with pytest.raises(ConfigError, match="could not start"):
            tree.run(lambda: True)
        assert len(started) == 1

    def test_the_others_end_with_it(self, tmp_path):
        note = tmp_path / "pid"

        def endless() -> int:
            note.write_text(str(os.getpid()))
            time.sleep(600)
            return 0

        def wrong() -> int:
            while not (note.exists() and note.read_text()):
                time.sleep(0.01)
            return 2

        with pytest.raises(ConfigError):
            Tree(["web", "worker"], lambda roles: Forked(endless if roles == "web" else wrong)).run(lambda: True)
        assert gone(int(note.read_text()))

    def test_whoever_holds_the_lifeline_is_missed(self, tmp_path):
        note, turns = tmp_path / "pid", iter([False] * 3 + [True])

        def endless() -> int:
            note.write_text(str(os.getpid()))
            time.sleep(600)
            return 0

        Tree(["web"], lambda _: Forked(endless)).run(lambda: True, lambda: note.exists() and next(turns))
        assert gone(int(note.read_text()))


@pytest.mark.copies
class TestCopies:
    """A child that is a copy of its parent."""

    @pytest.mark.parametrize(
        ("act", "code"),
        [(lambda: 0, 0), (lambda: 3, 3), (lambda: sys.exit(5), 5), (lambda: sys.exit("no"), 1), (lambda: 1 // 0, 1)],
    )
    def test_it_ends_with_the_code_it_gives(self, act, code):
        child = Forked(act)
        assert child.wait() == code
        assert child.poll() == code
        child.let_go()

    def test_what_it_does_stays_in_it(self):
        kept: list[int] = []
        child = Forked(lambda: kept.append(1) or 0)
        assert (child.wait(), kept) == (0, [])
        child.let_go()

    def test_a_signal_is_a_negative_code_and_sending_one_to_the_dead_is_no_fault(self):
        child = Forked(lambda: time.sleep(600) or 0)
        child.kill()
        assert child.wait() == -signal.SIGKILL
        child.terminate()
        child.let_go()

    def test_each_hears_of_the_end_of_its_own_pipe_alone(self):
        """A sister that held a copy of the pipe would keep an orphan alive."""

        def until_the_pipe_breaks() -> int:
            while os.read(0, 1):
                continue
            return 9

        first, second = Forked(until_the_pipe_breaks), Forked(until_the_pipe_breaks)
        first.let_go()
        assert first.wait() == 9
        assert second.poll() is None
        second.let_go()
        assert second.wait() == 9

    def test_it_has_none_of_the_parents_ways_of_ending(self, handlers):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = Forked(lambda: time.sleep(600) or 0)
        time.sleep(0.2)
        child.terminate()
        assert child.wait() == -signal.SIGTERM
        child.let_go()

    def test_a_process_with_threads_is_not_copied(self):
        over = threading.Event()
        thread = threading.Thread(target=over.wait)
        thread.start()
        with pytest.raises(RuntimeError, match="threads"):
            Forked(lambda: 0)
        over.set()
        thread.join()


def gone(pid: int) -> bool:
    """Whether no such process runs (one that nobody has buried yet does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Serving:
    """The real command beside a twin."""

    def __init__(self, folder) -> None:
        self.settings = settings_for(folder)
        Service.init(self.settings, folder / ".env")
        self.folder = folder

    def start(self) -> subprocess.Popen:
        key = self.settings.secret_key.get_secret_value()
        env = {**os.environ, "LEADWRIGHT_DATABASE_URL": self.settings.database_url, "LEADWRIGHT_SECRET_KEY": key}
        words = [sys.executable, "-m", "connector.cli", "serve", "--roles", "worker,clock", "--json"]
        env["PYTHONPATH"] = os.pathsep.join(sys.path)
        return subprocess.Popen(words, cwd=self.folder, env=env, stdout=subprocess.PIPE)

    def mirrored(self) -> int:
        with Service.open(self.settings) as service, service.store.view() as u:
            return records.count(u, portals.by_name(u, "acme").id, "contacts")


def until(true) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def family(pid: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(word) for word in told.split()]


def test_it_mirrors_a_portal_by_itself_and_ends_in_good_order(tmp_path):
    """S02: SIGTERM; and when its parent is killed outright, no child is left behind."""
    serving = Serving(tmp_path)
    with serve_twin(Twin.from_seed(3, 40, dials=Dials())) as url:
        with Service.open(serving.settings) as service:
            service.add_portal("acme", Twin.from_seed(3, 40).token, url)
        running = serving.start()
        until(lambda: serving.mirrored() >= 40)
        children = family(running.pid)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
        assert time.monotonic() - began < 10
        assert all(gone(pid) for pid in children)
        told = running.stdout.read()
        assert b'"roles"' in told
        again = serving.start()
        until(lambda: len(family(again.pid)) == 1)
        orphans = family(again.pid)
        time.sleep(1)
        again.kill()
        again.wait()
        until(lambda: all(gone(pid) for pid in orphans))
        again.stdout.close()
        running.stdout.close()
