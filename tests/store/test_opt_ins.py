"""The steps of double opt-ins: kept once, read up to an instant, moved by a merge, gone with the person."""

from dataclasses import replace

from connector.model.judgement import OptInStep
from connector.store import erasures, history, opt_ins, records
from connector.store.forgetting import about, forget_contact, person
from connector.store.history import HistoryRow
from tests.store.builders import T0, snapshot

ASKED = OptInStep(T0, "requested", "form", "Newsletter", wording="spring")
CONFIRMED = OptInStep(T0 + 5, "confirmed", "property", "User clicked confirmation", "Confirmation Pending")


def test_a_step_is_kept_as_it_was_first_seen(store, portal):
    with store.unit() as u:
        assert opt_ins.add(u, portal, {1: [ASKED], 2: []}, T0) == 1
        opt_ins.add(u, portal, {1: [replace(ASKED, wording="autumn"), CONFIRMED]}, T0 + 9)
        assert opt_ins.of(u, portal, [1, 2]) == {1: (ASKED, CONFIRMED)}
        assert opt_ins.of(u, portal, [1], T0 + 4) == {1: (ASKED,)}
        assert opt_ins.of(u, portal, []) == {}


def test_another_portal_sees_nothing_of_it(store, portal):
    with store.unit() as u:
        opt_ins.add(u, portal, {1: [ASKED]}, T0)
        assert opt_ins.of(u, portal + 1, [1]) == {}


def test_a_merge_takes_the_steps_along(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1, 1), snapshot(2, 1)], T0)
        opt_ins.add(u, portal, {1: [ASKED], 2: [ASKED, CONFIRMED]}, T0)
        records.merge(u, portal, "contacts", 1, 2, T0 + 10**9)
        assert opt_ins.of(u, portal, [1, 2]) == {2: (ASKED, CONFIRMED)}


def test_they_are_told_to_the_person_and_go_with_it(store, portal):
    with store.unit() as u:
        records.upsert(u, portal, "contacts", [snapshot(1, 1, email="anna@werk.example")], T0)
        opt_ins.add(u, portal, {1: [ASKED]}, T0)
        who = person(u, portal, 1)
        (row,) = about(u, portal, who)["opt_in_steps"]
        assert (row["step"], row["what"], row["wording"]) == ("requested", "Newsletter", "spring")
        assert forget_contact(u, portal, who)["opt_in_steps"] == 1
        assert opt_ins.of(u, portal, [1]) == {}


def test_who_was_erased_gets_none(store, portal):
    with store.unit() as u:
        erasures.book(u, portal, [1], [], "by hand", T0)
        assert opt_ins.add(u, portal, {1: [ASKED]}, T0) == 0
        assert opt_ins.of(u, portal, [1]) == {}


def test_turns_are_those_of_one_property_of_the_record_itself(store, portal):
    def row(record: int, name: str, at: int, origin: int, after: str) -> HistoryRow:
        return HistoryRow(record, name, at, origin, "", after, at)

    with store.unit() as u:
        rows = [
            row(1, "state", 5, 1, "b"),
            row(1, "state", 2, 1, "a"),
            row(1, "other", 3, 1, "x"),
            row(1, "state", 4, 9, "z"),
        ]
        history.add(u, portal, "contacts", rows)
        assert history.turns(u, portal, "contacts", [1, 2], "state") == {1: [(2, "", "a"), (5, "", "b")]}
        assert history.turns(u, portal, "contacts", [1], "state", 4) == {1: [(2, "", "a")]}
        assert history.turns(u, portal, "contacts", [], "state") == {}
