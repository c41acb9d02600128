"""Exit codes, the JSON contract and the words at the end, however a command ends."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from connector.cli import PLACES, run
from connector.errors import DocumentInvalid, Fault, TokenRejected, UnknownPortal
from tests.commands.desk import Desk, Said, process, refused

Say = Callable[..., Said]
EVERY = [
    ("init",), ("db", "current"), ("db", "upgrade"), ("portal", "list"), ("portal", "check", "acme"),
    ("portal", "pause", "acme"), ("portal", "resume", "acme"), ("portal", "live", "acme", "--yes"),
    ("portal", "remove", "acme", "--yes"), ("portal", "provision", "acme", "--yes"), ("sync", "acme"), ("plan", "acme"),
    ("apply", "acme", "--yes"), ("apply", "acme", "--hash", "3f9c0a"), ("cycle", "acme"), ("verify", "acme"),
    ("explain", "acme", "4711"), ("export", "acme", "contacts"), ("undo", "acme", "r2", "--yes"),
    ("enrich", "acme"), ("enrich", "acme", "--dry-run"),
    ("config", "show", "acme", "scoring"), ("config", "history", "acme", "scoring"),
    ("config", "rollback", "acme", "scoring", "3"), ("config", "draft", "show", "acme", "mapping"),
    ("config", "draft", "publish", "acme", "mapping", "--reason", "x"),
    ("config", "draft", "discard", "acme", "mapping"), ("config", "sign", "acme", "scoring", "--for", "sales"),
]  # fmt: skip


@pytest.mark.parametrize("line", EVERY, ids=" ".join)
def test_json_is_exactly_one_document_on_stdout(say: Say, line: tuple[str, ...]) -> None:
    said = say(*line, "--json")
    assert said.code in (0, 3)
    assert said.json is not None
    assert said.err == ""


@pytest.mark.parametrize("line", EVERY, ids=" ".join)
def test_without_json_people_get_words(say: Say, line: tuple[str, ...]) -> None:
    said = say(*line)
    assert said.code in (0, 3)
    assert said.out.strip()
    assert "\x1b" not in said.out  # no colour where there is no terminal
    assert max(map(len, said.out.splitlines())) <= 100


@pytest.mark.parametrize("line", [one for one in EVERY if one[0] != "export"], ids=" ".join)
def test_quiet_says_nothing_when_all_is_well(say: Say, line: tuple[str, ...]) -> None:
    said = say(*line, "--quiet")
    assert (said.out, said.err) == ("", "")


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        (UnknownPortal("There is no portal acme."), 2, "unknown_portal"),
        (TokenRejected("HubSpot does not accept the token."), 1, "token_rejected"),
        (refused(), 1, "refused"),
    ],
)
def test_an_expected_fault_has_its_exit_code(say: Say, desk: Desk, fault: Exception, code: int, reason: str) -> None:
    desk.faults["sync"] = fault
    plain, document = say("sync", "acme"), say("sync", "acme", "--json")
    assert (plain.code, document.code) == (code, code)
    assert (plain.out, len(plain.err.splitlines())) == ("", 1)
    assert document.json["error"]["reason"] == reason
    assert set(document.json["error"]) == {"reason", "message", "remedy"}


def test_a_document_with_faults_lists_them_in_json(say: Say, desk: Desk) -> None:
    desk.faults["plan"] = DocumentInvalid([Fault("s.yaml", 3, "rules.0", "needs points", "add points: 5")])
    assert say("plan", "acme", "--json").json["error"]["faults"][0]["line"] == 3
    assert "s.yaml:3: rules.0: needs points add points: 5" in say("plan", "acme").err


@pytest.mark.parametrize("line", [("sync",), ("sync", "a", "--only", "tea"), ("nonsense",), ("export", "a", "b"), ()])
def test_wrong_usage_is_two(say: Say, line: tuple[str, ...]) -> None:
    assert say(*line).code == 2


def test_wrong_usage_in_json(say: Say) -> None:
    said = say("sync", "--json")
    assert (said.code, said.json["error"]["reason"]) == (2, "usage")


def test_a_misspelt_command_gets_its_neighbours(say: Say) -> None:
    assert "Did you mean explain or export?" in say("expo").err


def test_a_result_that_is_not_whole_is_three(say: Say, desk: Desk) -> None:
    desk.answers["apply"]["ok"] = False
    desk.answers["apply"]["refused"] = [{"contact": "7", "why": "INVALID_OPTION lw_grade"}]
    said = say("apply", "acme", "--yes")
    assert said.code == 3
    assert "INVALID_OPTION lw_grade" in said.out


def test_an_incomplete_mirror_is_three(say: Say, desk: Desk) -> None:
    desk.answers["verify"] |= {"complete": False, "ok": False, "percent": 99.2}
    said = say("verify", "acme")
    assert said.code == 3
    assert "The mirror is not complete" in said.out


def test_a_stale_database_is_three(say: Say, desk: Desk) -> None:
    desk.answers["db_current"] = {"revision": None, "head": "0001", "ok": False}
    said = say("db", "current")
    assert said.code == 3
    assert "leadwright db upgrade" in said.out


def test_ctrl_c_is_one_line_and_one(say: Say, desk: Desk) -> None:
    desk.faults["sync"] = KeyboardInterrupt()
    said = say("sync", "acme")
    assert said.code == 1
    assert said.err.strip() == "stopped; what was done is kept, run the same command again to go on"
    assert say("sync", "acme", "--json").json["error"]["reason"] == "stopped"


class TestTheUnexpected:
    """A fault nobody planned for: a reference, and never the data it carries."""

    SECRET = "jane.doe@example.com"

    def test_is_one_line_with_a_reference(self, say: Say, desk: Desk) -> None:
        desk.faults["sync"] = KeyError(self.SECRET)
        said = say("sync", "acme")
        assert said.code == 1
        assert len(said.err.splitlines()) == 1
        assert "KeyError, reference " in said.err
        assert self.SECRET not in said.err + said.out

    def test_shows_its_places_with_debug(self, say: Say, desk: Desk) -> None:
        desk.faults["sync"] = ValueError(self.SECRET)
        said = say("sync", "acme", "--debug")
        assert "flow.py" in said.err
        assert self.SECRET not in said.err

    def test_is_a_document_in_json(self, say: Say, desk: Desk) -> None:
        desk.faults["open"] = RuntimeError(self.SECRET)
        said = say("plan", "acme", "--json")
        assert (said.code, said.json["error"]["reason"]) == (1, "unexpected")
        assert self.SECRET not in said.out


def test_every_place_of_the_table_resolves_to_its_command() -> None:
    for name in PLACES:
        assert run([name, "--help"]) == 0


def test_wrong_settings_are_two(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWRIGHT_LOG_LEVEL", "loud")
    said = say("sync", "acme", "--json")
    assert (said.code, said.json["error"]["reason"]) == (2, "configuration")
    assert "LEADWRIGHT_LOG_LEVEL" in said.json["error"]["message"]


def test_the_process_itself_ends_the_same_way(tmp_path) -> None:
    said = process("sync", "--json", cwd=tmp_path)
    assert (said.code, json.loads(said.out)["error"]["reason"]) == (2, "usage")


def test_a_reader_that_goes_away_is_no_drama(tmp_path) -> None:
    said = process("--version", cwd=tmp_path)
    assert (said.code, said.out) == (0, "leadwright 0.1.0\n")
