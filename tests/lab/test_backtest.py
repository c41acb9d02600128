"""A draft model over the mirrored past: whom it finds and when, against hidden buyers, twice the same, never ahead."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.clock import instant
from connector.errors import ConfigError, DocumentInvalid
from connector.rules.bands import wilson
from connector.store.schema import TENANT_TABLES
from tests.rig import Rig, rig
from tests.sync.steps import document, look, publish

DAY = 86_400
SHIPPED = Path(__file__).parents[2] / "config/presets/scoring/standard-b2b.yaml"


def model(folder: Path, name: str = "draft.yaml", **changes: Any) -> Path:
    """The shipped model with changes, as a file."""
    file = folder / name
    file.write_text(json.dumps({**document("scoring"), **changes}), encoding="utf-8")
    return file


def rules_changed(**points: int) -> list[dict[str, Any]]:
    return [{**rule, "points": points.get(rule["name"], rule["points"])} for rule in document("scoring")["rules"]]


def buyers_file(r: Rig, folder: Path) -> Path:
    """The twin's hidden truth, as a list from an ERP would be."""
    file = folder / "buyers.csv"
    with file.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("who", "day"))
        table.writerows((who, at.isoformat()) for who, at in r.twin.purchases.items())
    return file


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A portal with eighteen months behind it. The published model lets nobody pass, so a draft's gains are all."""
    folder = Path(tmp_path_factory.mktemp("grown"))
    with rig(folder, contacts=250, seed=11) as r:
        r.run("sync")
        publish(r, folder, "scoring", {**document("scoring"), "threshold": 9999})
        yield r


@pytest.fixture(scope="module")
def told(grown: Rig) -> dict[str, Any]:
    draft = model(grown.folder, threshold=25)
    return grown.run("backtest", draft, buyers=buyers_file(grown, grown.folder), horizon_days=120)


class TestAgainstTheHiddenBuyers:
    """The twin knows who really buys."""

    def test_all_living_buyers_are_known(self, grown: Rig, told: dict[str, Any]) -> None:
        assert told["outcomes"]["known"]["contacts"] == len(grown.twin.buyers & set(grown.twin.ids()))
        assert told["measured_by"] == "known"
        assert told["unknown_buyers"] == []

    def test_precision_and_recall_are_what_counting_by_hand_gives(self, grown: Rig, told: dict[str, Any]) -> None:
        end, horizon = instant(told["period"]["to"]), 120 * DAY * 1000
        assert end is not None
        bought = {who: round(at.timestamp() * 1000) for who, at in grown.twin.purchases.items()}
        hits = misses = undecided = 0
        passed = {int(one["contact"]): instant(one["passed_at"]) for one in told["gains"]}
        for who, at in passed.items():
            assert at is not None
            if bought.get(who, at + horizon + 1) <= at + horizon:
                hits += 1
            elif at + horizon <= end:
                misses += 1
            else:
                undecided += 1
        own = next(row for row in told["thresholds"] if row["own"])
        found = own["outcomes"]["known"]
        assert own["passed"] == len(passed) > 20
        assert (found["hits"], found["decided"], found["undecided"]) == (hits, hits + misses, undecided)
        assert hits > 0
        assert found["precision"] == pytest.approx(hits / (hits + misses), abs=1e-4)
        assert found["precision_band"] == pytest.approx(wilson(hits, hits + misses), abs=1e-4)
        assert found["recall"] == pytest.approx(len(passed.keys() & bought.keys()) / found["there"], abs=1e-4)

    def test_nobody_passes_after_the_purchase(self, grown: Rig, told: dict[str, Any]) -> None:
        bought = {who: at.timestamp() * 1000 for who, at in grown.twin.purchases.items()}
        for one in told["gains"]:
            at = instant(one["passed_at"])
            assert at is not None
            assert at < bought.get(int(one["contact"]), at + 1)

    def test_a_higher_threshold_never_passes_more(self, told: dict[str, Any]) -> None:
        passed = [row["passed"] for row in told["thresholds"]]
        assert passed == sorted(passed, reverse=True)
        assert passed[0] > passed[-1]

    def test_few_hits_leave_the_threshold_uncalibrated(self, told: dict[str, Any]) -> None:
        own = next(row for row in told["thresholds"] if row["own"])["outcomes"]["known"]
        assert own["hits"] < 10
        assert (told["calibrated"], told["reason"]) == (False, "few")

    def test_every_rule_of_the_model_is_weighed_with_its_evidence(self, told: dict[str, Any]) -> None:
        assert [one["rule"] for one in told["rules"]] == [rule["name"] for rule in document("scoring")["rules"]]
        for one in told["rules"]:
            assert one["hits"] <= one["cases"] <= one["known"] <= told["base"]["cases"]
            assert one["contacts"] <= one["cases"]
            assert isinstance(one["proposed"], int)

    def test_webinars_are_what_buyers_attend(self, told: dict[str, Any]) -> None:
        """The twin's world lets those who will buy attend far more often; the backtest must find that."""
        lift = {one["rule"]: one["lift"] for one in told["rules"]}
        assert lift["webinar_attended"] > 3
        assert lift["location"] < 2

    def test_a_rule_that_could_not_be_decided_has_no_case(self, told: dict[str, Any]) -> None:
        """Page views reach back ninety days from connecting: windows of before say nothing about visits."""
        visits = next(one for one in told["rules"] if one["rule"] == "site_visit")
        assert visits["known"] < told["base"]["cases"]

    def test_sources_of_the_outcomes_stand_beside(self, told: dict[str, Any]) -> None:
        assert set(told["outcomes"]) == {"accepted", "won", "known"}
        assert all(set(row["outcomes"]) == set(told["outcomes"]) for row in told["thresholds"])


class TestItIsAQuestion:
    """Asking changes nothing, and the same question has the same answer."""

    def test_twice_the_same(self, grown: Rig, told: dict[str, Any]) -> None:
        draft = model(grown.folder, threshold=25)
        again = grown.run("backtest", draft, buyers=buyers_file(grown, grown.folder), horizon_days=120)
        assert again == told

    def test_the_portal_is_not_asked(self, grown: Rig) -> None:
        before = grown.twin.ledger.count()
        grown.run("backtest", SHIPPED)
        assert grown.twin.ledger.count() == before

    def test_nothing_is_kept(self, grown: Rig) -> None:
        def kept() -> Any:
            return look(
                grown, lambda u, _: [u.number(sa.select(sa.func.count()).select_from(t)) for t in TENANT_TABLES]
            )

        before = kept()
        grown.run("backtest", SHIPPED)
        assert kept() == before


class TestNoLookAhead:
    """What came after the last day of the question changes nothing of its answer."""

    def test_later_acts_stages_deals_and_contacts_are_not_seen(self, tmp_path: Path) -> None:
        with rig(tmp_path, contacts=60, seed=5) as r:
            r.run("sync")
            last = r.clock.now().date()
            r.clock.advance(2 * DAY)
            asked = {"last": last, "horizon_days": 60}
            before = r.run("backtest", model(tmp_path, threshold=20), **asked)
            for step, contact in enumerate(r.twin.ids()[:20]):
                r.clock.advance(DAY)
                email = r.twin.get("contacts", contact).get("email")
                if email:
                    r.twin.submit_form("Demo Anfrage", email, {"jobtitle": "Geschäftsführer"})
                r.twin.edit("contacts", contact, {"lifecyclestage": "customer", "hs_lead_status": "CONNECTED"})
                deal = r.twin.create("deals", {"dealname": "x", "pipeline": "default", "dealstage": "closedwon",
                                               "closedate": r.clock.now().isoformat(), "amount": "5"})  # fmt: skip
                r.twin.associate("deals", deal, "contacts", contact)
                r.twin.submit_form("White Paper Anforderung", f"neu{step}@werk.example", {"lastname": "Neu"})
            r.run("sync")
            after = r.run("backtest", model(tmp_path, threshold=20), **asked)
            assert r.run("backtest", SHIPPED)["outcomes"]["won"]["contacts"] >= 20
        assert before["contacts"] > 50
        assert after == before


class TestWhoChangesSide:
    """By name, with what became of them."""

    def test_a_draft_with_a_lower_threshold_gains_and_loses_nobody(self, grown: Rig, tmp_path: Path) -> None:
        publish(grown, tmp_path, "scoring", {**document("scoring"), "threshold": 40})
        try:
            lower = grown.run("backtest", model(tmp_path, threshold=20))
            same = grown.run("backtest", model(tmp_path, threshold=40))
        finally:
            publish(grown, tmp_path, "scoring", {**document("scoring"), "threshold": 9999})
        assert lower["gains"]
        assert lower["losses"] == []
        assert (same["gains"], same["losses"]) == ([], [])
        assert lower["gains"][0]["name"]
        assert set(lower["gains"][0]) >= {"contact", "email", "company", "passed_at", "score", "became"}

    def test_a_rule_taken_out_loses_those_who_lived_by_it(self, grown: Rig, tmp_path: Path) -> None:
        publish(grown, tmp_path, "scoring", {**document("scoring"), "threshold": 40})
        try:
            poorer = model(tmp_path, threshold=40, rules=rules_changed(webinar_attended=1, e_book=1, white_paper=1))
            found = grown.run("backtest", poorer)
        finally:
            publish(grown, tmp_path, "scoring", {**document("scoring"), "threshold": 9999})
        assert found["losses"]
        assert found["gains"] == []


class TestWhenSomebodyPasses:
    """The instant of the act that brought it, and the gates of the lifecycle stand."""

    def test_at_the_act_that_brought_the_points(self, tmp_path: Path) -> None:
        with rig(tmp_path) as r:
            values = {"firstname": "Anna", "lastname": "Müller", "company": "Werk", "jobtitle": "Leiterin Einkauf"}
            contact = r.twin.submit_form("White Paper Anforderung", "anna@werk.example", values)
            r.clock.advance(5 * DAY)
            r.twin.submit_form("E-Book Download", "anna@werk.example")
            ebook = r.clock.now()
            r.clock.advance(9 * DAY)
            r.run("sync")
            publish(r, tmp_path, "scoring", {**document("scoring"), "threshold": 9999})
            (gain,) = r.run("backtest", model(tmp_path, threshold=35))["gains"]
        assert (gain["contact"], gain["score"]) == (str(contact), 45)  # 15 + 20 and the function's 10
        assert gain["passed_at"] == ebook.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def test_ten_blog_posts_pass_no_threshold(self, tmp_path: Path) -> None:
        with rig(tmp_path) as r:
            values = {
                "email": "b@werk.example",
                "firstname": "B",
                "lastname": "M",
                "company": "W",
                "jobtitle": "Leiter",
            }
            contact = r.twin.create_contact(values)
            for _ in range(10):
                r.clock.advance(3 * DAY)
                r.twin.page_view(contact, "https://www.example-werke.de/blog/wartung-richtig-planen")
            r.run("sync")
            found = r.run("backtest", model(tmp_path, threshold=10))
        assert found["published"]["passed"] == 0
        assert all(row["passed"] == 0 for row in found["thresholds"])


class TestWhatIsRefused:
    """In words, with a remedy."""

    def test_a_model_with_faults(self, grown: Rig, tmp_path: Path) -> None:
        with pytest.raises(DocumentInvalid):
            grown.run("backtest", model(tmp_path, threshold=-1))

    def test_a_file_that_is_none(self, grown: Rig, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            grown.run("backtest", tmp_path)

    def test_a_portal_that_is_not_mirrored_yet(self, tmp_path: Path) -> None:
        with rig(tmp_path) as r, pytest.raises(ConfigError, match="not mirrored"):
            r.run("backtest", SHIPPED)

    def test_buyers_nobody_knows_are_named(self, grown: Rig, tmp_path: Path) -> None:
        file = tmp_path / "b.json"
        file.write_text('["999999999", "nobody@x.example"]')
        assert grown.run("backtest", SHIPPED, buyers=file)["unknown_buyers"] == ["999999999", "nobody@x.example"]
