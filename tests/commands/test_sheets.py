"""``config export`` and ``config import``: a spreadsheet out, a draft in; what changes is said row by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.errors import ConfigError, DocumentInvalid, Fault
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


@pytest.fixture
def file(home: Path) -> str:
    (home / "rules.csv").write_text("name,points\n")
    return "rules.csv"


class TestOut:
    """``config export``."""

    def test_says_what_went_where(self, say: Say, desk: Desk) -> None:
        said = say("config", "export", "acme", "scoring", "--csv", "rules.csv")
        assert (said.code, said.out) == (0, "acme: 16 rows of scoring, version 3, in rules.csv.\n")
        assert desk.asked("config_export_csv") == [
            (("acme", "scoring", Path("rules.csv")), {"semicolon": False, "draft_of": None})
        ]

    def test_of_a_draft_names_its_saving(self, say: Say, desk: Desk) -> None:
        desk.answers["config_export_csv"]["revision"] = 4
        said = say("config", "export", "acme", "scoring", "--csv", "r.csv", "--draft", "--author", "kim", "--semicolon")
        assert "your draft (saving 4)" in said.out
        assert desk.asked("config_export_csv")[0][1] == {"semicolon": True, "draft_of": "kim"}

    def test_as_json_is_one_document(self, say: Say) -> None:
        said = say("config", "export", "acme", "mapping", "--csv", "m.csv", "--json")
        assert said.json["rows"] == 16

    @pytest.mark.parametrize("line", [("scoring",), ("lifecycle", "--csv", "x.csv"), ("scoring", "--csv")])
    def test_wants_a_file_and_one_of_two_kinds(self, say: Say, desk: Desk, line: tuple[str, ...]) -> None:
        assert say("config", "export", "acme", *line).code == 2
        assert desk.heard == []


class TestIn:
    """``config import``."""

    def test_tells_each_row_that_changes_and_where_the_draft_is(self, say: Say, desk: Desk, file: str) -> None:
        said = say("config", "import", "acme", "scoring", "--csv", file, "--author", "kim")
        assert said.code == 0
        for pattern in (r"~\s+white_paper\s+points, cap", r"-\s+second: silence", r"\+\s+webinar",
                        r"acme: Your draft of scoring is saved; nothing is published",
                        r"leadwright config draft show acme scoring"):  # fmt: skip
            assert re.search(pattern, said.out), f"{pattern}\n{said.out}"
        assert desk.asked("config_import_csv") == [(("acme", "scoring", Path(file), "kim", None), {})]
        assert any("Laid a spreadsheet over the scoring" in str(one) for one in desk.booked)

    def test_a_sheet_that_says_nothing_new_saves_nothing(self, say: Say, desk: Desk, file: str) -> None:
        desk.answers["config_import_csv"] |= {"rows": [], "revision": None, "text": "Nothing to save."}
        said = say("config", "import", "acme", "scoring", "--csv", file)
        assert (said.code, said.out) == (0, "acme: Nothing to save.\n")

    def test_who_was_faster_is_told(self, say: Say, desk: Desk, file: str) -> None:
        desk.answers["config_import_csv"]["overtaken"] = {"published": 4, "by": "jo", "reason": "", "base": 3}
        out = say("config", "import", "acme", "scoring", "--csv", file).out
        assert "Version 4 was published by jo since version 3, from which the sheet came" in out

    def test_faults_end_with_two_and_name_line_cell_and_remedy(self, say: Say, desk: Desk, file: str) -> None:
        desk.faults["config_import_csv"] = DocumentInvalid(
            [Fault("rules.csv", 7, "points (F7)", '"1o" is no number.', "Write digits only."),
             Fault("rules.csv", 9, "decay (O9)", '"soon" is no decay.', "Write it like: linear 90 days")]
        )  # fmt: skip
        said = say("config", "import", "acme", "scoring", "--csv", file)
        assert said.code == 2
        assert 'rules.csv:7: points (F7): "1o" is no number. Write digits only.' in said.err
        assert "rules.csv:9: decay (O9)" in said.err
        found = say("config", "import", "acme", "scoring", "--csv", file, "--json").json["error"]["faults"]
        assert [(one["line"], one["path"]) for one in found] == [(7, "points (F7)"), (9, "decay (O9)")]

    def test_over_an_open_draft_names_its_saving(self, say: Say, desk: Desk, file: str) -> None:
        say("config", "import", "acme", "mapping", "--csv", file, "--author", "kim", "--revision", "3")
        assert desk.asked("config_import_csv")[0][0][-1] == 3
        desk.faults["config_import_csv"] = ConfigError("kim has a draft.", remedy="--revision 4", reason="overtaken")
        said = say("config", "import", "acme", "mapping", "--csv", file, "--json")
        assert (said.code, said.json["error"]["remedy"]) == (2, "--revision 4")

    def test_wants_a_file_that_is_there(self, say: Say, desk: Desk) -> None:
        assert say("config", "import", "acme", "scoring", "--csv", "none.csv").code == 2
        assert desk.heard == []
