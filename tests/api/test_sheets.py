"""Mapping and scoring rules as sheets for programs: the command's sheet, laid over by the command's function."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sheet import read
from tests.api.conftest import ACME, Desk, Program
from tests.api.test_every_route import problem

AT = f"/portals/{ACME}/documents"
ROW, CHANGED = (
    f"white_paper,White paper downloaded,activity,product_interest,{points}".encode() for points in (15, 25)
)


def down(who: Program, path: str, **query: Any) -> Any:
    answer = who.ask("GET", f"{AT}{path}", query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    return answer


def up(who: Program, data: bytes, kind: str = "scoring", match: int = 0) -> Any:
    headers = {"If-Match": f'"{match}"'}
    return who.ask("PUT", f"{AT}/{kind}/draft/sheet", data=data, content_type="text/csv", headers=headers)


def edited(who: Program) -> bytes:
    told: bytes = down(who, "/scoring/sheet").data
    assert ROW in told
    return told.replace(ROW, CHANGED)


@pytest.mark.parametrize("kind", ["mapping", "scoring"])
@pytest.mark.parametrize("semicolon", ["false", "true"])
def test_it_is_the_commands_sheet(shared: Desk, kind, semicolon, tmp_path):
    answer = down(shared.program("analyst"), f"/{kind}/sheet", semicolon=semicolon)
    shared.service.config_export_csv(ACME, kind, tmp_path / "x.csv", semicolon=semicolon == "true")
    assert answer.data == (tmp_path / "x.csv").read_bytes()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="acme-{kind}-version-1.csv"'


def test_an_edited_sheet_is_the_draft(desk: Desk, tmp_path):
    who = desk.program("editor")
    data = edited(who)
    answer = up(who, data)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"1"'
    assert answer.json["rows"] == [{"model": "", "row": "white_paper", "change": "changed", "keys": ["points"]}]
    assert (answer.json["open"], answer.json["revision"], answer.json["base"]) == (True, 1, 1)
    (tmp_path / "x.csv").write_bytes(data)
    desk.service.config_import_csv(ACME, "scoring", tmp_path / "x.csv", "kim")
    assert answer.json["body"] == desk.service.config_draft_show(ACME, "scoring", "kim")["body"]
    assert who.get(f"{AT}/scoring/draft")["body"] == answer.json["body"]
    mine = down(who, "/scoring/draft/sheet")
    assert (mine.headers["ETag"], CHANGED in mine.data) == ('"1"', True)
    assert CHANGED not in down(who, "/scoring/sheet").data
    assert desk.deeds()[-1][1:3] == ("Saved a draft of scoring", "1 rows changed by a spreadsheet, saving 1")


def test_over_the_open_draft_as_it_was_seen(desk: Desk):
    who = desk.program("editor")
    body = who.get(f"{AT}/scoring/draft")["body"].replace("threshold: 50", "threshold: 60")
    who.send("PUT", f"{AT}/scoring/draft", match=0, body=body)
    told = problem(up(who, edited(who), match=0), 412)
    assert "saving 1 by now" in told["detail"]
    answer = up(who, edited(who), match=1)
    assert "threshold: 60" in answer.json["body"]
    assert answer.json["revision"] == 2


def test_what_says_nothing_new_saves_nothing(desk: Desk):
    who = desk.program("editor")
    answer = up(who, down(who, "/scoring/draft/sheet").data)
    assert (answer.status_code, answer.json["open"], answer.json["rows"]) == (200, False, [])
    assert answer.headers["ETag"] == '"0"'
    assert desk.deeds() == []


def test_every_fault_at_its_cell_and_nothing_is_kept(desk: Desk):
    who = desk.program("editor")
    data = down(who, "/scoring/sheet").data
    broken = data.replace(ROW, ROW[:-2] + b"many").replace(b"age,Age,property,demographic", b"age,Age,property,demo")
    told = problem(up(who, broken), 422)
    assert {one["path"].split(" ")[0] for one in told["faults"]} == {"points", "family"}
    assert all(one["line"] and one["message"] and one["remedy"] for one in told["faults"])
    assert who.get(f"{AT}/scoring/draft")["open"] is False
    assert desk.deeds() == []


def test_a_sheet_of_the_other_kind_and_another_character_set(shared: Desk):
    who = shared.program("editor")
    told = problem(up(who, down(who, "/mapping/sheet").data), 422)
    assert [one["message"] for one in told["faults"]] == ["This is a sheet of the mapping document."]
    windows = down(who, "/scoring/sheet").data.decode("utf-8-sig").replace("White", "Weiß").encode("cp1252")
    told = problem(up(who, windows), 422)
    assert "no UTF-8" in told["faults"][0]["message"]


def test_a_version_that_never_was_is_no_fault_of_a_cell(shared: Desk):
    who = shared.program("editor")
    told = problem(up(who, edited(who).replace(b"acme version 1", b"acme version 77")), 409)
    assert told["type"].endswith("no_version")


@pytest.mark.parametrize("kind", ["lifecycle", "workflows", "consent"])
def test_other_documents_have_none(shared: Desk, kind):
    who = shared.program("admin")
    for path in (f"/{kind}/sheet", f"/{kind}/draft/sheet"):
        problem(who.ask("GET", f"{AT}{path}"), 404)
    problem(up(who, b"name\nx\n", kind), 404)


def test_as_a_german_excel_sends_it(desk: Desk):
    who = desk.program("editor")
    table = down(who, "/scoring/sheet", semicolon="true").data.decode("utf-8-sig")
    assert read(table.encode(), "x").dialect.decimal == ","
    row = ROW.decode().replace(",", ";")
    answer = up(who, table.replace(row, row.replace(";15", ";25,0")).replace("true", "WAHR").encode("utf-8-sig"))
    assert [one["row"] for one in answer.json["rows"]] == ["white_paper"]
