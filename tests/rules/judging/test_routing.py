"""Routing: the cases a consultant could read (``cases/routing.yaml``), fairness over time, the speed-to-lead clock."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.model.judgement import Known, Unknown
from connector.model.records import Owner
from connector.presets import load_yaml, preset_text
from connector.rules.documents.routing import EVERYBODY, RoutingDocument, Speed
from connector.rules.routing import Book, Choice, Refused, Router, pool_in
from connector.rules.speed import HOUR_MS, due_ms, worked_ms
from connector.rules.view import View
from tests.rules.judging.build import contact, document

FILE = Path(__file__).parent / "cases" / "routing.yaml"
CASES: Any = load_yaml(FILE.read_text(encoding="utf-8"), FILE.name)[0]
PEOPLE = [(1, "Anna", "Arndt", True), (2, "Ben", "Behr", True), (3, "Cem", "Can", True), (4, "Dora", "Dorn", False)]
OWNERS = [Owner(n, f"{first.lower()}@agency.example", first, last, n * 10, active) for n, first, last, active in PEOPLE]
BASE: dict[str, Any] = {
    "owners": [
        {"owner": "Anna@agency.example", "capacity": 2},
        {"owner": "ben@agency.example", "absent": [{"from": "2026-12-24", "to": "2027-01-06"}]},
        {"owner": "3", "per_day": 2},
        {"owner": "dora@agency.example"},
    ],
    "rules": [
        {
            "name": "machinery_dach",
            "when": {
                "all": [
                    {"field": "location", "in": ["DE", "AT", "CH"]},
                    {"field": "industry", "equals": "MACHINERY"},
                ]
            },
            "owners": ["anna@agency.example", "ben@agency.example"],
        },
        {"name": "large", "when": {"field": "company_size", "gte": 500}, "owners": ["3"]},
    ],
}
DAY = "2026-11-26"


def routing(**changes: Any) -> RoutingDocument:
    found = document("routing", {**BASE, **changes})
    assert isinstance(found, RoutingDocument)
    return found


def view(**known: Any) -> View:
    fields = dict.fromkeys(("location", "industry", "company_size"), Unknown("empty"))
    return View(contact(fields={**fields, **{name: Known(value, name) for name, value in known.items()}}))


def route(case: dict[str, Any]) -> Choice | Refused:
    book = Book(dict(case.get("in_hand", {})), dict(case.get("today", {})))
    had = frozenset(case.get("had", ()))
    router = Router(routing(**case.get("document", {})), OWNERS)
    return router.route(view(**case["contact"]), book, case.get("day", DAY), present=case.get("present"), had=had)


def numbers(case: dict[str, Any]) -> dict[str, Any]:
    """YAML keys are text."""
    return {**case, **{k: {int(n): m for n, m in case[k].items()} for k in ("in_hand", "today") if k in case}}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    found, expected = route(numbers(case)), case["expect"]
    if isinstance(found, Refused):
        assert found.gate == expected["owner"]
        assert found.remedy
        said = found.why
    else:
        assert found.owner_id == expected["owner"]
        assert found.pool == expected.get("pool", found.pool)
        said = found.text()
    for words in expected.get("words", ()):
        assert words in said


def everybody(*weights: int, **more: Any) -> tuple[Router, list[Owner]]:
    owners = [Owner(n, f"o{n}@x.example", f"O{n}", "", n, True) for n in range(1, len(weights) + 1)]
    entries = [{"owner": str(n), "weight": weight, **more} for n, weight in enumerate(weights, 1)]
    return Router(routing(owners=entries, rules=[]), owners), owners


def turns(router: Router, book: Book, times: int, day: str = DAY) -> list[int]:
    return [found.owner_id for _ in range(times) if isinstance(found := router.route(view(), book, day), Choice)]


class TestFairness:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 150))
    def test_shares_follow_the_weights_at_any_moment(self, weights: list[int], times: int) -> None:
        """Of any two, what one got per weight is never more than a turn of either ahead of the other."""
        router, _ = everybody(*weights)
        got = Counter(turns(router, Book(), times))
        assert got.total() == times
        for a, wa in enumerate(weights, 1):
            for b, wb in enumerate(weights, 1):
                assert abs(got[a] / wa - got[b] / wb) <= 1 / wa + 1 / wb + 1e-9

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(1, 5), min_size=2, max_size=5), st.integers(1, 60), st.integers(1, 20))
    def test_a_restart_between_two_hand_overs_changes_nothing(self, weights: list[int], cut: int, more: int) -> None:
        router, _ = everybody(*weights)
        whole = turns(router, Book(), cut + more)
        again = router.book([(EVERYBODY, owner) for owner in whole[:cut]], {}, {})
        assert turns(router, again, more) == whole[cut:]

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(1, 8), min_size=1, max_size=5), st.integers(1, 5), st.integers(0, 60))
    def test_nobody_ever_holds_more_than_the_capacity(self, weights: list[int], capacity: int, times: int) -> None:
        router, _ = everybody(*weights, capacity=capacity)
        book = Book()
        got = Counter(turns(router, book, times))
        assert all(number <= capacity for number in got.values())
        assert got.total() == min(times, capacity * len(weights)), "and nobody is refused while there is room"
        assert book.in_hand == dict(got)

    def test_who_comes_back_is_not_flooded(self) -> None:
        away = {"owner": "1", "absent": [{"from": "2026-11-01", "to": "2026-11-26"}]}
        owners = [Owner(n, "", f"O{n}", "", n, True) for n in (1, 2)]
        router = Router(routing(owners=[away, {"owner": "2"}], rules=[]), owners)
        book = Book()
        assert turns(router, book, 30) == [2] * 30
        assert Counter(turns(router, book, 10, "2026-11-27")) == {1: 6, 2: 4}, "one turn ahead, and no more"
        assert Counter(turns(router, book, 10, "2026-11-27")) == {1: 5, 2: 5}

    def test_each_rule_has_its_own_turns(self) -> None:
        router = Router(routing(owners=[{"owner": "1"}, {"owner": "2"}, {"owner": "3"}]  , rules=[
            {"name": "home", "when": {"field": "location", "equals": "DE"}, "owners": ["1"]}]), OWNERS)  # fmt: skip
        book = Book()
        for _ in range(6):
            router.route(view(location="DE"), book, DAY)
        abroad = [router.route(view(location="FR"), book, DAY) for _ in range(6)]
        assert [one.owner_id for one in abroad if isinstance(one, Choice)] == [1, 2, 3, 1, 2, 3]

    def test_a_contact_that_stays_with_its_owner_takes_no_turn(self) -> None:
        router, _ = everybody(1, 1)
        book = Book()
        kept = router.route(view(), book, DAY, present=2)
        assert isinstance(kept, Choice)
        assert (kept.owner_id, kept.pool, kept.text()[:2]) == (2, "", "O2")
        assert turns(router, book, 2) == [1, 2]
        assert book.in_hand == {1: 1, 2: 2}


class TestDocument:
    def test_the_shipped_one_names_nobody(self) -> None:
        shipped = document("routing", load_yaml(preset_text("routing", "standard"), "standard.yaml")[0])
        assert isinstance(shipped, RoutingDocument)
        assert shipped.owners == ()
        assert shipped.model_copy(update={"name": "", "description": "", "version_label": ""}) == RoutingDocument()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"owners": [{"owner": "a"}, {"owner": "A"}], "rules": []}, "stands there twice"),
            ({"owners": [{"owner": "a"}]}, "is not among the owners"),
            ({"rules": [BASE["rules"][1], BASE["rules"][1]]}, "is used twice"),
            ({"rules": [{**BASE["rules"][1], "name": "everybody"}]}, "all owners together"),
            ({"rules": [{**BASE["rules"][1], "when": {"target": "function"}}]}, "knows no persona"),
            ({"owners": [{"owner": "a", "absent": [{"from": "2026-12-02", "to": "2026-12-01"}]}]}, "ends before"),
            ({"owners": [{"owner": "a", "absent": [{"from": "2026-13-02", "to": "2027-12-01"}]}]}, "is no date"),
            ({"speed": {"opens": "17:00", "closes": "09:00"}}, "ends before"),
        ],
    )
    def test_faults_are_named(self, changes: dict[str, Any], words: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            routing(**changes)
        assert any(words in fault.message for fault in refused.value.faults)
        assert all(fault.remedy for fault in refused.value.faults)

    @pytest.mark.parametrize(
        ("text", "pool"),
        [("large: Cem's turn.", "large"), ("everybody: …", "everybody"), ("my note: x", ""), ("", ""), (None, "")],
    )
    def test_the_pool_is_read_back_from_the_explanation(self, text: str | None, pool: str) -> None:
        assert pool_in(text, routing()) == pool


BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1000


class TestSpeed:
    @pytest.mark.parametrize(
        ("handed", "due"),
        [
            ("2026-11-26T10:00", "2026-11-26T14:00"),  # a Thursday
            ("2026-11-26T13:00", "2026-11-26T17:00"),
            ("2026-11-26T15:00", "2026-11-27T11:00"),
            ("2026-11-27T16:00", "2026-11-30T12:00"),  # over the weekend
            ("2026-11-28T03:00", "2026-11-30T13:00"),
            ("2026-11-26T22:00", "2026-11-27T13:00"),
        ],
    )
    def test_four_working_hours(self, handed: str, due: str) -> None:
        assert due_ms(Speed(), at(handed), BERLIN) == at(due)
        assert worked_ms(Speed(), at(handed), at(due), BERLIN) == 4 * HOUR_MS

    def test_the_night_of_daylight_saving_does_not_shift_it(self) -> None:
        assert due_ms(Speed(), at("2027-03-26T16:00"), BERLIN) == at("2027-03-29T12:00")

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 300 * 24), st.integers(1, 60))
    def test_whenever_it_is_handed_over_the_allowance_is_worked(self, hour: int, hours: int) -> None:
        speed = Speed(alert_after_hours=hours)
        handed = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1000 + hour * HOUR_MS
        due = due_ms(speed, handed, BERLIN)
        assert worked_ms(speed, handed, due, BERLIN) == hours * HOUR_MS
        assert worked_ms(speed, handed, due - 1000, BERLIN) < hours * HOUR_MS
        assert worked_ms(speed, handed, handed, BERLIN) == 0
