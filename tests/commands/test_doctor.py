"""The doctor: every finding with its remedy, and a portal that fails does not hide the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.commands.doctor import sqlite_path
from connector.errors import SecretKeyMissing, TokenRejected
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key and a database file."""
    (home / "var").mkdir()
    (home / "var" / "leadwright.db").touch()
    monkeypatch.setenv("LEADWRIGHT_SECRET_KEY", "k" * 44)
    return home


def _found(said: Said) -> dict[str, Any]:
    return {check["check"]: check for check in said.json["checks"]}


def test_a_sound_house(say: Say, desk: Desk, installed: Path) -> None:
    desk.answers["check_portal"] = {"portal": "acme", "ok": True, "checks": []}
    said = say("doctor", "--json")
    assert (said.code, said.json["ok"]) == (0, True)
    assert set(_found(said)) >= {"Python", "clock", "secret key", "database", "writable", "disk", "portals"}
    assert "All is well." in say("doctor").out


def test_a_feature_that_is_merely_off_wakes_nobody(say: Say, desk: Desk, installed: Path) -> None:
    off = {"check": "calls", "ok": None, "off": True, "text": "The token lacks a scope.", "remedy": "Grant it."}
    desk.answers["check_portal"] = {"portal": "acme", "ok": True, "checks": [off], "off": ["calls"]}
    said = say("doctor")
    assert said.code == 0
    assert "–  calls" in said.out
    assert "→ Grant it." in said.out
    checked = say("portal", "check", "acme")
    assert checked.code == 0
    assert "All that is needed works; 1 feature is off." in checked.out


def test_a_bare_folder_names_init(say: Say, home: Path) -> None:
    said = say("doctor", "--json")
    assert said.code == 1
    assert _found(said)["secret key"]["remedy"] == "leadwright init makes one."
    assert _found(said)["database"]["remedy"] == "leadwright init makes it."


def test_an_old_database_names_the_upgrade(say: Say, desk: Desk, installed: Path) -> None:
    desk.answers["db_current"] = {"revision": "0001", "head": "0002", "ok": False}
    said = say("doctor")
    assert said.code == 1
    assert "→ leadwright db upgrade" in said.out


def test_a_key_of_another_house(say: Say, desk: Desk, installed: Path) -> None:
    desk.faults["open"] = SecretKeyMissing("The key does not open this database.", remedy="Restore the old one.")
    said = say("doctor", "--json")
    assert said.code == 1
    assert said.json["checks"][-1] == {
        "check": "secret key", "ok": False, "text": "The key does not open this database.",
        "remedy": "Restore the old one.",
    }  # fmt: skip


def test_a_portal_that_fails_is_shown_with_its_remedy(say: Say, desk: Desk, installed: Path) -> None:
    desk.faults["check_portal"] = TokenRejected("HubSpot does not accept the token.", remedy="Make a new one.")
    said = say("doctor")
    assert said.code == 1
    assert "✗  reachable" in said.out
    assert "→ Make a new one." in said.out


def test_wrong_settings_are_a_finding(say: Say, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWRIGHT_LOG_FORMAT", "parchment")
    said = say("doctor", "--json")
    assert said.code == 1
    assert "LEADWRIGHT_LOG_FORMAT" in _found(said)["settings"]["text"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/x.db", Path("var/x.db")),
        ("sqlite:////data/x.db", Path("/data/x.db")),
        ("sqlite+pysqlite:///x.db?timeout=5", Path("x.db")),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("postgresql://u:p@host/name", None),
    ],
)
def test_where_a_sqlite_database_lies(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path
