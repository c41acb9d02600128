"""The real command with real files: rules out to a spreadsheet and in again, a list of people shown and written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.sheet import read
from tests import databases
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from tests.sync.steps import publish

COMMAND = str(Path(sys.executable).parent / "leadwright")
ROWS = [
    {"field": "email", "property": "email", "mode": "identifier"},
    {"field": "city", "property": "city", "direction": "both", "mode": "overwrite"},
]


@pytest.fixture(params=databases.KINDS)
def r(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    url = databases.fresh_url(request.param)
    with rig(tmp_path, database=url) as made:
        yield made
    databases.drop(url)


def call(r: Rig, *words: str) -> tuple[int, Any]:
    """Exit code and document of one command line in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LEADWRIGHT_")}
    assert r.settings.secret_key is not None
    env["LEADWRIGHT_DATABASE_URL"] = r.settings.database_url
    env["LEADWRIGHT_SECRET_KEY"] = r.settings.secret_key.get_secret_value()
    done = subprocess.run(
        [COMMAND, *words, "--json"], cwd=r.folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_points_table_goes_out_to_a_german_excel_and_comes_back_as_a_draft(r: Rig) -> None:
    code, told = call(r, "config", "export", "acme", "scoring", "--csv", "rules.csv", "--semicolon")
    assert (code, told["rows"]) == (0, 14)
    file = r.folder / "rules.csv"
    assert read(file.read_bytes(), "x").columns[-1] == "acme_version_1"
    text = file.read_text("utf-8-sig")
    file.write_text(text.replace("product_interest;15;true", "product_interest;2O;WAHR"), encoding="utf-8")
    code, fault = call(r, "config", "import", "acme", "scoring", "--csv", "rules.csv", "--author", "kim")
    assert (code, fault["error"]["reason"]) == (2, "document_invalid")
    assert [(one["line"], one["path"]) for one in fault["error"]["faults"]] == [(10, "points (E10)")]
    file.write_text(text.replace("product_interest;15;true", "product_interest;20,0;WAHR"), encoding="utf-8-sig")
    code, told = call(r, "config", "import", "acme", "scoring", "--csv", "rules.csv", "--author", "kim")
    assert (code, [one["row"] for one in told["rows"]]) == (0, ["white_paper"])
    before, after = (call(r, *words)[1]["body"] for words in (
        ("config", "show", "acme", "scoring"), ("config", "draft", "show", "acme", "scoring", "--author", "kim")
    ))  # fmt: skip
    changed = [(one, other) for one, other in zip(before.splitlines(), after.splitlines(), strict=True) if one != other]
    assert changed == [("    points: 15", "    points: 20")]


def test_a_list_of_people_is_shown_then_written_by_its_hash(r: Rig) -> None:
    jane = r.twin.create_contact({"email": "jane@x.example", "city": "Ulm"})
    publish(r, r.folder, "mapping", {"rows": ROWS})
    go_live(r)
    (r.folder / "people.csv").write_text(
        "E-Mail;Ort;City\njane@x.example;x;Bonn\nno@x.example;;Bonn\n", encoding="utf-8"
    )
    code, told = call(r, "import", "acme", "people.csv", "--dry-run")
    assert code == 3
    assert told["changes"][0]["properties"] == {"city": {"before": "Ulm", "after": "Bonn"}}
    assert ([one["column"] for one in told["unused"]], [one["line"] for one in told["unknown"]]) == (["ort"], [3])
    assert call(r, "import", "acme", "people.csv")[1]["error"]["reason"] == "needs_yes"
    assert r.twin.get("contacts", jane)["city"] == "Ulm"
    code, done = call(r, "import", "acme", "people.csv", "--hash", told["hash"][:16])
    assert (code, done["written"], done["read_back"]["equal"]) == (3, 1, 1)
    assert r.twin.get("contacts", jane)["city"] == "Bonn"
