"""From a notice to the mirror, the score and the written properties."""

from __future__ import annotations

import pytest

from connector.store import associations, flips, inbox, receipts
from tests.journeys.steps import people, wrong
from tests.live.steps import Feed, drained, post, settled, states, watching
from tests.rig import rig
from tests.sync.steps import dies, look, ripe, wired


@pytest.fixture
def r(tmp_path):
    """A live portal with three people, mirrored and written back."""
    with rig(tmp_path) as made:
        people(made, 3)
        made.run("sync")
        made.run("provision")
        made.run("sync")
        made.run("live")
        made.run("apply", plan_hash=made.run("plan")["hash"])
        made.clock.advance(400)
        made.run("cycle")
        yield made


def test_a_change_in_the_portal_is_mirrored_judged_and_written_by_one_drain(r):
    feed = Feed(r)
    contact = r.twin.ids("contacts")[0]
    before = r.twin.get("contacts", contact)["leadwright_score"]
    r.twin.edit("contacts", contact, {"jobtitle": "Geschäftsführer", "lastname": "Neumann"})
    feed.deliver()
    told = drained(r)
    assert told["ok"]
    assert told["changed"] == 1
    assert r.mirrored()[contact]["lastname"] == "Neumann"
    assert told["written"] == (r.twin.get("contacts", contact)["leadwright_score"] != before)
    assert not wrong(r)


def test_our_own_write_comes_back_as_an_echo_and_ends_there(r):
    feed = Feed(r)
    contact = ripe(r, "neu@werk.example")
    told = settled(r, feed)
    assert told[0]["written"] == 1
    assert [step["written"] for step in told[1:]] == [0] * (len(told) - 1)
    assert r.twin.get("contacts", contact)["leadwright_stage"] == "mql"
    with watching(r) as calls:
        feed.deliver()
        drained(r)
    assert calls == []
    assert states(r).get("new", 0) == 0
    assert not wrong(r)


def test_a_new_contact_arrives_with_its_links_and_its_deeds(r):
    feed = Feed(r)
    company = r.twin.create("companies", {"name": "Werk GmbH", "domain": "werk.example"})
    contact = ripe(r, "anna@werk.example")
    r.twin.associate("contacts", contact, "companies", company)
    feed.deliver()
    drained(r)
    acts = [row["kind"] for row in r.rows("activities") if int(row["contact"]) == contact]
    assert "demo_request" in acts or len(acts) >= 3
    r.run("sync")  # the date of the stage we wrote is HubSpot's own, and no notice tells of it
    assert not wrong(r)
    assert r.run("explain", str(contact))["stage"] == "mql"


@pytest.mark.parametrize("shuffle", [None, 1, 2, 3])
@pytest.mark.parametrize("times", [1, 4])
def test_order_and_repeats_of_notices_do_not_matter(r, shuffle, times):
    feed = Feed(r)
    one, two, three = r.twin.ids("contacts")[:3]
    for number in range(6):
        r.twin.edit("contacts", one, {"lastname": f"Name {number}"})
        r.clock.advance(0.001)
    r.twin.delete("contacts", two)
    four = r.twin.create_contact({"email": "vier@kunde.example"})
    survivor = r.twin.merge(three, four)
    feed.deliver(times=times, shuffle=shuffle, size=3)
    drained(r)
    settled(r, feed)
    assert r.mirrored()[one]["lastname"] == "Name 5"
    assert two not in r.mirrored()
    assert survivor in r.mirrored()
    assert not wrong(r)


def test_a_deleted_contact_goes_and_a_restored_one_comes_back(r):
    feed = Feed(r)
    contact = r.twin.ids("contacts")[1]
    r.twin.delete("contacts", contact)
    feed.deliver()
    drained(r)
    assert contact not in r.mirrored()
    r.clock.advance(5)
    r.twin.restore("contacts", contact)
    feed.deliver()
    drained(r)
    assert contact in r.mirrored()
    assert not wrong(r)


def test_a_late_notice_of_a_merged_contact_goes_to_the_survivor(r):
    feed = Feed(r)
    one, two = r.twin.ids("contacts")[:2]
    r.twin.edit("contacts", two, {"jobtitle": "Leiter"})
    late = feed.news()
    survivor = r.twin.merge(one, two)
    feed.deliver()
    drained(r)
    post(r, late)
    told = drained(r)
    assert told["ok"]
    assert survivor in r.mirrored()
    assert not wrong(r)


def test_a_company_that_changes_touches_its_contacts(r):
    feed = Feed(r)
    contact = r.twin.ids("contacts")[0]
    company = r.twin.create("companies", {"name": "Werk GmbH", "numberofemployees": "5"})
    r.twin.associate("contacts", contact, "companies", company)
    settled_after(r, feed)
    judged = receipt_at(r, contact)
    r.clock.advance(60)
    r.twin.edit("companies", company, {"numberofemployees": "250", "industry": "MACHINERY"})
    feed.deliver()
    drained(r)
    assert receipt_at(r, contact) > judged


def test_a_link_that_goes_is_seen(r):
    feed = Feed(r)
    contact = r.twin.ids("contacts")[0]
    company = r.twin.create("companies", {"name": "Werk GmbH"})
    r.twin.associate("contacts", contact, "companies", company)
    settled_after(r, feed)
    assert look(r, lambda u, p: associations.companies_of(u, p, [contact])) == {contact: company}
    r.twin.dissociate("contacts", contact, "companies", company)
    feed.deliver()
    drained(r)
    assert look(r, lambda u, p: associations.companies_of(u, p, [contact])) == {}


def test_what_nobody_reads_costs_no_call(r):
    contact = r.twin.ids("contacts")[0]
    item = notice(r, "contact.propertyChange", contact, propertyName="twitterhandle", propertyValue="x")
    post(r, [item])
    with watching(r) as calls:
        told = drained(r)
    assert told["notices"]["unread"] == 1
    assert calls == []


def test_a_type_we_do_not_know_is_kept_and_counted(r):
    post(r, [notice(r, "contact.abducted", 5), notice(r, "ticket.creation", 9)])
    told = drained(r)
    assert told["ok"]
    assert told["notices"]["unknown"] == 2


def test_a_bad_item_is_held_with_its_reason_and_the_good_ones_are_kept(r):
    contact = r.twin.ids("contacts")[0]
    good = notice(r, "contact.propertyChange", contact, propertyName="lastname", propertyValue="x")
    post(r, [good, {**good, "objectId": "zwölf"}, "nonsense"])
    told = drained(r)
    assert told["notices"]["done"] == 1
    reasons = [entry.reason for entry in look(r, inbox.held)]
    assert len(reasons) == 2
    assert all(reasons)


def test_observe_mode_mirrors_and_judges_and_writes_nothing(r):
    r.run("observe")
    feed = Feed(r)
    contact = ripe(r, "still@werk.example")
    with watching(r) as calls:
        feed.deliver()
        told = drained(r)
    assert "observe mode" in told["held_back"]
    assert not [call for call in calls if call.writing]
    assert r.run("explain", str(contact))["score"] > 0


def test_a_storm_is_mirrored_and_nothing_is_written_until_somebody_looked(r):
    feed = Feed(r)
    many = [r.twin.create_contact({"email": f"s{i}@kunde.example", "jobtitle": "Leiter"}) for i in range(130)]
    feed.deliver()
    with watching(r) as calls:
        told = drained(r)
    assert told["storm"]
    assert not [call for call in calls if call.writing]
    assert set(many) <= set(r.mirrored())
    held = r.run("cycle")
    assert "nothing is written" in held["text"]
    assert not held["ok"]
    r.run("apply", plan_hash=r.run("plan")["hash"])
    assert all(r.twin.get("contacts", contact)["leadwright_score"] for contact in many)
    r.twin.edit("contacts", many[0], {"lastname": "Danach"})
    r.clock.advance(61)
    feed.deliver()
    assert not drained(r)["storm"]


def test_a_storm_is_told_wherever_somebody_looks(r):
    feed = Feed(r)
    for i in range(130):
        r.twin.create_contact({"email": f"s{i}@kunde.example", "jobtitle": "Leiter"})
    feed.deliver()
    drained(r)
    with r.service() as service:
        line = service.list_portals()["portals"][0]
        checks = service.examine()
    assert "nothing is written" in line["state"]
    assert "leadwright plan acme" in line["held_back"]
    assert "A storm" in str(checks)
    r.run("apply", plan_hash=r.run("plan")["hash"])
    with r.service() as service:
        assert service.list_portals()["portals"][0]["held_back"] == ""


def test_a_backlog_of_our_own_echoes_is_no_storm(r):
    """A large write-back while no service ran: all its echoes wait when the next change comes in."""
    feed = Feed(r)
    many = [r.twin.create_contact({"email": f"e{i}@kunde.example", "jobtitle": "Leiter"}) for i in range(120)]
    r.run("sync")
    feed.news()
    r.run("apply", plan_hash=r.run("plan")["hash"])
    r.clock.advance(61)
    r.twin.edit("contacts", many[0], {"jobtitle": "Geschäftsführerin"})
    feed.deliver(size=100)
    told = drained(r)
    assert told["notices"]["echoes"] >= 120
    assert not told["storm"]
    assert r.twin.get("contacts", many[0])["leadwright_score"] == str(r.run("explain", str(many[0]))["score"])


def test_after_two_quiet_minutes_single_changes_are_written_again(r):
    feed = Feed(r)
    for i in range(130):
        r.twin.create_contact({"email": f"s{i}@kunde.example", "jobtitle": "Leiter"})
    feed.deliver()
    assert drained(r)["storm"]
    r.clock.advance(130)
    contact = ripe(r, "danach@werk.example")
    feed.deliver()
    told = drained(r)
    assert not told["storm"]
    assert r.twin.get("contacts", contact)["leadwright_stage"] == "mql"


def test_a_property_that_two_writers_keep_turning_is_frozen_and_both_are_named(r):
    feed = Feed(r)
    contact = ripe(r, "zank@werk.example")
    settled(r, feed)
    ours = r.twin.get("contacts", contact)["leadwright_reasons"]
    writes = 0
    for turn in range(8):
        r.clock.advance(5)
        r.twin.edit("contacts", contact, {"leadwright_reasons": f"Anderes {turn}"})
        for _ in range(3):
            if feed.deliver():
                writes += drained(r)["written"]
    assert writes <= 3
    frozen = look(r, flips.frozen)
    assert [(one.contact_id, one.property) for one in frozen] == [(contact, "leadwright_reasons")]
    assert "Leadwright" in frozen[0].writers
    assert "CRM_UI" in frozen[0].writers
    holds = r.run("explain", str(contact))["held"]
    assert any(hold["gate"] == "frozen" for hold in holds)
    assert ours != r.twin.get("contacts", contact)["leadwright_reasons"]


def test_killed_between_mirror_and_push_the_next_drain_ends_it(r):
    feed = Feed(r)
    contact = ripe(r, "mitten@werk.example")
    feed.deliver()
    with wired(r, "write", lambda call: dies(call, heard=False)) as service, pytest.raises(KeyboardInterrupt):
        service.drain(r.name)
    assert states(r)["new"] > 0
    drained(r)
    settled(r, feed)
    assert r.twin.get("contacts", contact)["leadwright_stage"] == "mql"
    assert not wrong(r)


def test_an_erased_person_leaves_and_no_late_notice_brings_them_back(r):
    feed = Feed(r)
    contact = r.twin.ids("contacts")[0]
    email = r.twin.get("contacts", contact)["email"]
    r.twin.edit("contacts", contact, {"lastname": "Spät"})
    late = feed.news()
    r.twin.gdpr_delete(contact)
    feed.deliver()
    told = drained(r)
    assert told["erased"] == 1
    post(r, late)
    post(r, [notice(r, "contact.creation", contact), notice(r, "contact.restore", contact)])
    drained(r)
    assert contact not in {int(row["id"]) for row in r.rows("contacts")}
    bodies = [entry.body for entry in look(r, inbox.recent)]
    assert not [body for body in bodies if email in body or "Spät" in body]


def test_who_is_merged_into_an_erased_person_is_that_person_and_goes_too(r):
    feed = Feed(r)
    one, two = r.twin.ids("contacts")[:2]
    r.twin.gdpr_delete(one)
    feed.deliver()
    drained(r)
    merge = notice(r, "contact.merge", one, primaryObjectId=one, mergedObjectIds=[two], newObjectId=one)
    post(r, [merge])
    drained(r)
    assert two not in {int(row["id"]) for row in r.rows("contacts")}


def settled_after(r, feed) -> None:
    settled(r, feed)
    r.clock.advance(1)


def receipt_at(r, contact: int) -> int:
    found = look(r, lambda u, p: receipts.get(u, p, contact))
    return found.at_ms if found else 0


def notice(r, kind: str, contact: int, **more):
    """One item as HubSpot sends it."""
    return {
        "eventId": 1, "subscriptionId": 2, "portalId": r.twin.portal_id, "appId": 3, "occurredAt": r.clock.now_ms(),
        "subscriptionType": kind, "attemptNumber": 0, "objectId": contact, "changeSource": "CRM_UI", **more,
    }  # fmt: skip
