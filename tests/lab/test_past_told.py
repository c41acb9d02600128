"""What a data provider told, in a contact's past: the answer of that time, and before the first one the first."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.lab.past import ALWAYS, Past, Seen, pasts
from connector.model.enrichment import Told
from connector.rules.derived import Basis
from connector.rules.documents import parse_document
from connector.rules.mapping import compile_mapping
from connector.store.records import Record
from connector.store.study import Person
from connector.sync.facts import past_case
from tests.providers import Firms
from tests.rig import Rig
from tests.sync.enrichment import BIG, DAY_S, enriched_mapping, office
from tests.sync.steps import context

BODY = enriched_mapping("https://firms.example")
MAPPING = compile_mapping(parse_document("mapping", BODY, {}, "mapping"))  # type: ignore[arg-type]
RULES = SimpleNamespace(basis=Basis({}, "customer"))
CTX: Any = SimpleNamespace(rulebook=SimpleNamespace(mapping=MAPPING, rules=RULES))
FIRST_SEEN = 40


def answers(*at: int) -> tuple[Told, ...]:
    """One answer at each of these instants, the size being the instant."""
    return tuple(Told("firms", "works.example", one, {"size.employees": str(one)}) for one in sorted(at))


def past(versions: tuple[Told, ...], **values: str) -> Past:
    held: dict[str, str | None] = {"email": "a@works.example", **values}
    record = Record("contacts", 1, held, 10, 90, 90, False, None, None, "a@works.example", FIRST_SEEN)
    person = Person(1, 10, "lead", "", "", "A", "W", "a@works.example", None, {})
    told = {"works.example": versions} if versions else {}
    return Past(CTX, Seen(record), None, person, (), (), (), frozenset(), {}, ALWAYS | {"domain"}, told)


def size(one: Past, at: int) -> Any:
    return getattr(one.facts(at).fields["company_size"], "value", None)


def test_each_time_has_its_answer_and_the_first_counts_before() -> None:
    one = past(answers(50, 70))
    assert [size(one, at) for at in (70, 69, 50, 49, 20, 100)] == [70, 50, 50, 50, 50, 70]
    assert size(past(()), 100) is None


def test_an_answer_is_a_moment_at_which_something_changed() -> None:
    assert 70 in past(answers(70)).moments(0, 86_400_000)


@given(st.sets(st.integers(50, 100), max_size=4), st.integers(0, 100), st.integers(50, 100))
def test_what_was_told_later_changes_no_earlier_fact(at: set[int], asked: int, later: int) -> None:
    known = {one for one in at if one <= max(asked, 50)} | {50}
    early, late = past(answers(*known)), past(answers(*known, *(one for one in at | {later} if one > asked)))
    assert early.facts(asked) == late.facts(asked)


class TestOutOfTheMirror:
    """The laboratory and `explain --at` know the same of the time since the portal was connected."""

    @pytest.fixture
    def world(self, tmp_path) -> Iterator[tuple[Rig, Firms]]:
        with office(tmp_path, {"email": "anna@works.example"}) as (r, them):
            them.answers["works.example"] = BIG
            r.run("cycle")
            r.clock.advance(40 * DAY_S)
            them.answers["works.example"] = {"size": {"employees": 3}}
            r.run("cycle")
            yield r, them

    def test_the_same_fields_at_every_instant(self, world) -> None:
        r, them = world
        assert len(them.asked) == 2
        now = r.clock.now_ms()
        with context(r) as ctx, ctx.store.view() as u:
            (one,) = pasts(ctx, u, now, frozenset())
            for at in (now, now - 1, now - 39 * DAY_S * 1000):
                alone = past_case(ctx, u, one.contact.record, at, frozenset())
                for name in ("company_size", "industry", "legal_form"):
                    assert one.facts(at).fields[name] == alone.facts.fields[name], (name, at - now)
            assert size(one, now) == 3
            assert size(one, now - 1) == 1250
