"""``sync --full`` reads everything as it is now; only from one that was just cut off it goes on."""

from __future__ import annotations

import pytest

from tests.journeys.steps import people, stream, wrong
from tests.rig import Rig, rig
from tests.sync.steps import document, killed, paths, publish, watched

LIST = "/crm/v3/objects/contacts"


@pytest.fixture
def r(tmp_path):
    """Mirrored once; then a full pull that was killed after its first pages."""
    with rig(tmp_path) as made:
        people(made, 900)
        made.run("sync")
        killed(made, "contacts", 3, "sync", full=True, only=("contacts",))
        made.folder = tmp_path
        yield made


def full(r: Rig) -> tuple[int, str]:
    """(pages read, what the report says)"""
    with watched(r) as calls:
        ran = r.run("sync", full=True, only=("contacts",))
    sweep = 9  # the id sweep of a full pull lists them all once more
    pages = [c for c in paths(calls, LIST) if c.method == "GET" and c.path.rstrip("/").endswith("contacts")]
    return len(pages) - sweep, stream(ran, "contacts")["note"]


def test_one_cut_off_just_now_is_gone_on_with(r):
    r.clock.advance(20 * 60)
    pages, said = full(r)
    assert pages < 9
    assert said == "The full pull goes on where it was cut off 20 minutes ago."


def test_an_older_one_is_begun_anew(r):
    r.clock.advance(3 * 3600)
    pages, said = full(r)
    assert pages >= 9
    assert said == "The full pull begins anew, not where it was cut off 180 minutes ago."
    assert wrong(r) == []


def test_one_that_read_other_properties_is_begun_anew(r):
    mapping = document("mapping")
    mapping["read_more"] = ["message", "city", "zip"]
    publish(r, r.folder, "mapping", mapping)
    r.clock.advance(60)
    _, said = full(r)
    assert "begins anew" in said


def test_a_full_pull_that_was_not_cut_off_says_nothing(r):
    full(r)
    assert full(r)[1] == ""
