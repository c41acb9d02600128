"""All together, and any of it killed outright: two web, two worker processes and a clock, HubSpot calling back.

kill -9 hits any process of any tree at seeded moments; whoever keeps the trees starts them again. Afterwards nothing
is lost, nothing was done twice. LEADWRIGHT_TOGETHER=3 makes it three times as large.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connector.store import deliveries, inbox, outbox
from connector.store.portals import by_name
from connector.twin import Dials, Twin, TwinClock
from tests import databases
from tests.journeys.steps import MIRRORED
from tests.live.living import idle_writes
from tests.rig import OFF, differences
from tests.serving.trees import NAME, WELCOME, Grounds, grounds, kill, until
from tests.sync.steps import document
from tests.trials.effects import ripe_leads

# So few people that whatever a pause leaves behind lies within the blast radius: nothing waits for a person to look.
SIZE = float(os.environ.get("LEADWRIGHT_TOGETHER", "1"))
CHANGES, KILLS, LEADS, PEOPLE = round(300 * SIZE), round(5 * SIZE), 6, 18
TITLES = ("Geschäftsführer", "Leiterin Einkauf", "Werkstudent")
# HubSpot doubles, cuts and disorders; a retry comes after a moment instead of after minutes.
CALLING = {
    "webhook_doubles": 0.3, "webhook_shuffle": 0.3, "webhook_split": 0.2, "webhook_batch": 10, "webhook_timeout": 3.0,
    "webhook_attempt_spacing": 0.4, "webhook_attempts": 30, "latency": 0.01,
}  # fmt: skip


@dataclass
class Storm:
    """People at work while processes die."""

    g: Grounds
    chance: random.Random
    kills: int = 0
    asked: list[int] = field(default_factory=list)

    def rage(self, changes: int, kills: int) -> None:
        """So many changes at a steady pace, and a kill whenever its moment has come."""
        moments = sorted(self.chance.sample(range(changes // 10, changes), kills))
        leads = iter(self.chance.sample(range(changes // 10, changes), LEADS))
        coming = sorted(leads)
        for number in range(changes):
            self.change(number)
            if coming and number >= coming[0]:
                coming.pop(0)
                self.asked += ripe_leads_of(self.g.twin, len(self.asked))
            if moments and number >= moments[0]:
                moments.pop(0)
                self.kill_one()
            self.keep()
            time.sleep(0.03)

    def change(self, number: int) -> None:
        twin = self.g.twin
        contact = self.chance.choice(twin.ids("contacts"))
        new = {"jobtitle": self.chance.choice(TITLES), "city": f"Ort {number}"}
        twin.edit("contacts", contact, new)

    def kill_one(self) -> None:
        """Any process, a tree's root as well as what it holds."""
        every = [pid for tree in self.g.trees for pid in tree.members()]
        kill(self.chance.choice(every))
        self.kills += 1

    def keep(self) -> None:
        """What an init system does: start what died, and call where somebody answers."""
        for tree in self.g.trees:
            tree.start()
        webs = [tree for tree in self.g.trees if "web" in tree.roles and tree.answers()]
        if webs:
            self.g.call_back(self.chance.choice(webs))


def ripe_leads_of(twin: Twin, number: int) -> list[int]:
    """One more person who makes an MQL."""
    return ripe_leads(twin, number + 1)[-1:]


def quiet(g: Grounds, storm: Storm) -> None:
    """Until HubSpot has told all and all is worked off."""

    def done() -> bool:
        storm.keep()
        return g.twin.webhooks.quiet(0.2) and not open_work(g)

    until(lambda: done() and settled(g), 120, "quiet")


def settled(g: Grounds) -> bool:
    """Quiet twice, with a second between: an echo may set off one more round."""
    time.sleep(1)
    return g.twin.webhooks.quiet(0.2) and not open_work(g)


def open_work(g: Grounds) -> dict[str, int]:
    """What waits: deliveries, notices, effects."""
    with g.service() as service:
        with service.front.view() as door:
            found = {f"deliveries {k}": n for k, n in deliveries.counts(door).items() if k != "done"}
        with service.store.view() as u:
            portal = by_name(u, NAME).id
            found |= {f"notices {k}": n for k, n in inbox.counts(u, portal).items() if k in ("new", "held")}
            found |= {f"effects {k}": n for k, n in outbox.counts(u, portal).items() if k == "planned"}
    return {name: number for name, number in found.items() if number}


def welcome(g: Grounds) -> None:
    """The welcome workflow is named, so that new MQLs are enrolled."""
    body = document("workflows")
    body["workflows"][0]["workflow_id"] = str(WELCOME)
    file = g.folder / "workflows.yaml"
    file.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    with g.service() as service:
        service.config_publish(NAME, file, "admin", "as asked")


def mirrored(g: Grounds) -> dict[int, dict]:
    with g.service() as service:
        return {int(r["id"]): r["properties"] for r in service.export(NAME, "contacts") if not r["archived"]}


def holds_true(g: Grounds, storm: Storm) -> None:
    twin = g.twin
    mirror = mirrored(g)
    names = MIRRORED | {name for properties in mirror.values() for name in properties}
    assert differences(mirror, twin.truth("contacts"), names) == []
    assert not open_work(g)
    with g.service() as service:
        held = service.held(NAME)["held"]
    assert not held
    asked = Counter((e.workflow_id, e.contact_id) for e in twin.ledger.enrolments)
    assert not [who for who, times in asked.items() if times > 1]
    assert len(idle_writes(twin)) <= storm.kills
    with g.service() as service:
        left = service.plan(NAME)
    assert left["contacts"] == 0, left["changes"][:2]
    assert {contact for _, contact in asked} >= {c for c in storm.asked if stage(twin, c) == "mql"} - unsure(g)


def stage(twin: Twin, contact: int) -> str:
    return (twin.get("contacts", contact) or {}).get("leadwright_stage", "")


def unsure(g: Grounds) -> set[int]:
    """Enrolments whose answer died with its process: looked up ten minutes later, and not before."""
    with g.service() as service, service.store.view() as u:
        pages = outbox.stream(u, by_name(u, NAME).id)
        return {e.contact_id for page in pages for e in page if e.kind == "enrol" and e.state == "unknown"}


@pytest.fixture(params=[("postgresql", ("web", "web", "worker", "worker", "clock")), ("sqlite", ("web,clock,worker",))])
def served(request, tmp_path: Path) -> Iterator[Grounds]:
    kind, roles = request.param
    twin = Twin.empty(clock=TwinClock(), dials=Dials(**{**OFF, **CALLING}))
    for number in range(PEOPLE):
        twin.create_contact({"email": f"p{number}@kunde.example", "lastname": f"Müller {number}"})
    url = f"sqlite:///{tmp_path}/leadwright.db" if kind == "sqlite" else databases.empty_url(kind)
    with grounds(url, tmp_path, twin) as made:
        welcome(made)
        made.serve(*roles)
        made.call_back(next(tree for tree in made.trees if "web" in tree.roles))
        yield made


@pytest.mark.timeout(240)
def test_whatever_is_killed_nothing_is_lost_and_nothing_is_done_twice(served: Grounds):
    storm = Storm(served, random.Random(11))
    storm.rage(CHANGES, KILLS)
    quiet(served, storm)
    holds_true(served, storm)
