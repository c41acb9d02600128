"""Lists that the rules name: read whole, judged by, unknown with a reason where they cannot be read, and never dear."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from connector.errors import PortalUnavailable, ProtocolBroken
from connector.portal.gateway import MemberPage
from connector.store import cursors, memberships, records
from connector.sync import listing
from tests import databases
from tests.journeys.steps import stream
from tests.rig import Rig, rig
from tests.sync.steps import document, look, paths, publish, ripe, watched, wired

LISTS = "/crm/v3/lists"
HOUR = 3601


def listed(*ids: str, points: int = 12, name: str = "seo") -> dict[str, Any]:
    return {
        "name": name, "kind": "list", "family": "product_interest", "points": points, "lists": list(ids),
    }  # fmt: skip


def scored_by(r: Rig, *rules: dict[str, Any]) -> None:
    publish(r, r.folder, "scoring", {**document("scoring"), "rules": list(rules)})


@pytest.fixture(params=databases.KINDS)
def r(request, tmp_path):
    """Anna is on the list that a rule names, Ben is not, and both were mirrored and judged before."""
    url = databases.fresh_url(request.param)
    with rig(tmp_path, database=url) as made:
        made.anna, made.ben = (
            made.twin.create_contact({"email": f"{name}@werk.example", "lastname": name}) for name in ("anna", "ben")
        )
        made.seo = made.twin.lists.make("Leads on SEO")
        made.id = made.seo.head["listId"]
        made.twin.lists.change(made.seo, [made.anna], [])
        scored_by(made, listed(made.id))
        made.run("sync")
        made.run("plan")
        yield made
    databases.drop(url)


def points(r: Rig, contact: int, at_ms: int | None = None) -> dict[str, int]:
    return {line["rule"]: line["points"] for line in r.run("explain", str(contact), at_ms)["lines"]}


def unknown(r: Rig, contact: int, at_ms: int | None = None) -> dict[str, str]:
    return {line["rule"]: line["missing"] for line in r.run("explain", str(contact), at_ms)["unknown"]}


def kept(r: Rig, contact: int) -> int:
    """The score that stands in the mirror: what the last plan judged."""
    return next(row["score"] for row in r.rows("receipts") if int(row["contact"]) == contact)


def on(r: Rig) -> set[int]:
    return set(look(r, lambda u, portal: memberships.between(u, portal, r.id, 0, 1 << 60)))


def settled(r: Rig) -> None:
    """Everybody is judged: whoever waits from now on does so for a reason."""
    r.run("plan")
    assert look(r, records.dirty_count) == 0


def test_who_is_on_the_list_has_its_points_and_who_is_not_has_none_for_certain(r):
    assert points(r, r.anna) == {"seo": 12}
    assert (points(r, r.ben), unknown(r, r.ben)) == ({}, {})
    assert (kept(r, r.anna), kept(r, r.ben)) == (12, 0)


def test_the_stream_says_what_it_read(r):
    r.twin.lists.change(r.seo, [r.ben], [r.anna])
    told = stream(r.run("sync", full=True), "lists")
    assert (told["read"], told["created"], told["deleted"], told["off"], told["calls"]) == (1, 1, 1, None, 2)


def test_whoever_comes_or_leaves_is_judged_anew_and_nobody_else(r):
    third = r.twin.create_contact({"email": "cara@werk.example"})
    r.run("sync")
    settled(r)
    r.twin.lists.change(r.seo, [r.ben, third], [r.anna])
    r.run("sync")
    assert look(r, lambda u, portal: set(records.dirty_or_due(u, portal, 0))) == {r.anna, r.ben, third}
    r.run("plan")
    assert (kept(r, r.anna), kept(r, r.ben)) == (0, 12)


def test_a_quiet_cycle_costs_one_call_and_another_size_brings_the_reading(r):
    with watched(r) as calls:
        r.run("sync")
    assert len(paths(calls, LISTS)) == 1
    assert len(calls) <= 11  # ten where no list is named
    r.twin.lists.change(r.seo, [r.ben], [])
    with watched(r) as calls:
        r.run("sync")
    assert [call.path for call in paths(calls, "/memberships")] == [f"{LISTS}/{r.id}/memberships"]
    assert on(r) == {r.anna, r.ben}


def test_one_that_came_as_another_left_is_seen_within_the_hour(r):
    r.twin.lists.change(r.seo, [r.ben], [r.anna])
    r.run("sync")
    assert on(r) == {r.anna}
    r.clock.advance(HOUR)
    r.run("sync")
    assert on(r) == {r.ben}


def test_no_document_that_names_a_list_means_not_one_call_more_and_nothing_kept(r):
    publish(r, r.folder, "scoring", document("scoring"))
    with watched(r) as calls:
        told = r.run("sync", full=True)
    assert paths(calls, LISTS) == []
    assert "lists" not in {row["stream"] for row in told["streams"]}
    assert look(r, lambda u, portal: (memberships.every(u, portal), memberships.count(u, portal))) == ({}, {})


def test_a_list_that_is_named_only_now_is_unknown_until_it_was_read(r):
    other = r.twin.lists.make("Trade fair")
    r.twin.lists.change(other, [r.ben], [])
    fair = other.head["listId"]
    scored_by(r, listed(r.id), listed(fair, points=7, name="fair"))
    assert (points(r, r.anna), unknown(r, r.anna)) == ({"seo": 12}, {"fair": f"list not read: {fair}"})
    r.run("sync")
    r.run("plan")
    assert (points(r, r.ben), unknown(r, r.ben)) == ({"fair": 7}, {})
    assert (kept(r, r.anna), kept(r, r.ben)) == (12, 7)


def without_scope(r: Rig) -> None:
    r.twin.dials.features_off = {LISTS: 403}


def test_without_the_scope_the_list_is_unknown_and_that_is_said(r):
    without_scope(r)
    told = stream(r.run("sync"), "lists")
    assert told["off"]
    assert unknown(r, r.anna) == unknown(r, r.ben) == {"seo": f"list not read: {r.id}"}
    r.run("plan")
    assert kept(r, r.anna) == 0
    checks = {row["check"]: row for row in r.run("check_portal")["checks"]}
    assert "Grant crm.lists.read" in checks["lists"]["remedy"]
    assert (checks[f"list {r.id}"]["ok"], checks[f"list {r.id}"]["text"]) == (None, told["off"])


def test_a_refusal_is_asked_about_once_an_hour_and_heals_by_itself(r):
    without_scope(r)
    r.run("sync")
    r.twin.dials.features_off = set()
    with watched(r) as calls:
        assert stream(r.run("sync"), "lists")["off"]
    assert paths(calls, LISTS) == []
    r.clock.advance(HOUR)
    assert stream(r.run("sync"), "lists")["off"] is None
    assert points(r, r.anna) == {"seo": 12}
    assert look(r, lambda u, portal: cursors.get(u, portal, "lists")) is None


def test_a_list_that_was_deleted_is_unknown_and_the_others_are_read(r):
    other = r.twin.lists.make("Trade fair")
    r.twin.lists.change(other, [r.anna], [])
    scored_by(r, listed(r.id), listed(other.head["listId"], points=7, name="fair"))
    r.run("sync")
    r.seo.deleted = True
    told = stream(r.run("sync"), "lists")
    assert (told["off"], told["note"]) == (
        None, f"HubSpot has no list {r.id}: it was deleted, or the number is of another portal.",
    )  # fmt: skip
    assert (points(r, r.anna), unknown(r, r.anna)) == ({"fair": 7}, {"seo": f"list not read: {r.id}"})
    settled(r)
    assert stream(r.run("sync"), "lists")["note"] == told["note"]
    assert look(r, records.dirty_count) == 0
    r.seo.deleted = False
    r.run("sync")
    assert points(r, r.anna) == {"fair": 7, "seo": 12}


def test_a_list_of_companies_is_no_list_of_contacts(r):
    firms = r.twin.lists.make("Firms", type_id="0-2").head["listId"]
    scored_by(r, listed(firms))
    assert stream(r.run("sync"), "lists")["note"] == f"List {firms} (Firms) is no list of contacts."
    assert unknown(r, r.anna) == {"seo": f"list not read: {firms}"}


def test_while_hubspot_works_a_list_out_what_was_known_stays_and_what_was_not_waits(r):
    r.seo.head["processingStatus"] = "PROCESSING"
    fresh = r.twin.lists.make("Fresh")
    r.twin.lists.change(fresh, [r.ben], [])
    fresh.head["processingStatus"] = "PROCESSING"
    r.twin.lists.change(r.seo, [r.ben], [r.anna])
    scored_by(r, listed(r.id), listed(fresh.head["listId"], points=7, name="fresh"))
    assert "still being worked out" in stream(r.run("sync", full=True), "lists")["note"]
    assert (points(r, r.anna), list(unknown(r, r.anna))) == ({"seo": 12}, ["fresh"])
    r.seo.head["processingStatus"] = fresh.head["processingStatus"] = "COMPLETE"
    r.run("sync", full=True)
    assert (points(r, r.anna), points(r, r.ben)) == ({}, {"seo": 12, "fresh": 7})


def test_a_reading_that_breaks_off_removes_nobody(r):
    many = [r.twin.create_contact({"email": f"p{n}@werk.example"}) for n in range(260)]
    r.twin.lists.change(r.seo, many, [])
    r.run("sync")
    assert len(on(r)) == 261
    r.twin.lists.change(r.seo, [], [r.anna, *many[:3]])
    pages = f"{LISTS}/{r.id}/memberships"
    r.twin.dials.faults = [{"match": pages, "times": 1, "status": "slow", "seconds": 0}]
    r.twin.dials.faults += [{"match": pages, "times": 60, "status": 503}]
    with pytest.raises(PortalUnavailable):
        r.run("sync")
    assert len(on(r)) == 261
    r.twin.dials.faults = []
    r.run("sync")
    assert on(r) == set(many[3:])


def test_pages_that_go_round_in_a_circle_end_in_an_error_and_remove_nobody(r):
    def circling(_call):
        follow = {None: "a", "a": "b", "b": "c", "c": "a"}
        return lambda _list_id, *, after: MemberPage(((r.ben, None),), follow[after])

    r.clock.advance(HOUR)
    with wired(r, "list_members", circling) as service, pytest.raises(ProtocolBroken):
        service.sync(r.name)
    assert on(r) == {r.anna}


def test_who_was_merged_away_is_on_it_as_the_survivor(r):
    survivor = r.twin.merge(r.ben, r.anna)
    r.run("sync")
    assert on(r) == {survivor}
    assert points(r, survivor) == {"seo": 12}


def test_an_erased_person_is_told_of_their_lists_and_is_on_none_again(r):
    (row,) = r.run("person", str(r.anna))["kinds"]["list_memberships"]["rows"]
    assert (row["list_id"], row["since_ms"][:10]) == (r.id, "2026-11-22")
    r.run("erase", str(r.anna))
    assert on(r) == set()
    r.run("sync", full=True)
    assert on(r) == set()


def test_a_past_minute_knows_who_has_been_on_it_ever_since_and_no_more(r):
    before = r.clock.now_ms()
    r.clock.advance(60)
    r.twin.lists.change(r.seo, [r.ben], [])
    r.run("sync")
    assert points(r, r.anna, before) == {"seo": 12}
    assert (points(r, r.ben, before), unknown(r, r.ben, before)) == ({}, {"seo": f"list not read: {r.id}"})


def test_a_gate_may_ask_for_a_list_too(r):
    ready = ripe(r, "mia@werk.example")
    lifecycle = document("lifecycle")
    bought = {"name": "bought", "label": "Bought addresses", "when": {"in_list": [r.id]}}
    publish(r, r.folder, "scoring", document("scoring"))
    publish(r, r.folder, "lifecycle", {**lifecycle, "exclusions": [bought]})
    r.run("sync")

    def gate() -> bool | None:
        return next(one["met"] for one in r.run("explain", str(ready))["gates"] if one["name"] == "bought")

    assert gate() is True
    r.twin.lists.change(r.seo, [ready], [])
    r.run("sync")
    assert gate() is False
    without_scope(r)
    r.run("sync")
    assert gate() is None


def test_the_doctor_names_the_lists_that_are_known(r):
    checks = {row["check"]: row for row in r.run("check_portal")["checks"]}
    assert checks["lists"]["ok"] is True
    assert checks["named lists"]["text"] == f"Read: {r.id} (Leads on SEO, 1)."
    scored_by(r, listed("999"))
    assert r.run("check_portal")["ok"] is True
    checks = {row["check"]: row for row in r.run("check_portal")["checks"]}
    assert checks["list 999"]["text"] == "List 999 has not been read yet."


def test_a_portal_reads_its_own_lists_only(tmp_path):
    """Two portals whose lists have the same number: neither hears of the other's members."""
    with rig(tmp_path / "a", contacts=0) as one, rig(tmp_path / "b") as other:
        for each in (one, other):
            each.folder = tmp_path
            each.who = each.twin.create_contact({"email": "anna@werk.example"})
            each.seo = each.twin.lists.make("Leads on SEO")
        other.twin.lists.change(other.seo, [other.who], [])
        one.settings = other.settings
        with one.service() as service:
            service.add_portal("zeta", one.twin.token, one.url)
        one.name = "zeta"
        for each in (one, other):
            scored_by(each, listed("301"))
            each.run("sync")
        assert (points(one, one.who), points(other, other.who)) == ({}, {"seo": 12})


def test_of_a_past_minute_only_those_are_known_who_had_joined_by_then():
    assert listing.known_at({"1": 5, "2": 6, "3": None}, 5) == {"1": True}


def test_who_reads_no_list_does_not_load_what_replaces_one():
    """Columns of numbers take 20 MB and a tenth of a second, which every command would pay."""
    told = "import sys, connector.service; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
