"""What the calls do: the same documents as commands and pages, each change booked once, addresses hidden."""

from __future__ import annotations

import json
import logging
import re

import pytest
import structlog

from connector.errors import ConfigError
from connector.presets import preset_text
from connector.store import inbox, portals
from connector.store.inbox import NewEntry
from connector.sync.rulebook import SHIPPED
from tests.api.conftest import ACME, OTHER, PEOPLE

AT = f"/portals/{ACME}"
SCORING = f"{AT}/documents/scoring"
ADDRESS = re.compile(r"[\w.+-]{2,}@[\w-]+\.\w+")


def more_points(text: str) -> str:
    """The shipped model with one more point somewhere."""
    return re.sub(r"points: (\d+)", lambda found: f"points: {int(found[1]) + 1}", text, count=1)


class TestPortals:
    """Which there are, and how one stands."""

    def test_a_token_sees_its_own(self, shared):
        assert [one["portal"] for one in shared.program("viewer").get("/portals")["portals"]] == [ACME]
        assert [one["portal"] for one in shared.program("viewer", "").get("/portals")["portals"]] == [ACME, OTHER]

    def test_as_the_command_lists_it(self, shared):
        told = shared.program("viewer").get("/portals")["portals"][0]
        assert told == next(one for one in shared.service.list_portals()["portals"] if one["portal"] == ACME)

    def test_how_one_stands(self, shared):
        told = shared.program("viewer").get(AT)
        assert (told["portal"], told["contacts"], told["mode"], told["role"]) == (ACME, PEOPLE, "observe", "viewer")
        assert told["documents"]["scoring"] == 1
        assert told["held"] == 0

    def test_runs_a_page_at_a_time(self, shared):
        told = shared.program("analyst").get(f"{AT}/runs")
        assert [one["kind"] for one in told["runs"]] == ["pull"]
        assert told["next"] is None
        assert shared.program("analyst").get(f"{AT}/runs", before=1)["runs"] == []

    def test_more_runs_than_a_page(self, desk):
        from connector.store import runs

        with desk.service.store.unit() as u:
            for _ in range(60):
                run = runs.start(u, desk.acme, "verify", desk.clock.now_ms())
                runs.finish(u, desk.acme, run, "done", {"n": 1}, "for anna@werk.example", desk.clock.now_ms())
        who = desk.program("analyst")
        first = who.get(f"{AT}/runs")
        second = who.get(f"{AT}/runs", before=first["next"])
        assert (len(first["runs"]), len(second["runs"]), second["next"]) == (50, 11, None)
        assert len({one["run"] for one in first["runs"] + second["runs"]}) == 61
        assert "anna@" not in str(first)

    def test_waking_the_worker(self, desk):
        assert desk.program("editor").post(f"{AT}/sync", 202)["woken"] == "cycle"
        assert desk.woken == [(desk.acme, "cycle")]
        assert [deed[1] for deed in desk.deeds()] == ["Asked for a sync now"]
        desk.service.pause(ACME)
        told = desk.program("editor").post(f"{AT}/sync", 409)
        assert "paused" in told["detail"]
        assert len(desk.woken) == 1


class TestContacts:
    """Found, filtered, leafed through; one of them with everything."""

    def test_everybody_once_in_the_order_of_the_score(self, shared):
        who = shared.program("viewer")
        first = who.get(f"{AT}/contacts")
        second = who.get(f"{AT}/contacts", cursor=first["next"])
        rows = first["contacts"] + second["contacts"]
        assert (len(first["contacts"]), second["next"], first["total"]) == (50, None, len(rows))
        assert len({one["contact"] for one in rows}) == len(rows)
        assert [one["score"] for one in rows] == sorted((one["score"] for one in rows), reverse=True)
        assert rows[0]["contact"] == shared.contact

    def test_filtered(self, shared):
        who = shared.program("viewer")
        rows = [*(first := who.get(f"{AT}/contacts"))["contacts"]]
        rows += who.get(f"{AT}/contacts", cursor=first["next"])["contacts"]
        for query, fits in (
            ({"grade": "A"}, lambda one: one["grade"] == "A"),
            ({"stage": "lead"}, lambda one: one["stage"] == "lead"),
            ({"min_score": 20, "max_score": 60}, lambda one: 20 <= one["score"] <= 60),
        ):
            found = who.get(f"{AT}/contacts", **query)["contacts"]
            assert {one["contact"] for one in found} == {one["contact"] for one in rows if fits(one)}
            assert 0 < len(found) < len(rows)

    @pytest.mark.parametrize(
        "query",
        [
            {"grade": "E"},
            {"stage": "boss"},
            {"order": "name"},
            {"cursor": "x"},
            {"cursor": "1.2.3"},
            {"mql_since": "soon"},
            {"mql_since": "0001-01-01"},
        ],
    )
    def test_what_cannot_be_asked(self, shared, query):
        told = shared.program("viewer").get(f"{AT}/contacts", 422, **query)
        assert [one["field"] for one in told["errors"]] == list(query)

    def test_the_bill_is_the_commands_document(self, desk):
        told = desk.program("analyst").get(f"{AT}/contacts/{desk.contact}", unmasked="true")
        assert told == json.loads(json.dumps(desk.service.explain(ACME, desk.contact)))
        assert sum(line["points"] for line in told["lines"]) == told["score"]
        assert desk.deeds()[-1][1] == f"Looked at the address and telephone number of contact {desk.contact}"

    def test_of_a_past_minute_and_in_german(self, shared):
        who = shared.program("viewer")
        at = "2026-11-01T09:30:00Z"
        assert who.get(f"{AT}/contacts/{shared.contact}", at=at)["at"].startswith("2026-11-01T09:30")
        assert who.get(f"{AT}/contacts/{shared.contact}", language="de")["score"]
        told = who.get(f"{AT}/contacts/{shared.contact}", 422, at="2027-01-01")
        assert told["errors"] == [{"field": "at", "message": "has not come yet"}]

    def test_addresses_are_hidden_and_looking_at_them_is_for_analysts(self, desk):
        viewer = desk.program("viewer")
        email = desk.service.explain(ACME, desk.contact)["email"]
        for path in ("", f"/{desk.contact}", f"/{desk.contact}/timeline", f"/{desk.contact}/history"):
            told = str(viewer.get(f"{AT}/contacts{path}"))
            assert email not in told
            assert not ADDRESS.search(told)
        for path in ("", "/timeline"):
            viewer.get(f"{AT}/contacts/{desk.contact}{path}", 403, unmasked="true")
        assert desk.deeds() == []

    def test_values_are_hidden_by_the_name_of_their_property_too(self):
        """A fax number without a country code looks like any number; its property's name tells what it is."""
        from connector.api.contacts import _masked_facts

        written = {"fax": "5567 901", "leadwright_score": "63"}
        told = _masked_facts({"effect": "set", "before": {"fax": "4432 110"}, "payload": {"properties": written}})
        assert "901" not in str(told["payload"])
        assert "4432" not in str(told["before"])
        assert told["payload"]["properties"]["leadwright_score"] == "63"
        told = _masked_facts({"property": "fax", "before": None, "after": "5567 901"})
        assert "5567" not in str(told)
        told = _masked_facts({"title": "Mail to anna@werk.example", "at": "2026-11-22T09:30:00.000Z"})
        assert told == {"title": "Mail to a***@werk.example", "at": "2026-11-22T09:30:00.000Z"}

    def test_the_story_a_page_at_a_time(self, desk):
        who, seen, before = desk.program("analyst"), [], ""
        while True:
            page = who.get(f"{AT}/contacts/{desk.contact}/timeline", **({"before": before} if before else {}))
            seen += page["happenings"]
            before = page["next"]
            if before is None:
                break
        assert {one["kind"] for one in seen} >= {"activity", "verdict"}
        assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)
        told = who.get(f"{AT}/contacts/{desk.contact}/timeline", unmasked="true")
        assert [one["at"] for one in told["happenings"]] == [one["at"] for one in seen[: len(told["happenings"])]]

    def test_scores_of_before(self, shared):
        told = shared.program("viewer").get(f"{AT}/contacts/{shared.contact}/history")["history"]
        assert told[-1]["score"] == shared.service.best(ACME, 1)[0]["score"]

    @pytest.mark.parametrize("ident", ["1", "0", "9" * 18])
    def test_somebody_who_is_nobody(self, shared, ident):
        for path in ("", "/timeline", "/history"):
            shared.program("viewer").get(f"{AT}/contacts/{ident}{path}", 404)

    def test_an_erased_one_is_gone(self, desk):
        desk.service.erase(ACME, desk.contact)
        desk.program("viewer").get(f"{AT}/contacts/{desk.contact}", 404)


class TestPlan:
    """What is shown is what is carried out, by its hash, by the worker."""

    def test_the_plan_that_stands(self, shared):
        planned = shared.service.plan(ACME)
        told = shared.program("analyst").get(f"{AT}/plan")
        assert told["hash"] == planned["hash"]
        assert told["contacts"] == len(planned["changes"])
        assert told["held_by_gate"] == planned["held_by_gate"]

    def test_none_yet(self, shared):
        told = shared.program("analyst", "").get(f"/portals/{OTHER}/plan")
        assert (told["hash"], told["contacts"], told["made_at"]) == (None, 0, None)

    def test_before_and_after_contact_by_contact(self, shared):
        who, seen, after = shared.program("analyst"), [], 0
        while after is not None:
            page = who.get(f"{AT}/plan/changes", after=after)
            seen += page["changes"]
            after = page["next"]
        planned = shared.service.plan(ACME)["changes"]
        assert [one["contact"] for one in seen] == [one["contact"] for one in planned]
        assert not ADDRESS.search(str(seen))

    def test_applied_by_the_worker(self, desk):
        desk.service.live(ACME)
        who = desk.program("admin")
        told = who.post(f"{AT}/plan/apply", 202, hash=who.get(f"{AT}/plan")["hash"])
        assert told["state"] == "waiting"
        assert who.get(f"{AT}/errands/{told['errand']}")["state"] == "waiting"
        assert desk.woken == [(desk.acme, "errand")]
        desk.work()
        done = who.get(f"{AT}/errands/{told['errand']}")
        assert done["state"] == "done"
        assert done["told"]["written"] > 0
        assert who.get(f"{AT}/runs")["runs"][0]["counts"]["written"] == done["told"]["written"]
        assert [deed[1] for deed in desk.deeds()] == [f"Asked for the plan {done['told']['hash'][:12]} to be applied"]

    def test_another_plan_than_the_one_that_stands_is_refused(self, desk):
        before = desk.rig.twin.truth()
        told = desk.program("admin").post(f"{AT}/plan/apply", 409, hash="3f9c0a")
        assert told["type"] == "urn:leadwright:problem:plan_changed"
        assert told["hash"] == desk.service.plan(ACME)["hash"]
        assert (desk.woken, desk.deeds(), desk.rig.twin.truth()) == ([], [], before)

    def test_in_observe_mode_the_errand_says_why_not(self, desk):
        who = desk.program("admin")
        told = who.post(f"{AT}/plan/apply", 202, hash=who.get(f"{AT}/plan")["hash"])
        desk.work()
        done = who.get(f"{AT}/errands/{told['errand']}")
        assert done["state"] == "refused"
        assert "observe mode" in done["message"]

    def test_twice_at_a_time_is_refused(self, desk):
        who = desk.program("admin")
        plan_hash = who.get(f"{AT}/plan")["hash"]
        who.post(f"{AT}/plan/apply", 202, hash=plan_hash)
        assert who.post(f"{AT}/plan/apply", 409, hash=plan_hash)["type"].endswith("errand_stands")
        assert len(desk.deeds()) == 1

    def test_a_run_is_taken_back_by_the_worker(self, desk):
        desk.service.live(ACME)
        run = desk.service.apply(ACME, plan_hash=desk.service.plan(ACME)["hash"])["run"]
        who = desk.program("admin")
        told = who.post(f"{AT}/runs/{run}/undo", 202)
        assert (told["kind"], told["state"]) == ("undo", "waiting")
        desk.work()
        done = who.get(f"{AT}/errands/{told['errand']}")
        assert (done["state"], done["told"]["restored"] > 0) == ("done", True)
        assert {one.get("leadwright_score") for one in desk.rig.twin.truth().values()} == {None}

    def test_what_wrote_nothing_cannot_be_taken_back(self, desk):
        who = desk.program("admin")
        who.post(f"{AT}/runs/apply-99/undo", 404)
        sync = next(one["run"] for one in who.get(f"{AT}/runs")["runs"] if one["kind"] != "apply")
        who.post(f"{AT}/runs/{sync}/undo", 404)

    def test_made_anew(self, desk):
        who = desk.program("analyst")
        told = who.post(f"{AT}/plan", 202)
        desk.work()
        assert who.get(f"{AT}/errands/{told['errand']}")["state"] == "done"
        who.get(f"{AT}/errands/plan-1", 404)


class TestDocuments:
    """The same documents as on the pages, by command and as files; nobody overwrites anybody."""

    def test_what_is_published(self, shared):
        who = shared.program("analyst")
        kinds = {one["kind"]: one for one in who.get(f"{AT}/documents")["documents"]}
        assert kinds["scoring"]["version"] == 1
        assert who.get(SCORING) == shared.service.config_show(ACME, "scoring")
        assert who.get(f"{SCORING}/versions") == shared.service.config_history(ACME, "scoring")
        assert who.get(f"{SCORING}/versions/1") == shared.service.config_show(ACME, "scoring")
        who.get(f"{SCORING}/versions/9", 404)
        who.get(f"{AT}/documents/nothing", 404)

    def test_from_a_draft_to_what_is_in_force_and_back(self, desk):
        editor, admin = desk.program("editor"), desk.program("admin")
        first = editor.get(f"{SCORING}/draft")
        assert (first["open"], first["revision"], first["base"]) == (False, 0, 1)
        text = more_points(first["body"])
        saved = editor.send("PUT", f"{SCORING}/draft", match=0, body=text)
        assert (saved["open"], saved["revision"], saved["body"], saved["faults"]) == (True, 1, text, [])
        dry = editor.post(f"{SCORING}/draft/dry-run")
        assert dry["contacts"] == PEOPLE
        assert "people" not in dry
        told = {"revision": 1, "reason": "webinars count more", "author": saved["author"]}
        assert admin.post(f"{SCORING}/publish", 409, **told, hash="3f9c")["hash"] == dry["hash"]
        assert admin.post(f"{SCORING}/publish", **told, hash=dry["hash"])["version"] == 2
        assert desk.woken == [(desk.acme, "cycle")]
        assert desk.service.plan(ACME)["hash"] == dry["hash"], "the dry run showed what follows"
        assert editor.get(SCORING)["body"] == text
        back = {"version": 1, "expected": 2, "reason": "they do not"}
        assert admin.post(f"{SCORING}/revert", **back)["version"] == 3
        assert admin.get(SCORING)["body"] == first["body"]
        assert [(who, what, after) for who, what, after, _ in desk.deeds()] == [
            ("token editor of acme", "Saved a draft of scoring", "saving 1"),
            ("token admin of acme", "Published scoring: webinars count more",
             f"version 2, the plan seen before: {dry['hash'][:12]}"),
            ("token admin of acme", "Went back in scoring to version 1: they do not", "version 3"),
        ]  # fmt: skip

    def test_a_revision_that_somebody_saved_over_is_refused_and_nothing_is_lost(self, desk):
        who = desk.program("editor")
        body = who.get(f"{SCORING}/draft")["body"]
        answer = who.ask("PUT", f"{SCORING}/draft", json={"body": body}, headers={"If-Match": '"0"'})
        assert answer.headers["ETag"] == '"1"'
        for match, status in ((0, 412), (2, 412)):
            assert who.send("PUT", f"{SCORING}/draft", status, match=match, body="lost: work")["remedy"]
        assert who.send("PUT", f"{SCORING}/draft", 428, body="x")["type"].endswith("if_match")
        for wrong in ("*", "1", 'W/"1"', '""', '"1", "2"'):
            headers = {"If-Match": wrong}
            assert who.ask("PUT", f"{SCORING}/draft", json={"body": "x"}, headers=headers).status_code == 412
        assert who.get(f"{SCORING}/draft")["body"] == body
        assert who.send("PUT", f"{SCORING}/draft", match=1, body=body)["revision"] == 2
        assert len(desk.deeds()) == 2

    def test_two_people_sign_before_it_is_published(self, desk, tmp_path):
        file = tmp_path / "lifecycle.yaml"
        file.write_text(
            desk.service.config_show(ACME, "lifecycle")["body"].replace(
                "signatures: none", "signatures: marketing_and_sales"
            )
        )
        desk.service.config_publish(ACME, file, "bo", "sales has a say")
        for email in ("kim@client.example", "jo@client.example"):
            desk.person(email, "editor")
        kim, jo = (desk.program("editor", person=one) for one in ("kim@client.example", "jo@client.example"))
        admin = desk.program("admin")
        text = more_points(kim.get(SCORING)["body"])
        saved = kim.send("PUT", f"{SCORING}/draft", match=0, body=text)
        assert saved["missing"] == ["marketing", "sales"]
        mine = {"author": saved["author"], "revision": 1}
        assert admin.post(f"{SCORING}/publish", 409, **mine, reason="x")["type"].endswith(":unsigned")
        admin.post(f"{SCORING}/draft/sign", 409, **mine, side="sales")
        kim.post(f"{SCORING}/draft/sign", 412, revision=2, side="marketing")
        assert kim.post(f"{SCORING}/draft/sign", revision=1, side="marketing", remark="agreed")["missing"] == ["sales"]
        kim.post(f"{SCORING}/draft/sign", 409, revision=1, side="sales")
        kim.post(f"{SCORING}/draft/sign", 422, revision=1, side="finance")
        assert jo.post(f"{SCORING}/draft/sign", **mine, side="sales")["missing"] == []
        assert [one["side"] for one in kim.get(f"{SCORING}/draft")["signatures"]] == ["marketing", "sales"]
        assert admin.post(f"{SCORING}/publish", **mine, reason="x")["version"] == 2
        newest = admin.get(f"{SCORING}/versions")["versions"][0]
        assert [(one["who"], one["remark"]) for one in newest["signatures"]] == [
            ("kim@client.example", "agreed"), ("jo@client.example", "")]  # fmt: skip
        signed = [what for _, what, _, _ in desk.deeds() if what.startswith("Signed")]
        assert [one.rpartition(" for ")[2] for one in signed] == ["marketing: agreed", "sales"]

    def test_overtaken_by_somebody_who_published_from_a_file(self, desk, tmp_path):
        who, file = desk.program("admin"), tmp_path / "scoring.yaml"
        text = who.get(f"{SCORING}/draft")["body"]
        who.send("PUT", f"{SCORING}/draft", match=0, body=more_points(text))
        file.write_text(text.replace("points: 10", "points: 9", 1), encoding="utf-8")
        desk.service.config_publish(ACME, file, "bo", "by file")
        told = who.get(f"{SCORING}/draft")
        assert (told["base"], told["overtaken"]["published"], told["overtaken"]["by"]) == (1, 2, "bo")
        who.post(f"{SCORING}/publish", 412, revision=1, reason="mine")
        who.send("PUT", f"{SCORING}/draft", 409, match=1, body=text, base=7)
        assert who.send("PUT", f"{SCORING}/draft", match=1, body=more_points(text), base=2)["overtaken"] is None
        assert who.post(f"{SCORING}/publish", revision=2, reason="both")["version"] == 3
        who.post(f"{SCORING}/revert", 412, version=1, expected=2)
        who.post(f"{SCORING}/revert", 404, version=77, expected=3)

    def test_with_a_persons_token_it_is_the_persons_draft(self, desk):
        desk.person("anna@x.example", "editor")
        who = desk.program("editor", person="anna@x.example")
        text = who.get(f"{SCORING}/draft")["body"]
        who.send("PUT", f"{SCORING}/draft", match=0, body=more_points(text))
        assert desk.service.config_draft_show(ACME, "scoring", "anna@x.example")["body"] == more_points(text)
        assert desk.deeds()[-1][0] == "anna@x.example (token editor)"

    def test_faults_are_kept_told_with_their_lines_and_never_published(self, desk):
        who = desk.program("admin")
        saved = who.send("PUT", f"{SCORING}/draft", match=0, body="name: x\nrules: 7\nnonsense: 1\n")
        assert [one["line"] for one in saved["faults"]] == [2, 3]
        for path, body in ((f"{SCORING}/publish", {"revision": 1, "reason": "x"}), (f"{SCORING}/draft/dry-run", {})):
            told = who.post(path, 422, **body)
            assert [(one["line"], bool(one["remedy"])) for one in told["faults"]] == [(2, True), (3, True)]
        assert desk.service.config_show(ACME, "scoring")["version"] == 1
        assert len(desk.deeds()) == 1

    def test_given_up(self, desk):
        who = desk.program("editor")
        who.send("PUT", f"{SCORING}/draft", match=0, body=preset_text(*SHIPPED["scoring"]))
        assert who.ask("DELETE", f"{SCORING}/draft").status_code == 428
        assert who.ask("DELETE", f"{SCORING}/draft", headers={"If-Match": '"9"'}).status_code == 412
        gone = who.ask("DELETE", f"{SCORING}/draft", headers={"If-Match": '"1"'})
        assert (gone.status_code, gone.json["open"], gone.headers["ETag"]) == (200, False, '"2"')
        assert who.ask("DELETE", f"{SCORING}/draft", headers={"If-Match": '"2"'}).status_code == 409
        with pytest.raises(ConfigError, match="no draft"):
            desk.service.config_draft_show(ACME, "scoring", "token editor of acme")

    def test_what_no_database_can_hold_is_refused_rather_than_changed(self, shared):
        told = shared.program("editor").send("PUT", f"{SCORING}/draft", 422, match=0, body="a: \x00")
        assert told["errors"] == [{"field": "body", "message": "no NUL character can be kept"}]

    def test_one_dry_run_at_a_time(self, desk):
        from connector.api import drafts

        who = desk.program("editor")
        who.send("PUT", f"{SCORING}/draft", match=0, body=preset_text(*SHIPPED["scoring"]))
        with drafts._ONE_DRY_RUN:
            answer = who.ask("POST", f"{SCORING}/draft/dry-run", json={})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert who.post(f"{SCORING}/draft/dry-run")["judges"]


class TestHeld:
    """What was put aside, by cause; brought back one or all."""

    CAUSE = "The notice names no record: anna@werk.example"

    def put_aside(self, desk, count: int = 3) -> None:
        now = desk.clock.now_ms()
        rows = [NewEntry(f"k{n}", 1, "contact.creation", 7, "", now + n, now + n, "{}", self.CAUSE)
                for n in range(count)]  # fmt: skip
        with desk.service.store.unit() as u:
            inbox.add(u, desk.acme, rows)

    def test_brought_back(self, desk):
        self.put_aside(desk)
        who = desk.program("editor")
        told = who.get(f"{AT}/held")
        assert (told["count"], told["held"][0]["count"]) == (3, 3)
        assert told["held"][0]["reason"] == "The notice names no record: a***@werk.example"
        cause = told["held"][0]["cause"]
        assert who.post(f"{AT}/held/{cause}/retry", how="one")["retried"] == 1
        assert who.post(f"{AT}/held/{cause}/retry")["retried"] == 2
        assert who.get(f"{AT}/held")["held"] == []
        who.post(f"{AT}/held/{cause}/retry", 404)
        assert desk.woken == [(desk.acme, "drain")] * 2
        assert [deed[2] for deed in desk.deeds()] == ["1 brought back", "2 brought back"]
        assert "anna@" not in str(desk.deeds())


class TestReports:
    """Figures as the command gives them."""

    @pytest.mark.parametrize("what", ["kpis", "funnel", "questions", "assets", "nurtures", "quality"])
    def test_as_the_command_gives_it(self, shared, what):
        told = shared.program("viewer").get(f"{AT}/reports/{what}", language="de")
        mine = json.loads(json.dumps(shared.service.report(ACME, what, language="de"), default=str))
        assert told == mine

    def test_of_some_days(self, shared):
        told = shared.program("viewer").get(f"{AT}/reports/kpis", **{"from": "2026-10-01", "to": "2026-10-31"})
        assert (told["period"]["from"], told["period"]["to"]) == ("2026-10-01", "2026-10-31")

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"from": "2026-10-31", "to": "2026-10-01"}, "to"),
            ({"from": "2026-02-30"}, "from"),
            ({"from": "yesterday"}, "from"),
            ({"to": "2026-10-01T00:00"}, "to"),
            ({"language": "fr"}, "language"),
        ],
    )
    def test_days_that_are_none(self, shared, query, field):
        told = shared.program("viewer").get(f"{AT}/reports/kpis", 422, **query)
        assert [one["field"] for one in told["errors"]] == [field]

    def test_there_is_no_other(self, shared):
        shared.program("viewer").get(f"{AT}/reports/astrology", 404)


class TestTokens:
    """A token that ends, ends at once; and it is to be found nowhere."""

    def test_revoked(self, desk):
        who = desk.program("viewer")
        who.get("/portals")
        desk.service.token_remove(desk.service.tokens.caller(who.token).token_id)
        who.get("/portals", 401)

    def test_its_portal_removed(self, desk):
        who = desk.program("viewer", OTHER)
        who.get(f"/portals/{OTHER}")
        with desk.service.store.unit() as u:
            portals.remove(u, desk.other)
        who.get(f"/portals/{OTHER}", 401)

    def test_it_is_in_no_log_and_no_answer(self, desk):
        who, events, before = desk.program("admin"), [], structlog.get_config()

        def note(_logger, _method, event):
            events.append(repr(event))
            raise structlog.DropEvent

        structlog.configure(processors=[note], wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
        try:
            answers = [who.ask("GET", path).text for path in ("/portals", AT, f"{AT}/contacts", f"{AT}/nothing")]
            desk.service.store.close()
            answers.append(who.ask("GET", "/portals").text)
        finally:
            structlog.configure(**before)
        assert who.token not in "".join(events + answers)
