"""Facts as they were: nothing that came later is seen, and nothing that would tell the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.lab.past import ALWAYS, Past, Seen, pasts
from connector.model.records import Activity
from connector.rules.derived import Basis
from connector.rules.documents import parse_document
from connector.rules.mapping import compile_mapping
from connector.store.history import HistoryRow
from connector.store.records import Record
from connector.store.study import Person
from connector.sync.facts import past_case
from tests.rig import Rig, rig
from tests.sync.steps import context, document

DAY = 86_400_000
MAPPING = compile_mapping(parse_document("mapping", document("mapping"), {}, "mapping"))  # type: ignore[arg-type]
RULES = SimpleNamespace(basis=Basis({}, "customer"))
CTX: Any = SimpleNamespace(rulebook=SimpleNamespace(mapping=MAPPING, rules=RULES))
LASTING = frozenset({"jobtitle", "country"}) | ALWAYS
NAMES = ["jobtitle", "country", "hs_lead_status", "total_revenue", "lifecyclestage"]
CREATED, FIRST_SEEN = 10, 40


def told(changes: list[tuple[int, str, str | None]], acts: list[int], until: int) -> Past:
    """A contact as the mirror would hold it at ``until``, when all this had been told up to then."""
    values: dict[str, str | None] = {"jobtitle": "Leiter Einkauf", "country": "DE", "hs_lead_status": "NEW"}
    values |= {"total_revenue": None, "lifecyclestage": "lead", "email": "a@x.example"}
    rows: list[HistoryRow] = []
    for at, name, value in sorted(changes, key=lambda one: one[:2]):
        if at <= until and values[name] != value:
            rows.append(HistoryRow(1, name, at, 1, values[name], value, at))
            values[name] = value
    record = Record("contacts", 1, values, CREATED, until, until, False, None, None, "a@x.example", FIRST_SEEN)
    seen = tuple(
        Activity(1, at, f"a{n}", "e_book", "form_submission", "x") for n, at in enumerate(sorted(acts)) if at <= until
    )
    person = Person(1, CREATED, "lead", "", "", "A", "W", "a@x.example", None, {})
    return Past(
        CTX, Seen(record, tuple(reversed(rows))), None, person, (), seen, ((20, "lead"),), frozenset(), {}, LASTING
    )


VALUES = st.sampled_from([None, "", "A", "B", "customer"])
CHANGES = st.lists(
    st.tuples(st.integers(FIRST_SEEN + 1, 100), st.sampled_from(NAMES), VALUES),
    max_size=15,
    unique_by=lambda one: one[:2],
)
ACTS = st.lists(st.integers(0, 100), max_size=15)


class TestNothingThatCameLaterIsSeen:
    """For any story, any instant and any later time at which the mirror is asked."""

    @settings(max_examples=200, deadline=None)
    @given(CHANGES, ACTS, st.integers(FIRST_SEEN, 100), st.integers(0, 100), st.data())
    def test_more_of_the_story_changes_no_earlier_fact(
        self, changes: list[tuple[int, str, str | None]], acts: list[int], then: int, later: int, data: st.DataObject
    ) -> None:
        at = data.draw(st.integers(0, then))
        early, late = told(changes, acts, then), told(changes, acts, max(then, later))
        assert early.facts(at) == late.facts(at)

    @settings(max_examples=100, deadline=None)
    @given(CHANGES, ACTS, st.integers(0, 100))
    def test_asking_in_any_order_gives_the_same(
        self, changes: list[tuple[int, str, str | None]], acts: list[int], at: int
    ) -> None:
        fresh, asked = told(changes, acts, 100), told(changes, acts, 100)
        for other in (100, 0, 41, 60):
            asked.facts(other)
        assert fresh.facts(at) == asked.facts(at)

    @settings(max_examples=100, deadline=None)
    @given(ACTS, st.integers(0, 100))
    def test_no_act_is_later_than_the_instant(self, acts: list[int], at: int) -> None:
        assert len(told([], acts, 100).facts(at).activities) == sum(1 for one in acts if one <= at)


class TestBeforeTheFirstLook:
    """The mirror's history begins there."""

    def test_who_somebody_is_counts_as_first_seen(self) -> None:
        assert told([(50, "jobtitle", "CEO")], [], 100).facts(20).properties["jobtitle"] == "Leiter Einkauf"

    def test_what_would_tell_the_outcome_is_unknown(self) -> None:
        facts = told([], [], 100).facts(20)
        assert (facts.properties["hs_lead_status"], facts.properties["total_revenue"]) == (None, None)
        assert told([], [], 100).facts(FIRST_SEEN).properties["hs_lead_status"] == "NEW"

    @pytest.mark.parametrize(("at", "stage"), [(19, None), (20, "lead"), (FIRST_SEEN, "lead")])
    def test_the_stage_is_that_of_hubspots_dates(self, at: int, stage: str | None) -> None:
        assert told([], [], 100).facts(at).properties["lifecyclestage"] == stage

    def test_who_was_on_a_list_is_never_known(self) -> None:
        """Nobody tells who left one: that somebody is still on it would tell what came later."""
        assert told([], [], 100).facts(20).lists == told([], [], 100).facts(100).lists == {}

    def test_a_source_is_unknown_until_it_was_covered(self) -> None:
        past = told([], [5], 100)
        past.covered = {"page_view": 60}
        assert past.facts(59).missing_sources == {"page_view"}
        assert past.facts(60).missing_sources == frozenset()


class TestMoments:
    """Instants worth judging: the last of each day on which something changed."""

    def test_are_one_a_day_the_last(self) -> None:
        past = told([], [], 100)
        past.acts = tuple(Activity(1, at, str(at), "e_book", "form_submission", "x") for at in (DAY, DAY + 5, 3 * DAY))
        assert past.moments(0, 10 * DAY) == [FIRST_SEEN, DAY + 5, 3 * DAY]

    def test_begin_with_the_contact_and_end_before_the_end(self) -> None:
        past = told([(50, "jobtitle", "CEO")], [], 100)
        assert past.moments(0, 50) == [FIRST_SEEN]
        assert past.moments(0, CREATED) == []


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(Path(tmp_path_factory.mktemp("past")), contacts=40) as r:
        r.run("sync")
        for step, contact in enumerate(r.twin.ids()[:6]):
            r.clock.advance(DAY / 1000)
            r.twin.edit("contacts", contact, {"jobtitle": f"Geschäftsführer {step}", "country": "Schweiz"})
            r.twin.submit_form("E-Book Download", f"new{step}@werk.example", {"lastname": "Neu"})
            r.run("sync")
        yield r


class TestInAMirror:
    """The same as ``explain --at`` says, as far as the mirror's own history reaches."""

    def test_facts_are_those_of_explain(self, living: Rig) -> None:
        with context(living) as ctx, ctx.store.view() as u:
            now = ctx.clock.now_ms()
            compared = 0
            for past in pasts(ctx, u, now, frozenset()):
                record = past.contact.record
                for at in range(record.first_seen_ms, now, DAY):
                    theirs = past_case(ctx, u, record, at, frozenset()).facts
                    ours = past.facts(at)
                    assert (ours.fields, ours.properties, ours.activities) == (
                        theirs.fields, theirs.properties, theirs.activities,
                    )  # fmt: skip
                    compared += 1
            assert compared > 200

    def test_everybody_who_lives_has_one(self, living: Rig) -> None:
        with context(living) as ctx, ctx.store.view() as u:
            assert [past.id for past in pasts(ctx, u, ctx.clock.now_ms(), frozenset())] == sorted(living.twin.ids())
