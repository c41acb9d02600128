"""History: written from what the mirror saw change; any past moment can be asked for."""

from __future__ import annotations

import pytest

from connector.store import history, records
from connector.store.history import HistoryRow
from tests.store.builders import T0, snapshot


@pytest.fixture
def past(u, portal):
    steps = [(10, "lead", "CTO"), (20, "mql", "CTO"), (30, "sql", None), (40, "sql", "CEO")]
    for at, stage, title in steps:
        records.upsert(u, portal, "contacts", [snapshot(1, at, lifecyclestage=stage, jobtitle=title)], T0 + at + 1)


def told(u, portal, **more):
    rows = history.of(u, portal, "contacts", [1], **more)
    return [(row.property, row.at_ms - T0, row.before, row.after) for row in rows]


def test_each_changed_property_is_a_row_and_first_sight_is_none(u, portal, past):
    assert told(u, portal) == [
        ("lifecyclestage", 20, "lead", "mql"),
        ("jobtitle", 30, "CTO", None),
        ("lifecyclestage", 30, "mql", "sql"),
        ("jobtitle", 40, None, "CEO"),
    ]
    assert history.of(u, portal, "contacts", [1])[0].seen_ms == T0 + 21


def test_only_after_a_time(u, portal, past):
    assert told(u, portal, after_ms=T0 + 30) == [("jobtitle", 40, None, "CEO")]
    assert history.of(u, portal, "contacts", []) == ()


@pytest.mark.parametrize(
    ("at", "stage", "title"),
    [
        (0, "lead", "CTO"),
        (10, "lead", "CTO"),
        (19, "lead", "CTO"),
        (20, "mql", "CTO"),
        (30, "sql", None),
        (99, "sql", "CEO"),
    ],
)
def test_values_as_of_any_time(u, portal, past, at, stage, title):
    values = history.values_at(u, portal, "contacts", 1, T0 + at)
    assert (values["lifecyclestage"], values["jobtitle"]) == (stage, title)


def test_before_it_was_created_there_was_nothing(u, portal, past):
    assert history.values_at(u, portal, "contacts", 1, T0 - 1001) == {}
    assert history.values_at(u, portal, "contacts", 99, T0) == {}


def test_two_changes_at_one_time_are_told_as_one(u, portal, past):
    records.upsert(u, portal, "contacts", [snapshot(1, 40, lifecyclestage="sql", jobtitle="CFO")], T0 + 50)
    assert told(u, portal)[-1][3] == "CFO"
    assert history.values_at(u, portal, "contacts", 1, T0 + 35)["jobtitle"] is None


def test_the_time_of_modification_has_no_history(u, portal):
    for at in (1, 2):
        records.upsert(u, portal, "contacts", [snapshot(1, at, lastmodifieddate=str(at), a=str(at))], T0)
    assert [row[0] for row in told(u, portal)] == ["a"]


def test_a_repair_is_booked_at_the_time_it_was_read(u, portal, past):
    records.upsert(u, portal, "contacts", [snapshot(1, 35, jobtitle="VP")], T0 + 90, refresh=True)
    assert told(u, portal)[-1] == ("jobtitle", 90, "CEO", "VP")


def test_history_learnt_elsewhere_is_added_once(u, portal, past):
    older = HistoryRow(1, "lifecyclestage", T0 + 5, 1, "subscriber", "lead", T0 + 100)
    again = HistoryRow(1, "lifecyclestage", T0 + 20, 1, "x", "y", T0 + 100)
    assert history.add(u, portal, "contacts", [older, again]) == 1
    assert history.values_at(u, portal, "contacts", 1, T0 + 4)["lifecyclestage"] == "subscriber"
    assert told(u, portal)[1] == ("lifecyclestage", 20, "lead", "mql")
