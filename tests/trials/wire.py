"""O04, O05: what a faulty wire brings, or does not. On the machine's own time, through a proxy."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from connector.clock import SystemClock
from connector.errors import ConnectorError, RetryableError
from connector.portal import retry, transport, wire
from connector.portal.gateway import Rates
from connector.portal.hubspot import connect
from connector.service import Service
from connector.twin import Dials, Twin, serve_twin
from tests.faults.proxy import FaultyProxy
from tests.rig import OFF, settings_for
from tests.trials.harness import Count, Outcome, share
from tests.trials.neighbours import beside_silence
from tests.trials.stage import MIB, folder, patched, resident

CRM = "/crm/v3/objects/contacts"
HELD = 60.0


@contextmanager
def quicker(factor: float) -> Iterator[None]:
    """All patience of the transport, shortened by the same factor."""
    rooms = {
        transport: ("CONNECT_SECONDS", "READ_SECONDS", "SLOW_READ_SECONDS"),
        retry: ("FAULT_PATIENCE", "_BURST_WAIT", "_LOCK_WAIT", "_MOVING_WAIT"),
        wire: ("CALL_SECONDS",),
    }
    with ExitStack() as stack:
        for room, names in rooms.items():
            stack.enter_context(patched(room, **{name: getattr(room, name) / factor for name in names}))
        yield


@contextmanager
def wired(contacts: int) -> Iterator[tuple[Twin, FaultyProxy, str, Path]]:
    """A twin, a faulty wire to it, the twin's own address, and a folder."""
    twin = Twin.empty(dials=Dials(**OFF))
    for number in range(contacts):
        twin.create_contact({"email": f"p{number}@kunde.example", "lastname": f"Müller {number}"})
    with folder() as place, serve_twin(twin) as url, FaultyProxy(int(url.rpartition(":")[2])) as proxy:
        yield twin, proxy, url, place


# O04 -----------------------------------------------------------------------------------------------------------------


def silence(scale: float, seed: int) -> Outcome:
    """Accepts and never answers, drips a byte a second, dies half-way; another portal is at work meanwhile."""
    count, factor = Count(), 1.0 if scale >= 0.5 else 15.0
    with quicker(factor), wired(20) as (twin, proxy, url, _):
        quiet = _paces(url, twin, 2.0)
        for mode in ("half_open", "drip"):
            count.runs += 1
            proxy.seconds = 1.0 / factor
            proxy.fault(mode)
            held, paces = _held(proxy, url, twin)
            count.faults += len(proxy.seen)
            count.took(held * factor)
            count.most(f"seconds one call is held by {mode}", held * factor, HELD)
            count.most("times slower the other portal's calls", paces / quiet, 1.1 + 0.02 / quiet)
    beside_silence(count, share(40, scale, 10))
    return count.outcome()


def _paces(url: str, twin: Twin, seconds: float, until: threading.Event | None = None) -> float:
    """The 95th hundredth of one portal's calls, in seconds."""
    portal = connect(url, twin.token, clock=SystemClock(), rates=Rates(burst=100_000))
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end and not (until and until.is_set()):
        began = time.monotonic()
        portal.read("contacts", [twin.ids("contacts")[0]], ("email",))
        taken.append(time.monotonic() - began)
        time.sleep(0.01)
    portal.close()
    return statistics.quantiles(taken, n=20)[-1]


def _held(proxy: FaultyProxy, url: str, twin: Twin) -> tuple[float, float]:
    """How long the longest of a page, a search and a write is held; the pace of another portal meanwhile."""
    portal, over, held = connect(proxy.url, twin.token, clock=SystemClock(), generation="v3"), threading.Event(), []

    def call() -> None:
        began = time.monotonic()
        try:
            portal.page("contacts", after=None, properties=("email",))
        except ConnectorError:
            held.append(time.monotonic() - began)

    caller = threading.Thread(target=lambda: (call(), over.set()))
    caller.start()
    pace = _paces(url, twin, 120.0, over)
    caller.join()
    portal.close()
    return max(held, default=999.0), pace


# O05 -----------------------------------------------------------------------------------------------------------------


def hostile(scale: float, seed: int) -> Outcome:
    """Answers that are none: reset half-way, cut JSON, HTML with 200, a bomb of a gigabyte, a redirect elsewhere."""
    count, times = Count(), share(20, scale, 1)
    with quicker(20), wired(230) as (twin, proxy, _, place), _installation(place, twin, proxy) as service:
        proxy.bomb_bytes = 1024 * MIB if scale >= 0.5 else 128 * MIB
        service.sync("acme", only=("owners",))
        for mode in ("reset", "cut", "html", "bomb", "redirect") * times:
            count.runs += 1
            _hostile(count, service, proxy, mode)
        proxy.fault("plain")
        service.sync("acme", only=("contacts",), full=True)
        rows = {int(row["id"]) for row in service.export("acme", "contacts") if not row["archived"]}
        count.loses([f"{i}: not mirrored" for i in set(twin.ids("contacts")) ^ rows])
    return count.outcome()


@contextmanager
def _installation(place: Path, twin: Twin, proxy: FaultyProxy) -> Iterator[Service]:
    settings = settings_for(place)
    Service.init(settings, place / ".env")
    with Service.open(settings) as service:
        service.add_portal("acme", twin.token, proxy.url)
        yield service


def _hostile(count: Count, service: Service, proxy: FaultyProxy, mode: str) -> None:
    """The same answer for ever: few tries, one clear error, no memory."""
    proxy.fault(mode, match=f"GET {CRM}")
    seen, memory, began = len(proxy.seen), resident(), time.monotonic()
    try:
        service.sync("acme", only=("contacts",), full=True)
        count.must(False, f"{mode} was taken for an answer")
    except RetryableError as told:
        count.must("elsewhere.example" not in str(told), "an error names where a redirect leads")
    met = [line.split("?")[-1] for applied, line in proxy.seen[seen:] if applied == mode]
    count.faults += len(met)
    count.most(f"tries of one call answered by {mode}", max((met.count(one) for one in met), default=0), 5)
    count.took(time.monotonic() - began)
    count.most(f"MB of memory grown by {mode}", (resident() - memory) / MIB, 100)
    count.must(not any("elsewhere" in line for _, line in proxy.seen), "a redirect was followed")
