"""``token``: what lets programs in, from the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.cli import run
from connector.commands.app import App
from connector.service import Service
from tests.commands.desk import Desk, Said, refused
from tests.rig import settings_for

Say = Callable[..., Said]


class TestWhatIsAsked:
    """The words of the command line reach the service."""

    def test_to_make_one(self, say: Say, desk: Desk) -> None:
        say("token", "add", "crm")
        say("token", "add", "crm", "--role", "editor", "--portal", "acme", "--person", "a@x.example", "--days", "7")
        assert desk.asked("token_add") == [
            (("crm", "viewer", "", "", 90), {}),
            (("crm", "editor", "acme", "a@x.example", 7), {}),
        ]

    @pytest.mark.parametrize("more", [("--role", "owner"), ("--days", "0"), ("--days", "400")])
    def test_what_cannot_be_is_wrong_usage(self, say: Say, desk: Desk, more: tuple[str, ...]) -> None:
        assert say("token", "add", "crm", *more).code == 2
        assert desk.asked("token_add") == []

    def test_to_revoke_one(self, say: Say, desk: Desk) -> None:
        assert say("token", "remove", "3f9c0a1b").code == 0
        assert desk.asked("token_remove") == [(("3f9c0a1b",), {})]

    def test_a_refusal_is_one_sentence_with_its_code(self, say: Say, desk: Desk) -> None:
        desk.faults["token_remove"] = refused()
        said = say("token", "remove", "x", "--json")
        assert (said.code, said.json["error"]["remedy"]) == (1, "Do it otherwise.")


class TestWhatIsShown:
    """On a terminal; with ``--json`` the document."""

    def test_a_token_stands_alone_on_its_line(self, say: Say) -> None:
        lines = say("token", "add", "crm").out.splitlines()
        assert "lw_k7Qx" in lines
        assert lines[0] == "crm-sync (3f9c0a1b): editor in acme, until 2027-02-20 09:30 UTC:"

    def test_the_list(self, say: Say, desk: Desk) -> None:
        out = say("token", "list").out
        assert re.search(r"3f9c0a1b\s+crm-sync\s+editor\s+acme\s+good\s+2027-02-20\s+never", out)
        assert re.search(r"nightly\s+viewer\s+all\s+anna@agency\.example\s+expired", out)
        desk.answers["token_list"] = {"tokens": []}
        assert "leadwright token add" in say("token", "list").out

    def test_one_that_was_revoked(self, say: Say) -> None:
        assert say("token", "remove", "x").out == "The token crm-sync opens nothing any more.\n"


def test_in_earnest(tmp_path: Path, capfdbinary) -> None:
    settings = settings_for(tmp_path)
    env = tmp_path / ".env"
    env.write_text(
        f"LEADWRIGHT_DATABASE_URL={settings.database_url}\n"
        f"LEADWRIGHT_SECRET_KEY={settings.secret_key.get_secret_value()}\n"
    )

    def call(*words: str) -> tuple[int, dict]:
        capfdbinary.readouterr()
        code = run(["--env", str(env), *words, "--json"], App(interactive=False))
        return code, json.loads(capfdbinary.readouterr()[0])

    Service.init(settings, env)
    code, made = call("token", "add", "crm", "--role", "admin")
    assert (code, made["portal"], made["role"]) == (0, "", "admin")
    assert [one["id"] for one in call("token", "list")[1]["tokens"]] == [made["id"]]
    with Service.open(settings) as service:
        assert service.tokens.caller(made["token"])
        assert [e.deed.who for e in service.audit_log().entries] == ["command line"]
    assert call("token", "remove", made["id"])[0] == 0
    assert call("token", "list")[1]["tokens"] == []
    assert call("token", "remove", made["id"])[0] == 2
    assert call("token", "add", "crm", "--portal", "nowhere")[0] == 2
