"""Deleted, erased, merged, restored: a plain second sync sees all of it (P3, P4, S09)."""

from __future__ import annotations

import pytest

from connector.errors import UnknownContact
from tests.journeys.steps import people, stream, wrong
from tests.rig import rig


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.ids = people(made, 12)
        made.run("sync")
        made.clock.advance(3600)
        yield made


def acts(r, contact: int) -> list[str]:
    """Kinds of what a contact did, as exported."""
    return sorted(row["kind"] for row in r.rows("activities") if int(row["contact"]) == contact)


def test_deleted_and_erased_contacts_are_gone(r):
    r.twin.delete("contacts", r.ids[3])
    r.twin.gdpr_delete(r.ids[4])
    assert stream(r.run("sync"), "contacts")["deleted"] == 2
    assert wrong(r) == []
    for gone in r.ids[3:5]:
        with pytest.raises(UnknownContact):
            r.run("explain", str(gone))


def test_a_deletion_is_seen_although_as_many_came(r):
    """The count alone would not tell: one went, one came."""
    r.twin.delete("contacts", r.ids[0])
    r.twin.create_contact({"email": "neu@kunde.example"})
    r.run("sync")
    assert wrong(r) == []


def test_a_restored_contact_lives_again(r):
    r.twin.delete("contacts", r.ids[5])
    r.run("sync")
    r.clock.advance(60)
    r.twin.restore("contacts", r.ids[5])
    r.run("sync")
    assert wrong(r) == []
    assert r.run("explain", "p6@kunde6.example")["contact"] == str(r.ids[5])


@pytest.mark.parametrize("survivor", ["new", "primary"])
def test_a_merged_contact_lives_on_in_its_survivor(r, survivor):
    r.twin.dials.survivor = survivor
    form = "White Paper Anforderung"
    for contact in (0, 1):
        r.twin.submit_form(form, f"p{contact + 1}@kunde{contact + 1}.example")
        r.twin.log_engagement("calls", r.ids[contact], {"hs_call_status": "COMPLETED"})
    r.run("sync", full=True)
    halves = acts(r, r.ids[0]) + acts(r, r.ids[1])
    assert len(halves) == 4
    r.clock.advance(60)
    winner = r.twin.merge(r.ids[0], r.ids[1])
    assert stream(r.run("sync"), "contacts")["merged"] == (2 if survivor == "new" else 1)
    assert wrong(r) == []
    assert acts(r, winner) == sorted(halves)
    r.clock.advance(7200)
    r.run("sync")
    r.run("sync", full=True)
    assert acts(r, winner) == sorted(halves)
    asked = [str(r.ids[0]), str(r.ids[1]), "p1@kunde1.example", "p2@kunde2.example"]
    assert {r.run("explain", who)["contact"] for who in asked} == {str(winner)}
    merged = {row["id"]: row["merged_into"] for row in r.rows("contacts") if row["merged_into"]}
    assert merged == {str(old): str(winner) for old in r.ids[:2] if old != winner} or merged == {
        str(old): winner for old in r.ids[:2] if old != winner
    }


def test_merged_and_merged_again(r):
    first = r.twin.merge(r.ids[0], r.ids[1])
    r.run("sync")
    r.clock.advance(60)
    last = r.twin.merge(r.ids[2], first)
    r.run("sync")
    assert wrong(r) == []
    assert {r.run("explain", str(old))["contact"] for old in (*r.ids[:3], first)} == {str(last)}


def test_merged_twice_and_deleted_between_two_syncs(r):
    first = r.twin.merge(r.ids[0], r.ids[1])
    last = r.twin.merge(r.ids[2], first)
    r.twin.delete("contacts", last)
    r.twin.delete("contacts", r.ids[7])
    r.run("sync")
    assert wrong(r) == []


def test_a_deleted_company_no_longer_counts(r):
    """Companies are counted when they are read whole; verify settles them at the latest."""
    company = r.twin.create("companies", {"name": "Werk", "domain": "kunde1.example", "numberofemployees": "900"})
    r.twin.associate("contacts", r.ids[0], "companies", company)
    r.run("sync", full=True)
    r.clock.advance(60)
    r.twin.delete("companies", company)
    certificate = r.run("verify")
    assert certificate["complete"]
    assert certificate["repaired"]["deleted"] == 1


def test_deletions_and_merges_while_the_first_mirror_runs(tmp_path):
    """Nothing that went while pages were read stays behind, and nobody who came is missed."""
    with rig(tmp_path) as r:
        ids = people(r, 1500)

        class Meanwhile:
            """Somebody works in HubSpot while pages land."""

            def __init__(self):
                self.step = 0

            def start(self, *_):
                pass

            finish = note = start

            def advance(self, task, by=1):
                self.step += 1
                r.clock.advance(0.5)
                if task == "contacts" and self.step <= 8:
                    r.twin.delete("contacts", ids[self.step * 100])
                    r.twin.merge(ids[self.step * 100 + 1], ids[-self.step * 50])
                    r.twin.create_contact({"email": f"neu{self.step}@kunde.example"})

        with r.service(progress=Meanwhile()) as service:
            service.sync("acme")
        r.clock.advance(600)
        r.run("sync")
        assert wrong(r) == []
