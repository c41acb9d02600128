"""``privacy``, ``backup``, ``restore`` at the command line: they ask, they tell, and tell nobody what they must not."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


def test_erasing_asks_and_a_no_does_nothing(say: Say, desk: Desk) -> None:
    assert say("privacy", "erase", "acme", "4711").code == 2
    assert say("privacy", "erase", "acme", "4711", answer="n\n").code == 1
    assert desk.asked("erase") == []


def test_the_receipt_tells_places_recipients_and_what_is_out_of_reach(say: Say, desk: Desk) -> None:
    said = say("privacy", "erase", "acme", "jane@example.com", "--yes")
    assert said.code == 0
    assert desk.asked("erase") == [(("acme", "jane@example.com"), {})]
    for words in ("4711, 12", "2026-12-22", "activities", "Welcome 91001", "2026-11-01", "exported"):
        assert words in said.out
    assert "jane" not in said.out + said.err


def test_the_receipt_has_a_line_for_each_fact_also_without_a_terminal(say: Say) -> None:
    shown = say("privacy", "erase", "acme", "jane@example.com", "--yes").out.splitlines()
    starts = ("portal", "contact", "cause", "erased at", "answer by", "rows", "journal")
    for name in starts:
        assert sum(line.lstrip("│ ").startswith(name) for line in shown) >= 1, name
    assert not any("portal" in line and "journal" in line for line in shown)


def test_the_receipt_is_one_document_for_scripts(say: Say) -> None:
    assert say("privacy", "erase", "acme", "4711", "--yes", "--json").json["places"] == {
        "contacts": 1,
        "activities": 14,
    }


def test_a_copy_goes_to_stdout_or_to_a_file_of_the_owner_alone(say: Say, home: Path) -> None:
    assert json.loads(say("privacy", "export", "acme", "4711").out)["rows"] == 1
    said = say("privacy", "export", "acme", "4711", "--output", "jane.json")
    assert said.code == 0
    assert json.loads((home / "jane.json").read_text())["contact"] == "4711"
    assert (home / "jane.json").stat().st_mode & 0o777 == 0o600


def test_tables_come_as_a_zip(say: Say, home: Path) -> None:
    assert say("privacy", "export", "acme", "4711", "--format", "csv").code == 2
    assert say("privacy", "export", "acme", "4711", "--output", "jane.zip").code == 0
    with zipfile.ZipFile(home / "jane.zip") as packed:
        assert packed.namelist() == ["person.json", "contacts.csv"]
        assert "jane@example.com" in packed.read("contacts.csv").decode()


def test_a_backup_says_that_the_key_is_not_in_it(say: Say, desk: Desk) -> None:
    said = say("backup", "a.backup")
    assert (said.code, desk.asked("backup")) == (0, [((Path("a.backup"),), {})])
    assert "12.3 MB" in said.out
    assert "key is not in it" in said.out


def test_restoring_over_a_database_asks(say: Say, desk: Desk) -> None:
    assert say("restore", "a.backup").code == 2
    assert say("restore", "a.backup", answer="n\n").code == 1
    assert desk.asked("restore") == []
    said = say("restore", "a.backup", "--yes")
    assert said.code == 0
    assert "2 people" in said.out
    assert "no enrolment" in said.out


def test_restoring_into_nothing_does_not_ask(say: Say, desk: Desk) -> None:
    desk.answers["restore_preview"]["replaces"] = []
    assert say("restore", "a.backup").code == 0


@pytest.mark.parametrize("name", ["LEADWRIGHT_PUBLIC_URL", "LEADWRIGHT_HUBSPOT_CLIENT_SECRET"])
def test_the_doctor_names_what_webhooks_lack(say: Say, home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    lacking = say("doctor", "--json").json["checks"]
    monkeypatch.setenv(name, "https://hooks.example")
    there = say("doctor", "--json").json["checks"]
    assert [c["remedy"] for c in lacking if name in c["remedy"]]
    assert [c for c in there if name in c["remedy"]] == []
    assert "hooks.example" not in json.dumps([c for c in there if c["check"] == "client secret"])
