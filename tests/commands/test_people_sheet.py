"""``import``: a spreadsheet of contacts is shown first and written only with a yes; what is left out is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.errors import BlastRadiusExceeded, ConfigError
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


@pytest.fixture
def file(home: Path) -> str:
    (home / "people.csv").write_text("email,phone\n")
    return "people.csv"


class TestShowing:
    """``--dry-run``."""

    def test_tells_what_would_change_and_what_is_left_out(self, say: Say, desk: Desk, file: str) -> None:
        said = say("import", "acme", file, "--dry-run")
        assert said.code == 3
        for pattern in (
            r"people.csv for acme: 1 contact to write, nothing written yet", r"lines\s+5, 3 of them about",
            r"as it is\s+1 contact", r"jane@example.com\s+lw_score\s+\(empty\)\s+→\s+63",
            r"3\s+write:city\s+taken back\s+Release it", r"shoe_size\s+there is no such field or property",
            r"5\s+phone \(B5\)\s+\"x\" is no number", r"4\s+nobody@x.example",
            r"Next: leadwright import acme people.csv --hash 3f9c0a",
        ):  # fmt: skip
            assert re.search(pattern, said.out), f"{pattern}\n{said.out}"
        assert desk.asked("import_apply") == []
        assert desk.booked == []

    def test_a_sheet_without_faults_ends_with_nought(self, say: Say, desk: Desk, file: str) -> None:
        whole = {"ok": True, "unknown": [], "unused": [], "faults": [], "held": [], "changes": []}
        desk.answers["import_plan"] |= whole
        said = say("import", "acme", file, "--dry-run")
        assert said.code == 0
        assert "Nothing to write." in said.out
        assert "not used" not in said.out

    def test_of_many_faults_the_first_are_shown(self, say: Say, desk: Desk, file: str) -> None:
        desk.answers["import_plan"]["unknown"] = [{"line": n, "who": f"p{n}@x.example"} for n in range(2, 32)]
        said = say("import", "acme", file, "--dry-run")
        assert "p21@x.example" in said.out
        assert "p22@x.example" not in said.out
        assert "and 10 more; --json names them all" in said.out
        assert len(say("import", "acme", file, "--dry-run", "--json").json["unknown"]) == 30

    def test_too_many_contacts_and_observe_mode_are_told(self, say: Say, desk: Desk, file: str) -> None:
        desk.answers["import_plan"] |= {"over_limit": True, "mode": "observe"}
        said = say("import", "acme", file, "--dry-run")
        assert "more than one run may write" in said.out
        assert "First: leadwright portal live acme" in said.out


class TestWriting:
    """Only what somebody said yes to."""

    def test_by_its_hash(self, say: Say, desk: Desk, file: str) -> None:
        said = say("import", "acme", file, "--hash", "3f9c0a")
        assert said.code == 3
        assert desk.asked("import_apply") == [(("acme", Path(file)), {"plan_hash": "3f9c0a"})]
        assert desk.asked("import_plan") == []
        assert re.search(r"written\s+1 contact", said.out)
        assert "nobody@x.example" in said.out
        assert any("Wrote what a spreadsheet of contacts says" in str(one) for one in desk.booked)

    def test_after_a_yes_it_is_what_was_shown(self, say: Say, desk: Desk, file: str) -> None:
        said = say("import", "acme", file, answer="y\n")
        assert "Write 1 contacts of acme (1 calls)?" in said.err
        assert desk.asked("import_apply")[0][1] == {"plan_hash": "3f9c0a"}

    def test_after_a_no_nothing_is(self, say: Say, desk: Desk, file: str) -> None:
        assert say("import", "acme", file, answer="n\n").code == 1
        assert desk.asked("import_apply") == []

    def test_without_a_terminal_it_wants_a_hash_or_a_yes(self, say: Say, desk: Desk, file: str) -> None:
        said = say("import", "acme", file, "--json")
        assert (said.code, said.json["error"]["reason"]) == (2, "needs_yes")
        assert desk.heard == []
        say("import", "acme", file, "--yes")
        assert desk.asked("import_apply")[0][1] == {"plan_hash": None}

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (ConfigError("acme is in observe mode.", remedy="Go live.", reason="observe_mode"), 2),
            (BlastRadiusExceeded("Too many.", remedy="Name the hash."), 3),
        ],
    )
    def test_the_gates_say_no_as_for_every_plan(
        self, say: Say, desk: Desk, file: str, fault: Exception, code: int
    ) -> None:
        desk.faults["import_apply"] = fault
        assert say("import", "acme", file, "--yes").code == code
        assert desk.booked == []

    @pytest.mark.parametrize("line", [("--dry-run", "--yes"), ("--dry-run", "--hash", "3f")])
    def test_showing_and_writing_do_not_go_together(
        self, say: Say, desk: Desk, file: str, line: tuple[str, ...]
    ) -> None:
        assert say("import", "acme", file, *line).code == 2
        assert desk.heard == []

    def test_the_file_must_be_there(self, say: Say, desk: Desk) -> None:
        assert say("import", "acme", "none.csv", "--dry-run").code == 2
        assert desk.heard == []
