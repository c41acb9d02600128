"""Property definitions, owners, associations, lists, workflows."""

import pytest

PROPS = "/crm/v3/properties/contacts"
SCORE = {"name": "lw_score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "kundendaten"}


def test_about_a_hundred_and_ten_contact_properties(call):
    rows = call.get(PROPS).json()["results"]
    assert 105 <= len(rows) <= 125
    by_name = {row["name"]: row for row in rows}
    stages = [o["value"] for o in by_name["lifecyclestage"]["options"]]
    assert stages[:3] == ["subscriber", "lead", "marketingqualifiedlead"]
    assert by_name["hs_email_open"]["modificationMetadata"]["readOnlyValue"] is True
    assert by_name["email"]["modificationMetadata"]["readOnlyDefinition"] is True
    assert by_name["email"]["modificationMetadata"]["readOnlyValue"] is False


def test_a_property_is_created_written_and_archived(call, twin, anna):
    made = call.post(PROPS, SCORE)
    assert (made.status_code, made.json()["hubspotDefined"]) == (201, False)
    call("PATCH", f"/crm/v3/objects/contacts/{anna}", {"properties": {"lw_score": 63}})
    assert twin.get("contacts", anna)["lw_score"] == "63"
    assert call("DELETE", f"{PROPS}/lw_score").status_code == 204
    assert call.get(f"{PROPS}/lw_score").status_code == 404
    assert [row["name"] for row in call.get(f"{PROPS}?archived=true").json()["results"]] == ["lw_score"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "email"}, 409),
        ({"name": "Großbuchstaben"}, 400),
        ({"fieldType": "date"}, 400),
        ({"groupName": "nope"}, 400),
        ({"label": ""}, 400),
    ],
)
def test_refused_definitions(call, change, status):
    assert call.post(PROPS, {**SCORE, **change}).status_code == status


def test_definitions_in_batches(call):
    for base, status in ((PROPS, 201), ("/crm/properties/2026-09/contacts", 200)):
        row = {**SCORE, "name": f"lw_{status}"}
        assert call.post(f"{base}/batch/create", {"inputs": [row]}).status_code == status
    found = call.post(f"{PROPS}/batch/read", {"inputs": [{"name": "lw_200"}, {"name": "nope"}]})
    assert (found.status_code, [r["name"] for r in found.json()["results"]]) == (207, ["lw_200"])
    assert call.post(f"{PROPS}/batch/archive", {"inputs": [{"name": "lw_200"}]}).status_code == 204


def test_new_options_are_allowed_at_once(call, anna):
    path = f"/crm/v3/objects/contacts/{anna}"
    assert call("PATCH", path, {"properties": {"branche_kunde": "bergbau"}}).status_code == 400
    options = [{"label": "Bergbau", "value": "bergbau", "displayOrder": 0, "hidden": False}]
    call("PATCH", f"{PROPS}/branche_kunde", {"options": options})
    assert call("PATCH", path, {"properties": {"branche_kunde": "bergbau"}}).status_code == 200


def test_groups(call):
    assert call.post(f"{PROPS}/groups", {"name": "lw", "label": "Leadwright"}).status_code == 201
    assert call.post(f"{PROPS}/groups", {"name": "lw", "label": "Leadwright"}).status_code == 409
    assert call("PATCH", f"{PROPS}/groups/lw", {"label": "LW"}).json()["label"] == "LW"
    assert call("DELETE", f"{PROPS}/groups/contactinformation").status_code == 400
    assert call("DELETE", f"{PROPS}/groups/lw").status_code == 204


def test_validation_rules_are_listed(call, twin):
    twin.dials.validations = {"kundennummer": {"regex": "K-.*"}}
    rule = {
        "propertyName": "kundennummer",
        "propertyValidationRules": [{"ruleType": "REGEX", "ruleArguments": ["K-.*"]}],
    }
    assert call.get("/crm/property-validations/2026-09/0-1").json()["results"] == [rule]
    assert call.get("/crm/property-validations/2026-09/0-1/kundennummer").json() == rule


def test_owners_by_id_email_and_activity(call):
    active = call.get("/crm/owners/2026-09").json()["results"]
    assert len(active) == 5
    assert call.get(f"/crm/v3/owners/{active[0]['id']}").json() == active[0]
    assert call.get(f"/crm/v3/owners/?email={active[1]['email']}").json()["results"] == [active[1]]
    assert call.get("/crm/v3/owners/501006").status_code == 404
    assert call.get("/crm/v3/owners/501006?archived=true").json()["lastName"] == "Kühn"


def test_pipelines(call):
    stages = call.get("/crm/pipelines/2026-09/deals/default/stages").json()["results"]
    assert {s["id"]: s["metadata"]["isClosed"] for s in stages}["closedwon"] == "true"
    contacts = call.get("/crm/v3/pipelines/contacts").json()["results"][0]
    assert contacts["id"] == "contacts-lifecycle-pipeline"


# -- associations ------------------------------------------------------------------------------------------------


@pytest.fixture
def firms(twin):
    return [twin.create("companies", {"name": name}) for name in ("Bähr AG", "Weiß GmbH")]


def linked(call, contact):
    rows = call.get(f"/crm/v4/objects/contacts/{contact}/associations/companies").json()["results"]
    return {row["toObjectId"]: {t["typeId"] for t in row["associationTypes"]} for row in rows}


def test_the_first_company_becomes_primary_and_the_mark_moves(call, twin, anna, firms):
    base = f"/crm/v4/objects/contacts/{anna}/associations"
    assert call("PUT", f"{base}/default/companies/{firms[0]}").status_code == 200
    assert linked(call, anna) == {firms[0]: {1, 279}}
    answer = call(
        "PUT", f"{base}/companies/{firms[1]}", [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    )
    assert (answer.status_code, answer.json()["labels"]) == (201, ["Primary"])
    assert linked(call, anna) == {firms[0]: {279}, firms[1]: {1, 279}}
    assert twin.get("contacts", anna)["associatedcompanyid"] == str(firms[1])


def test_an_association_never_moves_the_modification_time(call, twin, clock, anna, firms):
    before = twin.get("contacts", anna)["lastmodifieddate"]
    clock.advance(60)
    call("PUT", f"/crm/v4/objects/contacts/{anna}/associations/default/companies/{firms[0]}")
    twin.dissociate("contacts", anna, "companies", firms[0])
    assert twin.get("contacts", anna)["lastmodifieddate"] == before
    kinds = [c["associationType"] for c in twin.changes if c["subscriptionType"].endswith("associationChange")]
    assert kinds == ["CONTACT_TO_COMPANY", "COMPANY_TO_CONTACT"] * 2


def test_a_wrong_type_is_refused(call, anna, firms):
    body = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    answer = call("PUT", f"/crm/v4/objects/contacts/{anna}/associations/companies/{firms[0]}", body)
    assert (answer.status_code, answer.json()["subCategory"]) == (400, "crm.associations.INVALID_ASSOCIATION_TYPE")


@pytest.mark.parametrize("base", ["/crm/v4/associations", "/crm/associations/2026-09"])
def test_association_batches(call, twin, anna, bernd, firms, base):
    path = f"{base}/contacts/companies/batch"
    row = {
        "from": {"id": str(anna)},
        "to": {"id": str(firms[0])},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
    }
    assert call.post(f"{path}/create", {"inputs": [row]}).status_code == (200 if "2026" in base else 201)
    read = call.post(f"{path}/read", {"inputs": [{"id": str(anna)}, {"id": str(bernd)}]}).json()
    assert read["results"][0]["to"][0]["toObjectId"] == firms[0]
    assert read["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    gone = {"inputs": [{"from": {"id": str(anna)}, "to": [{"id": str(firms[0])}]}]}
    assert call.post(f"{path}/archive", gone).status_code == (200 if "2026" in base else 204)
    assert twin.links("contacts", anna, "companies") == {}


def test_the_old_batch_names_types_in_words(call, twin, anna, firms):
    path = "/crm/v3/associations/contacts/companies/batch"
    row = {"from": {"id": str(anna)}, "to": {"id": str(firms[0])}, "type": "contact_to_company"}
    assert call.post(f"{path}/create", {"inputs": [row]}).status_code == 201
    to = call.post(f"{path}/read", {"inputs": [{"id": str(anna)}]}).json()["results"][0]["to"]
    assert {"id": str(firms[0]), "type": "contact_to_company"} in to


def test_own_labels(call, anna, firms):
    labels = "/crm/v4/associations/contacts/companies/labels"
    made = call.post(labels, {"label": "Berater", "name": "berater"}).json()["results"]
    type_id = made[0]["typeId"]
    body = [{"associationCategory": "USER_DEFINED", "associationTypeId": type_id}]
    call("PUT", f"/crm/v4/objects/contacts/{anna}/associations/companies/{firms[0]}", body)
    assert type_id in linked(call, anna)[firms[0]]
    assert "Berater" in {row["label"] for row in call.get(labels).json()["results"]}


def test_deals_roll_up_onto_contacts(call, twin, anna):
    deal = twin.create(
        "deals",
        {"dealname": "Anlage", "dealstage": "closedwon", "amount": 9000, "closedate": "2026-11-01T00:00:00.000Z"},
    )
    call("PUT", f"/crm/v4/objects/deals/{deal}/associations/default/contacts/{anna}")
    found = twin.get("contacts", anna)
    assert (found["num_associated_deals"], found["total_revenue"], found["hs_num_associated_open_deals"]) == (
        "1",
        "9000",
        "0",
    )


# -- lists -------------------------------------------------------------------------------------------------------


def test_members_come_and_go(call, twin, anna, bernd):
    made = call.post(
        "/crm/lists/2026-09", {"name": "Pflege", "objectTypeId": "0-1", "processingType": "MANUAL"}
    ).json()["list"]
    base = f"/crm/v3/lists/{made['listId']}"
    added = call("PUT", f"{base}/memberships/add", [str(anna), str(bernd), "42"]).json()
    assert added == {"recordsIdsAdded": [str(anna), str(bernd)], "recordIdsRemoved": [], "recordIdsMissing": ["42"]}
    assert call("PUT", f"{base}/memberships/add", [str(anna)]).json()["recordsIdsAdded"] == []
    assert call("PUT", f"{base}/memberships/remove", [str(bernd)]).json()["recordIdsRemoved"] == [str(bernd)]
    assert [r["recordId"] for r in call.get(f"{base}/memberships").json()["results"]] == [str(anna)]
    of = call.get(f"/crm/v3/lists/records/0-1/{anna}/memberships").json()["results"]
    assert [row["listId"] for row in of] == [made["listId"]]
    assert call.get(base).json()["list"]["size"] == 1
    assert [e.what for e in twin.ledger.effects] == ["member-added", "member-added", "member-removed"]


def test_list_names_are_unique_and_searchable(call):
    body = {"name": "Pflege", "objectTypeId": "0-1", "processingType": "DYNAMIC"}
    ident = call.post("/crm/v3/lists/", body).json()["list"]["listId"]
    assert call.post("/crm/v3/lists/", body).status_code == 400
    assert call.post("/crm/v3/lists/search", {"query": "pfl"}).json()["lists"][0]["listId"] == ident
    assert call.get("/crm/v3/lists/object-type-id/0-1/name/Pflege").json()["list"]["listId"] == ident
    assert call("PUT", f"/crm/v3/lists/{ident}/memberships/add", ["1"]).status_code == 400
    assert call("DELETE", f"/crm/v3/lists/{ident}").status_code == 204
    assert call.get(f"/crm/v3/lists/{ident}").status_code == 404
    assert call("PUT", f"/crm/v3/lists/{ident}/restore").status_code == 204
    assert call.get(f"/crm/v3/lists/{ident}").status_code == 200


# -- workflows ---------------------------------------------------------------------------------------------------

ENROL = "/automation/v2/workflows/{}/enrollments/contacts/{}"


def test_enrolment_is_booked_once(call, twin, anna):
    for _ in range(2):
        assert call.post(ENROL.format(91001, "anna@example.org")).status_code == 204
    assert [(e.workflow_id, e.contact_id, e.again) for e in twin.ledger.enrolments] == [
        (91001, anna, False),
        (91001, anna, True),
    ]
    assert twin.get("contacts", anna)["currentlyinworkflow"] == "true"
    assert [row["id"] for row in call.get(f"/automation/v2/workflows/enrollments/contacts/{anna}").json()] == [91001]
    assert call("DELETE", ENROL.format(91001, "anna@example.org")).status_code == 204
    assert call.get(f"/automation/v2/workflows/enrollments/contacts/{anna}").json() == []


def test_reenrolment_where_it_is_on(call, twin, anna):
    for _ in range(2):
        call.post(ENROL.format(91002, "anna@example.org"))
    assert [e.again for e in twin.ledger.enrolments] == [False, False]


def test_enrolments_that_cannot_be(call, twin, anna):
    assert call.post(ENROL.format(1, "anna@example.org")).status_code == 404
    assert call.post(ENROL.format(91001, "wer@example.org")).status_code == 404
    assert call.post(ENROL.format(91005, "anna@example.org")).status_code == 400
    twin.dials.workflow_off_status = 412
    assert call.post(ENROL.format(91005, "anna@example.org")).status_code == 412
    assert twin.ledger.enrolments == []


def test_workflows_in_all_generations(call):
    old = {row["id"]: row["enabled"] for row in call.get("/automation/v3/workflows").json()["workflows"]}
    assert old[91005] is False
    flows = call.get("/automation/v4/flows?limit=2").json()
    assert flows["paging"]["next"]["after"] == "2"
    body = {
        "inputs": [{"type": "FLOW_ID", "flowId": flows["results"][0]["id"]}, {"type": "WORKFLOW_ID", "workflowId": "5"}]
    }
    answer = call.post("/automation/v4/workflow-id-mappings/batch/read", body)
    assert (answer.status_code, answer.json()["results"][0]["workflowId"]) == (207, "91001")
