"""Records over HTTP: reading, writing, refusing (hubspot-api.md 3)."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CONTACTS = "/crm/v3/objects/contacts"
DATED = "/crm/objects/2026-09/contacts"
UNLABELED_COMPANY = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}


def codes(response) -> set[str]:
    """The codes of the JSON array that HubSpot embeds in the message."""
    embedded = json.loads(response.json()["message"].split(": ", 1)[1])
    assert {row["error"] for row in embedded} == {error["code"] for error in response.json()["errors"]}
    return {row["error"] for row in embedded}


@pytest.mark.parametrize("base", [CONTACTS, CONTACTS + "/", DATED, DATED + "/", "/crm/v3/objects/0-1"])
def test_every_generation_of_the_address_answers_without_a_redirect(call, anna, base):
    answer = call.get(base)
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["results"]] == [str(anna)]


def test_defaults_when_no_properties_are_named(call, anna):
    found = call.get(f"{CONTACTS}/{anna}").json()
    assert set(found["properties"]) == {
        "createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}  # fmt: skip
    assert found["properties"]["hs_object_id"] == found["id"] == str(anna)
    assert found["createdAt"] == found["properties"]["createdate"]
    assert found["updatedAt"] == found["properties"]["lastmodifieddate"]


@pytest.mark.parametrize(
    "query", ["properties=city&properties=phone", "properties=city,phone", "properties=city,phone,nope"]
)
def test_properties_repeated_or_joined_and_unknown_ones_dropped(call, anna, query):
    found = call.get(f"{CONTACTS}/{anna}?{query}").json()["properties"]
    assert set(found) == {"city", "phone", "createdate", "hs_object_id", "lastmodifieddate"}
    assert found["city"] is None


def test_an_empty_string_clears_to_null(call, twin, anna):
    call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"lastname": ""}})
    assert "lastname" not in twin.get("contacts", anna)
    assert call.get(f"{CONTACTS}/{anna}").json()["properties"]["lastname"] is None


def test_a_write_that_changes_nothing_answers_200_and_moves_no_time(call, twin, clock, anna):
    before = twin.get("contacts", anna)
    clock.advance(60)
    answer = call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"firstname": "Anna"}})
    assert (answer.status_code, twin.get("contacts", anna)) == (200, before)
    call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"firstname": "Anne"}})
    assert twin.get("contacts", anna)["lastmodifieddate"] > before["lastmodifieddate"]


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("mitarbeiterzahl", 250, "250"),
        ("mitarbeiterzahl", "12.50", "12.5"),
        ("budget_freigegeben", True, "true"),
        ("budget_freigegeben", "FALSE", "false"),
        ("kaufdatum_geplant", "2027-03-01", "2027-03-01"),
        ("kaufdatum_geplant", "1803859200000", "2027-03-01"),
        ("einwilligung_am", "1803859200123", "2027-03-01T00:00:00.123Z"),
        ("einwilligung_am", "2027-03-01T01:00:00+01:00", "2027-03-01T00:00:00.000Z"),
        ("branche_kunde", "maschinenbau", "maschinenbau"),
        ("interessen", "wartung;schulung;wartung", "wartung;schulung"),
        ("email", "Frau.MEIER@Example.ORG", "frau.meier@example.org"),
        ("hubspot_owner_id", "501002", "501002"),
        ("umsatz_text", "1.234,50", "1.234,50"),
    ],
)
def test_values_read_back_in_hubspots_shape(call, anna, name, written, shown):
    assert call("PATCH", f"{CONTACTS}/{anna}", {"properties": {name: written}}).status_code == 200
    assert call.get(f"{CONTACTS}/{anna}?properties={name}").json()["properties"][name] == shown


def test_a_leading_semicolon_appends_options(call, twin, anna):
    for value in ("wartung", ";schulung"):
        call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"interessen": value}})
    assert twin.get("contacts", anna)["interessen"] == "wartung;schulung"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("gibt_es_nicht", "1", "PROPERTY_DOESNT_EXIST"),
        ("hs_email_open", "5", "READ_ONLY_VALUE"),
        ("lastmodifieddate", "2026-01-01T00:00:00Z", "READ_ONLY_VALUE"),
        ("email", "kein-at-zeichen", "INVALID_EMAIL"),
        ("mitarbeiterzahl", "1.234,50", "INVALID_NUMBER"),
        ("mitarbeiterzahl", "NaN", "INVALID_NUMBER"),
        ("budget_freigegeben", "ja", "INVALID_BOOLEAN"),
        ("branche_kunde", "Maschinenbau", "INVALID_OPTION"),
        ("interessen", "wartung;tanzen", "INVALID_OPTION"),
        ("hubspot_owner_id", "1", "INVALID_OPTION"),
        ("kaufdatum_geplant", "01.03.2027", "INVALID_DATE"),
        ("kaufdatum_geplant", "1803859200001", "INVALID_DATE"),
        ("umsatz_text", "x" * 65_537, "INVALID_STRING_LENGTH"),
    ],
)
def test_what_hubspot_refuses(call, twin, anna, name, value, code):
    before = twin.get("contacts", anna)
    answer = call("PATCH", f"{CONTACTS}/{anna}", {"properties": {name: value, "firstname": "Neu"}})
    assert (answer.status_code, answer.json()["category"], codes(answer)) == (400, "VALIDATION_ERROR", {code})
    assert twin.get("contacts", anna) == before


def test_all_faults_of_a_write_come_at_once(call, anna):
    answer = call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"nope": "1", "email": "x", "mitarbeiterzahl": "a"}})
    assert codes(answer) == {"PROPERTY_DOESNT_EXIST", "INVALID_EMAIL", "INVALID_NUMBER"}


def test_dials_ignore_unknown_and_read_only_writes(call, twin, anna):
    twin.dials.turn({"unknown_property_write": "ignore", "read_only_write": "ignore"})
    answer = call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"nope": "1", "hs_email_open": "5", "city": "Linz"}})
    assert answer.status_code == 200
    assert twin.get("contacts", anna)["city"] == "Linz"
    assert "hs_email_open" not in twin.get("contacts", anna)


def test_a_portals_own_validation_rules(call, twin, anna):
    twin.dials.validations = {
        "kundennummer": {"regex": r"K-\d{6}"},
        "lifecyclestage": {
            "required_when": {"property": "lifecyclestage", "value": "customer", "requires": "kundennummer"}
        },
    }
    assert call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"kundennummer": "123"}}).status_code == 400
    assert call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"lifecyclestage": "customer"}}).status_code == 400
    both = {"lifecyclestage": "customer", "kundennummer": "K-123456"}
    assert call("PATCH", f"{CONTACTS}/{anna}", {"properties": both}).status_code == 200


# -- creation ----------------------------------------------------------------------------------------------------


def test_a_contact_needs_a_name_or_an_email(call):
    assert call.post(CONTACTS, {"properties": {"city": "Köln"}}).status_code == 400
    made = call.post(CONTACTS, {"properties": {"firstname": "Zoë"}})
    assert made.status_code == 201
    assert (
        call.get(f"{CONTACTS}/{made.json()['id']}?properties=lifecyclestage").json()["properties"]["lifecyclestage"]
        == "lead"
    )


def test_an_email_lives_once_in_any_spelling(call, anna):
    answer = call.post(CONTACTS, {"properties": {"email": "ANNA@example.org"}})
    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {anna}"
    assert answer.json()["category"] == "CONFLICT"


def test_an_email_cannot_be_taken_from_another(call, anna, bernd):
    answer = call("PATCH", f"{CONTACTS}/{bernd}", {"properties": {"email": "anna@example.org"}})
    assert (answer.status_code, str(anna) in answer.json()["message"]) == (409, True)


def test_found_by_email_and_not_by_an_ordinary_property(call, anna):
    assert call.get(f"{CONTACTS}/ANNA@example.org?idProperty=email").json()["id"] == str(anna)
    assert call.get(f"{CONTACTS}/Anna?idProperty=firstname").status_code == 400


def test_a_unique_property_of_our_own(call, twin, anna, bernd):
    made = call.post("/crm/v3/properties/contacts", {
        "name": "erp_nr", "label": "ERP", "type": "string", "fieldType": "text", "groupName": "kundendaten",
        "hasUniqueValue": True})  # fmt: skip
    assert made.status_code == 201
    assert call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"erp_nr": "7"}}).status_code == 200
    assert call("PATCH", f"{CONTACTS}/{bernd}", {"properties": {"erp_nr": "7"}}).status_code == 400
    assert call.get(f"{CONTACTS}/7?idProperty=erp_nr").json()["id"] == str(anna)


def test_unreadable_json(call):
    answer = call.session.post(call.url + CONTACTS, data=b'{"properties": ', timeout=9)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON on line")


def test_associations_at_creation(call, twin):
    company = twin.create("companies", {"name": "Köhler Logistik KG"})
    made = call.post(CONTACTS, {
        "properties": {"email": "neu@example.org"},
        "associations": [{"to": {"id": str(company)}, "types": [UNLABELED_COMPANY]}],
    }).json()  # fmt: skip
    page = call.get(f"{CONTACTS}/{made['id']}?associations=companies").json()
    assert {"id": str(company), "type": "contact_to_company_unlabeled"} in page["associations"]["companies"]["results"]


# -- pages -------------------------------------------------------------------------------------------------------


def test_pages_ascend_and_after_is_where_the_next_begins(call, twin):
    ids = [twin.create_contact({"firstname": str(n)}) for n in range(7)]
    page = call.get(f"{CONTACTS}?limit=3").json()
    assert [int(row["id"]) for row in page["results"]] == ids[:3]
    assert page["paging"]["next"]["after"] == str(ids[3])
    assert page["paging"]["next"]["link"].startswith(call.url)
    assert "paging" not in call.get(f"{CONTACTS}?limit=100").json()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.integers(0, 10**9), size=st.integers(1, 100))
def test_a_page_begins_at_the_first_id_not_below_after(read, grown, start, size):
    ids = grown.ids("contacts")
    begin = ids[start % len(ids)] + start % 3
    page = read.get(f"{CONTACTS}?limit={size}&after={begin}").json()["results"]
    assert [int(row["id"]) for row in page] == [ident for ident in ids if ident >= begin][:size]


def test_an_opaque_cursor_is_no_id(call, twin):
    twin.dials.list_cursor = "opaque"
    ids = [twin.create_contact({"firstname": str(n)}) for n in range(5)]
    after = call.get(f"{CONTACTS}?limit=2").json()["paging"]["next"]["after"]
    assert not after.isdigit()
    assert [int(r["id"]) for r in call.get(f"{CONTACTS}?limit=2&after={after}").json()["results"]] == ids[2:4]
    assert call.get(f"{CONTACTS}?limit=2&after={ids[2]}").status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=101", "limit=0", "limit=viel", "propertiesWithHistory=email&limit=51", "after=x"]
)
def test_page_sizes_have_caps(call, query):
    assert call.get(f"{CONTACTS}?{query}").status_code == 400


def test_a_record_made_during_the_walk_comes_at_the_end_and_deletions_shift_nothing(call, twin):
    ids = [twin.create_contact({"firstname": str(n)}) for n in range(6)]
    after = call.get(f"{CONTACTS}?limit=3").json()["paging"]["next"]["after"]
    twin.delete("contacts", ids[0])
    new = twin.create_contact({"firstname": "spät"})
    rest = call.get(f"{CONTACTS}?limit=10&after={after}").json()["results"]
    assert [int(row["id"]) for row in rest] == [*ids[3:], new]


def test_history_newest_first(call, clock, anna):
    for name in ("Anne", "Änne"):
        clock.advance(5)
        call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"firstname": name}})
    rows = call.get(f"{CONTACTS}/{anna}?propertiesWithHistory=firstname").json()["propertiesWithHistory"]["firstname"]
    assert [row["value"] for row in rows] == ["Änne", "Anne", "Anna"]


# -- archive, privacy --------------------------------------------------------------------------------------------


def test_archived_records_are_seen_only_when_asked_for_and_come_back(call, twin, anna):
    assert call("DELETE", f"{CONTACTS}/{anna}").status_code == 204
    assert call.get(f"{CONTACTS}/{anna}").status_code == 404
    shown = call.get(f"{CONTACTS}/{anna}?archived=true").json()
    assert shown["archived"] is True
    assert shown["archivedAt"]
    assert [r["id"] for r in call.get(f"{CONTACTS}?archived=true").json()["results"]] == [str(anna)]
    assert call("DELETE", f"{CONTACTS}/{anna}").status_code == 204
    twin.restore("contacts", anna)
    assert call.get(f"{CONTACTS}/{anna}").status_code == 200


def test_a_privacy_deletion_is_final(call, twin, anna):
    assert (
        call.post(f"{CONTACTS}/gdpr-delete", {"objectId": "anna@example.org", "idProperty": "email"}).status_code == 204
    )
    for query in ("", "?archived=true"):
        assert call.get(f"{CONTACTS}/{anna}{query}").status_code == 404
    assert (
        call.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": str(anna)}], "properties": []}).json()["numErrors"] == 1
    )
    assert call.post(CONTACTS, {"properties": {"email": "anna@example.org"}}).status_code == 400
    told = {change["subscriptionType"] for change in twin.changes if change["objectId"] == anna}
    assert {"contact.privacyDeletion", "contact.deletion"} <= told


# -- lifecycle ---------------------------------------------------------------------------------------------------


def stage(call, ident, value):
    return call("PATCH", f"{CONTACTS}/{ident}", {"properties": {"lifecyclestage": value}}).status_code


def test_the_lifecycle_goes_forward_silently_never_back_and_restarts_when_cleared(call, twin, clock, anna):
    assert stage(call, anna, "opportunity") == 200
    assert stage(call, anna, "lead") == 200
    assert twin.get("contacts", anna)["lifecyclestage"] == "opportunity"
    assert stage(call, anna, "") == 200
    clock.advance(1)
    assert stage(call, anna, "lead") == 200
    found = twin.get("contacts", anna)
    assert found["lifecyclestage"] == "lead"
    assert found["hs_v2_date_entered_lead"] == found["hs_lifecyclestage_lead_date"] == "2026-11-22T09:00:01.000Z"
    assert "hs_lifecyclestage_opportunity_date" not in found


def test_a_stage_kept_does_not_keep_the_rest_of_the_write(call, twin, anna):
    stage(call, anna, "customer")
    call("PATCH", f"{CONTACTS}/{anna}", {"properties": {"lifecyclestage": "lead", "city": "Wien"}})
    assert (twin.get("contacts", anna)["lifecyclestage"], twin.get("contacts", anna)["city"]) == ("customer", "Wien")


def test_a_person_may_move_a_stage_back(twin, anna):
    twin.edit("contacts", anna, {"lifecyclestage": "customer"})
    twin.edit("contacts", anna, {"lifecyclestage": "lead"})
    assert twin.get("contacts", anna)["lifecyclestage"] == "lead"


# -- engagements -------------------------------------------------------------------------------------------------


def test_a_note_needs_its_time_and_counts_on_the_contact(call, twin, clock, anna):
    note = {"properties": {"hs_note_body": "Rückruf"}}
    assert call.post("/crm/v3/objects/notes", note).status_code == 400
    clock.advance(10)
    note["properties"]["hs_timestamp"] = "2026-11-22T08:00:00Z"
    note["associations"] = [
        {"to": {"id": str(anna)}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]}
    ]
    assert call.post("/crm/v3/objects/notes", note).status_code == 201
    found = twin.get("contacts", anna)
    assert (found["num_notes"], found["notes_last_updated"]) == ("1", "2026-11-22T08:00:00.000Z")
    assert found["lastmodifieddate"] == "2026-11-22T09:00:10.000Z"


def test_other_objects_keep_their_own_modification_time(call, twin):
    deal = twin.create("deals", {"dealname": "Anlage"})
    assert "hs_lastmodifieddate" in call.get(f"/crm/v3/objects/deals/{deal}").json()["properties"]


def test_an_unknown_object_type(call):
    assert call.get("/crm/v3/objects/einhorn").status_code == 400
