"""Enrichment in a living installation: a real portal beside a real provider, on a clock of its own."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.errors import ConfigError
from connector.rules.words import translate
from connector.store import receipts, records
from connector.store.schema import ENRICHMENTS
from connector.sync import enriching
from connector.sync.rescoring import Reader
from connector.vault import Vault
from tests import databases
from tests.live.steps import Feed, drained
from tests.providers import closed_port, dripping, endless, firms, silent, status
from tests.sync.enrichment import ASKED, BIG, DAY_S, enriched_mapping, names, office, rule, state, told, waiting
from tests.sync.steps import context, document, look, publish

ANNA = {"email": "anna@works.example"}


@pytest.fixture
def world(tmp_path):
    with office(tmp_path, ANNA) as (r, them):
        them.answers["works.example"] = BIG
        yield r, them


class TestTheFlow:
    def test_a_new_contact_is_asked_about_and_judged_by_the_answer_in_one_drain(self, world) -> None:
        r, them = world
        r.run("cycle")
        feed = Feed(r)
        them.answers["neu.example"] = BIG
        contact = r.twin.create_contact({"lastname": "Neu", "email": "bo@neu.example"})
        feed.deliver()
        drained(r)
        line = rule(r, contact, "company_size")
        assert (line["points"], them.asked) == (5, ["works.example", "neu.example"])
        assert "from provider firms, 2026-11-22" in line["evidence"]
        assert "(vom Anbieter firms, 22.11.2026)" in translate(line["evidence"], "de")
        said = {one["field"]: (one["value"], one["provider"]) for one in r.run("explain", str(contact))["told"]}
        assert said["company_size"] == (1250, "firms")
        assert said["legal_form"] == ("GmbH", "firms")

    def test_a_cycle_asks_about_everybody_who_lacks_something(self, world) -> None:
        r, them = world
        r.run("cycle")
        assert told(r, "works.example") == {
            "works.example": {"size.employees": "1250", "branch": "MACHINERY", "form": "GmbH"}
        }
        assert rule(r, r.ids[0], "industry")["points"] == 8
        assert them.asked == ["works.example"]

    def test_an_answer_is_asked_for_once_however_many_work_there(self, world) -> None:
        r, them = world
        for number in range(3):
            r.twin.create_contact({"lastname": f"B{number}", "email": f"b{number}@works.example"})
        r.run("cycle")
        r.run("cycle")
        assert them.asked == ["works.example"]

    def test_the_domain_of_the_company_goes_before_that_of_the_address(self, world) -> None:
        r, them = world
        company = r.twin.create("companies", {"name": "Holding", "domain": "holding.example"})
        r.twin.associate("contacts", r.ids[0], "companies", company)
        r.run("sync", full=True)
        r.run("cycle")
        assert them.asked == ["holding.example"]

    def test_who_lacks_nothing_or_has_a_free_address_is_never_asked_about(self, tmp_path) -> None:
        with office(tmp_path, {"email": "privat@gmx.de"}, ANNA) as (r, them):
            company = r.twin.create("companies", {"domain": "works.example", "numberofemployees": "80"})
            r.twin.associate("contacts", r.ids[1], "companies", company)
            names(r, tmp_path, them.url, fields={"company_size": "size.employees"})
            r.run("sync", full=True)
            r.run("cycle")
            assert them.asked == []

    def test_what_people_enter_later_takes_the_answers_place(self, world) -> None:
        r, _ = world
        r.run("cycle")
        company = r.twin.create("companies", {"domain": "works.example", "numberofemployees": "9"})
        r.twin.associate("contacts", r.ids[0], "companies", company)
        r.run("sync", full=True)
        assert rule(r, r.ids[0], "company_size") is None or rule(r, r.ids[0], "company_size")["points"] == 0

    def test_a_portal_without_the_block_is_as_it_was(self, world, tmp_path) -> None:
        r, them = world
        publish(r, tmp_path, "mapping", document("mapping"))
        r.run("cycle")
        assert (them.heard, state(r), waiting(r)) == ([], {}, 0)
        assert [row["check"] for row in r.run("check_portal")["checks"] if row["check"] == "enrichment"] == []

    def test_whoever_shares_the_domain_is_judged_anew(self, world) -> None:
        r, them = world
        other = r.twin.create_contact({"lastname": "Zweite", "email": "zwei@works.example"})
        them.answers.clear()
        r.run("cycle")
        r.run("plan")
        them.answers["works.example"] = BIG
        r.clock.advance(8 * DAY_S)
        r.run("enrich")
        assert {r.ids[0], other} <= set(look(r, lambda u, p: records.dirty_or_due(u, p, r.clock.now_ms())))

    @pytest.mark.parametrize("domain", ["works.example", "https://www.Works.example/de"])
    def test_whoever_works_at_a_company_of_that_domain_too(self, tmp_path, domain) -> None:
        with office(tmp_path, ANNA, {"email": "bo@gmx.de"}) as (r, them):
            company = r.twin.create("companies", {"domain": domain})
            r.twin.associate("contacts", r.ids[1], "companies", company)
            r.run("sync", full=True)
            r.run("plan")
            with context(r) as ctx, ctx.store.unit() as u:
                u.run(sa.text("DELETE FROM dirty WHERE portal_id = 1"))
            them.answers["works.example"] = BIG
            r.run("enrich")
            assert set(look(r, lambda u, p: records.dirty_or_due(u, p, 0))) == set(r.ids)

    def test_nothing_of_it_is_written_to_hubspot(self, tmp_path) -> None:
        with office(tmp_path, ANNA) as (r, them):
            them.answers["works.example"] = {**BIG, "name": "Works GmbH"}
            body = enriched_mapping(them.url, fields={**ASKED, "company_name": "name"})
            for row in body["rows"]:
                if row["field"] == "company_name":
                    row |= {"direction": "both", "mode": "fill_if_empty"}
            publish(r, tmp_path, "mapping", body)
            r.run("cycle")
            assert "company_name" in next(row for row in r.rows("contacts"))["fields"]
            changed = r.run("plan")["changes"]
            assert [one for one in changed if "company" in one["properties"]] == []


class TestTheCache:
    def test_an_answer_is_good_for_its_days_and_then_asked_for_again(self, world) -> None:
        r, them = world
        r.run("cycle")
        r.clock.advance(29 * DAY_S)
        r.run("cycle")
        assert len(them.asked) == 1
        them.answers["works.example"] = {**BIG, "size": {"employees": 3}}
        r.clock.advance(2 * DAY_S)
        r.run("cycle")
        assert len(them.asked) == 2
        assert told(r, "works.example")["works.example"]["size.employees"] == "3"

    def test_who_was_not_known_is_asked_for_after_a_week(self, world) -> None:
        r, them = world
        them.answers.clear()
        for days, times in ((0, 1), (6, 1), (2, 2)):
            r.clock.advance(days * DAY_S)
            r.run("cycle")
            assert len(them.asked) == times
        assert rule(r, r.ids[0], "company_size") is None

    def test_an_old_answer_counts_until_there_is_a_newer_one(self, world) -> None:
        r, them = world
        r.run("cycle")
        them.behave = status(500)
        r.clock.advance(60 * DAY_S)
        r.run("cycle")
        assert rule(r, r.ids[0], "company_size")["points"] == 5

    def test_another_question_is_asked_at_once(self, world, tmp_path) -> None:
        r, them = world
        r.run("cycle")
        names(r, tmp_path, them.url, fields={**ASKED, "branches": "sites"})
        r.run("cycle")
        assert len(them.asked) == 2

    def test_a_past_minute_knows_what_was_told_by_then(self, world) -> None:
        r, them = world
        r.clock.advance(60)
        before = r.clock.now_ms()
        r.clock.advance(60)
        r.run("cycle")
        r.clock.advance(40 * DAY_S)
        between = r.clock.now_ms()
        them.answers["works.example"] = {"size": {"employees": 3}}
        r.clock.advance(60)
        r.run("cycle")
        assert rule(r, r.ids[0], "company_size", at_ms=before) is None
        assert rule(r, r.ids[0], "company_size", at_ms=between)["points"] == 5
        assert (rule(r, r.ids[0], "company_size") or {"points": 0})["points"] == 0

    def test_retention_lets_go_of_what_nobody_asked_for_again(self, world) -> None:
        r, _ = world
        r.run("cycle")
        r.clock.advance(27 * 31 * DAY_S)
        assert r.run("retention")["let_go"]["answers of providers"] == 1
        assert told(r, "works.example") == {}


class TestAProviderThatMisbehaves:
    @pytest.mark.parametrize(
        "behave",
        [status(500), status(401), status(429), status(200, b"<p>"), silent(2), dripping, endless],
        ids=["fault", "refused", "too many", "rubbish", "silent", "dripping", "endless"],
    )
    def test_it_holds_up_nobodys_judgement(self, world, behave) -> None:
        r, them = world
        r.run("cycle")
        them.behave = behave
        feed = Feed(r)
        contact = r.twin.create_contact({"lastname": "Neu", "email": "bo@neu.example", "jobtitle": "Geschäftsführer"})
        feed.deliver()
        began = time.monotonic()
        drained(r)
        assert time.monotonic() - began < 5
        assert r.run("explain", str(contact))["score"] > 0
        assert waiting(r) == 1

    def test_nobody_at_home(self, world, tmp_path) -> None:
        r, _ = world
        names(r, tmp_path, f"http://127.0.0.1:{closed_port()}")
        assert r.run("cycle")["ok"]
        assert state(r)["why"] == "the connection failed"

    def test_after_three_failures_it_is_left_alone_and_that_is_said(self, tmp_path) -> None:
        people = [{"email": f"a@d{number}.example"} for number in range(12)]
        with office(tmp_path, *people) as (r, them):
            them.behave = status(503)
            r.run("cycle")
            asked = len(them.asked)
            assert 3 <= asked <= 6
            r.run("cycle")
            assert len(them.asked) == asked
            line = next(row for row in r.run("check_portal")["checks"] if row["check"] == "enrichment")
            assert (line["ok"], "left alone until 09:10 UTC: it answers with status 503" in line["text"]) == (
                None,
                True,
            )
            assert r.run("check_portal")["ok"]
            with r.service() as service:
                (shown,) = service.list_portals()["portals"]
            assert (
                "The data provider firms failed (it answers with status 503) and is asked again from" in shown["state"]
            )
            assert "09:10 UTC on; contacts are judged without it." in shown["state"]

    def test_after_its_rest_one_question_tells(self, tmp_path) -> None:
        people = [{"email": f"a@d{number}.example"} for number in range(12)]
        with office(tmp_path, *people) as (r, them):
            them.behave = status(503)
            r.run("cycle")
            asked = len(them.asked)
            r.clock.advance(11 * 60)
            r.run("cycle")
            assert len(them.asked) == asked + 1
            them.behave = None
            r.clock.advance(60 * 60)
            r.run("cycle")
            assert state(r)["failures"] == 0
            r.clock.advance(DAY_S)
            r.run("cycle")
            assert waiting(r) == 0
            assert set(them.asked) == {f"d{number}.example" for number in range(12)}

    def test_how_long_it_asks_to_be_left_alone(self, world) -> None:
        r, them = world
        them.behave = status(429, Retry_After="7200")
        r.run("cycle")
        r.clock.advance(7100)
        r.run("cycle")
        assert len(them.asked) == 1
        r.clock.advance(3600)
        r.run("cycle")
        assert len(them.asked) == 2

    def test_another_address_begins_anew(self, world, tmp_path) -> None:
        r, them = world
        them.behave = status(401)
        r.run("cycle")
        with firms() as others:
            others.answers["works.example"] = BIG
            names(r, tmp_path, others.url)
            r.clock.advance(3600)
            r.run("cycle")
            assert others.asked == ["works.example"]

    def test_a_redirect_into_the_network_leads_nowhere(self, world) -> None:
        r, them = world
        with firms() as inside:
            them.behave = status(302, Location=f"{inside.url}/latest/meta-data")
            r.run("cycle")
            assert inside.heard == []
        assert "leads elsewhere" in state(r)["why"]

    def test_this_machine_is_not_asked_unless_the_operator_allows_it(self, world) -> None:
        r, them = world
        r.settings = r.settings.model_copy(update={"enrichment_local": False})
        r.run("cycle")
        assert them.heard == []
        assert "plain http" in state(r)["why"]

    def test_a_table_that_is_not_there_is_said_and_judging_goes_on(self, world, tmp_path) -> None:
        r, _ = world
        names(r, tmp_path, "", address=None, dry="missing")
        assert r.run("cycle")["ok"]
        assert "There is no table of answers" in state(r)["why"]


class TestWhatIsLeft:
    def test_what_a_drain_did_not_get_to_is_asked_next_time(self, tmp_path) -> None:
        with office(tmp_path, ANNA) as (r, them):
            r.run("cycle")
            feed = Feed(r)
            for number in range(25):
                r.twin.create_contact({"lastname": "Neu", "email": f"bo@d{number}.example"})
            feed.deliver()
            drained(r)
            assert (len(them.asked), waiting(r)) == (1 + 20, 5)
            r.run("cycle")
            assert (len(them.asked), waiting(r)) == (1 + 25, 0)

    def test_a_wish_that_nobody_has_any_more_is_given_up(self, world) -> None:
        r, them = world
        them.behave = status(500)
        r.run("cycle")
        assert waiting(r) == 1
        r.twin.edit("contacts", r.ids[0], {"email": "anna@gmx.de"})
        r.clock.advance(DAY_S)
        r.run("cycle")
        assert waiting(r) == 0


class TestDying:
    """A job that is killed loses no answer for good and keeps nobody from being judged."""

    def test_before_its_answers_were_kept(self, world, monkeypatch) -> None:
        r, them = world

        def dying(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(enriching, "_keep", dying)
            with pytest.raises(KeyboardInterrupt):
                r.run("cycle")
        assert (them.asked, told(r, "works.example")) == (["works.example"], {})
        r.run("cycle")
        assert them.asked == ["works.example"] * 2
        assert rule(r, r.ids[0], "company_size")["points"] == 5

    def test_after_they_were_kept_and_before_anybody_was_judged(self, world) -> None:
        r, them = world
        r.run("plan")
        with context(r) as ctx:
            enriching.in_a_cycle(ctx)
        r.run("cycle")
        assert them.asked == ["works.example"]
        score = look(r, lambda u, p: receipts.get(u, p, r.ids[0])).score
        assert score == r.run("explain", str(r.ids[0]))["score"]
        assert score >= 5 + 8


class TestEverywhereElse:
    """What was told is a fact wherever facts are looked at."""

    def test_in_exports(self, world) -> None:
        r, _ = world
        assert "company_size" not in next(iter(r.rows("contacts")))["fields"]
        r.run("cycle")
        (row,) = r.rows("contacts")
        assert row["fields"]["company_size"] == 1250
        assert row["fields"]["legal_form"] == "GmbH"
        assert "GmbH" not in str(row["properties"])

    def test_for_who_asks_from_a_workflow_before_the_mirror_knows_the_contact(self, world) -> None:
        r, _ = world
        r.run("cycle")
        new = r.twin.create_contact({"lastname": "Neu", "email": "neu@works.example"})
        other = r.twin.create_contact({"lastname": "Neu", "email": "neu@elsewhere.example"})
        with r.service(lasting=True) as service:
            reader = Reader(5.0)
            scores = [service.rescore(r.twin.portal_id, who, reader).score for who in (new, other)]
            reader.close()
        assert scores[0] - scores[1] == 5 + 8

    def test_in_a_rehearsal(self, world) -> None:
        r, them = world
        r.run("cycle")
        r.run("plan")
        asked = len(them.asked)
        assert r.run("rehearse", 3)["portal"] == "acme"
        assert len(them.asked) == asked

    def test_on_postgresql_too(self, tmp_path) -> None:
        url = databases.fresh_url("postgresql")
        try:
            with office(tmp_path, ANNA, database=url) as (r, them):
                them.answers["works.example"] = BIG
                r.run("cycle")
                assert rule(r, r.ids[0], "company_size")["points"] == 5
                them.behave = status(500)
                r.clock.advance(31 * DAY_S)
                r.run("cycle")
                assert waiting(r) == 1
                them.behave = None
                r.clock.advance(DAY_S)
                r.run("cycle")
                assert (waiting(r), them.asked) == (0, ["works.example"] * 3)
                assert r.run("enrich")["from_cache"] == 1
        finally:
            databases.drop(url)


class TestByHand:
    def test_it_asks_and_counts(self, tmp_path) -> None:
        people = [{"email": f"a@d{number}.example"} for number in range(5)]
        with office(tmp_path, *people) as (r, them):
            them.answers |= {"d0.example": BIG, "d1.example": {"unasked": 1}}
            shown = r.run("enrich_preview", 3)
            assert (shown["would_ask"], shown["waiting"]) == (["d0.example", "d1.example", "d2.example"], 5)
            assert them.heard == []
            first = r.run("enrich", 3)
            assert [first[key] for key in ("asked", "found", "not_found", "failed", "from_cache", "waiting")] == [
                3, 1, 2, 0, 0, 2,
            ]  # fmt: skip
            again = r.run("enrich", 10)
            assert [again[key] for key in ("asked", "found", "not_found", "failed", "from_cache", "waiting")] == [
                2, 0, 2, 0, 3, 0,
            ]  # fmt: skip

    def test_who_mended_the_cause_need_not_wait(self, world) -> None:
        r, them = world
        them.behave = status(401)
        assert not r.run("enrich")["ok"]
        them.behave = None
        assert r.run("enrich")["found"] == 1
        assert state(r)["until_ms"] == 0

    def test_without_a_provider_it_says_what_to_do(self, world, tmp_path) -> None:
        r, _ = world
        publish(r, tmp_path, "mapping", document("mapping"))
        for command in ("enrich", "enrich_preview"):
            with pytest.raises(ConfigError, match="has no data provider"):
                r.run(command)

    def test_the_dry_provider_answers_out_of_a_table(self, world, tmp_path) -> None:
        r, them = world
        (tmp_path / "enrichment").mkdir()
        (tmp_path / "enrichment" / "mine.yaml").write_text("works.example: {size: {employees: 60}, branch: X}\n")
        r.settings = r.settings.model_copy(update={"config_dir": tmp_path})
        names(r, tmp_path, "", address=None, dry="mine")
        assert r.run("enrich")["found"] == 1
        assert rule(r, r.ids[0], "company_size")["points"] == 5
        assert them.heard == []


class TestSecrets:
    def test_it_is_sent_to_the_address_it_was_entered_for_and_to_no_other(self, world, tmp_path) -> None:
        r, them = world
        r.run("enrich_secret", "Bearer hush")
        r.run("enrich")
        assert them.heard[-1][1]["Authorization"] == "Bearer hush"
        with firms() as others:
            names(r, tmp_path, others.url)
            r.clock.advance(60 * DAY_S)
            r.run("enrich")
            assert "Authorization" not in others.heard[-1][1]

    def test_it_lies_closed_and_no_document_or_answer_shows_it(self, world) -> None:
        r, _ = world
        said = r.run("enrich_secret", "Bearer hush")
        assert "hush" not in str(said) + str(r.run("enrich")) + str(r.run("config_show", "mapping"))
        found = b"".join(file.read_bytes() for file in Path(r.folder).glob("leadwright*.db*"))
        assert b"hush" not in found

    @pytest.mark.parametrize("secret", ["", "a\r\nX-Other: b", "x" * 5000, "schlüssel"])
    def test_what_no_header_can_carry_is_refused(self, world, secret) -> None:
        r, _ = world
        with pytest.raises(ConfigError, match="That is no secret"):
            r.run("enrich_secret", secret)

    def test_it_is_sealed_again_with_the_first_key(self, world) -> None:
        r, them = world
        r.run("enrich_secret", "Bearer hush")
        old = r.settings.secret_key
        new = type(old)(Vault.new_key())
        both = type(old)(f"{new.get_secret_value()},{old.get_secret_value()}")
        r.settings = r.settings.model_copy(update={"secret_key": both})
        with r.service() as service:
            assert service.rotate_key()["provider_secrets_sealed_again"] == 1
            assert service.rotate_key()["provider_secrets_sealed_again"] == 0
        r.settings = r.settings.model_copy(update={"secret_key": new})
        r.run("enrich")
        assert them.heard[-1][1]["Authorization"] == "Bearer hush"


class TestPrivacy:
    def test_nothing_personal_is_sent(self, world) -> None:
        r, them = world
        r.twin.edit("contacts", r.ids[0], {"firstname": "Anna", "phone": "+49 30 1234567", "jobtitle": "Leiterin"})
        r.run("cycle")
        sent = " ".join(path + str(headers) for path, headers in them.heard)
        assert "works.example" in sent
        assert not re.search(r"anna|berg|1234567|leiterin|@", sent, re.IGNORECASE)
        assert str(r.ids[0]) not in sent

    def test_nothing_personal_is_kept_of_an_answer(self, world) -> None:
        r, them = world
        them.answers["works.example"] = {**BIG, "people": [{"email": "chef@works.example", "name": "Carl Chef"}]}
        r.run("cycle")
        rows = str(look(r, lambda u, p: [tuple(row) for row in u.rows(sa.select(ENRICHMENTS))]))
        assert "1250" in rows
        assert not re.search(r"carl|chef|@", rows, re.IGNORECASE)

    def test_an_erasure_leaves_the_company_and_nothing_of_the_person(self, world) -> None:
        r, _ = world
        r.run("cycle")
        contact = str(r.ids[0])
        r.run("erase", contact)
        assert told(r, "works.example") != {}
        rows = str(look(r, lambda u, p: [tuple(row) for row in u.rows(sa.select(ENRICHMENTS))]))
        assert not re.search(rf"anna|berg|@|{contact}", rows, re.IGNORECASE)

    def test_a_removed_portal_takes_everything_along(self, world) -> None:
        r, _ = world
        r.run("enrich_secret", "Bearer hush")
        r.run("cycle")
        r.run("remove")
        assert look(r, lambda u, p: [tuple(row) for row in u.rows(sa.select(ENRICHMENTS))]) == []
