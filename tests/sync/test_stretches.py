"""Columns are a copy: whatever is written in whatever order, they say what the rows say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.rules.crowd import packing
from connector.rules.crowd.stretch import Stretch, words_of
from connector.store import Store, Unit, activities, associations, portals, records, stretches
from connector.store.stretches import Reach
from connector.store.unit import FOR_EVER
from connector.sync.stretches import _from_rows, stretches_of
from tests import databases
from tests.store.builders import IDENTITY, T0, activity, company_link, snapshot

WANTED = packing.names(["jobtitle", "hs_lastmodifieddate", "lastmodifieddate", "nobody_has_this"], ["name"], ["e_book"])
KINDS = ("e_book", "site_visit", "webinar_attended")
TURN, NAMES = count(1), count(1)
PEOPLE, COMPANIES = st.integers(1, 14), st.integers(70, 72)
WORDS = st.sampled_from(["", "CEO", "Köchin \U0001f9d1", 'a "b" \\ c'])

Change = Callable[[Unit, int], object]


@pytest.fixture(scope="module", params=databases.KINDS)
def store(request) -> Iterator[Store]:
    url = databases.fresh_url(request.param)
    opened = Store.open(url)
    yield opened
    opened.close()
    databases.drop(url)


def a_portal(store: Store, people: int) -> int:
    """Another portal, with so many contacts."""
    number = next(NAMES)
    with store.unit() as u:
        identity = replace(IDENTITY, hub_id=number)
        portal = portals.add(u, f"p{number}", "https://api.hubapi.com", b"", identity, T0).id
        for who in range(1, people + 1):
            _person(who, "CEO")(u, portal)
    return portal


def _person(who: int, words: str | None) -> Change:
    turn = next(TURN)
    said = {} if words is None else {"jobtitle": words}
    return lambda u, p: records.upsert(u, p, "contacts", [snapshot(who, turn, email=f"p{who}@x.example", **said)], T0)


def _company(which: int, name: str) -> Change:
    turn = next(TURN)
    one = snapshot(which, turn, object_type="companies", name=name)
    return lambda u, p: records.upsert(u, p, "companies", [one], T0)


def _act(who: int, number: int, kind: str, title: str) -> Change:
    one = activity(who, number % 4, f"i{number}", kind, title=title)
    return lambda u, p: activities.add(u, p, [one])


CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(_person, PEOPLE, st.none() | WORDS),
    st.builds(_company, COMPANIES, WORDS),
    st.builds(_act, PEOPLE, st.integers(1, 6), st.sampled_from(KINDS), WORDS),
    st.builds(lambda w: lambda u, p: records.bury(u, p, "contacts", [w], T0 + next(TURN)), PEOPLE),
    st.builds(lambda w: lambda u, p: records.bury(u, p, "companies", [w], T0 + next(TURN)), COMPANIES),
    st.builds(lambda a, b: lambda u, p: a == b or records.merge(u, p, "contacts", a, b, T0 + next(TURN)), PEOPLE,
              PEOPLE),
    st.builds(lambda w, n: lambda u, p: activities.remove(u, p, "form_submission", [(w, f"i{n}")]), PEOPLE, PEOPLE),
    st.builds(lambda w, n, k: lambda u, p: activities.set_kinds(u, p, [activity(w, n % 4, f"i{n}", k)]), PEOPLE,
              st.integers(1, 6), st.sampled_from(KINDS)),
    st.builds(lambda w, to: lambda u, p: associations.replace(
        u, p, "contacts", {w: [company_link(one) for one in to]}, "companies", T0), PEOPLE,
        st.lists(COMPANIES, unique=True, max_size=2)),
    st.builds(lambda end: lambda u, p: stretches.drop(u, p, [end]), PEOPLE),
)  # fmt: skip


def told(stretch: Stretch) -> dict[int, Any]:
    """What a stretch says of everybody."""
    found: dict[int, Any] = {}
    codes, said = words_of(stretch.acts, "e_book")
    words = iter([said[code] for code in codes.tolist()])
    did: dict[int, list[Any]] = {}
    for i, who in enumerate(stretch.acts.who.tolist()):
        kind = stretch.acts.kinds[stretch.acts.kind[i]]
        act = (
            int(stretch.acts.at_ms[i]),
            kind,
            int(stretch.acts.verdict[i]),
            next(words) if kind == "e_book" else None,
        )
        did.setdefault(who, []).append(act)
    for place, who in enumerate(stretch.ids.tolist()):
        texts = {**stretch.contact, **{f"company {name}": one for name, one in stretch.company.items()}}
        properties = {name: one.values[one.codes[place]] for name, one in texts.items()}
        found[who] = (properties, bool(stretch.has_company[place]), did.get(place, []))
    return found


def by_columns(store: Store, portal: int, size: int, most: int = 2) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for one in stretches_of(store, portal, WANTED, size, most):
        said = {name: column for name, column in one.contact.items() if packing.CONTACT + name in WANTED}
        assert said.keys() == one.contact.keys()
        assert not found.keys() & set(one.ids.tolist())
        assert one.ids.tolist() == sorted(one.ids.tolist())
        found |= told(one)
    return found


def by_rows(store: Store, portal: int) -> dict[int, Any]:
    with store.view() as u:
        return told(_from_rows(u, portal, Reach(0, FOR_EVER), WANTED))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(CHANGES, max_size=8), min_size=2, max_size=5),
    st.sampled_from([2, 3, 6, 40]),
    st.sampled_from([0, 1, 40]),
)
def test_columns_say_what_the_rows_say(store: Store, rounds: list[list[Change]], size: int, most: int) -> None:
    portal = a_portal(store, 8)
    for changes in rounds:
        assert by_columns(store, portal, size, most) == by_rows(store, portal)
        for change in changes:
            with store.unit() as u:
                change(u, portal)
    expected = by_rows(store, portal)
    assert by_columns(store, portal, size, most) == expected
    assert by_columns(store, portal, 5, most) == expected  # stretches stay where they were made


def test_few_changes_are_laid_over_and_many_make_a_stretch_anew(store: Store) -> None:
    portal = a_portal(store, 40)
    reach = Reach(0, 40)

    def noted() -> int:
        with store.view() as u:
            return len(stretches.changed(u, portal, reach))

    assert len(by_columns(store, portal, 40)) == 40
    with store.unit() as u:
        for who in (3, 4):
            _person(who, "Köchin")(u, portal)
    assert (by_columns(store, portal, 40), noted()) == (by_rows(store, portal), 2)
    with store.unit() as u:
        _person(5, "Köchin")(u, portal)
    assert (by_columns(store, portal, 40), noted()) == (by_rows(store, portal), 0)
    assert by_columns(store, portal, 40) == by_rows(store, portal)


def test_a_small_portal_keeps_nothing(store: Store) -> None:
    portal = a_portal(store, 8)
    assert len(by_columns(store, portal, 9)) == 8
    with store.view() as u:
        assert not stretches.kept(u, portal)


def test_a_column_that_is_asked_for_later_is_made_for_everybody(store: Store) -> None:
    portal = a_portal(store, 8)
    few = packing.names([], [], [])
    assert [len(one) for one in stretches_of(store, portal, few, 4)] == [4, 4]
    assert by_columns(store, portal, 4) == by_rows(store, portal)
    with store.view() as u:
        assert stretches.columns(u, portal, Reach(0, 4), WANTED).keys() == WANTED
