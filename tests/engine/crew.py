"""Workers for tests: one in this process, or one in a process of its own that may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from connector.engine.opening import open_engine, open_worker
from connector.engine.port import KINDS, Job
from connector.store.front import Front, front_url
from connector.store.unit import Unit

PATIENCE = 60


def until(true: Callable[[], bool]) -> None:
    """Wait for something that will surely happen; a test that waits in vain fails here."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


class _Away(Exception):
    pass


@contextmanager
def rolled_back(front: Front) -> Iterator[Unit]:
    """A unit of the front store whose block ends badly."""
    with suppress(_Away), front.unit() as u:
        yield u
        raise _Away


@contextmanager
def working(engine, act: Callable[[Job], None], **options) -> Iterator[None]:
    """A worker in this process that does every kind of job the same way."""
    worker = open_worker(engine, "here", **options)
    for kind in KINDS:
        worker.register(kind, act)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Hand:
    """A worker process. What it does it writes into ``log``, one line a step."""

    def __init__(self, url: str, log: Path, host: str = "there") -> None:
        self.child = subprocess.Popen([sys.executable, "-m", "tests.engine.crew", url, str(log), host])

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(20)


@contextmanager
def hands(url: str, log: Path, count: int) -> Iterator[list[Hand]]:
    log.touch()
    made = [Hand(url, log) for _ in range(count)]
    try:
        yield made
    finally:
        for hand in made:
            hand.kill()


def lines(log: Path) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()]


def _serve(url: str, log: str, host: str) -> None:
    """A job of kind ``cycle`` takes 50 ms, ``retention`` kills its process, ``verify`` never ends by itself."""
    engine = open_engine(front_url(url))
    worker = open_worker(engine, host)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)

    def note(what: str, job: Job) -> None:
        os.write(descriptor, f"{what} {job.portal_id} {job.kind} {job.slot or '-'} {os.getpid()}\n".encode())

    def act(job: Job) -> None:
        note("begin", job)
        if job.kind == "retention":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(300 if job.kind == "verify" else 0.05)
        note("done", job)

    for kind in KINDS:
        worker.register(kind, act)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker.run(stop)
    os._exit(0)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
