"""What a command changes leaves one entry in the audit log, with before and after; what was refused leaves none."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.commands.booked import ACTS, Booked
from connector.commands.contract import LeadService
from connector.errors import ConnectorError
from connector.service import Service
from tests.commands.desk import Desk, Said
from tests.rig import Rig, rig

Say = Callable[..., Said]
Entry = tuple[str, str, str, str]
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
CHANGING = {
    "add", "live", "pause", "resume", "remove", "provision", "apply", "undo", "release", "publish", "rollback",
    "retry", "discard", "replay", "erase", "person", "rotate", "connect", "save", "cycle", "sign", "enrich", "import",
}  # fmt: skip


class Room:
    """A portal that is mirrored, with the service as commands see it."""

    def __init__(self, r: Rig, service: Service) -> None:
        self.rig, self.service, self.booked = r, service, Booked(service)

    def entries(self) -> list[Entry]:
        found = reversed(self.service.audit_log().entries)
        return [(e.deed.what, e.deed.portal, e.deed.before, e.deed.after) for e in found]

    def written(self) -> Any:
        """A run that wrote something."""
        self.service.provision("acme")
        self.service.live("acme")
        return self.service.apply("acme", plan_hash=self.service.plan("acme")["hash"])


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with rig(tmp_path, contacts=20) as r, r.service(lasting=True) as service:
        service.sync("acme")
        yield Room(r, service)


def changed(room: Room) -> Path:
    path = room.rig.folder / "scoring.yaml"
    body: str = room.service.config_show("acme", "scoring")["body"]
    path.write_text(body.replace("points: 10", "points: 11", 1), encoding="utf-8")
    return path


def test_going_live_tells_what_was_before_and_after(room):
    room.booked.live("acme")
    assert room.entries() == [("Left observe mode", "acme", "observe mode", "live")]


def test_pausing_and_resuming(room):
    room.booked.pause("acme")
    room.booked.resume("acme")
    assert room.entries() == [
        ("Paused the portal", "acme", "observe mode", "paused"),
        ("Resumed the portal", "acme", "paused", "observe mode"),
    ]


def test_connecting_and_removing_a_portal_stay_in_the_log_with_its_name(room):
    room.booked.remove("acme")
    room.booked.add_portal("acme", room.rig.twin.token, room.rig.url)
    (removed, connected) = room.entries()[-2:]
    assert removed[:3] == ("Removed the portal", "acme", "observe mode")
    assert "rows" in removed[3]
    assert connected[:3] == ("Connected the portal", "acme", "")
    assert connected[3].startswith("observe mode")
    assert room.rig.twin.token not in str(room.entries())


def test_a_run_and_its_undoing(room):
    room.service.provision("acme")
    room.service.live("acme")
    done = room.booked.apply("acme", plan_hash=room.service.plan("acme")["hash"])
    room.booked.undo("acme", done["run"])
    applied, undone = room.entries()
    assert applied[0] == "Applied the plan"
    assert f"run {done['run']}" in applied[3]
    assert f"written {done['written']}" in applied[3]
    assert undone[0] == f"Took back run {done['run']}"
    assert "restored" in undone[3]


def test_documents_are_booked_with_their_reason_and_version(room):
    room.booked.config_publish("acme", changed(room), "anna", "webinars count more")
    room.booked.config_rollback("acme", "scoring", 1, "anna")
    assert [(what, after) for what, _, _, after in room.entries()] == [
        ("Published a document: webinars count more", "kind scoring, version 2"),
        ("Went back in scoring to version 1", "kind scoring, version 3"),
    ]


def test_properties_that_were_made(room):
    room.booked.provision("acme")
    ((what, portal, _, after),) = room.entries()
    assert (what, portal) == ("Created the properties for write-back", "acme")
    assert int(after.removeprefix("created ")) > 0


@pytest.mark.parametrize(
    ("act", "args", "what"),
    [
        ("held_retry", ({"notices"},), "Brought back what was put aside"),
        ("held_discard", ({"notices"},), "Gave up what was put aside"),
        ("inbox_replay", (SINCE,), "Had notices handled once more"),
    ],
)
def test_what_waits(room, act, args, what):
    getattr(room.booked, act)("acme", *args)
    assert [entry[:2] for entry in room.entries()] == [(what, "acme")]


def test_a_person_s_rights_are_booked_without_the_person(room):
    contact = next(row for row in room.service.export("acme", "contacts") if row["properties"].get("email"))
    email = contact["properties"]["email"]
    room.booked.person("acme", email)
    room.booked.erase("acme", email)
    assert [what for what, *_ in room.entries()] == ["Handed out all that is held on one person", "Erased a person"]
    assert email not in str(room.entries())
    assert str(contact["id"]) not in str([entry[3] for entry in room.entries()])


def test_spreadsheets_are_booked_without_what_stands_in_them(room):
    room.written()
    sheet = room.rig.folder / "rules.csv"
    room.booked.config_export_csv("acme", "scoring", sheet)
    sheet.write_text(sheet.read_text("utf-8-sig").replace(",5,true,", ",6,true,", 1), encoding="utf-8")
    saved = room.booked.config_import_csv("acme", "scoring", sheet, "anna")
    rows = [{"field": "city", "property": "city", "direction": "both", "mode": "overwrite"}]
    mapping = room.rig.folder / "mapping.yaml"
    mapping.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    room.service.config_publish("acme", mapping, "anna", "cities")
    contact = room.rig.twin.ids()[0]
    people = room.rig.folder / "people.csv"
    people.write_text(f"id,city\n{contact},Nirgendwo\n", encoding="utf-8")
    room.booked.import_plan("acme", people)
    done = room.booked.import_apply("acme", people)
    assert [(what, after) for what, _, _, after in room.entries()] == [
        ("Laid a spreadsheet over the scoring", f"revision {saved['revision']}, rows 1"),
        ("Wrote what a spreadsheet of contacts says", f"hash {done['hash']}, run {done['run']}, written 1"),
    ]
    assert "Nirgendwo" not in str(room.entries())


def test_what_is_refused_leaves_no_entry(room):
    for act in (
        lambda: room.booked.apply("acme"),  # observe mode
        lambda: room.booked.pause("nobody"),
        lambda: room.booked.config_rollback("acme", "scoring", 99, "anna"),
        lambda: room.booked.undo("acme", "no-such-run"),
    ):
        with pytest.raises(ConnectorError):
            act()
    assert room.entries() == []


def test_looking_leaves_no_entry(room):
    room.booked.list_portals()
    room.booked.plan("acme")
    room.booked.config_show("acme", "scoring")
    list(room.booked.export("acme", "contacts"))
    assert room.entries() == []


def test_the_log_is_whole_afterwards(room):
    room.booked.pause("acme")
    room.booked.resume("acme")
    assert room.service.audit_log(check=True).verdict.ok


def test_every_act_of_the_table_is_one_of_the_service_and_its_sentence_can_be_said():
    for name, act in ACTS.items():
        assert callable(getattr(Service, name))
        method = getattr(LeadService, name)
        names = dict.fromkeys(inspect.signature(method).parameters, "x")
        assert act.what.format_map(names)
        assert any(word in name for word in CHANGING) or name == "subscriptions_apply"


def test_commands_speak_to_the_booked_service(say: Say, desk: Desk) -> None:
    assert say("portal", "pause", "acme").code == 0
    assert say("portal", "list").code == 0
    assert desk.booked == [("Paused the portal", "acme")]


def test_a_command_that_fails_books_nothing(say: Say, desk: Desk) -> None:
    desk.faults["pause"] = ConnectorError("No.")
    assert say("portal", "pause", "acme").code == 1
    assert desk.booked == []
