"""hubspot-api-client 12.0.0 runs against the twin unchanged."""

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts.exceptions import ApiException


@pytest.fixture
def client(call, twin):
    return HubSpot(access_token=twin.token, host=call.url, base_url=call.url, retry=False)


def test_contacts_live_their_whole_life(client, twin):
    api = client.crm.contacts.basic_api
    made = api.create({"properties": {"email": "Lena@Example.org", "firstname": "Lena"}})
    assert api.get_by_id(made.id, properties=["email"]).properties["email"] == "lena@example.org"
    assert api.get_by_id("lena@example.org", id_property="email").id == made.id
    changed = api.update(made.id, {"properties": {"jobtitle": "Leiterin Einkauf"}})
    assert changed.properties["jobtitle"] == "Leiterin Einkauf"
    assert [c.id for c in api.get_page(limit=10).results] == [made.id]
    api.archive(made.id)
    with pytest.raises(ApiException) as refused:
        api.get_by_id(made.id)
    assert refused.value.status == 404
    api.api_client.close()


def test_pages_follow_the_cursor(client, twin):
    ids = [twin.create_contact({"firstname": str(n)}) for n in range(25)]
    seen, after = [], None
    api = client.crm.contacts.basic_api
    while True:
        page = api.get_page(limit=10, after=after)
        seen += [int(contact.id) for contact in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert seen == ids
    assert len(client.crm.contacts.get_all()) == 25


def test_batches(client, twin, anna, bernd):
    api = client.crm.contacts.batch_api
    found = api.read({"inputs": [{"id": str(anna)}, {"id": str(bernd)}], "properties": ["lastname"]})
    assert {c.properties["lastname"] for c in found.results} == {"Müller", "von der Heide"}
    api.update({"inputs": [{"id": str(anna), "properties": {"city": "Köln"}}]})
    assert twin.get("contacts", anna)["city"] == "Köln"
    made = api.create({"inputs": [{"properties": {"email": "c@example.org"}, "associations": []}]})
    assert made.status == "COMPLETE"
    partly = api.read({"inputs": [{"id": str(anna)}, {"id": "999999999999"}], "properties": []})
    assert partly.num_errors == 1
    assert partly.errors[0].context["ids"] == ["999999999999"]


def test_search(client, anna):
    found = client.crm.contacts.search_api.do_search(
        {
            "filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "anna@example.org"}]}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": 10,
        }
    )
    assert (found.total, found.results[0].id) == (1, str(anna))


def test_merge_and_privacy_deletion(client, twin, anna, bernd):
    api = client.crm.contacts.basic_api
    merged = api.merge({"primaryObjectId": str(anna), "objectIdToMerge": str(bernd)})
    assert twin.ids("contacts") == [int(merged.id)]
    api.purge({"objectId": merged.id})
    assert twin.ids("contacts") == []


def test_properties(client):
    api = client.crm.properties.core_api
    names = {definition.name for definition in api.get_all("contacts").results}
    assert {"email", "lifecyclestage", "branche_kunde", "hs_email_open"} <= names
    client.crm.properties.groups_api.create("contacts", {"name": "leadwright", "label": "Leadwright"})
    made = api.create(
        "contacts",
        {"name": "lw_score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "leadwright"},
    )
    assert made.name == "lw_score"
    assert api.get_by_name("contacts", "lw_score").group_name == "leadwright"


def test_owners_and_pipelines(client):
    owners = client.crm.owners.owners_api.get_page().results
    assert {owner.last_name for owner in owners} >= {"Lindner", "van den Berg"}
    assert [o.last_name for o in client.crm.owners.owners_api.get_page(archived=True).results] == ["Kühn"]
    pipeline = client.crm.pipelines.pipelines_api.get_all("deals").results[0]
    assert [stage.id for stage in pipeline.stages][-2:] == ["closedwon", "closedlost"]


def test_associations_v4(client, twin, anna):
    company = twin.create("companies", {"name": "Weber Maschinenbau GmbH"})
    api = client.crm.associations.v4.basic_api
    api.create("contacts", str(anna), "companies", str(company), [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}])  # fmt: skip
    page = api.get_page("contacts", str(anna), "companies")
    assert [int(row.to_object_id) for row in page.results] == [company]
    assert {kind.type_id for kind in page.results[0].association_types} == {1, 279}
    api.archive("contacts", str(anna), "companies", str(company))
    assert api.get_page("contacts", str(anna), "companies").results == []


def test_lists(client, anna):
    api, members = client.crm.lists.lists_api, client.crm.lists.memberships_api
    made = api.create({"name": "MQL Einladung", "objectTypeId": "0-1", "processingType": "MANUAL"}).list
    members.add(made.list_id, [str(anna)])
    assert [row.record_id for row in members.get_page(made.list_id).results] == [str(anna)]
    assert api.get_by_name("MQL Einladung", "0-1").list.list_id == made.list_id


def test_subscriptions(client, anna):
    statuses = client.communication_preferences.status_api.get_email_status("anna@example.org").subscription_statuses
    assert {status.name for status in statuses} >= {"Newsletter"}


def test_forms_and_marketing_events(client):
    assert {form.name for form in client.marketing.forms.forms_api.get_page().results} >= {"Demo Anfrage"}
