"""``people`` and ``init --admin``: who may sign in, from the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.cli import run
from connector.commands.app import App
from connector.service import Service
from connector.sync.entrance import Browser
from tests.commands.desk import Desk, Said, refused
from tests.rig import settings_for

Say = Callable[..., Said]
LINK = re.compile(r"^http://127\.0\.0\.1:8000/admin/link/[\w-]{43}$", re.MULTILINE)
PASSWORD = "vier Dachse tanzen im Regen"


class TestWhatIsAsked:
    """The words of the command line reach the service."""

    def test_to_invite(self, say: Say, desk: Desk) -> None:
        assert say("people", "invite", "a@x.example").code == 0
        say("people", "invite", "b@x.example", "--role", "viewer", "--portal", "acme", "--portal", "globex")
        assert desk.asked("people_invite") == [
            (("a@x.example", "owner", ()), {}),
            (("b@x.example", "viewer", ("acme", "globex")), {}),
        ]

    def test_a_role_that_is_none_is_wrong_usage(self, say: Say, desk: Desk) -> None:
        assert say("people", "invite", "a@x.example", "--role", "emperor").code == 2
        assert desk.asked("people_invite") == []

    def test_a_link_to_sign_in_or_to_reset(self, say: Say, desk: Desk) -> None:
        say("people", "link", "a@x.example")
        say("people", "link", "a@x.example", "--reset")
        assert desk.asked("people_link") == [(("a@x.example",), {"reset": flag}) for flag in (False, True)]

    def test_the_first_owner(self, say: Say, desk: Desk) -> None:
        say("init", "--admin", "a@x.example")
        say("init")
        assert [args[2] for args, _ in desk.asked("init")] == ["a@x.example", ""]

    @pytest.mark.parametrize("words", [("invite", "x"), ("list",), ("link", "x"), ("disable", "x")])
    def test_a_refusal_is_one_sentence_with_its_code(self, say: Say, desk: Desk, words: tuple[str, ...]) -> None:
        desk.faults[f"people_{words[0]}"] = refused()
        said = say("people", *words, "--json")
        assert (said.code, said.json["error"]["remedy"]) == (1, "Do it otherwise.")


class TestWhatIsShown:
    """On a terminal; with ``--json`` the document."""

    def test_a_link_stands_alone_on_its_line(self, say: Say) -> None:
        lines = say("people", "link", "anna@agency.example").out.splitlines()
        assert "https://leads.example/admin/link/k7Qx" in lines
        assert lines[0] == "anna@agency.example signs in with this link, once, until 2026-11-22 09:45 UTC:"
        assert "sets a password" in say("people", "invite", "anna@agency.example").out

    def test_the_list(self, say: Say, desk: Desk) -> None:
        out = say("people", "list").out
        assert re.search(r"anna@agency\.example\s+Anna\s+owner everywhere\s+active\s+on\s+2", out)
        assert re.search(r"bo@client\.example\s+viewer in acme\s+invited\s+off\s+0", out)
        desk.answers["people_list"] = {"people": []}
        assert "leadwright people invite EMAIL" in say("people", "list").out

    def test_who_was_shut_out(self, say: Say) -> None:
        assert say("people", "disable", "bo@client.example").out == "bo@client.example is shut out.\n"

    def test_the_documents(self, say: Say) -> None:
        assert say("people", "link", "x", "--json").json["purpose"] == "sign_in"
        assert say("people", "list", "--json").json["people"][1]["state"] == "invited"

    def test_init_without_an_address_says_the_command(self, say: Say, desk: Desk) -> None:
        assert "leadwright people invite EMAIL" in say("init").out
        desk.answers["init"]["link"] = desk.answers["people_invite"]
        out = say("init", "--admin", "anna@agency.example").out
        assert "https://leads.example/admin/link/k7Qx" in out.splitlines()
        assert "people invite" not in out


class TestInEarnest:
    """Against a real database."""

    @pytest.fixture
    def call(self, tmp_path: Path, capfdbinary) -> Callable[..., tuple[int, str]]:
        settings = settings_for(tmp_path)
        env = tmp_path / ".env"
        env.write_text(
            f"LEADWRIGHT_DATABASE_URL={settings.database_url}\n"
            f"LEADWRIGHT_SECRET_KEY={settings.secret_key.get_secret_value()}\n"
        )

        def call(*words: str) -> tuple[int, str]:
            capfdbinary.readouterr()
            code = run(["--env", str(env), *words], App(interactive=False))
            out, err = capfdbinary.readouterr()
            return code, (out + err).decode()

        call.settings = settings
        return call

    def test_the_first_owner_comes_in_and_lets_others_in(self, call) -> None:
        code, out = call("init", "--admin", "Anna@Agency.example")
        assert code == 0
        link = LINK.search(out)[0].rpartition("/")[2]
        with Service.open(call.settings) as service:
            assert service.entrance.by_link(link, PASSWORD, Browser()).cookie
        code, out = call("people", "invite", "bo@x.example", "--role", "viewer", "--json")
        assert json.loads(out)["purpose"] == "invite"
        listed = json.loads(call("people", "list", "--json")[1])["people"]
        assert [(one["email"], one["roles"], one["state"]) for one in listed] == [
            ("anna@agency.example", "owner everywhere", "active"),
            ("bo@x.example", "viewer everywhere", "invited"),
        ]
        assert call("people", "disable", "bo@x.example")[0] == 0
        assert json.loads(call("people", "list", "--json")[1])["people"][1]["state"] == "disabled"
        assert call("people", "disable", "anna@agency.example")[0] == 2
        assert call("people", "link", "nobody@x.example")[0] == 2
        assert call("people", "invite", "bo@x.example")[0] == 2
        assert call("people", "invite", "c@x.example", "--portal", "nowhere")[0] == 2

    def test_init_again_gives_the_same_person_a_new_link(self, call) -> None:
        first, second = (LINK.search(call("init", "--admin", "anna@agency.example")[1])[0] for _ in range(2))
        assert first != second
        assert len(json.loads(call("people", "list", "--json")[1])["people"]) == 1

    def test_what_the_command_line_did_is_in_the_audit_log(self, call) -> None:
        call("init", "--admin", "anna@agency.example")
        call("people", "link", "anna@agency.example")
        with Service.open(call.settings) as service:
            log = service.audit_log()
        assert [(e.deed.who, e.deed.what) for e in reversed(log.entries)] == [
            ("command line", "Invited a person"),
            ("command line", "Made a link to sign in"),
        ]
        assert log.verdict.ok
