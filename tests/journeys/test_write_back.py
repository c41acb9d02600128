"""Write-back: each contact has its own outcome, nothing twice, nothing silently (P17, P28, P31, O10, O12, O15, O20)."""

from __future__ import annotations

import pytest

from connector.errors import BlastRadiusExceeded, ConfigError, PortalUnavailable
from tests.journeys.steps import OURS, calls_of, go_live, people, scores, written_back, wrong
from tests.rig import Rig, rig
from tests.sync.steps import wired

UPDATE = "/crm/v3/objects/contacts/batch/update"
MANY = 130


def batches(r: Rig, since: int = 0) -> int:
    return sum(1 for call in calls_of(r, since) if call.path.startswith(UPDATE))


def states(r: Rig) -> dict[str, int]:
    """How many booked writes are in which state."""
    found: dict[str, int] = {}
    for row in r.rows("writes"):
        found[row["state"]] = found.get(row["state"], 0) + 1
    return found


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, MANY)
        go_live(made)
        yield made


def shown(r: Rig) -> dict:
    return r.run("plan")


def test_one_refused_value_among_250(r):
    """One value is refused with the portal's reason, all others are written; the run is booked as done in part."""
    r.ids += [r.twin.create_contact({"email": f"w{i}@werk.example"}) for i in range(250 - MANY)]
    unlucky = r.ids[123]
    r.twin.edit("contacts", unlucky, {"jobtitle": "Azubi"})
    rule = {"property": "jobtitle", "value": "Azubi", "requires": "city"}
    r.twin.dials.validations = {"leadwright_score": {"required_when": rule}}
    r.clock.advance(60)
    r.run("sync")
    plan = shown(r)
    before = r.twin.ledger.count()
    ran = r.run("apply", plan_hash=plan["hash"])
    assert (ran["written"], ran["ok"]) == (250, False)
    assert [row["contact"] for row in ran["refused"]] == [str(unlucky)]
    assert "leadwright_score" in ran["refused"][0]["why"]
    assert batches(r, before) <= 3 + 16
    truth = scores(r)
    assert [i for i in r.ids if truth[i] is None] == [unlucky]
    assert wrong(r) == []
    again = r.run("plan")
    assert [change["contact"] for change in again["changes"]] == [str(unlucky)]
    r.twin.dials.validations = {}
    assert r.run("apply", plan_hash=again["hash"])["written"] == 1
    assert shown(r)["contacts"] == 0


def test_nothing_is_written_twice_when_the_answer_is_lost(r):
    """502 after the portal did it: the same batch again changes nothing, and every contact is booked once."""
    plan = shown(r)
    r.twin.dials.faults = [{"match": UPDATE, "times": 2, "status": 502, "after_effect": True}]
    ran = r.run("apply", plan_hash=plan["hash"])
    assert (ran["ok"], ran["written"]) == (True, MANY)
    set_once = [e for e in r.twin.ledger.effects if e.name == "leadwright_score"]
    assert len(set_once) == len({e.object_id for e in set_once}) == MANY
    assert wrong(r) == []


@pytest.mark.parametrize("fault", [{"status": 504, "after_effect": True}, {"status": "reset"}, {"status": 423}])
def test_a_run_that_breaks_off_is_finished_by_the_next(r, fault):
    """The portal goes away in the middle: what was written is known, the rest is planned anew, nothing is doubled."""
    plan = shown(r)
    r.twin.dials.faults = [{"match": UPDATE, "times": 1, "status": "slow", "seconds": 0}]
    r.twin.dials.faults += [{"match": UPDATE, "times": 60, **fault}]
    with pytest.raises(Exception) as told:  # noqa: PT011 - which one is the matter of the faults' own test
        r.run("apply", plan_hash=plan["hash"])
    assert told.value.exit_code == 1
    r.twin.dials.faults = []
    r.clock.advance(30)
    r.run("sync")
    rest = shown(r)
    assert rest["contacts"] in (0, 30, MANY)
    assert r.run("apply", plan_hash=rest["hash"])["ok"]
    set_once = [e for e in r.twin.ledger.effects if e.name == "leadwright_score"]
    assert len(set_once) == len({e.object_id for e in set_once}) == MANY
    assert wrong(r) == []
    assert shown(r)["contacts"] == 0
    assert not states(r).keys() & {"planned", "unknown"}


def test_contacts_that_went_between_plan_and_apply(r):
    """Deleted, erased and merged meanwhile: dropped with a reason; the others are written; the mirror is right."""
    plan = shown(r)
    r.clock.advance(5)
    r.twin.delete("contacts", r.ids[10])
    r.twin.gdpr_delete(r.ids[20])
    survivor = r.twin.merge(r.ids[30], r.ids[31])
    ran = r.run("apply", plan_hash=plan["hash"])
    assert ran["written"] + ran["dropped"] + len(ran["refused"]) == MANY
    assert ran["dropped"] == 4
    reasons = {row["contact"]: row["reason"] for row in r.rows("writes") if row["state"] == "dropped"}
    assert all("gone" in why or "deleted" in why or "merged" in why for why in reasons.values())
    assert wrong(r) == []
    r.run("cycle")
    assert wrong(r) == []
    assert scores(r)[survivor] is not None
    assert shown(r)["contacts"] == 0


def test_a_property_somebody_removed(r):
    """The portal no longer knows leadwright_score: refused in a few calls, not halved to single contacts."""
    plan = shown(r)
    with r.twin.lock:
        del r.twin.state.definitions.properties["contacts"]["leadwright_score"]
    before = r.twin.ledger.count()
    ran = r.run("apply", plan_hash=plan["hash"])
    assert (ran["written"], len(ran["refused"]), ran["ok"]) == (MANY, MANY, False)
    assert all("leadwright_score" in row["why"] for row in ran["refused"])
    assert len(calls_of(r, before)) <= 10
    r.clock.advance(3601)
    r.run("sync")
    assert r.run("provision")["created"] == 1
    assert r.run("apply", plan_hash=shown(r)["hash"])["written"] == MANY
    assert wrong(r) == []


def test_a_stage_the_portal_keeps_for_itself(r):
    """O20: the portal answers 200 to a step backwards and keeps its stage: said, never silently ok, never in a loop.

    Somebody sold to the contact in the instant between our last look and the write.
    """
    lead = ready_for_mql(r, "p5@kunde5.example")
    plan = shown(r)
    assert plan["new_mqls"] == 1

    def sold_first(call):
        def write(*args, **options):
            r.twin.edit("contacts", lead, {"lifecyclestage": "customer"})
            return call(*args, **options)

        return write

    with wired(r, "write", sold_first) as service:
        ran = service.apply(r.name, plan_hash=plan["hash"])
    assert ran["ok"] is False
    assert [row["contact"] for row in ran["refused"]] == [str(lead)]
    assert "lifecyclestage" in ran["refused"][0]["why"]
    assert r.twin.get("contacts", lead)["lifecyclestage"] == "customer"
    r.clock.advance(30)
    r.run("cycle")
    assert wrong(r) == []
    before = r.twin.ledger.count()
    again = r.run("cycle")
    assert again["ok"]
    assert [c for c in calls_of(r, before) if c.writing] == []


def ready_for_mql(r: Rig, email: str) -> int:
    """Somebody whose record and deeds make an MQL; mirrored."""
    r.twin.submit_form(
        "Demo Anfrage",
        email,
        {"firstname": "Anna", "lastname": "Müller", "company": "Werk GmbH", "jobtitle": "Leiterin Einkauf"},
    )
    contact = r.twin.state.table("contacts").by_email[email]
    for form in ("White Paper Anforderung", "Kontaktanfrage", "Webinar Anmeldung", "E-Book Download"):
        r.clock.advance(3600)
        r.twin.submit_form(form, email)
    for _ in range(6):
        r.twin.page_view(contact, "https://www.example-werke.de/preise", at=r.clock.now())
        r.clock.advance(600)
    r.run("sync")
    return contact


def test_too_many_for_a_run_that_nobody_looked_at(r):
    """Blast radius: refused as a whole, nothing is sent; the plan's hash opens it."""
    plan = shown(r)
    assert plan["over_limit"]
    before = r.twin.ledger.count()
    with pytest.raises(BlastRadiusExceeded) as told:
        r.run("apply")
    assert plan["hash"] in told.value.remedy
    held = r.run("cycle")
    assert (held["ok"], held["apply"]) == (False, None)
    assert str(MANY) in held["text"]
    assert [c for c in calls_of(r, before) if c.writing] == []


def test_a_hash_that_is_not_the_plans(r):
    """Wrong, empty, too short, or of the plan before the last change: refused before anything is asked or sent."""
    plan = shown(r)
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[0], {"jobtitle": "Geschäftsführer", "company": "Werk"})
    r.run("sync")
    now = shown(r)
    assert now["hash"] != plan["hash"]
    before = r.twin.ledger.count()
    for named in ("0" * 64, "", "abc", now["hash"][:11], plan["hash"]):
        with pytest.raises(ConfigError) as told:
            r.run("apply", plan_hash=named)
        assert told.value.exit_code == 2
        assert "plan" in told.value.remedy
    assert calls_of(r, before) == []


def test_what_the_portal_holds_already_is_not_written(r):
    """No-op writes are not sent (P24): somebody else set the very values, or they were written before."""
    plan = shown(r)
    r.clock.advance(60)
    for change in plan["changes"][:20]:
        new = {name: pair["after"] for name, pair in change["properties"].items()}
        r.twin.edit("contacts", int(change["contact"]), new)
    r.run("sync")
    rest = shown(r)
    assert rest["contacts"] == MANY - 20
    before = r.twin.ledger.count()
    assert r.run("apply", plan_hash=rest["hash"])["written"] == MANY - 20
    assert batches(r, before) == 2
    before = r.twin.ledger.count()
    assert r.run("apply")["written"] == 0
    assert [c for c in calls_of(r, before) if c.writing] == []


def test_undo_gives_back_what_is_still_ours(r):
    """Three-way: somebody's later value stays, everything else is as before the run."""
    ran = r.run("apply", plan_hash=shown(r)["hash"])
    r.clock.advance(60)
    r.twin.edit("contacts", r.ids[7], {"leadwright_grade": "A"})
    undone = r.run("undo", ran["run"])
    assert undone["restored"] == MANY
    assert [row["contact"] for row in undone["kept"]] == [str(r.ids[7])]
    truth = r.twin.truth("contacts")
    left = {name for i in r.ids for name in OURS & truth[i].keys()}
    assert left == {"leadwright_grade"}
    assert truth[r.ids[7]]["leadwright_grade"] == "A"
    assert wrong(r) == []


def test_the_portal_is_gone_before_the_first_batch(r):
    """Nothing was sent: the next run writes everything once."""
    plan = shown(r)
    r.twin.dials.faults = [{"match": UPDATE, "times": 60, "status": 503}]
    with pytest.raises(PortalUnavailable):
        r.run("apply", plan_hash=plan["hash"])
    r.twin.dials.faults = []
    again = shown(r)
    assert again["hash"] == plan["hash"]
    assert r.run("apply", plan_hash=again["hash"])["written"] == MANY
    assert states(r) == {"dropped": MANY, "sent": MANY - 100, "confirmed": 100}


def test_before_provisioning_and_in_observe_mode_nothing_is_sent(tmp_path):
    with rig(tmp_path) as r:
        people(r, 5)
        r.run("sync")
        hashed = r.run("plan")["hash"]
        with pytest.raises(ConfigError) as told:
            r.run("apply", plan_hash=hashed)
        assert told.value.reason == "observe_mode"
        r.run("live")
        ready_for_mql(r, "p1@kunde1.example")
        plan = r.run("plan")
        assert plan["held_by_gate"]["provisioned"] >= 1
        if plan["contacts"]:
            with pytest.raises(ConfigError) as told:
                r.run("apply", plan_hash=plan["hash"])
            assert told.value.reason == "not_provisioned"
        assert r.twin.ledger.writes() == []


def test_a_paused_portal_is_left_alone(tmp_path):
    with rig(tmp_path) as r:
        people(r, 5)
        written_back(r)
        r.run("pause")
        before = r.twin.ledger.count()
        for command in ("sync", "plan", "apply", "cycle", "verify", "provision"):
            with pytest.raises(ConfigError) as told:
                r.run(command)
            assert "resume" in told.value.remedy
        assert calls_of(r, before) == []
        assert r.run("explain", "p1@kunde1.example")["score"] is not None
        r.run("resume")
        assert r.run("cycle")["mode"] == "live"
