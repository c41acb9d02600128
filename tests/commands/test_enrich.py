"""``enrich``: what reaches the service, what people read, and that a secret is seen nowhere."""

from __future__ import annotations

from collections.abc import Callable

from connector.commands.booked import Booked
from tests.commands.desk import Desk, Said
from tests.rig import rig
from tests.sync.enrichment import office

Say = Callable[..., Said]


class TestWhatIsAsked:
    def test_to_ask_and_how_many(self, say: Say, desk: Desk) -> None:
        say("enrich", "acme")
        say("enrich", "acme", "--limit", "7")
        assert desk.asked("enrich") == [(("acme", 100), {}), (("acme", 7), {})]
        assert desk.asked("enrich_preview") == []

    def test_a_dry_run_only_looks(self, say: Say, desk: Desk) -> None:
        say("enrich", "acme", "--dry-run", "--limit", "7")
        assert desk.asked("enrich_preview") == [(("acme", 7), {})]
        assert desk.asked("enrich") == []

    def test_a_secret_comes_through_a_pipe(self, say: Say, desk: Desk) -> None:
        said = say("enrich", "acme", "--secret-stdin", stdin="Bearer hush\n")
        assert desk.asked("enrich_secret") == [(("acme", "Bearer hush"), {})]
        assert desk.asked("enrich") == []
        assert "hush" not in said.out + said.err

    def test_not_both_at_once(self, say: Say, desk: Desk) -> None:
        assert say("enrich", "acme", "--secret-stdin", "--dry-run", stdin="x").code == 2
        assert desk.heard == []

    def test_how_many_must_be_some(self, say: Say) -> None:
        assert say("enrich", "acme", "--limit", "0").code == 2


class TestWhatIsRead:
    def test_the_counts(self, say: Say) -> None:
        out = say("enrich", "acme").out
        assert "12 domains asked of firms" in out
        for line in ("found       9", "not found   2", "failed      1", "from cache  1,340", "waiting     3"):
            assert line in out

    def test_a_provider_that_fails_is_done_in_part_and_said(self, say: Say, desk: Desk) -> None:
        desk.answers["enrich"] |= {"why": "it did not answer in time", "ok": False}
        said = say("enrich", "acme")
        assert said.code == 3
        assert "it did not answer in time. Contacts are judged without" in said.out

    def test_whom_it_would_ask_for(self, say: Say) -> None:
        out = say("enrich", "acme", "--dry-run").out
        assert "works.example" in out
        assert "7 domains would be asked of firms; these are the first 1. 1,340 are known. Nobody was asked." in out

    def test_where_the_secret_goes(self, say: Say) -> None:
        said = say("enrich", "acme", "--secret-stdin", stdin="x")
        assert "It is sent to https://api.firms.example:443 alone" in said.out


def test_a_receipt_says_what_was_told_by_whom(say: Say) -> None:
    out = say("explain", "acme", "4711").out
    assert "told by a provider" in out
    line = next(line for line in out.splitlines() if "company_size" in line)
    assert "1250" in line
    assert "firms" in line


def test_both_acts_are_in_the_audit_log_without_the_secret(tmp_path) -> None:
    with office(tmp_path, {"email": "anna@works.example"}) as (r, _), r.service() as service:
        Booked(service).enrich_secret("acme", "Bearer hush")
        Booked(service).enrich("acme")
        Booked(service).enrich_preview("acme")
        told = [(e.deed.what, e.deed.after) for e in reversed(service.audit_log().entries)]
    assert [what for what, _ in told] == ["Entered the secret of the data provider", "Asked the data provider"]
    assert "hush" not in str(told)
    assert "asked 1" in told[1][1]


def test_a_portal_without_a_provider_is_told_what_to_do(tmp_path) -> None:
    with rig(tmp_path) as r, r.service() as service:
        shown = service.check_portal(r.name)
    assert "enrichment" not in [row["check"] for row in shown["checks"]]
