"""S07, S08, S09, S14: what a mirror could miss. On the virtual clock, through the twin."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connector.service import Service
from connector.store import Unit, cursors
from connector.sync import increment
from connector.twin import search
from tests.journeys.steps import calls_of, people, stream
from tests.rig import Rig
from tests.sync.steps import look, wired
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import lost
from tests.trials.stage import installed, patched

# S07 -----------------------------------------------------------------------------------------------------------------


def one_millisecond(scale: float, seed: int) -> Outcome:
    """25,000 contacts change in one millisecond; the search gives no more than 10,000 of a question."""
    count, many, cap = Count(runs=1), share(25_000, scale, 1_000), share(10_000, scale, 400)
    with patched(search, CAP=cap), installed(seed=seed) as r:
        ids = people(r, many)
        r.run("sync")
        r.clock.advance(3600)
        r.twin.bulk_touch(ids, {"city": "Ulm"})
        r.clock.advance(3600)
        before = r.twin.ledger.count()
        read = stream(r.run("sync", only=("contacts",)), "contacts")
        refused = [call for call in calls_of(r, before) if call.status == 400]
        count.faults = many
        count.must(read["changed"] == many, f"{read['changed']} of {many} changes were mirrored")
        count.must(not read["full"], "it took a full read")
        count.most("questions beyond the cap", len(refused), 0)
        count.took(read["seconds"])
        count.loses(lost(r))
    return count.outcome()


# S08 -----------------------------------------------------------------------------------------------------------------

LAG = 30.0


def lagging(scale: float, seed: int) -> Outcome:
    """The index lags 30 s; people edit between any two pages, many within one millisecond."""
    count = Count()
    for number in range(share(100, scale, 4)):
        _lagging(count, random.Random(seed * 1000 + number))
    return count.outcome()


def _lagging(count: Count, chance: random.Random) -> None:
    with patched(increment, SEARCH_PAGE=20), installed(search_lag=LAG, latency=0.05) as r:
        people(r, chance.randint(50, 90))
        r.run("sync")
        listed = look(r, _since)  # a listing does not lag: the first mirror may stand at its own beginning
        for _ in range(4):
            r.clock.advance(chance.choice([1, 10, 25, 31, 300]))
            with meanwhile(r, "search", lambda: _busy(r, count, chance)) as service:
                service.sync(r.name, only=("contacts",))
            bound = max(listed, r.clock.now_ms() - LAG * 1000)
            count.must(look(r, _since) <= bound, "the cursor passed what the index can know")
        r.clock.advance(LAG + 1)
        r.run("sync", only=("contacts",))
        count.runs += 1
        count.loses(lost(r))


def _since(u: Unit, portal_id: int) -> int:
    return int((cursors.get(u, portal_id, "contacts") or {})["since_ms"])


def _busy(r: Rig, count: Count, chance: random.Random) -> None:
    """What people do between two pages."""
    ids = r.twin.ids("contacts")
    r.twin.bulk_touch(chance.sample(ids, chance.choice([1, 3, 30])), {"city": f"Ort {chance.random():.6f}"})
    if chance.random() < 0.3:
        r.twin.create_contact({"email": f"neu{chance.random()}@kunde.example"})
    count.faults += 1


@contextmanager
def meanwhile(r: Rig, method: str, act: Callable[[], None]) -> Iterator[Service]:
    """An installation at work; something happens in the portal after each of its calls of this kind."""

    def wrap(call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*args: Any, **options: Any) -> Any:
            answer = call(*args, **options)
            act()
            return answer

        return calling

    with wired(r, method, wrap) as service:
        yield service


# S09 -----------------------------------------------------------------------------------------------------------------


def vanishing(scale: float, seed: int) -> Outcome:
    """Contacts are deleted, restored, erased and merged between the pages of a first mirror."""
    count = Count()
    for number in range(share(40, scale, 3)):
        _vanishing(count, random.Random(seed * 1000 + number))
    return count.outcome()


def _vanishing(count: Count, chance: random.Random) -> None:
    with installed(latency=0.05) as r:
        people(r, 900)
        gone: list[int] = []
        with meanwhile(r, "page", lambda: _vanish(r, count, chance, gone)) as service:
            service.sync(r.name, only=("contacts",))
        r.clock.advance(60)
        r.run("sync", only=("contacts",))
        count.runs += 1
        count.loses(lost(r))
        before = len(r.mirrored())
        r.twin.dials.search_lag = 3600.0  # the search shows nobody who came lately: no reason to delete anybody
        there = len(r.twin.ids("contacts"))
        r.twin.bulk_touch(r.twin.ids("contacts")[:50], {"city": "Ulm"})
        r.run("sync", only=("contacts",))
        count.must(len(r.mirrored()) == before == there, "a read of changes took somebody away")


def _vanish(r: Rig, count: Count, chance: random.Random, gone: list[int]) -> None:
    ids = r.twin.ids("contacts")
    act = chance.choice(["delete", "delete", "erase", "merge", "restore"])
    count.faults += 1
    if act == "merge":
        r.twin.dials.survivor = chance.choice(["new", "primary"])
        r.twin.merge(*chance.sample(ids, 2))
    elif act == "restore" and gone:
        r.twin.restore("contacts", gone.pop())
    elif act == "erase":
        r.twin.gdpr_delete(chance.choice(ids))
    else:
        gone.append(chance.choice(ids))
        r.twin.delete("contacts", gone[-1])


# S14 -----------------------------------------------------------------------------------------------------------------


def very_wide(scale: float, seed: int) -> Outcome:
    """1,200 properties are asked for at once; addresses over 8 KB are refused."""
    count, wide = Count(runs=1, faults=1), share(1_200, max(scale, 0.5))
    with installed(url_limit=8_000, seed=seed) as r:
        known = r.twin.state.definitions.properties["contacts"]
        model = next(d for d in known.values() if d["type"] == "string" and d["name"] == "city")
        for number in range(wide - len(known)):
            name = f"sehr_langer_name_einer_eigenschaft_{number:04d}"
            known[name] = {**model, "name": name, "label": name}
        ids = people(r, share(500, scale, 150))
        for contact in ids:
            r.twin.edit("contacts", contact, {"sehr_langer_name_einer_eigenschaft_0007": f"Wert {contact}"})
        before = r.twin.ledger.count()
        r.run("sync", only=("contacts",), properties="all")
        r.clock.advance(400)
        r.twin.bulk_touch(ids[:120], {"sehr_langer_name_einer_eigenschaft_0101": "neu"})
        r.clock.advance(400)
        r.run("sync", only=("contacts",), properties="all")
        count.most("addresses that were too long", sum(c.status == 414 for c in calls_of(r, before)), 0)
        count.most("refused calls", sum(c.status >= 400 for c in calls_of(r, before)), 0)
        count.loses(lost(r))
    return count.outcome()
