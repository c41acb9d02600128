"""Lines laid over rows: which line is which row, which cells change their key, and what each kind of rule shows."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sheet import COMMA, SEMICOLON, read
from connector.sync.sheets.mapping import MAPPING
from connector.sync.sheets.scoring import RULE, RULES
from connector.sync.sheets.table import Laid, Table, cells_of, lay, used

CITY = {"field": "city", "property": "city"}
CITY_TOO = {"field": "city", "property": "ort", "direction": "write", "mode": "overwrite"}
PHONE = {"field": "phone", "property": "phone"}


def laid(rows: list[dict[str, Any]], text: str, table: Table = MAPPING) -> Laid:
    sheet = read(text.encode(), "x.csv")
    return lay(table, rows, sheet, sheet.lines)


def rule(kind: str, **more: Any) -> dict[str, Any]:
    return {"name": "one", "kind": kind, "family": "engagement", "points": 5, **more}


def shown(row: dict[str, Any]) -> dict[str, str]:
    """The cells that say something beyond what all rules have."""
    base = {"name", "kind", "family", "points", "enabled"}
    return {name: cell for name, cell in cells_of(RULE, row, COMMA).items() if cell and name not in base}


class TestWhichLineIsWhichRow:
    """The surest likeness first, in order."""

    def test_rows_are_known_by_what_lies_between_what(self) -> None:
        found = laid([CITY, CITY_TOO], "field,property,direction,conflict\ncity,ort,write,ours\ncity,city,read,newer\n")
        assert found.changed == {1: {**CITY_TOO, "conflict": "ours"}}
        assert (found.removed, found.added) == (set(), [])

    def test_else_by_the_field_else_by_the_property(self) -> None:
        assert laid([CITY, PHONE], "field,property\nphone,mobil\ncity,city\n").changed == {
            1: {**PHONE, "property": "mobil"}
        }
        found = laid([CITY, PHONE], "field,property\nphone,phone\nlanguage,city\n")
        assert found.changed == {0: {"field": "language", "property": "city"}}

    def test_twins_are_told_apart_by_their_order(self) -> None:
        twins = [dict(CITY), dict(CITY)]
        assert not laid(twins, "field,property\ncity,city\ncity,city\n").anything
        found = laid(twins, "field,property\ncity,city\n")
        assert (found.removed, found.added) == ({1}, [])

    def test_a_rule_is_known_by_its_name_alone(self) -> None:
        rules = [rule("list", lists=["1"]), rule("list", lists=["1"], name="two")]
        found = laid(rules, "name,kind,family,points\ntwo,list,engagement,7\nthree,list,engagement,5\n", RULE)
        assert found.changed == {1: {**rules[1], "points": 7}}
        assert found.removed == {0}
        assert found.added == [{"name": "three", "kind": "list", "family": "engagement"} | {"points": 5}]

    def test_every_row_of_the_new_list_knows_its_line(self) -> None:
        found = laid([CITY, PHONE], "field,property\nage,alter\nphone,phone\n")
        assert [(line.number, line.cells["field"]) for line in found.lines] == [(3, "phone"), (2, "age")]


class TestWhatACellChanges:
    """Only what says something else."""

    def test_other_words_for_the_same_change_nothing(self) -> None:
        row = rule("dwell", activities=["price_page"], min_seconds=60, human_only=True)
        text = (
            "name;points;enabled;human_only;min_seconds;counting;activities\none;5,0;WAHR;ja;60,0; once ; price_page,\n"
        )
        assert not laid([row], text, RULE).anything

    def test_a_key_that_says_the_usual_is_kept_as_it_is_written(self) -> None:
        row = {**CITY, "direction": "read", "mode": "never"}
        assert not laid([row], "field,property,direction,mode\ncity,city,read,never\n").anything
        assert laid([row], "field,property,direction,mode\ncity,city,,never\n").changed == {
            0: {**CITY, "mode": "never"}
        }

    def test_a_cell_that_cannot_be_read_keeps_its_key_and_is_told(self) -> None:
        row = rule("list", lists=["1"])
        found = laid([row], "name,points,enabled,label\none,many,perhaps,New\n", RULE)
        assert [fault.path for fault in found.faults] == ["points (B2)", "enabled (C2)"]
        assert found.changed == {0: {**row, "label": "New"}}
        assert found.faulty == {2}

    def test_a_new_row_says_only_what_is_unusual(self) -> None:
        text = "field,property,direction,mode,clear,conflict,unknown\nage,alter,both,overwrite,keep,newer,keep\n"
        assert laid([], text).added == [
            {"field": "age", "property": "alter", "direction": "both", "mode": "overwrite"}
        ]  # fmt: skip

    def test_a_label_keeps_its_blanks_and_a_word_does_not(self) -> None:
        found = laid([], "name,kind,label\n one , list , My label \n", RULE)
        assert found.added == [{"name": "one", "kind": "list", "label": " My label "}]

    def test_nothing_is_none_where_there_is_no_usual(self) -> None:
        found = laid([rule("dwell", cap=9)], "name,cap\none,none\n", RULE)
        assert [fault.path for fault in found.faults] == ["cap (B2)"]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (rule("property", when={"field": "city", "is_set": True}), {"when": "city is set"}),
        (rule("activity", activities=["e_book"], match={"phases": ["bofu"]}),
         {"activities": "e_book", "counting": "once", "max_per_window": "1", "human_only": "true",
          "count_unsure": "false", "match": "phases: [bofu]"}),
        (rule("unopened_mails", points=-5),
         {"sent": "mail_sent", "opened": "mail_opened, mail_clicked", "in_a_row": "3", "after_days": "7",
          "floor": "-15"}),
        (rule("list", lists=["7", "08"]), {"lists": "7, 08"}),
        (rule("inactivity", points=-5, every_days=30), {"after_days": "45", "every_days": "30"}),
        (rule("burst", activities=["e_book"], at_least=2),
         {"activities": "e_book", "at_least": "2", "within_hours": "24", "counting": "once", "human_only": "true",
          "count_unsure": "false"}),
        (rule("velocity", activities=["e_book"]),
         {"activities": "e_book", "window_days": "14", "at_least": "3", "factor": "2.0", "human_only": "true",
          "count_unsure": "false"}),
        (rule("dwell", activities=["e_book"], min_seconds=9),
         {"activities": "e_book", "min_seconds": "9", "counting": "once", "human_only": "true",
          "count_unsure": "false"}),
        (rule("frequency", activities=["e_book"], at_most=3),
         {"activities": "e_book", "at_least": "1", "at_most": "3", "human_only": "true", "count_unsure": "false"}),
        (rule("association", of="deals", state="won"), {"of": "deals", "state": "won", "at_least": "1"}),
        (rule("persona", personas=["Boss, big"]), {"personas": '"Boss, big"', "share": "0.6"}),
    ],
)  # fmt: skip
def test_each_kind_of_rule_shows_what_holds_for_it(row: dict[str, Any], cells: dict[str, str]) -> None:
    assert shown(row) == cells
    assert shown({**row, "enabled": False, "effort": 2, "label": "=x"})["effort"] == "2"


def test_no_kind_of_rule_is_forgotten() -> None:
    assert set(RULES) == {
        "property", "activity", "unopened_mails", "list", "inactivity", "burst", "velocity", "dwell", "frequency",
        "association", "persona",
    }  # fmt: skip


def test_a_german_excel_gets_decimal_commas() -> None:
    row = rule("velocity", activities=["e_book"], factor=2.5)
    assert cells_of(RULE, row, SEMICOLON)["factor"] == "2,5"
    when = rule("property", when={"field": "age", "gte": 30.5})
    assert cells_of(RULE, when, SEMICOLON)["when"] == "age >= 30,5"


def test_only_columns_that_somebody_needs_are_shown() -> None:
    rows = [rule("list", lists=["1"]), rule("persona", share=0.3)]
    assert list(used(RULE, rows, ("name", "enabled"))) == [
        "name", "kind", "family", "points", "enabled", "lists", "share",
    ]  # fmt: skip
