"""What was put aside: seen by its cause, brought back, given up."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from connector.store import flips
from connector.store.flips import Frozen
from tests.journeys.steps import people, wrong
from tests.live.steps import drained, post, states
from tests.live.test_drain import notice
from tests.rig import rig
from tests.sync.steps import look, tamper


@pytest.fixture
def r(tmp_path):
    """A mirrored portal with two people and three bad notices."""
    with rig(tmp_path) as made:
        people(made, 2)
        made.run("sync")
        good = notice(made, "contact.propertyChange", 5, propertyName="lastname", propertyValue="geheim")
        post(made, [{**good, "objectId": "x"}, {**good, "objectId": "y"}, {**good, "occurredAt": "gestern"}])
        drained(made)
        yield made


def groups(r, kind: str) -> list[tuple[int, str]]:
    return [(g["count"], g["reason"]) for g in r.run("held")["held"] if g["kind"] == kind]


def test_bad_notices_are_one_line_a_cause_and_no_value_is_shown(r):
    found = r.run("held")
    assert [count for count, _ in groups(r, "notices")] == [2, 1]
    assert "geheim" not in str(found)
    assert "geheim" not in str(r.run("inbox", 50))


def test_retried_they_are_tried_again_and_held_again(r):
    assert r.run("held_retry", ["notices"])["retried"] == {"notices": 3}
    assert states(r) == {"new": 3}
    drained(r)
    assert states(r) == {"held": 3}


def test_discarded_they_are_gone(r):
    assert r.run("held_discard", ["notices"])["discarded"] == {"notices": 3}
    assert r.run("held")["held"] == []


def test_a_frozen_field_is_released_by_its_contact(r):
    contact = r.twin.ids("contacts")[0]
    one = Frozen(contact, "lifecyclestage", r.clock.now_ms(), "Leadwright and IMPORT")
    tamper(r, lambda u: flips.freeze(u, 1, [one]))
    assert groups(r, "frozen") == [(1, "lifecyclestage: Leadwright and IMPORT")]
    r.run("held_retry", ["frozen"], [str(contact)])
    assert look(r, flips.frozen) == ()


def test_ids_need_their_kind(r):
    with pytest.raises(ConfigError):
        r.run("held_retry", ["notices", "jobs"], ["5"])
    with pytest.raises(ConfigError):
        r.run("held_retry", ["notices"], ["fünf"])


def test_replayed_notices_are_read_again_and_change_nothing(r):
    contact = r.twin.ids("contacts")[0]
    post(r, [notice(r, "contact.propertyChange", contact, propertyName="lastname", propertyValue="x")])
    drained(r)
    assert r.run("inbox_replay", r.clock.now().replace(hour=0))["replayed"] >= 1
    told = drained(r)
    assert told["notices"]["done"] == 1
    assert not wrong(r)
