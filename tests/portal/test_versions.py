"""The table of operations: complete, of both generations, with end dates."""

from __future__ import annotations

from datetime import date

import pytest

from connector.portal.versions import DATED, OLD, OPERATIONS, expiring, in_generation, typed_operation


def test_names_are_unique_and_templates_can_be_filled():
    names = "object_type record from_type to_type form event workflow email contact app subscription definition list"
    values = dict.fromkeys(names.split(), "a/b@c")
    for operation in OPERATIONS.values():
        for generation in (OLD, DATED):
            path = operation.path(generation, values)
            assert path.startswith("/")
            assert "@" not in path
            assert "{" not in path


def test_only_what_hubspot_offers_no_dated_path_for_stays_old():
    old = {name for name, operation in OPERATIONS.items() if operation.dated is None}
    assert old == {
        "email.events", "email.subscriptions", "forms.list", "forms.submissions", "workflows.list", "workflows.flows",
        "workflows.ids", "workflows.enrol", "workflows.enrolments", "workflows.leave",
    }  # fmt: skip


def test_only_enrolment_a_note_a_code_and_what_is_new_in_the_app_may_not_be_repeated():
    unsafe = [name for name, operation in OPERATIONS.items() if not operation.safe]
    assert unsafe == ["objects.create", "workflows.enrol", "oauth.redeem", "app.subscribe", "app.define_action"]


class TestExpiring:
    def test_soonest_first_with_what_replaces_it(self):
        endings = expiring(date(2026, 11, 22))
        assert endings[0].end == date(2027, 2, 16)
        assert {ending.operation for ending in endings} == set(OPERATIONS) - {"properties.validations"}
        listing = next(ending for ending in endings if ending.operation == "objects.list")
        assert listing.replacement == "/crm/objects/2026-09/{object_type}"
        assert "changelog" in listing.source

    def test_the_old_token_endpoint_ends_first(self):
        soon = expiring(date(2026, 11, 22), within_days=100)
        assert {(ending.operation, ending.end) for ending in soon} == {
            ("oauth.redeem", date(2027, 2, 16)),
            ("oauth.refresh", date(2027, 2, 16)),
        }

    def test_not_before_its_time(self):
        assert expiring(date(2025, 1, 1)) == []
        ends = {e.end for e in expiring(date(2026, 11, 22), within_days=200)}
        assert ends == {date(2027, 2, 16), date(2027, 3, 30)}

    def test_the_dated_generation_only_warns_of_what_has_no_successor(self):
        assert all(not ending.replacement for ending in expiring(date(2026, 11, 22), generation=DATED))


@pytest.mark.parametrize(
    ("path", "dated"),
    [
        ("/crm/v3/owners/", "/crm/owners/2026-09"),
        ("/crm/v3/properties/contacts/groups", "/crm/properties/2026-09/contacts/groups"),
        ("/crm/v3/lists/", "/crm/lists/2026-09"),
        ("/crm/v3/ownersandmore", "/crm/v3/ownersandmore"),
        ("/oauth/v1/token", "/oauth/v1/token"),
    ],
)
def test_paths_of_the_official_client_are_carried_over(path, dated):
    assert in_generation(path, DATED) == dated
    assert in_generation(path, OLD) == path


def test_typed_calls_know_what_may_be_repeated_and_log_no_names():
    reading = typed_operation("GET", "/crm/v3/properties/contacts/secret_property")
    assert (reading.name, reading.safe, reading.optional) == ("typed.properties", True, True)
    assert reading.old == "/crm/v3/properties/{…}/{…}"
    creating = typed_operation("POST", "/crm/v3/properties/contacts")
    assert (creating.safe, creating.kind, creating.optional) == (False, "write", False)
