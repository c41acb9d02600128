"""A sheet of people becomes a plan like any other: the mapping's steps, modes and conflicts, and one gate for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import BlastRadiusExceeded, ConfigError, DocumentInvalid
from tests.journeys.steps import calls_of, go_live, wrong
from tests.rig import Rig, rig
from tests.sync.steps import document, publish, wired

WRITING = [
    {"field": "email", "property": "email", "mode": "identifier"},
    {"field": "phone", "property": "phone", "direction": "both", "mode": "overwrite", "transforms": ["phone"]},
    {"field": "city", "property": "city", "direction": "both", "mode": "fill_if_empty"},
    {"field": "position", "property": "jobtitle", "direction": "both", "mode": "overwrite", "conflict": "ours",
     "values": {"Chef": "CEO"}},
    {"field": "country", "property": "country", "direction": "both", "mode": "overwrite"},
    {"field": "first_name", "property": "firstname"},
    {"field": "industry", "property": "industry", "object": "company"},
]  # fmt: skip


@pytest.fixture
def r(tmp_path: Path) -> Any:
    with rig(tmp_path) as made:
        mapping = {"locale": {"languages": ["de"], "region": "DE"}, "rows": WRITING}
        publish(made, tmp_path, "mapping", mapping)
        yield made


def person(r: Rig, name: str, **properties: str) -> int:
    return r.twin.create_contact({"email": f"{name}@x.example", **properties})


def csv(r: Rig, text: str) -> Path:
    file = r.folder / "people.csv"
    file.write_bytes(text.encode())
    return file


def shown(r: Rig, text: str) -> dict[str, Any]:
    return r.run("import_plan", csv(r, text))


def changes(told: dict[str, Any]) -> dict[str, dict[str, tuple[str | None, str]]]:
    return {
        one["contact"]: {name: (p["before"], p["after"]) for name, p in one["properties"].items()}
        for one in told["changes"]
    }


def held(r: Rig, contact: int) -> tuple[str, str]:
    """What the portal holds of the two properties that are overwritten."""
    properties = r.twin.get("contacts", contact) or {}
    return properties["phone"], properties["jobtitle"]


class TestWhatASheetWouldChange:
    """Shown first; nothing is written."""

    def test_values_pass_the_steps_of_their_row_and_the_way_back(self, r: Rig) -> None:
        jane, joe = person(r, "jane", phone="0731 1"), person(r, "joe")
        r.run("sync")
        told = shown(r, "E-Mail;phone;Position\nJANE@x.example;0731 / 123-456;CEO\njoe@x.example;;Einkäufer\n")
        assert changes(told) == {
            str(jane): {"phone": ("0731 1", "+49731123456"), "jobtitle": (None, "Chef")},
            str(joe): {"jobtitle": (None, "Einkäufer")},
        }
        assert (told["lines"], told["found"], told["ok"], told["mode"]) == (2, 2, True, "observe")
        assert "phone" not in r.twin.get("contacts", joe)

    def test_only_differences_are_written(self, r: Rig) -> None:
        jane = person(r, "jane", phone="+49731123456", jobtitle="Chef")
        r.run("sync")
        told = shown(r, f"id,phone,jobtitle\n{jane},0731 123456,CEO\n")
        assert (told["changes"], told["same"], told["ok"]) == ([], 1, True)

    def test_what_is_there_stays_where_the_row_only_fills(self, r: Rig) -> None:
        jane, joe = person(r, "jane", city="Ulm"), person(r, "joe")
        r.run("sync")
        told = shown(r, "email,city\njane@x.example,Bonn\njoe@x.example,Bonn\n")
        assert changes(told) == {str(joe): {"city": (None, "Bonn")}}
        assert (told["same"], str(jane) in str(told["changes"])) == (1, False)

    def test_a_country_of_the_same_line_is_the_region_of_its_phone(self, r: Rig) -> None:
        jane = person(r, "jane", country="Germany")
        r.run("sync")
        told = shown(r, "email,phone,country\njane@x.example,044 668 18 00,Schweiz\n")
        assert changes(told)[str(jane)]["phone"] == (None, "+41446681800")

    def test_an_empty_cell_says_nothing(self, r: Rig) -> None:
        person(r, "jane", phone="+49731123456")
        r.run("sync")
        assert shown(r, "email,phone\njane@x.example,\n")["changes"] == []

    def test_columns_may_carry_the_label_of_the_property(self, r: Rig) -> None:
        jane = person(r, "jane")
        r.run("sync")
        told = shown(r, "Record ID,Job Title\n" + f"{jane},Einkäufer\n")
        assert changes(told) == {str(jane): {"jobtitle": (None, "Einkäufer")}}

    def test_the_same_sheet_has_the_same_hash_whatever_its_order(self, r: Rig) -> None:
        person(r, "jane"), person(r, "joe")
        r.run("sync")
        one = shown(r, "email,city\njane@x.example,Ulm\njoe@x.example,Bonn\n")
        other = shown(r, "city;email\nBonn;joe@x.example\nUlm;jane@x.example\n")
        assert one["hash"] == other["hash"] != shown(r, "email,city\njane@x.example,Ulm\n")["hash"]


class TestWhatIsLeftOut:
    """Each with its line and its reason; the rest goes on."""

    def test_who_is_not_in_the_mirror_is_listed_and_not_created(self, r: Rig) -> None:
        person(r, "jane")
        r.run("sync")
        told = shown(r, "email,city\nnobody@x.example,Ulm\njane@x.example,Ulm\n")
        assert told["unknown"] == [{"line": 2, "who": "nobody@x.example"}]
        assert (len(told["changes"]), told["ok"]) == (1, False)

    def test_who_was_deleted_is_not_in_the_mirror_either(self, r: Rig) -> None:
        jane = person(r, "jane")
        r.run("sync")
        r.twin.delete("contacts", jane)
        r.run("sync", full=True)
        assert shown(r, f"id,city\n{jane},Ulm\n")["unknown"] == [{"line": 2, "who": str(jane)}]

    def test_two_lines_about_one_contact_are_both_left_out(self, r: Rig) -> None:
        jane = person(r, "jane")
        r.run("sync")
        told = shown(r, f"id,email,city\n{jane},,Ulm\n,jane@x.example,Bonn\n")
        assert [(one["line"], one["path"]) for one in told["faults"]] == [(2, "id (A2)"), (3, "id (A3)")]
        assert "Lines 2, 3 are about one contact" in told["faults"][0]["message"]
        assert told["changes"] == []

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (",,Ulm", "does not say whom it is about"), ("1.2E+10,,Ulm", '"1.2E+10" is no record id'),
            ("{jane},joe@x.example,Ulm", "name two contacts"),
        ],
    )  # fmt: skip
    def test_a_line_must_say_whom_it_is_about(self, r: Rig, line: str, message: str) -> None:
        jane, _ = person(r, "jane"), person(r, "joe")
        r.run("sync")
        told = shown(r, f"record_id,email,city\n{line.format(jane=jane)}\n")
        assert (message in told["faults"][0]["message"], told["faults"][0]["line"]) == (True, 2)
        assert told["changes"] == []

    def test_what_nobody_can_read_is_told_at_its_cell_and_the_rest_of_the_line_goes_on(self, r: Rig) -> None:
        jane = person(r, "jane")
        r.run("sync")
        told = shown(r, "email,city,phone\njane@x.example,Ulm,bitte per Mail\n")
        (fault,) = told["faults"]
        assert (fault["line"], fault["path"]) == (2, "phone (C2)")
        assert fault["message"].startswith('"bitte per Mail" ')
        assert changes(told) == {str(jane): {"city": (None, "Ulm")}}

    def test_columns_that_no_row_writes_are_told(self, r: Rig) -> None:
        person(r, "jane")
        r.run("sync")
        told = shown(r, "email,city,first_name,industry,shoe_size,cty,lastname\njane@x.example,Ulm,J,x,45,Ulm,D\n")
        said = {one["column"]: one["why"] for one in told["unused"]}
        assert said == {
            "first_name": "row 6 of the mapping only reads firstname",
            "industry": "row 7 of the mapping is about companies",
            "shoe_size": "there is no such field or property",
            "cty": "there is no such field or property",
            "lastname": "no row of the mapping writes it",
        }
        assert 'Did you mean "city"?' in next(one["remedy"] for one in told["unused"] if one["column"] == "cty")
        assert len(told["changes"]) == 1

    def test_two_columns_for_one_property_are_no_choice_of_ours(self, r: Rig) -> None:
        jane = person(r, "jane")
        r.run("sync")
        told = shown(r, "email,jobtitle,position\njane@x.example,A,B\n")
        assert told["unused"][0]["why"] == "jobtitle is given by the column jobtitle already"
        assert changes(told) == {str(jane): {"jobtitle": (None, "A")}}

    def test_a_sheet_of_no_use_is_refused_as_a_whole(self, r: Rig) -> None:
        person(r, "jane")
        r.run("sync")
        with pytest.raises(ConfigError, match="does not say whom its lines are about"):
            shown(r, "name,city\nJane,Ulm\n")
        with pytest.raises(ConfigError, match=r"No column of .* can be written: first_name: row 6"):
            shown(r, "email,first_name\njane@x.example,J\n")
        file = csv(r, "")
        file.write_bytes("email;city\njane@x.example;Köln\n".encode("latin-1"))
        with pytest.raises(DocumentInvalid, match="no UTF-8 text"):
            r.run("import_plan", file)

    def test_a_portal_that_is_not_mirrored_yet_tells_so(self, r: Rig) -> None:
        with pytest.raises(ConfigError, match="not mirrored yet"):
            shown(r, "email,city\njane@x.example,Ulm\n")


class TestWriting:
    """By the one way that every plan takes."""

    def test_what_was_shown_is_written_mirrored_judged_anew_and_can_be_undone(self, r: Rig) -> None:
        jane = person(r, "jane", phone="+4973155", jobtitle="Praktikant")
        go_live(r)
        r.run("apply", plan_hash=r.run("plan")["hash"])
        file = csv(r, "email,phone,position\njane@x.example,0731 123456,CEO\n")
        done = r.run("import_apply", file, plan_hash=r.run("import_plan", file)["hash"])
        assert (done["written"], done["ok"], done["read_back"]["equal"]) == (1, True, 1)
        assert held(r, jane) == ("+49731123456", "Chef")
        assert wrong(r, {"phone", "jobtitle"}) == []
        assert r.run("import_apply", file)["written"] == 0
        assert r.run("plan")["judged"] == 1
        r.run("undo", done["run"])
        assert held(r, jane) == ("+4973155", "Praktikant")

    def test_what_somebody_took_back_is_held_until_it_is_released(self, r: Rig) -> None:
        person(r, "jane", phone="0731 1")
        go_live(r)
        file = csv(r, "email,phone\njane@x.example,0731 123456\n")
        done = r.run("import_apply", file)
        r.run("undo", done["run"])
        told = r.run("import_plan", file)
        assert [(one["line"], one["gate"], one["effect"]) for one in told["held"]] == [(2, "undone", "write:phone")]
        assert (told["changes"], told["ok"]) == ([], False)

    def test_observe_mode_writes_nothing(self, r: Rig) -> None:
        jane = person(r, "jane")
        r.run("sync")
        before = r.twin.ledger.count()
        with pytest.raises(ConfigError, match="observe mode"):
            r.run("import_apply", csv(r, "email,city\njane@x.example,Ulm\n"))
        assert [call for call in calls_of(r, before) if call.writing] == []
        assert "city" not in r.twin.get("contacts", jane)

    def test_more_contacts_than_a_run_may_touch_need_the_hash(self, r: Rig) -> None:
        for number in range(30):
            person(r, f"p{number}")
        go_live(r)
        file = csv(r, "email,city\n" + "".join(f"p{n}@x.example,Ulm\n" for n in range(30)))
        with pytest.raises(BlastRadiusExceeded) as told:
            r.run("import_apply", file)
        plan = r.run("import_plan", file)
        assert plan["over_limit"]
        assert told.value.remedy.endswith(f"leadwright import acme {file} --hash {plan['hash']}")
        assert r.run("import_apply", file, plan_hash=plan["hash"])["written"] == 30

    def test_another_plan_than_the_one_shown_is_refused(self, r: Rig) -> None:
        jane = person(r, "jane")
        go_live(r)
        file = csv(r, "email,city\njane@x.example,Ulm\n")
        seen = r.run("import_plan", file)["hash"]
        csv(r, "email,city\njane@x.example,Bonn\n")
        with pytest.raises(ConfigError, match="no longer the one that was shown") as told:
            r.run("import_apply", file, plan_hash=seen)
        assert f"leadwright import acme {file} --dry-run" in told.value.remedy
        assert "city" not in r.twin.get("contacts", jane)

    @pytest.mark.parametrize(
        ("name", "value", "wins"), [("phone", "0731 123456", "theirs"), ("jobtitle", "Rat", "ours")]
    )
    def test_who_wins_over_a_change_in_hubspot_says_the_row(self, r: Rig, name: str, value: str, wins: str) -> None:
        jane = person(r, "jane", phone="+4973155", jobtitle="X")
        go_live(r)
        r.clock.advance(60)
        r.twin.edit("contacts", jane, {name: "theirs"})
        done = r.run("import_apply", csv(r, f"email,{name}\njane@x.example,{value}\n"))
        assert (r.twin.get("contacts", jane)[name] == "theirs") == (wins == "theirs")
        assert len(done["overtaken"]) == (1 if wins == "theirs" else 0)
        assert done["ok"] == (wins == "ours")

    def test_a_killed_run_is_finished_by_saying_it_again(self, r: Rig) -> None:
        jane = person(r, "jane")
        go_live(r)
        file = csv(r, "email,city\njane@x.example,Ulm\n")

        def dying(_call: Any) -> Any:
            def died(*_args: Any, **_options: Any) -> None:
                raise KeyboardInterrupt

            return died

        with wired(r, "write", dying) as service, pytest.raises(KeyboardInterrupt):
            service.import_apply(r.name, file)
        assert "city" not in r.twin.get("contacts", jane)
        assert r.run("import_apply", file)["written"] == 1
        assert r.twin.get("contacts", jane)["city"] == "Ulm"


def test_the_shipped_mapping_writes_nothing_and_says_how_to_change_that(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        publish(r, tmp_path, "mapping", document("mapping"))
        r.run("sync")
        with pytest.raises(ConfigError, match=r"only reads phone\. Write `direction: both`"):
            shown(r, "email,phone\njane@x.example,1\n")
