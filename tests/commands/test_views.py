"""What people see: the bill adds up, the plan names the next command, the certificate stands in a frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name

import pytest

from connector import commands
from connector.commands.words import calls, clean, many, moment, number, signed
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


class TestTheBill:
    """``explain``."""

    def test_names_every_line_with_its_points_evidence_and_reason(self, say: Say) -> None:
        out = say("explain", "acme", "4711").out
        for words in ("jane@example.com (4711): 63 points, grade A2, MQL", "model starter version 3", "Call today."):
            assert words in out
        assert re.search(r"role\s+\+30\s+jobtitle = CTO\s+decides", out)
        assert re.search(r"silence\s+−5\s+40 days\s+has gone quiet", out)

    def test_has_subtotals_and_a_total_that_add_up(self, say: Say) -> None:
        out = say("explain", "acme", "4711").out
        subtotals = [
            int(points.replace("−", "-")) for points in re.findall(r"^\s?[a-z_ ]+?\s+([+−]\d+)\s*$", out, re.MULTILINE)
        ]
        total = re.search(r"total\s+(\d+)", out)
        assert total is not None
        assert sum(subtotals) == int(total[1]) == 63

    def test_shows_the_unknown_with_what_it_could_give(self, say: Say) -> None:
        assert re.search(r"\?\s+industry\s+up to \+8\s+the company's industry", say("explain", "acme", "4711").out)

    def test_says_what_lies_ahead_and_why_not(self, say: Say) -> None:
        said = say("explain", "acme", "jane@example.com").out
        assert re.search(r"55\s+E-book \+ Site visited", said)
        assert "20 points by time alone (visits), no longer enough for MQL" in said
        assert "Newsletter cancelled would cost 10 points" in said
        assert re.search(r"mql\s+It has 42 of 50 points\.\s+8 more points\.", said)

    def test_asks_for_the_language(self, say: Say, desk: Desk) -> None:
        say("explain", "acme", "jane@example.com", "--language", "de")
        (_, options) = desk.asked("explain")[0]
        assert options == {"language": "de"}

    def test_marks_the_gates_without_colour(self, say: Say) -> None:
        out = say("explain", "acme", "4711").out
        assert re.search(r"✓\s+persona", out)
        assert re.search(r"✗\s+region\s+outside\s+a company address", out)
        assert re.search(r"\?\s+problem", out)

    def test_shows_both_steps_of_a_sign_up_and_the_one_that_is_missing(self, say: Say) -> None:
        said = say("explain", "acme", "jane@example.com").out
        assert re.search(r"requested\s+.*\S+\s+form: Newsletter\s+autumn", said)
        assert re.search(r"confirmed\s+not on record", said)
        assert "Asked on 2026-11-20 by form “Newsletter”, not confirmed" in said

    def test_ends_with_what_comes_next(self, say: Say) -> None:
        assert re.search(r"\+20\s+attends a webinar", say("explain", "acme", "4711").out)

    @pytest.mark.parametrize(
        ("text", "millis"),
        [
            ("2026-11-01", 1_793_491_200_000),
            ("2026-11-01T09:30", 1_793_525_400_000),
            ("2026-11-01T09:30:00+01:00", 1_793_521_800_000),
            ("2026-11-01T09:30:00.250Z", 1_793_525_400_250),
        ],
    )
    def test_takes_a_past_moment(self, say: Say, desk: Desk, text: str, millis: int) -> None:
        say("explain", "acme", "4711", "--at", text)
        assert desk.asked("explain") == [(("acme", "4711", millis), {"language": None})]

    def test_refuses_what_is_no_moment(self, say: Say) -> None:
        assert say("explain", "acme", "4711", "--at", "yesterday").code == 2

    def test_a_name_cannot_draw_on_the_terminal(self, say: Say, desk: Desk) -> None:
        desk.answers["explain"]["lines"][0]["evidence"] = "\x1b[31mred\x1b[0m [bold]x[/bold]\nnext"
        out = say("explain", "acme", "4711").out
        assert "\x1b" not in out
        assert "[bold]x[/bold]" in out


class TestThePlan:
    """``plan``."""

    def test_shows_before_and_after_and_the_line_to_run(self, say: Say) -> None:
        out = say("plan", "acme").out
        assert re.search(r"jane@example.com\s+lw_score\s+\(empty\)\s+→\s+63", out)
        assert out.rstrip().endswith("Next: leadwright apply acme --hash 3f9c0a")

    def test_names_the_gate_that_held(self, say: Say) -> None:
        assert re.search(r"✗\s+consent\s+1\s+no double opt-in", say("plan", "acme").out)

    def test_in_observe_mode_names_the_step_before(self, say: Say, desk: Desk) -> None:
        desk.answers["plan"]["mode"] = "observe"
        assert "leadwright portal live acme" in say("plan", "acme").out

    def test_over_the_limit_says_so(self, say: Say, desk: Desk) -> None:
        desk.answers["plan"]["over_limit"] = True
        assert "more than one run may write" in say("plan", "acme").out

    def test_with_nothing_to_do_names_no_next_step(self, say: Say, desk: Desk) -> None:
        desk.answers["plan"] |= {"changes": [], "contacts": 0}
        out = say("plan", "acme").out
        assert "Nothing to do" in out
        assert "--hash" not in out

    def test_samples_when_there_is_much(self, say: Say, desk: Desk) -> None:
        desk.answers["plan"]["changes"] *= 40
        assert "… and 37 contacts more" in say("plan", "acme").out


def test_the_certificate_stands_in_a_frame(say: Say) -> None:
    out = say("verify", "acme").out
    assert out.startswith("╭")
    assert out.rstrip().endswith("╯")
    for words in (
        "Certificate: the mirror is complete",
        "20 contacts, 400 fields, 400 equal",
        "2 updated, 3 fields",
        "9b1c…",
    ):
        assert words in out


def test_sync_names_what_is_off_left_out_and_set_aside(say: Say) -> None:
    out = say("sync", "acme").out
    assert "12,345" in out
    assert "Off: page_views, the scope business-intelligence is missing" in out
    assert "Left out: 2 properties no rule asks for (contacts.fax, contacts.twitter)." in out
    assert "Set aside: 1 value that could not be read" in out


def test_sync_passes_its_options_on(say: Say, desk: Desk) -> None:
    say("sync", "acme", "--full", "--only", "contacts, owners", "--properties", "all")
    assert desk.asked("sync") == [(("acme",), {"full": True, "only": ("contacts", "owners"), "properties": "all"})]


def test_the_portal_check_marks_what_it_found(say: Say) -> None:
    said = say("portal", "check", "acme")
    assert said.code == 3
    assert "✓  token" in said.out
    assert "✗  page views" in said.out
    assert "→ Grant it." in said.out
    assert "?  limits" in said.out


def test_an_empty_installation_names_the_first_step(say: Say, desk: Desk) -> None:
    desk.answers["list_portals"] = {"portals": []}
    assert "leadwright portal add NAME --token-stdin" in say("portal", "list").out


@pytest.mark.parametrize(("ok", "told"), [(False, True), (True, False), (None, False)])
def test_a_difference_of_webhooks_stands_under_the_list(say: Say, desk: Desk, ok: bool | None, told: bool) -> None:
    desk.answers["list_portals"]["webhooks"] = {"ok": ok, "at": "x", "differing": 2, "text": "2 missing."}
    assert ("Webhooks: 2 missing. Next: leadwright subscriptions" in say("portal", "list").out) == told


def test_what_undo_kept_is_named(say: Say) -> None:
    assert "lw_score was changed by somebody since" in say("undo", "acme", "r2", "--yes").out


class TestDocuments:
    """``config``."""

    def test_advice_stands_by_document_with_the_answers_below(self, say: Say) -> None:
        said = say("config", "lint", "acme").out
        assert "scoring version 3" in said
        assert "line 7: threshold: Out of reach." in said
        assert "→ Lower it." in said
        assert "consent: nothing is published" in said
        assert "No: 62 points." in said
        assert "1 piece of advice." in said

    def test_advice_on_a_file_does_not_make_it_invalid(self, desk: Desk, say: Say, home) -> None:
        warning = {"file": "s.yaml", "line": 2, "path": "rules[1]", "message": "A loop.", "remedy": "Break it."}
        file = {"file": "s.yaml", "kind": "scoring", "ok": True, "faults": [], "warnings": [warning]}
        desk.answers["config_validate"] = {"ok": True, "files": [file]}
        (home / "s.yaml").write_text("x")
        said = say("config", "validate", "s.yaml")
        assert said.code == 0
        assert "A loop." in said.out
        assert "All documents are valid." in said.out

    def test_show_prints_the_yaml_as_it_stands(self, say: Say) -> None:
        assert say("config", "show", "acme", "scoring").out == "kind: scoring\n"

    def test_validate_shows_every_fault_and_is_two(self, say: Say, desk: Desk, home) -> None:
        fault = {"file": "s.yaml", "line": 3, "path": "rules.0", "message": "needs points", "remedy": "add points: 5"}
        files = [{"file": "s.yaml", "kind": "scoring", "ok": False, "faults": [fault, {**fault, "line": 9}]}]
        desk.answers["config_validate"] = {"ok": False, "files": files}
        (home / "s.yaml").write_text("x")
        said = say("config", "validate", "s.yaml")
        assert said.code == 2
        assert "line 3: rules.0: needs points" in said.out
        assert "line 9" in said.out
        assert "2 faults to mend." in said.out

    def test_a_fault_of_the_whole_file_has_no_line(self, say: Say, desk: Desk, home) -> None:
        fault = {"file": "x.yaml", "line": 0, "path": "", "message": "x.yaml does not say which.", "remedy": "Name it."}
        files = [{"file": "x.yaml", "kind": "", "ok": False, "faults": [fault]}]
        desk.answers["config_validate"] = {"ok": False, "files": files}
        (home / "x.yaml").write_text("a: 1")
        said = say("config", "validate", "x.yaml")
        assert "\n   x.yaml does not say which.\n      → Name it.\n" in said.out
        assert "line 0" not in said.out

    def test_publish_books_who_and_why(self, say: Say, desk: Desk, home) -> None:
        (home / "s.yaml").write_text("x")
        say("config", "publish", "acme", "s.yaml", "--reason", "webinars", "--author", "kim")
        ((name, path, author, reason), _) = desk.asked("config_publish")[0]
        assert (name, path.name, author, reason) == ("acme", "s.yaml", "kim", "webinars")

    def test_diff_shows_the_lines(self, say: Say, home) -> None:
        (home / "s.yaml").write_text("x")
        assert say("config", "diff", "acme", "s.yaml").out == "-points: 5\n+points: 10\n"

    def test_history_names_who_when_and_why(self, say: Say) -> None:
        assert re.search(
            r"3\s+2026-11-\d\d .* UTC\s+published\s+kim\s+webinars", say("config", "history", "acme", "scoring").out
        )


def test_every_view_a_command_names_is_there() -> None:
    """Views are named by strings so that rich is imported late; a misspelt one must not wait for a user."""
    sources = [file.read_text(encoding="utf-8") for file in Path(commands.__file__).parent.glob("*.py")]
    named = {name for text in sources for name in re.findall(r'"([a-z]+:[a-z]+)"', text)}
    assert len(named) >= 20
    assert all(callable(resolve_name(f"connector.commands.views.{name}")) for name in named)


class TestSmallWords:
    """Figures and times as people read them."""

    @pytest.mark.parametrize(
        ("value", "shown"), [(12345, "12,345"), (99.25, "99.2"), (None, "–"), ("off", "off"), (True, "True")]
    )
    def test_numbers(self, value: object, shown: str) -> None:
        assert number(value) == shown

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0, "1970-01-01 00:00 UTC"),
            ("2026-11-22T09:30:12.345Z", "2026-11-22 09:30 UTC"),
            (None, "–"),
            ("never", "never"),
        ],
    )
    def test_moments(self, value: object, shown: str) -> None:
        assert moment(value) == shown

    def test_points(self) -> None:
        assert [signed(5), signed(0), signed(-5)] == ["+5", "0", "−5"]

    def test_counts(self) -> None:
        assert [many(0, "contact"), many(1, "contact"), many(2, "property", "properties")] == [
            "no contacts", "1 contact", "2 properties",
        ]  # fmt: skip

    def test_calls_by_kind_or_as_a_number(self) -> None:
        assert [calls(7), calls({"made": 5, "list": 3}), calls({"list": 3, "search": 2}), calls(None)] == [7, 5, 5, 0]

    def test_control_characters_are_shown_not_obeyed(self) -> None:
        assert clean("a\x1b[2J\x9bb\x7f") == "a·[2J·b·"
