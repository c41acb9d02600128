"""What changes a portal or cannot be undone asks on a terminal, takes --yes, and refuses where nobody can answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.commands.desk import Desk, Said

Say = Callable[..., Said]
ASKING = [
    (("portal", "live", "acme"), "live"),
    (("portal", "remove", "acme"), "remove"),
    (("portal", "provision", "acme"), "provision"),
    (("apply", "acme"), "apply"),
    (("undo", "acme", "r2"), "undo"),
]


@pytest.mark.parametrize(("line", "method"), ASKING)
class TestEveryAskingCommand:
    """The same rule for all of them."""

    def test_refuses_without_a_terminal_and_without_yes(
        self, say: Say, desk: Desk, line: tuple[str, ...], method: str
    ) -> None:
        said = say(*line)
        assert said.code == 2
        assert "--yes" in said.err
        assert desk.heard == []

    def test_takes_yes(self, say: Say, desk: Desk, line: tuple[str, ...], method: str) -> None:
        assert say(*line, "--yes").code in (0, 3)
        assert len(desk.asked(method)) == 1

    def test_asks_on_a_terminal_and_does_it_after_a_yes(
        self, say: Say, desk: Desk, line: tuple[str, ...], method: str
    ) -> None:
        said = say(*line, answer="y\n")
        assert said.code in (0, 3)
        assert "[y/N]" in said.err
        assert len(desk.asked(method)) == 1

    def test_does_nothing_after_a_no(self, say: Say, desk: Desk, line: tuple[str, ...], method: str) -> None:
        said = say(*line, answer="n\n")
        assert said.code == 1
        assert "Nothing was done" in said.err
        assert desk.asked(method) == []

    def test_keeps_stdout_for_the_document_while_asking(
        self, say: Say, desk: Desk, line: tuple[str, ...], method: str
    ) -> None:
        said = say(*line, "--json", answer="y\n")
        assert said.json["portal"] == "acme"


def test_apply_on_a_terminal_shows_the_plan_and_applies_that_very_plan(say: Say, desk: Desk) -> None:
    said = say("apply", "acme", answer="y\n")
    assert "lw_score" in said.out
    assert desk.asked("apply") == [(("acme",), {"plan_hash": "3f9c0a"})]


def test_apply_with_a_hash_does_not_ask(say: Say, desk: Desk) -> None:
    assert say("apply", "acme", "--hash", "3f9c0a").code == 0
    assert desk.asked("apply") == [(("acme",), {"plan_hash": "3f9c0a"})]
    assert desk.asked("plan") == []


def test_apply_with_yes_takes_the_plan_as_it_is(say: Say, desk: Desk) -> None:
    say("apply", "acme", "--yes")
    assert desk.asked("apply") == [(("acme",), {"plan_hash": None})]


def test_provision_shows_what_it_would_make_before_it_asks(say: Say) -> None:
    said = say("portal", "provision", "acme", answer="n\n")
    assert "lw_grade" in said.out
    assert "Create 1 property in acme?" in said.err


def test_provision_with_nothing_missing_asks_nothing(say: Say, desk: Desk) -> None:
    desk.answers["provision_preview"]["properties"] = []
    said = say("portal", "provision", "acme", answer="")
    assert said.code == 0
    assert desk.asked("provision") == []


class TestTheToken:
    """It comes through a pipe or a hidden prompt; it is never an argument and never printed."""

    def test_from_stdin_without_its_line_end(self, say: Say, desk: Desk) -> None:
        said = say("portal", "add", "acme", "--token-stdin", stdin="pat-eu1-abc\r\n")
        assert said.code == 0
        assert desk.asked("add_portal") == [(("acme", "pat-eu1-abc", None), {})]
        assert "pat-eu1-abc" not in said.out + said.err

    def test_from_a_hidden_prompt(self, say: Say, desk: Desk) -> None:
        said = say("portal", "add", "acme", "--base-url", "http://127.0.0.1:1", answer="pat-eu1-abc\n")
        assert desk.asked("add_portal") == [(("acme", "pat-eu1-abc", "http://127.0.0.1:1"), {})]
        assert "pat-eu1-abc" not in said.out + said.err

    def test_cannot_be_asked_for_without_a_terminal(self, say: Say) -> None:
        said = say("portal", "add", "acme")
        assert said.code == 2
        assert "--token-stdin" in said.err

    @pytest.mark.parametrize("stdin", ["", "\n", "two words\n", "pat\x00eu"])
    def test_must_look_like_one(self, say: Say, desk: Desk, stdin: str) -> None:
        assert say("portal", "add", "acme", "--token-stdin", stdin=stdin).code == 2
        assert desk.heard == []

    def test_is_no_argument(self, say: Say) -> None:
        assert say("portal", "add", "acme", "pat-eu1-abc").code == 2
        assert say("portal", "add", "acme", "--token", "pat-eu1-abc").code == 2
