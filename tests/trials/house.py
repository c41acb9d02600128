"""The living service as it is served: ``leadwright serve`` in processes of its own, on either database, beside twins.

Started with its roles, asked over HTTP, stopped with SIGTERM, killed with everything that belongs to it. What it logs
lies in ``log``. Not here: what a trial does to it.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from connector.service import Service
from connector.store import portals, records
from connector.twin import Twin
from connector.vault import Vault
from tests import databases
from tests.rig import settings_for
from tests.trials.harness import Impatient, NotHere
from tests.trials.signed import PUBLIC, SECRET
from tests.trials.stage import folder
from webhooks.receiver import PATH

PATIENCE = 90.0


def until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
    """Wait for something; the seconds it took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise Impatient(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
    return time.monotonic() - began


@dataclass
class Ended:
    """How a served process ended."""

    code: int
    seconds: float


class House:
    """One installation; ``watch`` is a service in this process, for looking into it."""

    def __init__(self, place: Path, url: str, secret: str = SECRET) -> None:
        self.place = place
        self.settings = settings_for(
            place, public_url=PUBLIC, hubspot_client_secret=SecretStr(secret)
        ).model_copy(update={"database_url": url, "secret_key": SecretStr(Vault.new_key())})  # fmt: skip
        Service.init(self.settings, place / ".env")
        self.log = place / "serve.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.watch = Service.open(self.settings)
        self.running: subprocess.Popen[bytes] | None = None

    # the portals ------------------------------------------------------------------------------------------------

    def connect(self, name: str, twin: Twin, url: str) -> int:
        self.watch.add_portal(name, twin.token, url)
        with self.watch.store.view() as u:
            return portals.by_name(u, name).id

    def hears(self, twin: Twin, *subscribe: str) -> None:
        """The twin's webhooks come here from now on."""
        via = f"http://127.0.0.1:{self.port}{PATH}"
        twin.webhooks.target(PUBLIC + PATH, via=via, subscribe=subscribe or ("contacts",))

    def mirrored(self, portal_id: int = 1) -> dict[int, dict[str, Any]]:
        """Live contacts: id → properties."""
        with self.watch.store.view() as u:
            pages = records.stream(u, portal_id, "contacts")
            return {one.id: dict(one.properties) for page in pages for one in page if not one.archived}

    def value(self, contact: int, name: str, portal_id: int = 1) -> str | None:
        """What the mirror holds of one contact."""
        with self.watch.store.view() as u:
            found = records.get_many(u, portal_id, "contacts", [contact]).get(contact)
        return None if found is None else found.properties.get(name)

    # the processes ----------------------------------------------------------------------------------------------

    def start(self, roles: str = "web,clock,worker", workers: int = 1, **env: str) -> None:
        """Returns at once; ``ready`` waits."""
        words = ["serve", "--roles", roles, "--workers", str(workers), "--port", str(self.port), "--json", "--lifeline"]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "connector.cli", *words],
                cwd=self.place, env=self._env(env), stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def told(self, *words: str, **env: str) -> dict[str, Any]:
        """What a command answers, in a process of its own."""
        command = [sys.executable, "-m", "connector.cli", *words, "--json"]
        ran = subprocess.run(command, cwd=self.place, env=self._env(env), capture_output=True, check=False)
        document: dict[str, Any] = orjson.loads(ran.stdout)
        return document

    def _env(self, more: dict[str, str]) -> dict[str, str]:
        """The environment of our processes: the installation's settings, nothing of another's."""
        assert self.settings.secret_key is not None
        told = {
            "DATABASE_URL": self.settings.database_url,
            "SECRET_KEY": self.settings.secret_key.get_secret_value(),
            "PUBLIC_URL": PUBLIC,
            "HUBSPOT_CLIENT_SECRET": ",".join(self.settings.client_secrets),
            "LOG_FORMAT": "json",
        }
        whole = {**os.environ, **{f"LEADWRIGHT_{key}": value for key, value in told.items()}, **more}
        return {**whole, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def ready(self, path: str = "/livez") -> float:
        """Seconds until it answers so."""

        def answers() -> bool:
            assert self.running is not None
            if self.running.poll() is not None:
                raise Impatient(f"it ended at once: {self.log.read_text(errors='replace')[-400:]}")
            return self.ask(path)[0] == 200

        return until(answers, f"{path} says yes")

    def ask(self, path: str) -> tuple[int, bytes]:
        """0 when nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            line.close()

    def numbers(self) -> dict[str, float]:
        """What ``/metrics`` says."""
        lines = self.ask("/metrics")[1].decode().splitlines()
        told = [line.rsplit(" ", 1) for line in lines if line and not line.startswith("#")]
        return {name.removeprefix("leadwright_"): float(value) for name, value in told}

    def stop(self) -> Ended:
        """SIGTERM, as an operator or a machine that shuts down sends it."""
        assert self.running is not None
        began = time.monotonic()
        self.running.terminate()
        try:
            code = self.running.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return Ended(-signal.SIGKILL, 30.0)
        self._let_go()
        return Ended(code, time.monotonic() - began)

    def kill(self) -> None:
        """kill -9 of all its processes at once, as when the machine's power goes."""
        if self.running is None:
            return
        family = [self.running.pid, *descendants(self.running.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.running.wait(20)
        self._let_go()
        until(lambda: not any(map(_alive, family)), "the killed are gone", 20)

    def _let_go(self) -> None:
        """Whatever this process dies of, what it started must not stay: that is what the pipe is for."""
        process, self.running = self.running, None
        if process is not None and process.stdin is not None:
            process.stdin.close()

    def close(self) -> None:
        self.kill()
        self.watch.__exit__(None, None, None)


@contextmanager
def house(kind: str = "sqlite", secret: str = SECRET) -> Iterator[House]:
    """A fresh installation on a database of that kind; whatever it started is gone afterwards."""
    with folder() as place:
        url = f"sqlite:///{place}/leadwright.db" if kind == "sqlite" else databases.fresh_url(kind)
        made = House(place, url, secret)
        try:
            yield made
        finally:
            made.close()
            if kind != "sqlite":
                databases.drop(url)


# processes -----------------------------------------------------------------------------------------------------------


def descendants(pid: int) -> list[int]:
    """All processes below that one, the nearest first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                told = (entry / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(told[1]), []).append(int(entry.name))
    found, near = [], [pid]
    while near:
        near = [child for parent in near for child in parents.get(parent, [])]
        found += near
    return found


def children(pid: int) -> list[int]:
    """The processes right below that one."""
    below = descendants(pid)
    deeper = {pid for child in below for pid in descendants(child)}
    return [child for child in below if child not in deeper]


def _alive(pid: int) -> bool:
    """Whether it runs (one that nobody has buried yet does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def beside(*words: str) -> subprocess.Popen[str]:
    """A process of ``tests.trials.beside``, its standard output to be read."""
    command = [sys.executable, "-m", "tests.trials.beside", *words]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=env, **pipes)


# time that is wrong --------------------------------------------------------------------------------------------------

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long long *shift;
static long long moved(void) {
    if (!shift) {
        int fd = open(getenv("TRIAL_CLOCK"), O_RDONLY);
        shift = mmap(0, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
    }
    return *shift;
}
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, at);
    if (!result && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += moved();
    return result;
}
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class WrongClock:
    """The wall clock of the processes that get ``env``, so many seconds off; it can jump while they run."""

    def __init__(self, place: Path) -> None:
        source, self._library, self._shift = place / "clock.c", place / "clock.so", place / "clock.shift"
        source.write_text(SHIM, encoding="utf-8")
        command: Sequence[str] = ("cc", "-shared", "-fPIC", "-O2", "-o", str(self._library), str(source), "-ldl")
        try:
            made = subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            made = False
        if not made or sys.platform != "linux":
            raise NotHere("no C compiler: no clock of a process can be set wrong")
        self._shift.write_bytes(bytes(8))
        self.env = {"LD_PRELOAD": str(self._library), "TRIAL_CLOCK": str(self._shift)}

    def off(self, seconds: int) -> None:
        with self._shift.open("r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))
