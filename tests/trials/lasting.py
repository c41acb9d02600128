"""S02, S12: a service that stays is stopped at any moment, and started again after a rest."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from connector.engine.opening import open_engine
from connector.store.front import front_url
from connector.twin import Dials, Twin, serve_twin
from tests import databases
from tests.rig import OFF, differences
from tests.trials.harness import Count, Impatient, Outcome, share
from tests.trials.house import House, WrongClock, house, until
from tests.trials.killed import many_people

SHOWN = {"email", "lastname", "city"}


@contextmanager
def living(kind: str, people: int, **dials: object) -> Iterator[tuple[House, Twin]]:
    """A portal with so many people, connected, its webhooks aimed at an installation that does not serve yet."""
    turned = {**OFF, "webhook_attempt_spacing": 0.3, "webhook_attempts": 1000, **dials}
    twin = Twin.empty(dials=Dials(**turned))
    many_people(twin, people)
    with serve_twin(twin) as url, house(kind, twin.access.client_secret) as at:
        at.connect("acme", twin, url)
        at.hears(twin)
        yield at, twin


@contextmanager
def people_at_work(twin: Twin, chance: random.Random, pause: float = 0.1) -> Iterator[None]:
    """Somebody edits a contact, again and again."""
    over, ids = threading.Event(), twin.ids("contacts")

    def work() -> None:
        while not over.wait(pause):
            twin.edit("contacts", chance.choice(ids), {"city": f"Ort {chance.random():.6f}"})

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def settled(at: House, twin: Twin, count: Count, seconds: float = 60.0) -> None:
    """Mirror and portal come to agree, without anybody's help."""
    found: list[str] = []

    def agree() -> bool:
        found[:] = differences(at.mirrored(), twin.truth("contacts"), SHOWN)
        return not found

    try:
        until(agree, "mirror and portal agree", seconds)
    except Impatient:
        count.loses(found)


# S02 -----------------------------------------------------------------------------------------------------------------


def stopped(scale: float, seed: int) -> Outcome:
    """SIGTERM at a random moment of a first mirror with webhooks, again and again."""
    count, chance = Count(), random.Random(seed)
    stops = share(50, scale, 3)
    for kind, times in zip(databases.KINDS, (stops - stops // 3, stops // 3), strict=True):
        with living(kind, share(20_000, scale, 1_500), latency={"list": 0.15, "default": 0.01}) as (at, twin):
            with people_at_work(twin, chance):
                for _ in range(times):
                    _stopped(at, twin, count, chance)
            at.start()
            settled(at, twin, count)
            at.stop()
    return count.outcome()


def _stopped(at: House, twin: Twin, count: Count, chance: random.Random) -> None:
    count.runs, count.faults = count.runs + 1, count.faults + 1
    calls = twin.ledger.count()
    at.start()
    resumed = until(lambda: twin.ledger.count() > calls, "the portal is asked again")
    time.sleep(chance.random() * 2)
    ended = at.stop()
    count.took(ended.seconds)
    count.most_here("seconds until work goes on after a start", round(resumed, 1), 5)
    count.most_here("seconds until it ends", round(ended.seconds, 1), 10)
    count.must(ended.code == 0, f"exit code {ended.code}")
    left = [turn.ticket.id for turn in open_engine(front_url(at.settings.database_url)).running()]
    count.must(left == [], f"jobs are left as running: {left[:2]}")
    count.must(list(at.place.glob("*.lock")) == [], "a lock file is left")


# S12 -----------------------------------------------------------------------------------------------------------------

KINDS = ("cycle", "verify", "retention", "erase")
SCHEDULE = "name: often\nentries:\n" + "".join(f"  - {{kind: {kind}, every: 15}}\n" for kind in KINDS)


def rested(scale: float, seed: int) -> Outcome:
    """The service is off for three hours, over twelve due times of each kind of work."""
    count = Count()
    for kind in databases.KINDS[: share(2, scale, 1)]:
        with living(kind, share(2_000, scale, 100)) as (at, twin):
            clock = WrongClock(at.place)
            file = at.place / "schedule.yaml"
            file.write_text(SCHEDULE, encoding="utf-8")
            at.watch.config_publish("acme", file, "admin", "as asked")
            at.start("clock,worker", **clock.env)
            until(lambda at=at: _ran(at).keys() == set(KINDS), "every kind of work ran once")
            at.stop()
            many_people(twin, 20)
            before = _ran(at)
            clock.off(3 * 3600)
            at.start("clock,worker", **clock.env)
            count.took(until(lambda at=at, b=before: all(_ran(at)[k] > b[k] for k in KINDS), "all is caught up", 60))
            time.sleep(2)
            extra = _ran(at) - before
            at.stop()
            count.runs, count.faults = count.runs + 1, count.faults + 12
            count.must(set(extra.values()) == {1}, f"catch-up runs: {dict(extra)}")
            count.loses(differences(at.mirrored(), twin.truth("contacts"), SHOWN))
    return count.outcome()


def _ran(at: House) -> Counter[str]:
    """Jobs that ended well, by kind."""
    engine = open_engine(front_url(at.settings.database_url))
    try:
        done = engine.client.list_workflows(status="SUCCESS", load_input=False, load_output=False)
    finally:
        engine.close()
    roots = {row.workflow_id.split("~")[0] for row in done}
    return Counter(root.split(":")[0] for root in roots)
