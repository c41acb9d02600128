"""Lists, silence, colleagues, deals and personas: bounds, unknowns, words, faults."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Circle, Colleague, Known, Receipt, Unknown
from connector.rules.judge import next_change_ms
from connector.rules.words import reason
from tests.rules.judging.build import DAY, NAMELESS, NOW, contact, did, judged, later, model
from tests.rules.test_habits import faults, unknown

LISTED: dict[str, Any] = {"name": "listed", "kind": "list", "family": "engagement", "points": 5, "lists": ["4", "5"]}
SILENT: dict[str, Any] = {
    "name": "silent",
    "kind": "inactivity",
    "family": "engagement",
    "points": -10,
    "after_days": 30,
}
PEOPLE: dict[str, Any] = {
    "name": "people", "kind": "association", "of": "colleagues", "family": "readiness", "points": 9, "at_least": 2,
}  # fmt: skip
DEALS: dict[str, Any] = {
    "name": "deals", "kind": "association", "of": "deals", "family": "readiness", "points": 8, "state": "won",
}  # fmt: skip
MAKER: dict[str, Any] = {
    "name": "Maker", "targets": {"trade": {"field": "industry", "equals": "MACHINERY"},
                                 "size": {"field": "company_size", "gte": 50},
                                 "level": {"field": "role_level", "at_least_level": "head"}},
}  # fmt: skip
RESEMBLES: dict[str, Any] = {"name": "fits", "kind": "persona", "family": "persona_fit", "points": 12, "share": 0.6}
CAME = {"createdate": "2026-10-01T00:00:00Z"}


def bill(rule: dict[str, Any], *acts: Any, **more: Any) -> Receipt:
    return judged(contact(*acts, **more), model(rule)).receipt


def colleagues(*acts: Any, **more: Any) -> Circle:
    return Circle(tuple(Colleague(n + 9, tuple(one)) for n, one in enumerate(acts)), **more)


class TestLists:
    @pytest.mark.parametrize(("on", "points"), [({"4"}, 5), ({"4", "5"}, 5), ({"6"}, 0), (set(), 0)])
    def test_any_of_them(self, on: set[str], points: int) -> None:
        receipt = bill(LISTED, lists={one: one in on for one in "456"})
        assert (receipt.score, unknown(receipt)) == (points, None)

    def test_the_line_names_the_list(self) -> None:
        (line,) = bill(LISTED, lists={"4": False, "5": True}).lines
        assert (line.evidence, line.reason) == ("list 5", "Listed: is on the list")
        assert reason(line, "de") == "Listed: steht auf der Liste"

    def test_of_two_lists_the_one_that_was_not_read_leaves_it_open(self) -> None:
        assert bill(LISTED, lists={"4": True}).score == 5
        assert unknown(bill(LISTED, lists={"4": False})) == (5, "list not read: 5")
        assert unknown(bill(LISTED)) == (5, "list not read: 4, 5")

    def test_it_is_no_step_that_anybody_can_take(self) -> None:
        assert bill(LISTED).next_steps == ()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"lists": []}, "needs at least 1 entries"), ({"lists": ["SEO leads"]}, "is not written as it must be"),
         ({"lists": [4]}, "must be text"), ({"points": 0}, "gives no points")],
    )  # fmt: skip
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in one for one in faults({**LISTED, **changes}))


class TestSilence:
    def test_to_the_millisecond(self) -> None:
        facts, compiled = contact(did("e_book", 0)), model(SILENT)
        assert next_change_ms(facts, compiled) == NOW + 30 * DAY
        assert judged(later(facts, 30 * DAY - 1), compiled).receipt.score == 0
        assert judged(later(facts, 30 * DAY), compiled).receipt.score == -10

    def test_once_unless_it_says_how_often(self) -> None:
        assert bill(SILENT, did("e_book", 3000)).score == -10
        rule = {**SILENT, "every_days": 10, "floor": -35}
        assert [bill(rule, did("e_book", days)).score for days in (30, 39, 40, 50, 60, 600)] == [
            -10,
            -10,
            -20,
            -30,
            -35,
            -35,
        ]

    def test_the_line_says_how_long(self) -> None:
        (line,) = bill(SILENT, did("e_book", 44)).lines
        assert line.reason == "Silent: nothing for 44 days, counted 1 times"
        assert reason(line, "de") == "Silent: nichts seit 44 Tagen, 1-mal gezählt"
        assert line.evidence == "e book on 2026-10-09"

    def test_the_day_it_came_stands_in(self) -> None:
        (line,) = bill(SILENT, properties=CAME).lines
        assert line.evidence == "nothing since the contact came"
        assert unknown(bill(SILENT)) == (-10, "createdate: empty")

    def test_a_day_of_coming_in_the_future_is_today(self) -> None:
        assert bill(SILENT, properties={"createdate": "2030-01-01T00:00:00Z"}).score == 0

    @pytest.mark.parametrize("kind", ["mail_sent", "note", "call_attempted", "webinar_missed", "list_added"])
    def test_what_others_do_is_no_sign_of_life(self, kind: str) -> None:
        assert bill(SILENT, did("e_book", 50), did(kind, 1)).score == -10

    @pytest.mark.parametrize("kind", ["mail_opened", "site_visit", "meeting_held", "custom_fair"])
    def test_what_the_contact_does_is(self, kind: str) -> None:
        assert bill(SILENT, did("e_book", 50), did(kind, 1)).score == 0

    def test_of_certain_acts_only(self) -> None:
        rule = {**SILENT, "activities": ["e_book"]}
        assert bill(rule, did("e_book", 50), did("site_visit", 1)).score == -10

    def test_a_source_that_is_off_may_hide_one(self) -> None:
        off = frozenset({"page_view"})
        assert unknown(bill(SILENT, did("e_book", 50), missing_sources=off)) == (-10, "source off: page_view")
        assert unknown(bill(SILENT, did("e_book", 5), missing_sources=off)) is None
        told = {**SILENT, "sources": ["form_submission"]}
        assert bill(told, did("e_book", 50), missing_sources=off).score == -10

    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"points": 5}, "cannot bring points"), ({"every_days": 5}, "fall for ever"),
         ({"every_days": 5, "floor": -5}, "above the points of one event"), ({"after_days": 0}, "at least 1")],
    )  # fmt: skip
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in one for one in faults({**SILENT, **changes}))


class TestColleagues:
    def test_so_many_of_them(self) -> None:
        assert bill(PEOPLE, circle=colleagues([], [])).score == 9
        receipt = bill(PEOPLE, circle=colleagues([]))
        assert (receipt.score, unknown(receipt)) == (0, None)

    def test_those_who_did_something_lately(self) -> None:
        rule = {**PEOPLE, "activities": ["e_book"], "within_days": 10}
        circle = colleagues(did("e_book", 1), did("e_book", 9), did("site_visit", 1))
        (line,) = bill(rule, circle=circle).lines
        assert (line.count, line.reason) == (2, "People: 2 colleagues did so within 10 days")
        assert reason(line, "de") == "People: 2 aus demselben Unternehmen in 10 Tagen"
        facts, compiled = contact(circle=circle), model(rule)
        assert next_change_ms(facts, compiled) == NOW + DAY
        assert judged(later(facts, DAY), compiled).receipt.score == 0

    def test_one_of_them_counts_once_however_much_it_does(self) -> None:
        rule = {**PEOPLE, "activities": ["e_book"]}
        assert bill(rule, circle=colleagues(did("e_book", times=9))).score == 0

    def test_a_machine_is_no_colleague(self) -> None:
        rule = {**PEOPLE, "at_least": 1, "activities": ["mail_clicked"]}
        assert bill(rule, circle=colleagues(did("mail_clicked", verdict="machine"))).score == 0

    def test_what_was_not_read_is_unknown(self) -> None:
        assert unknown(bill(PEOPLE, circle=Circle(why="no company"))) == (9, "colleagues: no company")
        cut = colleagues([], cut=True)
        assert unknown(bill(PEOPLE, circle=cut)) == (9, "the company has more people than were read")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"state": "won"}, "`state` is about deals"), ({"within_days": 5}, "needs `activities`"),
         ({"of": "friends"}, "not allowed here"), ({"at_least": 0}, "at least 1")],
    )  # fmt: skip
    def test_faults(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in one for one in faults({**PEOPLE, **changes}))


class TestDeals:
    @pytest.mark.parametrize(
        ("state", "deals", "points"),
        [("won", ("won", "open"), 8), ("won", ("lost", "open"), 0), ("open", ("open",), 8), ("any", ("lost",), 8),
         ("any", (), 0), ("lost", ("lost",), 8)],
    )  # fmt: skip
    def test_in_a_state(self, state: str, deals: tuple[Any, ...], points: int) -> None:
        receipt = bill({**DEALS, "state": state}, circle=Circle(deals=deals))
        assert (receipt.score, unknown(receipt)) == (points, None)

    def test_one_that_does_not_say_is_unknown_where_it_matters(self) -> None:
        assert unknown(bill(DEALS, circle=Circle(deals=("unknown",)))) == (
            8,
            "1 deals do not say whether they are closed",
        )
        assert unknown(bill(DEALS, circle=Circle(deals=("unknown", "won")))) is None

    def test_why_they_were_not_read_is_said(self) -> None:
        circle = Circle((), None, "no company", why_deals="deals are not mirrored")
        assert unknown(bill(DEALS, circle=circle)) == (8, "deals: deals are not mirrored")

    def test_the_line(self) -> None:
        (line,) = bill(DEALS, circle=Circle(deals=("won", "won"))).lines
        assert (line.evidence, line.reason, reason(line, "de")) == ("won deals: 2", "Deals: 2 deals", "Deals: 2 Deals")

    def test_faults(self) -> None:
        assert any("are about colleagues" in one for one in faults({**DEALS, "activities": ["e_book"]}))


class TestPersona:
    def bill(self, fields: dict[str, Any], **changes: Any) -> Receipt:
        compiled = model({**RESEMBLES, **changes}, personas=[MAKER, {**MAKER, "name": "Twin"}])
        known = {name: value if isinstance(value, Unknown) else Known(value, name) for name, value in fields.items()}
        return judged(contact(fields={**NAMELESS, **known}), compiled).receipt

    FULL = (("industry", "MACHINERY"), ("company_size", 90), ("role_level", "head"))

    def test_the_share_that_is_met(self) -> None:
        (line,) = self.bill(dict(self.FULL[:2])).lines
        assert (line.points, line.reason) == (12, "Fits: Maker, 2 of 3 targets met")
        assert reason(line, "de") == "Fits: Maker, 2 von 3 Merkmalen erfüllt"

    def test_it_counts_to_fit(self) -> None:
        receipt = self.bill(dict(self.FULL))
        assert (receipt.fit, receipt.engagement) == (12, 0)

    def test_what_is_unknown_may_still_be_met(self) -> None:
        receipt = self.bill({"industry": "MACHINERY"})
        assert receipt.score == 0
        assert unknown(receipt) == (12, "company_size: empty; role_level: empty")
        assert receipt.next_steps[0].points == 12

    def test_known_not_to_fit(self) -> None:
        (line,) = self.bill({"industry": "RETAIL", "company_size": 3, "role_level": "intern"}).lines
        assert (line.points, line.reason) == (0, "Fits is outside the target group")

    def test_of_two_alike_the_first_counts(self) -> None:
        assert self.bill(dict(self.FULL), personas=["Maker"]).score == 12
        assert self.bill(dict(self.FULL), personas=["Twin"]).score == 0

    def test_points_against_a_persona(self) -> None:
        assert self.bill(dict(self.FULL), points=-30).score == -30
        assert self.bill({"industry": "RETAIL", "company_size": 3, "role_level": "intern"}, points=-30).lines == ()

    @pytest.mark.parametrize(
        ("changes", "personas", "words"),
        [
            ({"personas": ["Nobody"]}, [MAKER], 'There is no persona "Nobody"'),
            ({}, [], "The model describes no persona"),
            ({"share": 0}, [MAKER], "must be more than 0"),
            ({"share": 1.5}, [MAKER], "must be at most 1"),
        ],
    )
    def test_faults(self, changes: dict[str, Any], personas: list[Any], words: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            model({**RESEMBLES, **changes}, personas=personas)
        assert any(words in fault.message for fault in refused.value.faults)
