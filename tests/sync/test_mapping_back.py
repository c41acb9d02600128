"""The mapping's way back: canonical fields on their way into the portal's own properties (P26, P27)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.steps import calls_of, go_live, people, wrong
from tests.rig import Rig, rig
from tests.sync.steps import document, publish


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        made.folder = tmp_path
        yield made


def row(r: Rig, folder: Path | None = None, /, **row: Any) -> None:
    """Publish the shipped mapping with one row of its own in the place of the field's."""
    mapping = document("mapping")
    mapping["rows"] = [one for one in mapping["rows"] if one["field"] != row["field"]] + [row]
    publish(r, folder or r.folder, "mapping", mapping)


def phones(r: Rig, **more: Any) -> None:
    steps = [{"step": "phone", "region": "DE"}]
    row(r, field="phone", property="phone", transforms=steps, direction="both", **{"mode": "overwrite", **more})


def shown(r: Rig, name: str) -> dict[str, tuple[str | None, str]]:
    """What the plan says of one property: contact → before, after."""
    plan = r.run("plan")
    return {
        change["contact"]: (change["properties"][name]["before"], change["properties"][name]["after"])
        for change in plan["changes"]
        if name in change["properties"]
    }


def applied(r: Rig) -> dict[str, Any]:
    return r.run("apply", plan_hash=r.run("plan")["hash"])


def test_phone_numbers_are_written_back_as_e164(r):
    rough, neat, none = (
        r.twin.create_contact({"email": f"p{i}@x.example", **({"phone": phone} if phone else {})})
        for i, phone in enumerate(["0731 / 123-456", "+49731654321", ""])
    )
    phones(r)
    go_live(r)
    assert shown(r, "phone") == {str(rough): ("0731 / 123-456", "+49731123456")}
    assert applied(r)["ok"]
    assert r.twin.get("contacts", rough)["phone"] == "+49731123456"
    assert r.twin.get("contacts", neat)["phone"] == "+49731654321"
    assert "phone" not in r.twin.get("contacts", none)
    assert wrong(r) == []
    before = r.twin.ledger.count()
    r.run("sync")
    assert applied(r)["written"] == 0
    assert [c for c in calls_of(r, before) if c.writing] == []


def test_a_row_that_is_only_read_writes_nothing(r):
    r.twin.create_contact({"email": "a@x.example", "phone": "0731 123456"})
    row(r, field="phone", property="phone", transforms=[{"step": "phone", "region": "DE"}])
    go_live(r)
    assert shown(r, "phone") == {}


def test_a_number_nobody_can_read_is_left_as_it_is(r):
    contact = r.twin.create_contact({"email": "a@x.example", "phone": "bitte per Mail"})
    phones(r, clear="clear")
    go_live(r)
    assert shown(r, "phone") == {}
    assert r.run("explain", str(contact))["quarantined"][0]["property"] == "phone"


def test_only_empty_properties_are_filled_where_the_row_says_so(r):
    full = r.twin.create_contact({"email": "a@x.example", "city": "Ulm", "zip": "89073"})
    empty = r.twin.create_contact({"email": "b@x.example", "city": "Bonn"})
    row(r, field="city", property="zip", fallbacks=["city"], direction="both", mode="fill_if_empty")
    go_live(r)
    assert shown(r, "zip") == {str(empty): (None, "Bonn")}
    applied(r)
    assert r.twin.get("contacts", full)["zip"] == "89073"
    assert shown(r, "zip") == {}


def test_a_value_in_another_field_feeds_a_property_that_is_only_written(r):
    contact = r.twin.create_contact({"email": "a@x.example", "jobtitle": "Leiterin  Einkauf"})
    mapping = document("mapping")
    mapping["rows"].append({"field": "position", "property": "message", "direction": "write", "mode": "overwrite"})
    publish(r, r.folder, "mapping", mapping)
    go_live(r)
    assert shown(r, "message") == {str(contact): (None, "Leiterin Einkauf")}
    applied(r)
    r.clock.advance(60)
    r.twin.edit("contacts", contact, {"jobtitle": "Geschäftsführerin"})
    r.run("sync")
    assert shown(r, "message") == {str(contact): ("Leiterin Einkauf", "Geschäftsführerin")}


@pytest.mark.parametrize(("clear", "after", "held"), [("keep", None, 0), ("clear", "", 0), ("hold", None, 1)])
def test_an_emptied_source_keeps_clears_or_holds(r, clear, after, held):
    contact = r.twin.create_contact({"email": "a@x.example", "jobtitle": "Einkauf"})
    mapping = document("mapping")
    line = {"field": "position", "property": "message", "direction": "write", "mode": "overwrite", "clear": clear}
    mapping["rows"].append(line)
    publish(r, r.folder, "mapping", mapping)
    go_live(r)
    applied(r)
    r.clock.advance(60)
    r.twin.edit("contacts", contact, {"jobtitle": ""})
    r.run("sync")
    plan = r.run("plan")
    changes = [c["properties"]["message"]["after"] for c in plan["changes"] if "message" in c["properties"]]
    assert changes == ([] if after is None else [after])
    assert [h["effect"] for h in plan["held"] if h["gate"] == "mapping"] == ["write:message"] * held
    applied(r)
    assert r.twin.get("contacts", contact).get("message", "") == ("" if clear == "clear" else "Einkauf")


def industries(r: Rig, **more: Any) -> None:
    line = {"field": "planned_use", "property": "branche_kunde", "fallbacks": ["message"]}
    row(r, **{**line, "direction": "both", "mode": "fill_if_empty", **more})


def test_an_option_the_drop_down_lacks_is_held_with_its_reason(r):
    contact = r.twin.create_contact({"email": "a@x.example", "message": "Raumfahrt"})
    known = r.twin.create_contact({"email": "b@x.example", "message": "Chemie"})
    industries(r)
    go_live(r)
    plan = r.run("plan")
    (held,) = [h for h in plan["held"] if h["gate"] == "mapping"]
    assert (held["contact"], held["effect"]) == (str(contact), "write:branche_kunde")
    assert "no such option" in held["why"]
    assert held["remedy"]
    assert plan["held_by_gate"]["mapping"] == 1
    assert shown(r, "branche_kunde") == {str(known): (None, "chemie")}
    assert applied(r)["ok"]
    assert "branche_kunde" not in r.twin.get("contacts", contact)


def options(r: Rig) -> list[str]:
    return [o["value"] for o in r.twin.state.definitions.properties["contacts"]["branche_kunde"]["options"]]


def test_an_option_that_may_be_created_is_shown_created_once_and_written(r):
    contacts = [r.twin.create_contact({"email": f"a{i}@x.example", "message": "Raumfahrt"}) for i in range(2)]
    industries(r, unknown="create_option")
    go_live(r)
    before = options(r)
    plan = r.run("plan")
    assert plan["options"] == {"branche_kunde": ["Raumfahrt"]}
    assert options(r) == before
    ran = applied(r)
    assert (ran["options"], ran["ok"]) == ({"branche_kunde": ["Raumfahrt"]}, True)
    assert options(r) == [*before, "Raumfahrt"]
    assert {r.twin.get("contacts", i)["branche_kunde"] for i in contacts} == {"Raumfahrt"}
    r.clock.advance(60)
    before_calls = r.twin.ledger.count()
    assert r.run("cycle")["apply"] is None
    assert [c for c in calls_of(r, before_calls) if c.writing] == []


def test_options_that_somebody_added_meanwhile_stay(r):
    r.twin.create_contact({"email": "a@x.example", "message": "Raumfahrt"})
    industries(r, unknown="create_option")
    go_live(r)
    shown = r.run("plan")["hash"]
    listed = r.twin.state.definitions.properties["contacts"]["branche_kunde"]["options"]
    listed.append({"value": "neu", "label": "Neu", "displayOrder": 99, "hidden": False})
    r.run("apply", plan_hash=shown)
    assert {"neu", "Raumfahrt"} <= set(options(r))


def test_in_observe_mode_no_option_is_created(r):
    r.twin.create_contact({"email": "a@x.example", "message": "Raumfahrt"})
    industries(r, unknown="create_option")
    r.run("sync")
    r.run("provision")
    before = options(r)
    r.run("cycle")
    assert options(r) == before


def test_options_that_are_not_ours_to_create_hold_the_value(r):
    contact = r.twin.create_contact({"email": "a@x.example", "jobtitle": "Raumfahrt"})
    mapping = document("mapping")
    line = {"field": "position", "property": "lifecyclestage", "direction": "write", "mode": "overwrite"}
    mapping["rows"].append({**line, "unknown": "create_option"})
    publish(r, r.folder, "mapping", mapping)
    go_live(r)
    plan = r.run("plan")
    (held,) = [h for h in plan["held"] if h["effect"] == "write:lifecyclestage"]
    assert (held["contact"], held["gate"]) == (str(contact), "option")
    assert "not ours to create" in held["why"]


def test_an_option_in_the_portals_own_words(r):
    contact = r.twin.create_contact({"email": "a@x.example", "message": "Anlagenbau"})
    industries(r, values={"maschinenbau": "Anlagenbau"})
    go_live(r)
    assert shown(r, "branche_kunde") == {str(contact): (None, "maschinenbau")}


def test_a_property_the_portal_lacks_is_held(r):
    people(r, 1, city="Ulm")
    row(r, field="city", property="stadt_neu", fallbacks=["city"], direction="both", mode="overwrite")
    go_live(r)
    plan = r.run("plan")
    assert [h["why"] for h in plan["held"] if h["effect"] == "write:stadt_neu"] == ["the portal has no such property"]


def test_undo_gives_a_mapped_value_back(r):
    contact = r.twin.create_contact({"email": "a@x.example", "phone": "0731 123456"})
    phones(r)
    go_live(r)
    ran = applied(r)
    assert r.run("undo", ran["run"])["restored"] == 1
    assert r.twin.get("contacts", contact)["phone"] == "0731 123456"
