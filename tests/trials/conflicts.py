"""O13, O14, O15: our own writes come back, a person writes too, a person is merged away, all while we write."""

from __future__ import annotations

import random
from collections import Counter

from connector.store import flips
from tests.journeys.steps import go_live, people
from tests.rig import Rig
from tests.sync.steps import document, look, publish
from tests.trials.door import Door, door
from tests.trials.effects import ENROL, ripe_leads, welcome
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import enrolled_again, lost
from tests.trials.receipt import living
from tests.trials.stage import installed

ROUGH, NEAT, THEIRS = "0731 / 123-456", "+49731123456", "0731 999"


# O13 -----------------------------------------------------------------------------------------------------------------


def echoes(scale: float, seed: int) -> Outcome:
    """Everything we write comes back as notices; then somebody else's rule turns one of our values again and again."""
    count = Count(runs=1)
    with installed(seed=seed) as r:
        ids = living(r, 60)
        with door(r) as d:
            for turn in range(share(100, scale, 3)):
                _everyday(r, d, count, ids[:20], ("Leiterin Einkauf", "Werkstudent")[turn % 2])
            count.must(d.states().get("echo", 0) > 0, "no echo was recognised")
            _ping_pong(r, d, count, ids[0])
        count.loses(lost(r))
    return count.outcome()


def _everyday(r: Rig, d: Door, count: Count, ids: list[int], title: str) -> None:
    """People edit, we write; what comes back of our writes sets off nothing more."""
    for contact in ids:
        r.twin.edit("contacts", contact, {"jobtitle": title, "company": "Werk GmbH"})
    r.twin.webhooks.flush(3)
    d.drain()
    before = len(r.twin.ledger.writes())
    for _ in range(4):
        count.faults += r.twin.webhooks.flush(3)["items"]
        d.drain()
    count.most("writes that followed from echoes", len(r.twin.ledger.writes()) - before, 0)
    r.clock.advance(121)


def _ping_pong(r: Rig, d: Door, count: Count, contact: int) -> None:
    """Another app answers each of our writes within seconds."""
    rounds = 0
    for turn in range(12):
        r.clock.advance(5)
        r.twin.edit("contacts", contact, {"leadwright_reasons": f"anderes {turn}"})
        before = len(r.twin.ledger.writes())
        for _ in range(3):
            if r.twin.webhooks.flush(3)["items"]:
                d.drain()
        rounds += len(r.twin.ledger.writes()) > before
        count.faults += 1
    count.most("rounds of a ping-pong", rounds, 3)
    frozen = look(r, flips.frozen)
    count.must([f.contact_id for f in frozen] == [contact] and bool(frozen[0].writers), "nobody is named for it")


# O14 -----------------------------------------------------------------------------------------------------------------


def edited(scale: float, seed: int) -> Outcome:
    """People edit a field while our write of it is queued, under each of the three policies."""
    count = Count()
    for policy, wins in (("newer", THEIRS), ("theirs", THEIRS), ("ours", NEAT)):
        _edited(count, policy, wins, share(500, scale, 25) // 3 + 3, seed)
    return count.outcome()


def _edited(count: Count, policy: str, wins: str, many: int, seed: int) -> None:
    count.runs += 1
    with installed(seed=seed) as r:
        ids = people(r, many * 2, phone=ROUGH)
        _tidies_phones(r, policy)
        go_live(r)
        shown = r.run("plan")["hash"]
        r.clock.advance(60)
        busy = sorted(random.Random(seed).sample(ids, many))
        for contact in busy:
            r.twin.edit("contacts", contact, {"phone": THEIRS})
        count.faults += many
        ran = r.run("apply", plan_hash=shown)
        truth = {i: r.twin.get("contacts", i)["phone"] for i in ids}
        count.loses([f"{i}: overwritten against {policy}" for i in busy if truth[i] != wins])
        count.loses([f"{i}: not written" for i in set(ids) - set(busy) if truth[i] != NEAT])
        noted = {int(row["contact"]) for row in ran["overtaken"]}
        count.must(noted == (set(busy) if wins == THEIRS else set()), f"{len(noted)} of {many} were noted ({policy})")
        told = r.run("explain", str(busy[0])).get("not_done", [])
        count.must(bool(told) == (wins == THEIRS), f"explain does not tell of it ({policy})")
        count.loses(lost(r))


def _tidies_phones(r: Rig, policy: str) -> None:
    mapping = document("mapping")
    row = {
        "field": "phone", "property": "phone", "transforms": [{"step": "phone", "region": "DE"}], "direction": "both",
        "mode": "overwrite", "conflict": policy,
    }  # fmt: skip
    mapping["rows"] = [one for one in mapping["rows"] if one["field"] != "phone"] + [row]
    publish(r, r.folder, "mapping", mapping)


# O15 -----------------------------------------------------------------------------------------------------------------


def merged(scale: float, seed: int) -> Outcome:
    """Leads are merged while their writes and enrolments are queued."""
    count, chance = Count(), random.Random(seed)
    for survivor in ("new", "primary"):
        _merged(count, chance, survivor, share(200, scale, 12))
    return count.outcome()


def _merged(count: Count, chance: random.Random, survivor: str, many: int) -> None:
    count.runs += 1
    with installed() as r:
        r.twin.dials.survivor = survivor
        leads = ripe_leads(r.twin, many)
        welcome(r)
        go_live(r)
        shown = r.run("plan")["hash"]
        r.twin.dials.faults = [{"match": ENROL, "method": "POST", "times": many // 2, "status": 503}]
        pairs = list(zip(leads[::3], leads[1::3], strict=False))
        survivors = [r.twin.merge(*chance.sample(pair, 2)) for pair in pairs[::2]]
        r.run("apply", plan_hash=shown)
        r.twin.dials.faults = []
        survivors += [r.twin.merge(*chance.sample(pair, 2)) for pair in pairs[1::2]]
        count.faults += len(survivors)
        for _ in range(4):
            r.clock.advance(3600)
            r.run("sync", only=("contacts",))
            r.run("apply", plan_hash=r.run("plan")["hash"])
        before = r.twin.ledger.count(status=404)
        r.clock.advance(60)
        r.run("cycle")
        count.most("calls for who is gone, once all has settled", r.twin.ledger.count(status=404) - before, 0)
        _once_each(r, count, survivors)
        count.loses(lost(r))


def _once_each(r: Rig, count: Count, survivors: list[int]) -> None:
    """Each living lead is enrolled; a survivor at most once more than the two it was made of."""
    alive = {i for i in r.twin.ids("contacts") if "leadwright_stage" in r.twin.get("contacts", i)}
    count.must(set(survivors) <= alive, "a survivor was not written")
    table = r.twin.state.table("contacts")
    asked = Counter(table.aliases.get(e.contact_id, e.contact_id) for e in r.twin.ledger.enrolments)
    count.loses([f"{i}: not enrolled" for i in set(survivors) if not asked[i]], enrolled_again(r.twin))
    count.most("enrolments of one survivor", max((asked[i] for i in survivors), default=0), 2)
