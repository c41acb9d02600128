"""S01: a first mirror by the living service, killed again and again while people work and HubSpot tells of it."""

from __future__ import annotations

import random
import time

from connector.errors import ConfigError
from connector.sync.fill import LANES
from connector.twin import Twin
from tests.trials.effects import WELCOME, ripe_leads
from tests.trials.harness import Count, Outcome, share
from tests.trials.house import House, until
from tests.trials.lasting import living, people_at_work, settled
from tests.trials.ledger import enrolled_again, written_again

HALF = 0.5  # below it a run has to fit beside all the others
LIST = "/crm/v3/objects/contacts"


def first_mirror(scale: float, seed: int) -> Outcome:
    """All processes are killed at once, again and again; then it comes to its end, goes live and welcomes people."""
    count, chance, kills = Count(runs=1), random.Random(seed), share(50, scale, 3)
    slow = {"list": 0.08, "default": 0.02}
    with living("sqlite", share(100_000, scale if scale >= HALF else scale / 2, 2_000), latency=slow, burst=190) as (
        at,
        twin,
    ):
        leads = ripe_leads(twin, share(200, scale, 10))
        pages = len(twin.ids("contacts")) / 100
        held = 0
        with people_at_work(twin, chance, 1.0):
            for _ in range(kills):
                held += _killed(at, twin, count, chance, max(2, int(pages / kills)))
            began = time.monotonic()
            at.start()
            at.ready()
            held += _brought_back(at)
            until(lambda: len(at.mirrored()) >= len(twin.ids("contacts")), "everybody is mirrored", 900)
            count.took(time.monotonic() - began)
        again = twin.ledger.count(LIST, 200, "GET") - pages - LANES - 3
        settled(at, twin, count)
        count.least("kills that met it at work", count.faults, 1)
        count.most("pages read again per kill and lane", again / max(1, count.faults) / (LANES + 1), 1)
        _goes_live(at, twin, count, leads)
        at.stop()
    if held:
        count.says(f"held after three deaths and brought back by hand {held} times")
    return count.outcome()


def _killed(at: House, twin: Twin, count: Count, chance: random.Random, most: int) -> int:
    """kill -9 when so many more pages were read, and a moment later; how many held jobs had to be brought back."""
    wanted = twin.ledger.count(LIST) + chance.randint(1, most)
    before = len(at.mirrored())
    at.start()
    at.ready()
    held = _brought_back(at)
    until(lambda: twin.ledger.count(LIST) >= wanted or len(at.mirrored()) > before, "pages are read")
    time.sleep(chance.random() / 2)
    count.faults += len(at.mirrored()) < len(twin.ids("contacts"))
    at.kill()
    return held


def _brought_back(at: House) -> int:
    """A job whose process died three times waits for a person, who says: once more."""
    held = at.watch.engine.held()
    for one in held:
        at.watch.engine.retry(one.id)
    return len(held)


def _applied(at: House) -> None:
    """Apply what a plan shows. The service works beside us: what it changed in between makes it another plan."""
    for _ in range(20):
        try:
            at.watch.apply("acme", plan_hash=at.watch.plan("acme")["hash"])
        except ConfigError as changed:
            if changed.reason != "plan_changed":
                raise
        else:
            return
    raise AssertionError("the plan never stood still")


def _goes_live(at: House, twin: Twin, count: Count, leads: list[int]) -> None:
    """Written back under the eyes of the service; each lead is welcomed once, whatever was killed before."""
    body = at.watch.config_show("acme", "workflows")["body"]
    file = at.place / "workflows.yaml"
    file.write_text(body.replace('workflow_id: ""', f'workflow_id: "{WELCOME}"'), encoding="utf-8")
    at.watch.config_publish("acme", file, "admin", "as asked")
    at.watch.sync("acme")
    for act in (at.watch.provision, at.watch.live):
        act("acme")
    _applied(at)
    for contact in leads:
        twin.edit("contacts", contact, {"city": "Ulm"})
    settled(at, twin, count)
    enrolled = {one.contact_id for one in twin.ledger.enrolments}
    count.loses([f"{i}: not enrolled" for i in set(leads) - enrolled], enrolled_again(twin) + written_again(twin))
    count.must(bool(at.watch.verify("acme")["complete"]), "the certificate says it is not complete")
