"""O10, O12, O20: effects that happen in part, perhaps, or not at all. On the virtual clock, through the twin."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

from connector.errors import ConnectorError
from connector.twin import Twin
from tests.journeys.steps import calls_of, go_live, people, scores
from tests.rig import Rig
from tests.sync.steps import document, publish
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import enrolled_again, lost
from tests.trials.stage import installed

UPDATE = "/crm/v3/objects/contacts/batch/update"
ENROL = "/automation/v2/workflows"
WELCOME = 91001
FORMS = (
    "Demo Anfrage",
    "White Paper Anforderung",
    "E-Book Download",
    "White Paper Anforderung",
    "Newsletter Anmeldung",
)


def ripe_leads(twin: Twin, many: int) -> list[int]:
    """People whose records and deeds of the last days make them MQLs."""
    values = {"firstname": "Anna", "lastname": "Müller", "company": "Werk GmbH", "jobtitle": "Leiterin Einkauf"}
    found, now = [], twin.clock.now()
    for number in range(many):
        email = f"anna{number}@werk{number % 90}.example"
        for days, form in enumerate(FORMS, 1):
            found.append(twin.submit_form(form, email, values, at=now - timedelta(days=days, seconds=number)))
    return list(dict.fromkeys(found))


def welcome(r: Rig) -> None:
    body = document("workflows")
    body["workflows"][0]["workflow_id"] = str(WELCOME)
    publish(r, r.folder, "workflows", body)


# O10 -----------------------------------------------------------------------------------------------------------------


def in_part(scale: float, seed: int) -> Outcome:
    """In every batch of a hundred 37 are refused or gone; the answers come in another order."""
    count, batches = Count(), share(40, scale, 2)
    with installed(seed=seed) as r:
        ids = people(r, batches * 100)
        go_live(r)
        shown = r.run("plan")["hash"]
        chance, bad = random.Random(seed), set()
        for start in range(0, len(ids), 100):
            bad |= set(chance.sample(ids[start : start + 100], 37))
        for contact in sorted(bad):
            r.twin.delete("contacts", contact)
        before = r.twin.ledger.count()
        ran = r.run("apply", plan_hash=shown)
        count.runs, count.faults = batches, len(bad)
        _each_his_own(r, count, ran, bad, ids)
        written = [call for call in calls_of(r, before) if call.path.startswith(UPDATE)]
        count.most("batches sent", len(written), batches)
        count.loses(lost(r))
    return count.outcome()


def _each_his_own(r: Rig, count: Count, ran: dict[str, Any], bad: set[int], ids: list[int]) -> None:
    good = set(ids) - bad
    count.must(ran["written"] == len(good), f"{ran['written']} written, {len(good)} could be")
    count.must(ran["dropped"] == len(bad), f"{ran['dropped']} dropped, {len(bad)} are gone")
    reasons = {int(row["contact"]): row["reason"] for row in r.rows("writes") if row["state"] == "dropped"}
    count.must(reasons.keys() == bad and all(reasons.values()), "not everybody who failed has a reason")
    wanted = {int(row["contact"]): row["after"] for row in r.rows("writes") if row["state"] != "dropped"}
    truth = scores(r)
    astray = [f"{i}: not written" for i in good if truth[i] is None]
    astray += [f"{i}: another's value" for i in good if str(wanted[i]["leadwright_score"]) != str(truth[i])]
    effects = [e.object_id for e in r.twin.ledger.effects if e.name == "leadwright_score"]
    count.loses(astray, len(effects) - len(set(effects)))


# O12 -----------------------------------------------------------------------------------------------------------------


def unknown(scale: float, seed: int) -> Outcome:
    """The connection is cut after the portal did it, again and again: every second enrolment, every third write."""
    count, many = Count(runs=1), share(500, scale, 30)
    with installed(seed=seed) as r:
        leads = ripe_leads(r.twin, many)
        welcome(r)
        go_live(r)
        _runs_that_break(r, count, random.Random(seed))
        count.loses([f"{i}: not enrolled" for i in set(leads) - _enrolled(r)], enrolled_again(r.twin))
        count.loses(lost(r))
    return count.outcome()


def _runs_that_break(r: Rig, count: Count, chance: random.Random) -> None:
    """Days of cycles in which answers are lost; the last ones go through."""
    for day in range(12):
        cut = {"status": "reset", "after_effect": True}
        faults = [{"match": ENROL, "method": "POST", "times": chance.randint(1, 4), **cut} for _ in range(3)]
        faults += [{"match": UPDATE, "times": chance.randint(0, 2), **cut}]
        r.twin.dials.faults = faults if day < 8 else []
        given = sum(fault["times"] for fault in r.twin.dials.faults)
        with suppress(ConnectorError):
            r.run("apply", plan_hash=r.run("plan")["hash"])
        count.faults += given - sum(fault["times"] for fault in r.twin.dials.faults)
        r.clock.advance(3600)
        r.twin.dials.faults = []
        r.run("sync", only=("contacts",))


def _enrolled(r: Rig) -> set[int]:
    return {e.contact_id for e in r.twin.ledger.enrolments if e.workflow_id == WELCOME}


# O20 -----------------------------------------------------------------------------------------------------------------


def backwards(scale: float, seed: int) -> Outcome:
    """The portal takes no stage backwards: refused with a reason by default, cleared and set where it is allowed."""
    count, many = Count(runs=2), share(400, scale, 20)
    with installed(seed=seed) as r:
        leads = ripe_leads(r.twin, many)
        go_live(r)
        shown = r.run("plan")["hash"]
        r.clock.advance(5)
        sold = leads[::2]
        r.twin.bulk_touch(sold, {"lifecyclestage": "customer"})
        ran = r.run("apply", plan_hash=shown)
        count.faults = len(sold)
        told = {int(row["contact"]): row["why"] for row in (*ran["refused"], *ran["overtaken"])}
        count.must(told.keys() == set(sold), f"{len(told)} of {len(sold)} steps backwards were told")
        count.must(all("lifecyclestage" in why for why in told.values()), "a refusal does not name the property")
        moved = [i for i in sold if r.twin.get("contacts", i)["lifecyclestage"] != "customer"]
        count.loses([f"{i}: a customer was moved" for i in moved])
        _no_loop(r, count)
        _allowed(r, count, leads[1::2])
        count.loses(lost(r))
    return count.outcome()


def _no_loop(r: Rig, count: Count) -> None:
    for _ in range(3):
        r.clock.advance(300)
        r.run("cycle")
    before = r.twin.ledger.count()
    r.run("cycle")
    count.most("writes of a cycle with nothing new", sum(c.writing for c in calls_of(r, before)), 0)


def _allowed(r: Rig, count: Count, mqls: list[int]) -> None:
    """With ``allow_backward`` an MQL below the mark becomes a lead again: one clear, one set, read back."""
    body = document("lifecycle")
    publish(r, r.folder, "lifecycle", {**body, "allow_backward": True, "fall_back_below": 200})
    before = len(r.twin.ledger.effects)
    ran = r.run("apply", plan_hash=r.run("plan")["hash"])
    count.must(ran["ok"], "a step backwards that is allowed was not carried out")
    stages = [e for e in r.twin.ledger.effects[before:] if e.name == "lifecyclestage"]
    for contact in mqls:
        steps = [e.after or "" for e in stages if e.object_id == contact]
        count.must(steps == ["", "lead"], f"steps of an allowed fall: {steps}")
