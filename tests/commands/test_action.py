"""``action``: shows the definition, asks before it changes the app, and says by its exit code whether they differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.rules.actions import definition
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]
PUBLIC = "https://x.example"


def standing(state: str, text: str, ok: bool | None) -> dict[str, Any]:
    return {
        "ok": ok, "state": state, "app": "4711", "action": "rescore", "id": "7", "revision": "1", "text": text,
        "address": f"{PUBLIC}/webhooks/hubspot/actions/rescore", "definition": definition(PUBLIC),
    }  # fmt: skip


@pytest.fixture(autouse=True)
def answers(desk: Desk) -> None:
    desk.answers["action"] = standing("missing", "The app has no such action yet.", False)
    desk.answers["action_register"] = standing("registered", "The app has it, revision 1.", True) | {"done": "made"}


def test_shown_with_what_is_to_be_done_and_exit_code_3(say: Say) -> None:
    said = say("action", "show")
    assert said.code == 3
    for words in ('"actionUrl"', "Kontakt neu bewerten", "no such action yet", "leadwright action register"):
        assert words in said.out


def test_shown_as_one_document(say: Say) -> None:
    assert say("action", "show", "--json").json["definition"] == definition(PUBLIC)


def test_registering_asks_with_the_address_and_does_it(say: Say, desk: Desk) -> None:
    said = say("action", "register", answer="y\n")
    assert said.code == 0
    assert "Define the action of app 4711, to be called at https://x.example/webhooks" in said.err
    assert "The action is defined. The app has it, revision 1." in said.out
    assert desk.asked("action_register") == [((), {})]


def test_one_that_differs_is_changed(say: Say, desk: Desk) -> None:
    desk.answers["action"] = standing("differs", "The app's action differs.", False)
    assert "Change the action of app 4711" in say("action", "register", answer="y\n").err


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_done(say: Say, desk: Desk, answer: str) -> None:
    assert say("action", "register", answer=answer).code == 1
    assert desk.asked("action_register") == []


def test_without_a_terminal_it_needs_yes(say: Say, desk: Desk) -> None:
    said = say("action", "register")
    assert (said.code, desk.heard) == (2, [])
    assert "--yes" in said.err
    assert say("action", "register", "--yes").code == 0


def test_where_it_stands_already_nobody_is_asked(say: Say, desk: Desk) -> None:
    desk.answers["action"] = standing("registered", "The app has it, revision 1.", True)
    assert say("action", "register", answer="").code == 0
    assert desk.asked("action_register") == []


def test_by_hand_it_is_shown_and_done_in_part(say: Say, desk: Desk) -> None:
    desk.answers["action"] = standing("by_hand", "DEVELOPER_KEY is not set.", None)
    assert say("action", "show").code == 0
    said = say("action", "register", "--yes")
    assert said.code == 3
    assert "Enter it by hand" in said.out
    assert desk.asked("action_register") == []
