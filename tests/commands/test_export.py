"""``export``: to a pipe or to a file, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.commands.desk import ROWS, Desk, Said, refused

Say = Callable[..., Said]


def test_json_lines_are_the_default(say: Say) -> None:
    said = say("export", "acme", "contacts")
    assert [json.loads(line) for line in said.out.splitlines()] == ROWS


def test_json_makes_it_one_document(say: Say) -> None:
    assert say("export", "acme", "contacts", "--json").json == ROWS


def test_a_fault_half_way_leaves_no_half_document(say: Say, desk: Desk) -> None:
    desk.faults["export"] = refused()
    said = say("export", "acme", "contacts", "--json")
    assert (said.code, said.json["error"]["reason"]) == (1, "refused")


def test_csv_to_stdout_is_safe_for_a_spreadsheet(say: Say) -> None:
    said = say("export", "acme", "contacts", "--format", "csv")
    assert said.out.splitlines() == ["id,email,properties.a,properties.b", "1,'=cmd(),-15,", "2,,,ü"]


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl", "c.parquet"])
def test_the_ending_names_the_format(say: Say, home: Path, name: str) -> None:
    said = say("export", "acme", "contacts", "--output", name, "--json")
    assert said.json == {
        "portal": "acme", "what": "contacts", "format": name.split(".")[1], "rows": 2, "file": name,
    }  # fmt: skip
    assert [file.name for file in home.iterdir()] == [name]


def test_parquet_holds_the_rows(say: Say, home: Path) -> None:
    assert say("export", "acme", "contacts", "--output", "c.parquet").code == 0
    table = pq.read_table(home / "c.parquet")
    assert table.column_names == ["id", "email", "properties.a", "properties.b"]
    assert table.to_pylist()[1] == {"id": "2", "email": None, "properties.a": None, "properties.b": "ü"}


def test_parquet_is_not_for_a_pipe(say: Say, desk: Desk) -> None:
    said = say("export", "acme", "contacts", "--format", "parquet")
    assert said.code == 2
    assert "--output" in said.err
    assert desk.heard == []


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl", "c.parquet"])
def test_a_fault_half_way_keeps_the_file_that_was_there(say: Say, desk: Desk, home: Path, name: str) -> None:
    (home / name).write_text("yesterday's")
    desk.faults["export"] = refused()
    assert say("export", "acme", "contacts", "--output", name).code == 1
    assert (home / name).read_text() == "yesterday's"
    assert [file.name for file in home.iterdir()] == [name]
