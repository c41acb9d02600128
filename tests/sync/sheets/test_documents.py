"""A sheet becomes a draft, only what differs changes, and with a single fault nothing does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError, DocumentInvalid, Fault
from connector.presets import load_yaml
from connector.sheet import COMMA, read
from connector.store import drafts
from connector.sync.sheets.documents import laid_over, sheet_of, taken_in_as_seen
from tests.rig import Rig, rig
from tests.sync.steps import look

MAPPING = """\
name: ours   # as the client calls it
rows:
  # The person
  - {field: email, property: email, mode: identifier}   # never touched
  - field: city
    property: city          # as on the card
    transforms: [collapse_spaces]
    values:
      ulm: Ulm      # twice
    fallbacks: [company.city]
  - {field: phone, property: phone, direction: both, mode: overwrite}
"""
SCORING = """\
name: ours
threshold: 60   # agreed in May
personas:
  - {name: Boss, targets: {function: {field: role_level, at_least_level: head}}}
rules:
  # Who it is
  - {name: boss, kind: property, family: demographic, points: 10, when: {target: function}}   # so
  # What it did
  - name: paper
    kind: activity
    family: product_interest
    activities: [white_paper]
    points: 15          # was 10
    decay: {half_life_days: 90}
models:
  - name: second
    rules:
      - {name: silence, kind: inactivity, family: engagement, points: -5}   # quiet
"""


def sheet(kind: str, text: str, *changes: tuple[str, str]) -> Any:
    """The exported sheet of a document with some of its text replaced."""
    csv = sheet_of(kind, text, COMMA).decode("utf-8-sig")
    for before, after in changes:
        assert before in csv, csv
        csv = csv.replace(before, after)
    return read(csv.encode(), "x.csv")


def changed(kind: str, text: str, *changes: tuple[str, str]) -> tuple[str, list[dict[str, Any]]]:
    return laid_over(kind, text, sheet(kind, text, *changes))


def faults(kind: str, text: str, table: Any) -> list[Fault]:
    with pytest.raises(DocumentInvalid) as told:
        laid_over(kind, text, read(table.encode(), "x.csv") if isinstance(table, str) else table)
    return list(told.value.faults)


class TestWhatASheetShows:
    """One line a row, in columns that people edit."""

    def test_a_mapping_shows_what_holds_even_unsaid(self) -> None:
        head, email, city, _ = sheet_of("mapping", MAPPING).decode("utf-8-sig").splitlines()
        assert head == "field,property,object,direction,mode,clear,conflict,transforms,values,unknown,fallbacks"
        assert email == "email,email,,read,identifier,keep,newer,,,keep,"
        assert city == "city,city,,read,never,keep,newer,collapse_spaces,ulm: Ulm,keep,company.city"

    def test_scoring_shows_the_columns_that_some_rule_needs(self) -> None:
        head, boss, paper, silence = sheet_of("scoring", SCORING).decode("utf-8-sig").splitlines()
        assert head == "model,name,label,kind,family,points,enabled,when,activities,counting,cap,floor,decay"
        assert boss == ",boss,,property,demographic,10,true,target function,,,,,"
        assert paper == ",paper,,activity,product_interest,15,true,,white_paper,once,,,half-life 90 days"
        assert silence == "second,silence,,inactivity,engagement,-5,true,,,,,,"

    def test_a_portal_with_one_model_has_no_column_for_it(self) -> None:
        assert sheet("scoring", SCORING.split("models:", maxsplit=1)[0]).columns[0] == "name"

    def test_a_value_that_could_run_does_not(self) -> None:
        text = MAPPING.replace("ulm: Ulm ", '"=1+1": Ulm ')
        assert ",'=1+1: Ulm," in sheet_of("mapping", text).decode()
        assert laid_over("mapping", text, sheet("mapping", text)) == (text, [])


class TestWhatASheetChanges:
    """The smallest change of the text that says what the sheet says."""

    def test_a_cell_changes_its_key_and_nothing_else(self) -> None:
        text, told = changed("scoring", SCORING, (",15,", ",20,"))
        assert text == SCORING.replace("points: 15 ", "points: 20 ")
        assert told == [{"model": "", "row": "paper", "change": "changed", "keys": ["points"]}]

    def test_a_rule_of_a_further_model_too(self) -> None:
        text, told = changed("scoring", SCORING, ("engagement,-5", "engagement,-9"))
        assert text == SCORING.replace("points: -5", "points: -9")
        assert told[0]["model"] == "second"

    def test_an_emptied_cell_takes_its_key_out(self) -> None:
        text, _ = changed("scoring", SCORING, ("half-life 90 days", ""))
        assert text == SCORING.replace("    decay: {half_life_days: 90}\n", "")

    def test_what_holds_anyway_is_not_written_down(self) -> None:
        text, told = changed("mapping", MAPPING, ("city,city,,read", "city,city,contact,read"))
        assert load_yaml(text, "x")[0]["rows"][1]["object"] == "contact"
        assert told[0]["keys"] == ["object"]
        assert changed("mapping", MAPPING, ("city,city,,read", "city,city,,")) == (MAPPING, [])

    def test_a_missing_line_takes_its_row_out_and_remarks_stay(self) -> None:
        line = "city,city,,read,never,keep,newer,collapse_spaces,ulm: Ulm,keep,company.city\r\n"
        text, told = changed("mapping", MAPPING, (line, ""))
        assert [row["field"] for row in load_yaml(text, "x")[0]["rows"]] == ["email", "phone"]
        assert "# never touched" in text
        assert told == [{"model": "", "row": "city ← city", "change": "removed", "keys": []}]

    def test_a_new_line_becomes_a_row_at_the_end(self) -> None:
        new = "second,silence"
        text, told = changed(
            "scoring", SCORING, (new, f",web,Web,activity,engagement,5,WAHR,,webinar_attended,once,,,\r\n{new}")
        )
        rules = load_yaml(text, "x")[0]["rules"]
        assert rules[-1] == {
            "name": "web", "label": "Web", "kind": "activity", "family": "engagement", "points": 5,
            "activities": ["webinar_attended"],
        }  # fmt: skip
        assert text.count("#") == SCORING.count("#")
        assert told == [{"model": "", "row": "web", "change": "added", "keys": []}]

    def test_another_property_for_a_field_is_the_same_row(self) -> None:
        text, told = changed("mapping", MAPPING, ("phone,phone,", "phone,mobilephone,"))
        assert text == MAPPING.replace("property: phone", "property: mobilephone")
        assert told == [{"model": "", "row": "phone ← phone", "change": "changed", "keys": ["property"]}]

    def test_a_rule_with_another_condition(self) -> None:
        text, _ = changed("scoring", SCORING, ("target function", "company_size between 50 and 500"))
        assert load_yaml(text, "x")[0]["rules"][0]["when"] == {"field": "company_size", "between": [50, 500]}

    def test_a_sheet_without_the_models_column_leaves_further_models_alone(self) -> None:
        text, told = laid_over("scoring", SCORING, read(b"name,points\nboss,11\npaper,15\n", "x.csv"))
        assert text == SCORING.replace("points: 10,", "points: 11,")
        assert [one["row"] for one in told] == ["boss"]

    def test_none_is_said_where_empty_means_the_usual(self) -> None:
        text = SCORING.replace("kind: inactivity, family: engagement", "kind: unopened_mails, family: engagement")
        shown = sheet("scoring", text)
        assert shown.lines[2].cells["floor"] == "-15"
        made, _ = changed("scoring", text, (",-15,", ",none,"))
        assert load_yaml(made, "x")[0]["models"][0]["rules"][0]["floor"] is None
        assert ",none," in sheet_of("scoring", made).decode()


class TestFaults:
    """All at once, each at its cell, with a remedy."""

    def test_of_single_cells_and_of_the_document_together(self) -> None:
        changes = ((",10,true", ",1o,true"), ("product_int", "produkt_int"), ("engagement,-5", "engagement,0"))
        found = faults("scoring", SCORING, sheet("scoring", SCORING, *changes))
        assert [(one.line, one.path) for one in found] == [(2, "points (F2)"), (3, "family (E3)"), (4, "points (F4)")]
        assert all(one.message and one.remedy for one in found)

    def test_of_a_row_that_cannot_be_read_are_told_once(self) -> None:
        (found,) = faults("scoring", SCORING, sheet("scoring", SCORING, (",10,true", ",,true")))
        assert (found.line, found.path, '"points" is missing' in found.message) == (2, "points (F2)", True)

    def test_deep_in_a_cell_say_how_deep(self) -> None:
        (found,) = faults("mapping", MAPPING, sheet("mapping", MAPPING, ("collapse_spaces", '"trim, colapse"')))
        assert (found.line, found.path) == (3, "transforms[2] (H3)")
        assert "collapse_spaces" in found.remedy

    def test_that_only_the_whole_document_has(self) -> None:
        line = "phone,phone,,both,overwrite,keep,newer,,,keep,"
        (found,) = faults("mapping", MAPPING, sheet("mapping", MAPPING, (line, f"{line}\r\nemail,mail2")))
        assert (found.line, found.path) == (5, "field (A5)")
        assert '"email" is already read by row 1' in found.message

    def test_a_name_that_stands_twice_is_told_at_the_second(self) -> None:
        (found,) = faults("scoring", SCORING, sheet("scoring", SCORING, (",paper,", ",boss,")))
        assert (found.line, found.path, "used 2 times" in found.message) == (3, "name (B3)", True)

    @pytest.mark.parametrize(
        ("table", "message", "remedy"),
        [
            ("field,property,mod\nemail,email,never\n", 'no column "mod"', 'Did you mean "mode"?'),
            ("field\nemail\n", 'column "property" is missing', "Name it in the first line"),
            ("field,property\n", "holds no rows", "without rows nothing would be left"),
            ("model,name\n", 'no column "model"', "Columns:"),
        ],
    )
    def test_of_the_head(self, table: str, message: str, remedy: str) -> None:
        found = faults("mapping", MAPPING, table)
        assert message in found[0].message
        assert remedy in found[0].remedy

    def test_a_sheet_of_the_other_kind_is_one_fault_and_not_one_a_column(self) -> None:
        (found,) = faults("mapping", MAPPING, sheet("scoring", SCORING))
        assert (found.line, found.message) == (1, "This is a sheet of the scoring document.")
        assert "field, property" in found.remedy
        (found,) = faults("scoring", SCORING, sheet("mapping", MAPPING))
        assert found.message == "This is a sheet of the mapping document."

    def test_of_a_document_that_has_no_rows_are_not_the_sheets(self) -> None:
        for text in ("a: [", "rows: 5", "- 1"):
            with pytest.raises(ConfigError, match="no list of rows as it stands") as told:
                laid_over("mapping", text, sheet("mapping", MAPPING))
            assert not isinstance(told.value, DocumentInvalid)

    def test_a_model_that_is_not_there(self) -> None:
        (found,) = faults("scoring", SCORING, sheet("scoring", SCORING, ("second,", "third,")))
        assert (found.line, found.path) == (4, "model (A4)")
        assert "Models: second; an empty cell is the main one." in found.remedy

    def test_a_model_without_rules_is_told_though_no_line_is_to_blame(self) -> None:
        found = faults(
            "scoring",
            SCORING,
            sheet("scoring", SCORING, ("second,silence,,inactivity,engagement,-5,true,,,,,,\r\n", "")),
        )
        assert [(one.line, one.path) for one in found] == [(0, "models[1].rules")]

    def test_a_number_that_may_be_two_is_not_guessed(self) -> None:
        (found,) = faults("scoring", SCORING, "name;points\nboss;1.000\npaper;15\n")
        assert (found.path, found.remedy) == ("points (B2)", "Write 1000 or 1,0000.")


@pytest.fixture(scope="module")
def r(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with rig(tmp_path_factory.mktemp("rig")) as made:
        yield made


def out(r: Rig, folder: Path, **options: Any) -> Path:
    file = folder / "rules.csv"
    r.run("config_export_csv", "scoring", file, **options)
    return file


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_bytes().decode("utf-8-sig")
    assert before in text
    file.write_bytes(text.replace(before, after).encode())


class TestInAPortal:
    """Through the library that the pages use."""

    def test_out_and_in_again_saves_nothing(self, r: Rig, tmp_path: Path) -> None:
        told = r.run("config_import_csv", "scoring", out(r, tmp_path), "ann")
        assert (told["revision"], told["rows"]) == (None, [])
        assert look(r, lambda u, portal: drafts.of(u, portal, "scoring", "ann")) is None

    def test_a_sheet_becomes_a_draft_and_is_not_published(self, r: Rig, tmp_path: Path) -> None:
        file = out(r, tmp_path)
        edit(
            file,
            "white_paper,White paper downloaded,activity,product_interest,15",
            "white_paper,White paper downloaded,activity,product_interest,25",
        )
        before = r.run("config_show", "scoring")["body"]
        told = r.run("config_import_csv", "scoring", file, "kim")
        assert told["rows"] == [{"model": "", "row": "white_paper", "change": "changed", "keys": ["points"]}]
        assert r.run("config_show", "scoring")["body"] == before
        draft = r.run("config_draft_show", "scoring", "kim")
        assert (draft["revision"], draft["base"], draft["faults"]) == (told["revision"], 1, [])
        assert draft["body"].count("#") == before.count("#")

    def test_over_an_open_draft_only_with_its_saving(self, r: Rig, tmp_path: Path) -> None:
        file = out(r, tmp_path)
        edit(file, "white_paper,White paper downloaded", "white_paper,Paper")
        with pytest.raises(ConfigError, match="kim has a draft of scoring already") as told:
            r.run("config_import_csv", "scoring", file, "kim")
        assert "--revision" in told.value.remedy
        file = out(r, tmp_path, draft_of="kim")
        edit(
            file,
            "white_paper,White paper downloaded,activity,product_interest,25",
            "white_paper,Paper,activity,product_interest,25",
        )
        seen = r.run("config_draft_show", "scoring", "kim")["revision"]
        done = r.run("config_import_csv", "scoring", file, "kim", seen)
        assert done["rows"] == [{"model": "", "row": "white_paper", "change": "changed", "keys": ["label"]}]
        edit(file, "white_paper,Paper", "white_paper,Papers")
        with pytest.raises(ConfigError, match="saving"):
            r.run("config_import_csv", "scoring", file, "kim", seen)

    def test_a_sheet_knows_which_version_it_came_from(self, r: Rig, tmp_path: Path) -> None:
        file = out(r, tmp_path)
        assert file.read_bytes().decode("utf-8-sig").splitlines()[0].endswith(",acme version 1")
        theirs = r.run("config_show", "scoring")["body"].replace("threshold: 50", "threshold: 60")
        (tmp_path / "scoring.yaml").write_text(theirs, encoding="utf-8")
        r.run("config_publish", tmp_path / "scoring.yaml", "jo", "harder")
        edit(file, "white_paper,White paper downloaded", "white_paper,Paper")
        told = r.run("config_import_csv", "scoring", file, "lea")
        assert (told["version"], told["overtaken"]["published"], told["overtaken"]["by"]) == (1, 2, "jo")
        with pytest.raises(ConfigError, match="version 2 in the meantime; you started from 1"):
            r.run("config_draft_publish", "scoring", "lea", "shorter")

    def test_a_sheet_from_another_portal_is_laid_over_what_is_published(self, r: Rig, tmp_path: Path) -> None:
        file = out(r, tmp_path)
        newest = r.run("config_history", "scoring")["versions"][0]["version"]
        edit(file, f"acme version {newest}", "other version 77")
        edit(file, "white_paper,White paper downloaded", "white_paper,Paper")
        told = r.run("config_import_csv", "scoring", file, "max")
        assert (told["version"], told["overtaken"]) == (newest, None)

    def test_a_version_that_never_was_is_told(self, r: Rig, tmp_path: Path) -> None:
        file = out(r, tmp_path)
        newest = r.run("config_history", "scoring")["versions"][0]["version"]
        edit(file, f"acme version {newest}", "acme version 77")
        with pytest.raises(ConfigError, match="no version 77 of scoring"):
            r.run("config_import_csv", "scoring", file, "ann")

    def test_with_a_fault_nothing_is_kept(self, r: Rig, tmp_path: Path) -> None:
        file = out(r, tmp_path, semicolon=True)
        edit(file, ";product_interest;15;", ";product_interest;fifteen;")
        with pytest.raises(DocumentInvalid) as told:
            r.run("config_import_csv", "scoring", file, "bob")
        assert all(fault.file == str(file) and "points (" in fault.path for fault in told.value.faults)
        assert look(r, lambda u, portal: drafts.of(u, portal, "scoring", "bob")) is None

    def test_over_what_was_seen_and_nothing_else(self, r: Rig, tmp_path: Path) -> None:
        """As pages and programs send it: who saw another saving is refused, who saw the open draft changes that."""
        file = out(r, tmp_path)
        edit(file, "white_paper,White paper downloaded", "white_paper,Paper")
        one = read(file.read_bytes(), "x.csv")

        def send(table: Any, seen: int) -> dict[str, Any]:
            with r.service() as service, service.store.unit() as u:
                row = service._row("acme")
                return taken_in_as_seen(u, row, "scoring", table, "tom", seen=seen, now_ms=r.clock.now_ms())

        with pytest.raises(ConfigError, match="is at saving 0 by now") as told:
            send(one, 1)
        assert told.value.reason == drafts.OVERTAKEN
        assert send(one, 0)["revision"] == 1
        edit(file, "white_paper,Paper", "white_paper,Papers")
        other = read(file.read_bytes(), "x.csv")
        with pytest.raises(ConfigError, match="is at saving 1 by now"):
            send(other, 0)
        assert send(other, 1)["revision"] == 2
        assert send(other, 2)["revision"] is None
        r.run("config_draft_discard", "scoring", "tom")
        assert send(other, 3)["revision"] == 4

    def test_a_draft_that_is_not_there_is_told(self, r: Rig, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="has no draft of mapping"):
            r.run("config_export_csv", "mapping", tmp_path / "x.csv", draft_of="nobody")
        assert not (tmp_path / "x.csv").exists()
