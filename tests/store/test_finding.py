"""Contacts are found by name, company, address and id, filtered, sorted, and leafed through without loss or repeat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.store import finding, receipts, records
from connector.store.faces import ROOM, face, folded
from connector.store.finding import Wanted
from tests.store.builders import T0, receipt, snapshot


def judged(u, portal, number, score=10, *, at=0, **properties):
    """A contact with a receipt, as judging keeps it."""
    stage, grade = properties.pop("stage", "lead"), properties.pop("grade", "C")
    records.upsert(u, portal, "contacts", [snapshot(number, at, **properties)], T0 + at)
    row = replace(receipt(number, score, at=at, stage=stage, grade=grade), face=face(properties))
    receipts.save_many(u, portal, [row], "test")


def ids(u, portal, wanted, after=None, limit=50):
    """Found both ways: each looked at on the way, and gathered by name first."""
    hits = finding.find(u, portal, wanted, limit, after)
    gathered = finding.named(u, portal, wanted)
    assert finding.find(u, portal, wanted, limit, after, among=gathered) == hits
    return [hit.contact_id for hit in hits]


@pytest.fixture
def people(u, portal):
    judged(u, portal, 1, 63, firstname="Björn", lastname="Müller", company="Werke AG", email="b.mueller@werke.example")
    judged(u, portal, 2, 12, firstname="Eva", lastname="Weiß", company="100 % Holz", email="eva@holz.example")
    judged(u, portal, 3, 40, stage="mql", grade="A", firstname="Ann_a", lastname="Noack", email="a@werke.example")
    return portal


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("muller",), [1]),  # without its accent
        (("werke",), [1, 3]),  # company of one, address of the other
        (("werke", "bjorn"), [1]),  # all words
        (("weiss",), [2]),  # ß is ss
        (("100 %",), [2]),  # a wildcard is a character
        (("ann_a",), [3]),
        (("ann%a",), []),
        (("eva@holz.example",), [2]),
        (("nobody",), []),
    ],
)
def test_words_are_found_wherever_a_contact_is_known_by(u, people, words, found):
    assert ids(u, people, Wanted(words=tuple(folded(word) for word in words))) == found


def test_an_id_is_found_beside_words_and_a_merged_id_finds_its_survivor(u, people):
    assert ids(u, people, Wanted(words=("3",), ident=3)) == [3]
    records.merge(u, people, "contacts", 3, 1, T0)
    assert ids(u, people, Wanted(ident=3)) == [1]


def test_filters_narrow_together(u, people):
    assert ids(u, people, Wanted(stage="mql")) == [3]
    assert ids(u, people, Wanted(grade="C")) == [1, 2]
    assert ids(u, people, Wanted(least=12, most=40)) == [3, 2]
    assert ids(u, people, Wanted(stage="mql", grade="C")) == []
    assert finding.count(u, people, Wanted(grade="C"), 100) == 2
    assert finding.count(u, people, Wanted(), 2) == 2, "counted no further than asked"


def test_a_name_that_many_have_is_not_gathered_first(u, portal, monkeypatch):
    monkeypatch.setattr(finding, "COMMON", 3)
    for number in range(1, 6):
        judged(u, portal, number, score=number, firstname="Anna" if number < 5 else "Eva")
    assert finding.named(u, portal, Wanted(words=("anna",))) is None
    assert finding.named(u, portal, Wanted(words=("eva",))) == (5,)
    assert finding.named(u, portal, Wanted(stage="mql")) is None
    assert ids(u, portal, Wanted(words=("anna",))) == [4, 3, 2, 1]


def test_who_was_deleted_is_not_found(u, people):
    records.bury(u, people, "contacts", [1], T0)
    assert ids(u, people, Wanted()) == [3, 2]
    assert ids(u, people, Wanted(words=("muller",))) == []
    assert finding.count(u, people, Wanted(), 100) == 2


def test_another_portal_finds_nobody(u, people, store):
    assert ids(u, people + 1, Wanted()) == []
    assert not finding.judged(u, people + 1)
    assert finding.judged(u, people)


@pytest.mark.parametrize("order", ["score", "changed"])
def test_leafing_shows_everybody_once_in_order(u, portal, order):
    for number in range(1, 24):
        judged(u, portal, number, score=number % 4, at=number % 5)
    seen, after = [], None
    while hits := finding.find(u, portal, Wanted(order=order), 5, after):
        seen += hits
        after = hits[-1].key(order), hits[-1].contact_id
    assert sorted(hit.contact_id for hit in seen) == list(range(1, 24))
    keys = [(hit.key(order), hit.contact_id) for hit in seen]
    assert keys == sorted(keys, reverse=True)


def test_a_new_mql_is_one_that_became_it_since_then(u, portal):
    judged(u, portal, 1, 60, at=0, stage="mql")  # was one before we looked
    judged(u, portal, 3, 40, at=0, stage="lead")
    assert ids(u, portal, Wanted(mql_since_ms=T0)) == []
    judged(u, portal, 3, 70, at=1000, stage="mql")
    assert ids(u, portal, Wanted(mql_since_ms=T0 + 500)) == [3]
    judged(u, portal, 3, 75, at=2000, stage="mql")
    assert ids(u, portal, Wanted(mql_since_ms=T0 + 1500)) == [], "another score is no new MQL"


def test_a_judgement_that_changes_nothing_is_no_change(u, portal):
    judged(u, portal, 1, 10, at=0)
    judged(u, portal, 1, 10, at=5000)
    assert [hit.changed_ms for hit in finding.find(u, portal, Wanted(), 1)] == [T0]
    judged(u, portal, 1, 11, at=9000)
    assert [hit.changed_ms for hit in finding.find(u, portal, Wanted(), 1)] == [T0 + 9000]


def test_a_face_is_folded_and_bounded():
    assert face({"firstname": "ÉVA", "lastname": " Žižek ", "company": None, "email": "E@X.example"}) == (
        "eva zizek e@x.example"
    )
    assert face({}) == ""
    assert len(face({"lastname": "ä" * 5000})) == ROOM
    assert face({"firstname": "a\x00b\ud800"}) == "ab?"
