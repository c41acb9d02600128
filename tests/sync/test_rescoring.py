"""One contact judged for a workflow: as the portal has it now, else as the mirror has it; quickly, nothing written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError, UnknownContact, UnknownPortal
from connector.store import portals
from connector.sync.rescoring import MOST_READS, Reader, Score
from tests.journeys.steps import go_live
from tests.live.steps import watching
from tests.rig import Rig, rig
from tests.sync.steps import context, document, publish

LEADER, WEAK = "Leiterin Einkauf", "Azubi"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("rescore"), contacts=40) as made:
        go_live(made)
        yield made


@pytest.fixture
def r(shared: Rig) -> Rig:
    """A contact of each test's own, mirrored and judged; the reads of ten seconds are forgotten."""
    shared.clock.advance(60)
    shared.twin.dials.turn({"faults": [], "latency": 0.0})
    number = len(shared.twin.ids("contacts"))
    values = {"email": f"anna{number}@werk.example", "lastname": "Müller", "jobtitle": WEAK}
    shared.anna = shared.twin.create_contact(values)  # type: ignore[attr-defined]
    shared.run("sync")
    return shared


def asked(r: Rig, contact: int | None = None, *, hub: int | None = None, patience: float = 10.0) -> Score:
    reader = Reader(patience)
    try:
        with r.service(lasting=True) as service:
            return service.rescore(hub or r.twin.portal_id, contact or r.anna, reader)  # type: ignore[attr-defined]
    finally:
        reader.close()


def billed(r: Rig) -> dict[str, Any]:
    return r.run("explain", str(r.anna))  # type: ignore[attr-defined]


class TestTheScore:
    """The very judgement that everybody gets."""

    def test_is_that_of_the_bill(self, r: Rig) -> None:
        bill, found = billed(r), asked(r)
        assert (found.score, found.grade, found.stage) == (bill["score"], bill["grade"], bill["stage"])
        assert found.fresh

    def test_is_of_the_contact_as_hubspot_has_it_now_though_the_mirror_lags(self, r: Rig) -> None:
        before = asked(r)
        r.twin.edit("contacts", r.anna, {"jobtitle": LEADER})  # type: ignore[attr-defined]
        assert asked(r).score > before.score
        assert billed(r)["score"] == before.score
        r.run("sync")
        assert billed(r)["score"] == asked(r).score

    def test_costs_one_call_and_writes_nothing_anywhere(self, r: Rig) -> None:
        r.twin.edit("contacts", r.anna, {"jobtitle": LEADER})  # type: ignore[attr-defined]
        mirrored, held = r.mirrored(), dict(r.twin.get("contacts", r.anna) or {})  # type: ignore[attr-defined]
        with watching(r) as calls:
            asked(r)
        assert [call.method for call in calls] == ["POST"]
        assert calls[0].path.endswith("/batch/read")
        assert (r.mirrored(), r.twin.get("contacts", r.anna)) == (mirrored, held)  # type: ignore[attr-defined]

    def test_says_the_stage_that_follows_not_the_one_that_was(self, r: Rig) -> None:
        stages = {asked(r, contact).stage for contact in r.twin.ids("contacts")[:15]}
        assert stages <= {
            "", "subscriber", "lead", "mql", "sal", "sql", "opportunity", "customer", "recycled", "disqualified",
        }  # fmt: skip
        assert len(stages) > 1


class TestWithoutThePortal:
    """The mirror answers when the portal cannot, and it does not make a workflow wait."""

    def test_a_portal_that_fails_or_is_slow(self, r: Rig) -> None:
        r.twin.edit("contacts", r.anna, {"jobtitle": LEADER})  # type: ignore[attr-defined]
        stale = billed(r)["score"]
        r.twin.dials.turn({"faults": [{"status": 403, "match": "batch/read", "times": 1}]})
        assert asked(r) == replace(asked_stale(r, stale), fresh=False)

    def test_what_takes_too_long_is_not_waited_for(self, r: Rig) -> None:
        real = r.twin.clock.sleep
        r.twin.clock.sleep = lambda seconds: time.sleep(seconds)  # type: ignore[method-assign]
        r.twin.dials.turn({"latency": 1.0})
        try:
            reader = Reader(0.1)
            with r.service(lasting=True) as service:
                began = time.monotonic()
                found = service.rescore(r.twin.portal_id, r.anna, reader)  # type: ignore[attr-defined]
                took = time.monotonic() - began
                reader._pool.shutdown(wait=True)
        finally:
            r.twin.dials.turn({"latency": 0.0})
            r.twin.clock.sleep = real  # type: ignore[method-assign]
        assert not found.fresh
        assert took < 0.9

    def test_a_portal_that_rests_is_left_alone(self, r: Rig) -> None:
        with r.service() as service, service.store.unit() as u:
            portals.keep_setting(u, 1, "rest", {"until_ms": r.clock.now_ms() + 60_000, "why": "down"})
        with watching(r) as calls:
            assert not asked(r).fresh
        with r.service() as service, service.store.unit() as u:
            portals.keep_setting(u, 1, "rest", {})
        assert calls == []

    def test_thousands_of_questions_do_not_eat_the_portals_limits(self, r: Rig) -> None:
        reader = Reader(10.0)
        with r.service(lasting=True) as service, watching(r) as calls:
            fresh = [service.rescore(r.twin.portal_id, r.anna, reader).fresh for _ in range(MOST_READS + 5)]  # type: ignore[attr-defined]
            assert fresh == [True] * MOST_READS + [False] * 5
            r.clock.advance(10)
            assert service.rescore(r.twin.portal_id, r.anna, reader).fresh  # type: ignore[attr-defined]
        reader.close()
        assert len(calls) == MOST_READS + 1


def asked_stale(r: Rig, score: int) -> Score:
    bill = billed(r)
    assert bill["score"] == score
    return Score(score, bill["grade"], bill["stage"], fresh=False)


class TestPeople:
    """New ones, merged ones, those who are gone."""

    def test_who_is_too_new_for_the_mirror_is_judged_by_what_the_portal_says(self, r: Rig) -> None:
        new = r.twin.create_contact({"email": "neu@werk.example", "jobtitle": LEADER})
        found = asked(r, new)
        assert found.fresh
        assert found.score > 0
        assert new not in r.mirrored()

    def test_a_new_one_is_unknown_while_the_portal_is_silent(self, r: Rig) -> None:
        new = r.twin.create_contact({"email": f"neu{r.anna}@werk.example"})  # type: ignore[attr-defined]
        r.twin.dials.turn({"faults": [{"status": 403, "match": "batch/read", "times": 1}]})
        with pytest.raises(UnknownContact):
            asked(r, new)

    def test_a_merged_one_has_the_score_of_its_survivor(self, r: Rig) -> None:
        other = r.twin.create_contact({"email": f"b{r.anna}@werk.example", "jobtitle": LEADER})  # type: ignore[attr-defined]
        r.run("sync")
        survivor = r.twin.merge(other, r.anna)  # type: ignore[attr-defined]
        assert asked(r).score == asked(r, survivor).score
        r.run("sync", full=True)
        assert asked(r).score == asked(r, survivor).score == r.run("explain", str(survivor))["score"]

    def test_one_deleted_in_hubspot_is_known_no_more(self, r: Rig) -> None:
        r.twin.delete("contacts", r.anna)  # type: ignore[attr-defined]
        with pytest.raises(UnknownContact):
            asked(r)

    def test_an_erased_person_has_no_score_though_hubspot_still_has_them(self, r: Rig) -> None:
        r.run("erase", str(r.anna))  # type: ignore[attr-defined]
        with pytest.raises(UnknownContact, match="erased"):
            asked(r)

    def test_a_number_nobody_has(self, r: Rig) -> None:
        with pytest.raises(UnknownContact):
            asked(r, 999_999_999)


class TestPortals:
    """Asked by HubSpot's number, and only where there is something to judge by."""

    def test_one_nobody_connected(self, r: Rig) -> None:
        with pytest.raises(UnknownPortal):
            asked(r, hub=987654)

    def test_one_that_is_paused_is_not_even_read(self, r: Rig) -> None:
        r.run("pause")
        with watching(r) as calls, pytest.raises(ConfigError) as caught:
            asked(r)
        r.run("resume")
        assert (caught.value.reason, calls) == ("paused", [])

    def test_one_whose_first_mirror_was_cut_off(self, tmp_path: Path) -> None:
        with rig(tmp_path, contacts=5) as made, pytest.raises(ConfigError) as caught:
            asked(made, made.twin.ids("contacts")[0])
        assert caught.value.reason == "not_mirrored"

    def test_documents_published_meanwhile_count_at_once(self, r: Rig, tmp_path: Path) -> None:
        reader = Reader(10.0)
        r.twin.edit("contacts", r.anna, {"jobtitle": LEADER})  # type: ignore[attr-defined]
        with r.service(lasting=True) as service:
            before = service.rescore(r.twin.portal_id, r.anna, reader)  # type: ignore[attr-defined]
            body = document("scoring")
            for rule in body["rules"]:
                rule["enabled"] = False
            publish(r, tmp_path, "scoring", body)
            after = service.rescore(r.twin.portal_id, r.anna, reader)  # type: ignore[attr-defined]
        reader.close()
        r.run("config_rollback", "scoring", 1, "admin")
        assert before.score != 0
        assert after.score == 0


def test_a_look_waits_for_no_writer(r: Rig) -> None:
    """Another process holds the database for long; a request must not stand behind it."""
    reader = Reader(10.0)
    with r.service() as writer, r.service(lasting=True) as service, writer.store.unit() as u:
        portals.keep_setting(u, 1, "note", "unfinished")
        began = time.monotonic()
        assert service.rescore(r.twin.portal_id, r.anna, reader).fresh  # type: ignore[attr-defined]
        assert time.monotonic() - began < 3
    reader.close()


def test_a_closed_reader_reads_nothing_more(r: Rig) -> None:
    reader = Reader(10.0)
    reader.close()
    with context(r) as ctx:
        assert reader.read(ctx, r.anna) is None  # type: ignore[attr-defined]
