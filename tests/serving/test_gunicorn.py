"""The web process in earnest: over a socket, stopped politely and killed without warning (W08 in small)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from connector.serving.gunicorn_server import processes
from connector.settings import Settings
from connector.store import Store, beats, deliveries, portals
from connector.store.front import Front
from tests import databases
from tests.serving.conftest import signed
from tests.store.builders import IDENTITY, T0
from tests.webhooks.items import body, item
from webhooks.receiver import PATH
from webhooks.wire import MOST_BYTES

HOUSE = Path(__file__).parents[2]


class Served:
    """A web process of its own, started, stopped and killed by the test."""

    def __init__(self, url: str, workers: int) -> None:
        self.url, self.workers = url, workers
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        store = Store.open(url)
        with store.unit() as u:
            portals.add(u, "acme", "https://x", b"", replace(IDENTITY, hub_id=11), T0)
        store.close()
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.serving.served", self.url, str(self.port), str(self.workers)]
        started = subprocess.Popen(command, cwd=HOUSE, start_new_session=True, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/livez", timeout=5).ok:
                    return started
            except requests.ConnectionError:
                assert started.poll() is None, "it did not start"
                time.sleep(0.05)
        raise AssertionError("it never answered")

    def post(self, number: int, **headers: str) -> int:
        content = body(item(portalId=11, objectId=number))
        told = signed(content, time.time_ns() // 1_000_000) | headers
        return requests.post(f"http://127.0.0.1:{self.port}{PATH}", data=content, headers=told, timeout=20).status_code

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def kept(self) -> set[int]:
        """The numbers of the deliveries that are in the store."""
        front = Front.beside(self.url)
        with front.view() as u:
            found = deliveries.addressed(u, 1, limit=100_000)
        front.close()
        return {int(one.body.split(b'"objectId":')[1].split(b",")[0]) for one in found}


@pytest.fixture(params=[("sqlite", 1), ("postgresql", 2)], ids=["sqlite", "postgresql, two processes"])
def served(request) -> Iterator[Served]:
    kind, workers = request.param
    url = databases.fresh_url(kind)
    made = Served(url, workers)
    yield made
    if made.process.poll() is None:
        made.kill()
    databases.drop(url)


def test_over_the_wire(served: Served) -> None:
    address = f"http://127.0.0.1:{served.port}{PATH}"
    assert served.post(1) == 204
    assert served.post(2, Host="evil.test") == 204
    assert served.post(3, **{"X-HubSpot-Signature-v3": "forged"}) == 401
    assert served.post(4, SCRIPT_NAME="/elsewhere") in {204, 400}
    for size in (MOST_BYTES + 1, 3 * MOST_BYTES):  # who is still sending must hear the answer, too
        assert requests.post(address, data=b"x" * size, timeout=20).status_code == 413
    chunks = (b"x" * 65_536 for _ in range(MOST_BYTES // 65_536 + 2))
    assert requests.post(address, data=chunks, timeout=20).status_code == 413
    assert {1, 2} <= served.kept() <= {1, 2, 4}


def test_stopped_politely_it_answers_what_is_under_way_and_says_when_it_last_lived(served: Served) -> None:
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(served.post, range(1, 41)))
        served.process.terminate()
        assert served.process.wait(30) == 0
    assert answers == [204] * 40
    assert served.kept() == set(range(1, 41))
    front = Front.beside(served.url)
    with front.view() as u:
        assert beats.last(u, "web") is not None
    front.close()


def test_killed_at_any_instant_nothing_that_was_answered_is_lost(served: Served) -> None:
    answered: set[int] = set()
    for turn in range(3):
        over = threading.Event()

        def send(first: int, over: threading.Event = over) -> None:
            number = first
            while not over.is_set():
                try:
                    if served.post(number) == 204:
                        answered.add(number)
                except requests.RequestException:
                    return
                number += 8

        with ThreadPoolExecutor(8) as crowd:
            senders = [crowd.submit(send, turn * 100_000 + one + 1) for one in range(8)]
            goal = len(answered) + 30
            while len(answered) < goal:
                assert any(not sender.done() for sender in senders)
                time.sleep(0.01)
            served.kill()
            over.set()
        served.process = served.start()
    assert len(answered) >= 90
    assert answered - served.kept() == set()


@pytest.mark.parametrize(("url", "expected"), [("sqlite:///x.db", 1), ("postgresql://host/x", 3)])
def test_sqlite_has_one_receiving_process(url: str, expected: int) -> None:
    assert processes(Settings(_env_file=None, database_url=url, web_workers=3)) == expected
