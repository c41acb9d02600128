"""``python -m tests.trials.beside WHAT …``: what goes on beside the service in a process of its own.

rows URL                        a backfill that commits row by row, until killed
flood PORT SECONDS LINES        unsigned requests, as fast as so many connections can; prints how many were answered how
send PORT SECONDS LINES PAUSE SECRET HUB   signed deliveries of a hundred, one each PAUSE seconds on every connection
                                (later when the last was not answered yet); prints the times of the answers
clock URL MANY                  a clock that is told the time by lines on its standard input and serves so many portals
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC

from tests.trials.signed import PATH, PUBLIC, delivery, request

NOW_MS = 1_795_000_000_000
EVERY_MINUTES = 5


def rows(url: str) -> None:
    """One transaction for each row, without a breath between them."""
    from connector.store import Store, records  # late, here and below: a sender needs nothing of it
    from tests.store.bench_records import contact

    store, number = Store.open(url), 0
    while True:
        with store.unit() as u:
            records.upsert(u, 1, "contacts", [contact(number, 1, 1)], NOW_MS)
        number += 1


class Loop:
    """Each connection sends again when it was answered and its pause is over; when it is hung up on, it comes back."""

    def __init__(self, port: int, make: Callable[[int], bytes], pause: float = 0.0) -> None:
        self._port, self._make, self._pause = port, make, pause
        self._watch = selectors.DefaultSelector()
        self._begun: dict[socket.socket, float] = {}
        self._due: deque[tuple[float, socket.socket]] = deque()
        self._sent = 0
        self.times: list[float] = []
        self.told = Counter[str]()

    def run(self, seconds: float, lines: int) -> None:
        end = time.perf_counter() + seconds
        for number in range(lines):
            self._due.append((time.perf_counter() + self._pause * number / lines, self._dial()))
        while (now := time.perf_counter()) < end:
            while self._due and self._due[0][0] <= now:
                self._fire(self._due.popleft()[1])
            for key, _ in self._watch.select(min(0.5, self._due[0][0] - now) if self._due else 0.5):
                self._answered(key.fileobj)  # type: ignore[arg-type]

    def _dial(self) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self._port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch.register(line, selectors.EVENT_READ)
        return line

    def _fire(self, line: socket.socket) -> None:
        self._begun[line] = time.perf_counter()
        line.sendall(self._make(self._sent))
        self._sent += 1

    def _answered(self, line: socket.socket) -> None:
        answer, began = line.recv(4096), self._begun.pop(line)
        self.times.append(time.perf_counter() - began)
        self.told[answer[9:12].decode() or "hung up"] += 1
        if not answer or b"connection: close" in answer.lower():
            self._watch.unregister(line)
            line.close()
            line = self._dial()
        self._due.append((began + max(self._pause, self.times[-1]), line))


def flood(port: int, seconds: float, lines: int) -> None:
    whole = delivery(1, 100, 4711)
    head = f"POST {PATH} HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\n"
    forged = f"X-HubSpot-Signature-v3: {'A' * 44}\r\nX-HubSpot-Request-Timestamp: {time.time_ns() // 1_000_000}\r\n"
    wires = [
        (head + more + f"Content-Length: {len(whole)}\r\n\r\n").encode() + whole for more in ("", forged)
    ]  # fmt: skip
    loop = Loop(port, lambda number: wires[number % 2])
    loop.run(seconds, lines)
    print(json.dumps(loop.told))


def send(port: int, seconds: float, lines: int, pause: float, secret: str, hub: int) -> None:
    ready = [request(delivery(number, 100, hub), secret, PUBLIC) for number in range(200)]
    loop = Loop(port, lambda number: ready[number % len(ready)], pause)
    loop.run(seconds, lines)
    print(json.dumps({"times": loop.times, "told": loop.told}))


def clock(url: str, many: int) -> None:
    """For each line (epoch milliseconds) every portal's appointment is kept; then a line back."""
    from connector.clock import VirtualClock
    from connector.engine.opening import open_engine
    from connector.rules.documents.schedule import Entry
    from connector.store import Store
    from connector.store.front import Front, front_url
    from connector.sync.schedule import Appointment, Timekeeper

    store, front = Store.open(url), Front.beside(url)
    engine, time_told = open_engine(front_url(url)), VirtualClock(NOW_MS)
    keeper = Timekeeper(store, front, engine, time_told, None)
    kept = [Appointment(number, UTC, Entry(kind="cycle", every=EVERY_MINUTES)) for number in range(1, many + 1)]
    print("ready", flush=True)
    for line in sys.stdin:
        time_told.advance(int(line) / 1000 - time_told.monotonic())
        asked = sum(keeper.serve(one) for one in kept)
        print(asked, flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["rows", url]:
            rows(url)
        case ["flood", port, seconds, lines]:
            flood(int(port), float(seconds), int(lines))
        case ["send", port, seconds, lines, pause, secret, hub]:
            send(int(port), float(seconds), int(lines), float(pause), secret, int(hub))
        case ["clock", url, many]:
            clock(url, int(many))
