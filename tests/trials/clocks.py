"""S10, S11: a clock that is wrong, that jumps, that stands among others; nights of summer time."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connector.clock import VirtualClock
from connector.engine.opening import open_engine
from connector.rules.documents.schedule import Entry
from connector.rules.timetable import slots
from connector.store import Store, portals, wakes
from connector.store.front import Front, front_url
from connector.store.schema import RUNS
from connector.sync.schedule import Appointment, Timekeeper
from connector.twin import Twin
from tests import databases
from tests.engine.crew import Hand, lines
from tests.store.builders import IDENTITY
from tests.trials.beside import EVERY_MINUTES, NOW_MS
from tests.trials.harness import Count, Outcome, share
from tests.trials.house import House, WrongClock, beside, until
from tests.trials.lasting import living, settled
from tests.trials.stage import folder

# S10 -----------------------------------------------------------------------------------------------------------------


def wrong_clock(scale: float, seed: int) -> Outcome:
    """The service's clock is ten minutes ahead, jumps back in mid-run, falls behind; then two nights of summer time."""
    count = Count()
    with living("sqlite", 200) as (at, twin):
        clock = WrongClock(at.place)
        at.start(**clock.env)
        at.ready()
        settled(at, twin, count)
        for off, reason in ((600, "too_old"), (-600, "in_the_future")) * share(10, scale, 1):
            clock.off(off)
            count.runs, count.faults = count.runs + 1, count.faults + 2
            _refused(at, twin, count, reason)
            if count.runs == 1:
                _noticed(at, count, clock)
            clock.off(0)  # from ahead this is a jump back, with work under way
            _goes_on(at, twin, count)
        count.must(_lengths(at) >= 0, "a run ended before it began")
        at.stop()
    for night in (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)):
        count.runs, count.faults = count.runs + 1, count.faults + 1
        _night(count, night, random.Random(seed))
    return count.outcome()


def _refused(at: House, twin: Twin, count: Count, reason: str) -> None:
    """A change whose notice cannot be believed: refused, and counted by its reason."""
    name = f'webhooks_refused_total{{reason="{reason}"}}'
    before = at.numbers().get(name, 0)
    twin.edit("contacts", twin.ids("contacts")[0], {"city": f"Ort {count.runs}"})
    count.took(until(lambda: at.numbers().get(name, 0) > before, "the refusal is counted by its reason", 20))


def _noticed(at: House, count: Count, clock: WrongClock) -> None:
    """The doctor holds our clock against the portal's, and says so."""
    told = at.told("doctor", **clock.env)
    rows = {row["check"]: row for one in told["portals"] for row in one["checks"]}
    count.must(rows["clock"]["ok"] is False and "off by" in rows["clock"]["text"], "the doctor calls the clock right")


def _goes_on(at: House, twin: Twin, count: Count) -> None:
    """HubSpot sends again what was refused: nothing is lost."""
    twin.edit("contacts", twin.ids("contacts")[1], {"city": f"Ort {count.runs}"})
    settled(at, twin, count, 30)


def _lengths(at: House) -> int:
    """The shortest run there was."""
    with at.watch.store.view() as u:
        shortest = sa.select(sa.func.min(RUNS.c.finished_ms - RUNS.c.started_ms))
        return int(u.scalar(shortest) or 0)


TIMES = tuple(f"{hour:02}:{minute:02}" for hour in range(5) for minute in (0, 30))


def _night(count: Count, night: datetime, chance: random.Random) -> None:
    """Every time of that night once, though the clock jumps back ten minutes and ahead again and again."""
    zone, began = ZoneInfo("Europe/Berlin"), int(night.timestamp() * 1000) - 6 * 3_600_000
    entry = Entry(kind="retention", at=TIMES)
    with folder() as place:
        url = f"sqlite:///{place}/leadwright.db"
        _portals(url, 1)
        with _keeper(url, began) as (keeper, clock, served):
            one = Appointment(1, zone, entry)
            keeper.serve(one)
            furthest = began
            while furthest < began + 12 * 3_600_000:
                clock.advance(chance.choice((60.0, 300.0, 300.0, 660.0, -600.0)))
                furthest = max(furthest, clock.now_ms())
                keeper.serve(one)
                served()
            told = Counter(served())
        due = {str(slot) for slot in slots(entry, zone, began, furthest)}
        late = [f"{slot}: not served" for slot in due - told.keys()]
        count.loses(late, sum(told.values()) - len(told))
        count.most("slots nobody had", len(told.keys() - due), 0)


class Restless(VirtualClock):
    """A wall clock that may be set back."""

    def advance(self, seconds: float) -> None:
        self._now += seconds * 1000


@contextmanager
def _keeper(url: str, began: int):
    """A clock on a database of its own, and what it enqueued so far: slots, in order; each is done at once."""
    store, front = Store.open(url), Front.beside(url)
    engine, clock, done = open_engine(front_url(url)), Restless(began), []

    def served() -> list[str]:
        for row in engine.client.list_workflows(status="ENQUEUED"):
            done.append(row.workflow_id.split(":")[2])
            engine.client.cancel_workflow(row.workflow_id)
            with front.unit() as u:
                wakes.lower(u, 1, "retention")
        return done

    yield Timekeeper(store, front, engine, clock, None), clock, served
    engine.close()
    front.close()
    store.close()


def _portals(url: str, many: int) -> None:
    """So many connected portals that nothing is ever asked of."""
    store = Store.open(url, create=True)
    with store.unit() as u:
        for number in range(1, many + 1):
            portals.add(u, f"p{number}", f"https://p{number}.example", b"", IDENTITY, 1)
    store.close()


# S11 -----------------------------------------------------------------------------------------------------------------


def four_clocks(scale: float, seed: int) -> Outcome:
    """Four clocks keep the same appointments; one dies every few rounds, in the midst of it."""
    count, chance = Count(), random.Random(seed)
    ticks = share(1000, scale, 60)
    for kind in databases.KINDS:
        with folder() as place:
            url = f"sqlite:///{place}/leadwright.db" if kind == "sqlite" else databases.fresh_url(kind)
            try:
                _four_clocks(count, chance, place, url, ticks // 20)
            finally:
                if kind != "sqlite":
                    databases.drop(url)
    return count.outcome()


PORTALS = 10


def _four_clocks(count: Count, chance: random.Random, place: Path, url: str, rounds: int) -> None:
    _portals(url, PORTALS)
    log = place / "log"
    log.touch()
    hand, clocks = Hand(url, log), [_Clock(url) for _ in range(4)]
    try:
        for number in range(1, rounds + 1):
            now = (NOW_MS // 300_000 + number) * EVERY_MINUTES * 60_000
            for clock in clocks:
                clock.tell(now)
            if number % 2 == 0:
                time.sleep(chance.random() / 20)
                clocks.pop(chance.randrange(4)).end()
                count.faults += 1
            count.took(until(lambda number=number: _done(log) >= number * PORTALS, f"round {number} is run", 30))
            for clock in clocks:
                clock.heard()
            clocks += [_Clock(url) for _ in range(4 - len(clocks))]
            _lower(url)
    finally:
        for clock in clocks:
            clock.end()
        hand.kill()
    runs = Counter((portal, slot) for what, portal, _, slot, _ in lines(log) if what == "done")
    count.runs += len(runs)
    count.loses([f"{PORTALS * rounds - len(runs)} ticks: not run"] if len(runs) < PORTALS * rounds else [])
    count.loses([], sum(runs.values()) - len(runs))
    count.most_here("seconds until somebody else keeps the time", round(count.worst or 0, 1), 30)


def _done(log: Path) -> int:
    return sum(line[0] == "done" for line in lines(log))


def _lower(url: str) -> None:
    """The crew's jobs lower no flags."""
    front = Front.beside(url)
    with front.unit() as u:
        for flag in wakes.raised(u):
            wakes.lower(u, flag.portal_id, flag.kind)
    front.close()


class _Clock:
    """A clock process."""

    def __init__(self, url: str) -> None:
        self._child: subprocess.Popen[str] = beside("clock", url, str(PORTALS))
        self.heard()

    def tell(self, now_ms: int) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(f"{now_ms}\n")
        self._child.stdin.flush()

    def heard(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline()

    def end(self) -> None:
        self._child.kill()
        self._child.communicate()
