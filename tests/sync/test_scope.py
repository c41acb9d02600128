"""Which properties a pull reads, which it leaves out, and that it says so (P7, P22)."""

from __future__ import annotations

import pytest

from connector.model.records import PropertyDefinition
from connector.sync.scope import CORE, Scope, reading_scope, widened
from tests.journeys.steps import people, stream
from tests.rig import rig
from tests.sync.steps import context, document, paths, publish, watched


def defined(*names: str, archived: tuple[str, ...] = ()) -> dict[str, PropertyDefinition]:
    made = {name: PropertyDefinition("contacts", name, name, "string", "text") for name in names}
    gone = {name: PropertyDefinition("contacts", name, name, "string", "text", archived=True) for name in archived}
    return {**made, **gone}


def test_what_documents_name_and_the_flows_need_is_read():
    scope = reading_scope("contacts", frozenset({"city"}), defined("city", "fax", "email"))
    assert set(scope.properties) == {"city", *CORE["contacts"]}
    assert scope.left_out == ("fax",)
    assert scope.absent == ()


def test_a_property_the_portal_lacks_is_not_asked_for_and_named():
    scope = reading_scope("contacts", frozenset({"rolle", "city"}), defined("city"))
    assert "rolle" not in scope.properties
    assert scope.absent == ("rolle",)


def test_an_archived_property_counts_as_lacking():
    scope = reading_scope("contacts", frozenset({"fax"}), defined("city", archived=("fax",)))
    assert "fax" not in scope.properties
    assert scope.absent == ("fax",)


def test_everything_leaves_nothing_out():
    scope = reading_scope("contacts", frozenset(), defined("city", "fax"), everything=True)
    assert {"city", "fax"} <= set(scope.properties)
    assert scope.left_out == ()


def test_without_the_schema_scope_every_used_name_is_asked_for():
    scope = reading_scope("contacts", frozenset({"rolle"}), {})
    assert "rolle" in scope.properties
    assert (scope.left_out, scope.absent) == ((), ())


@pytest.mark.parametrize("names", [frozenset(), frozenset({"b", "a"}), frozenset({"a", "b"})])
def test_the_order_is_always_the_same(names):
    asked = reading_scope("contacts", names, defined("b", "a")).properties
    assert list(asked) == sorted(asked)


def test_only_a_property_more_makes_a_full_read_necessary():
    assert widened(["a"], Scope("contacts", ("a", "b")))
    assert not widened(["a", "b"], Scope("contacts", ("a",)))
    assert not widened(["a", "b"], Scope("contacts", ("b", "a")))


def test_a_sync_says_what_it_left_out_and_what_the_portal_lacks(tmp_path):
    with rig(tmp_path) as r:
        people(r, 2, message="0731 1")
        told = r.run("sync")
        assert told["left_out"]["count"] > 50
        assert all("." in name for name in told["left_out"]["examples"])
        assert "contacts.planned_purchase_date" in told["absent"]
        assert all("message" not in held for held in r.mirrored().values())


def test_a_mapping_that_names_more_reads_everybody_again(tmp_path):
    with rig(tmp_path) as r:
        people(r, 3, message="0731 1")
        r.run("sync")
        assert not stream(r.run("sync"), "contacts")["full"]
        publish(r, tmp_path, "mapping", {**document("mapping"), "read_more": ["message"]})
        read = stream(r.run("sync"), "contacts")
        assert (read["full"], read["changed"]) == (True, 3)
        assert {held["message"] for held in r.mirrored().values()} == {"0731 1"}
        assert not stream(r.run("sync"), "contacts")["full"]


def test_a_mapping_that_names_less_reads_nobody_again(tmp_path):
    with rig(tmp_path) as r:
        people(r, 3, message="0731 1")
        publish(r, tmp_path, "mapping", {**document("mapping"), "read_more": ["message"]})
        r.run("sync")
        publish(r, tmp_path, "mapping", document("mapping"))
        assert not stream(r.run("sync"), "contacts")["full"]


@pytest.mark.parametrize("how", ["by the command", "by the mapping"])
def test_all_properties_go_on_being_read(tmp_path, how):
    """Once asked for, none grows stale unseen."""
    with rig(tmp_path) as r:
        ids = people(r, 2, message="0731 1")
        if how == "by the command":
            r.run("sync", properties="all")
        else:
            publish(r, tmp_path, "mapping", {**document("mapping"), "read_more": "all"})
            r.run("sync")
        assert len(r.mirrored()[ids[0]]) > 100
        r.clock.advance(60)
        r.twin.edit("contacts", ids[0], {"message": "0731 2"})
        told = r.run("sync")
        assert r.mirrored()[ids[0]]["message"] == "0731 2"
        assert told["left_out"]["count"] == 0
        assert not stream(told, "contacts")["full"]


def test_a_new_property_of_the_portal_is_met_within_the_hour(tmp_path):
    """All properties are read: one made since is filled in for everybody."""
    with rig(tmp_path) as r:
        publish(r, tmp_path, "mapping", {**document("mapping"), "read_more": "all"})
        people(r, 2)
        r.run("sync")
        r.run("provision")
        r.clock.advance(3601)
        told = r.run("sync")
        assert told["left_out"]["count"] == 0
        assert all("leadwright_score" in held for held in r.mirrored().values())


def test_a_token_without_the_schema_scope_still_reads(tmp_path):
    with rig(tmp_path) as r:
        ids = people(r, 2, city="Ulm")
        r.twin.dials.features_off = {"/crm/v3/properties": 403}
        told = r.run("sync")
        assert stream(told, "definitions")["off"]
        assert r.mirrored()[ids[0]]["city"] == "Ulm"


def test_definitions_are_read_once_an_hour(tmp_path):
    with rig(tmp_path) as r, watched(r) as first:
        r.run("sync")
        r.clock.advance(60)
        with watched(r) as again:
            r.run("sync")
        r.clock.advance(3600)
        with watched(r) as later:
            r.run("sync")
        with watched(r) as forced, context(r):
            r.run("sync", full=True)
    assert len(paths(first, "/crm/v3/properties/")) >= 9
    assert paths(again, "/crm/v3/properties/") == []
    assert len(paths(later, "/crm/v3/properties/")) == len(paths(forced, "/crm/v3/properties/")) == 3


class TestStageDates:
    """When a stage was entered is what reports date by: read where the portal has it, never missed where it has not."""

    def of(self, *names: str, object_type: str = "contacts") -> set[str]:
        defined = {name: PropertyDefinition(object_type, name, name, "datetime", "date") for name in names}
        scope = reading_scope(object_type, frozenset(), defined)
        assert scope.absent == ()
        return {name for name in scope.properties if "_date" in name and name in names}

    def test_are_read_for_every_stage_of_the_portal(self) -> None:
        names = {"hs_v2_date_entered_lead", "hs_v2_date_entered_4711"}
        assert self.of(*names, "hs_v2_date_exited_lead") == names

    def test_of_the_older_kind_only_where_the_newer_lacks_the_stage(self) -> None:
        found = self.of("hs_v2_date_entered_lead", "hs_lifecyclestage_lead_date", "hs_lifecyclestage_other_date")
        assert found == {"hs_v2_date_entered_lead", "hs_lifecyclestage_other_date"}

    def test_are_asked_of_contacts_alone(self) -> None:
        assert self.of("hs_v2_date_entered_closedwon", object_type="deals") == set()

    def test_are_not_asked_for_where_nothing_is_defined(self) -> None:
        assert not [name for name in reading_scope("contacts", frozenset(), {}).properties if "_date_" in name]
