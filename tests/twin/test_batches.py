"""Batches and their kinds of partial failure (hubspot-api.md 3.6)."""

import pytest

BATCH = "/crm/v3/objects/contacts/batch"
DATED = "/crm/objects/2026-09/contacts/batch"


def update(call, *inputs, base=BATCH):
    return call.post(f"{base}/update", {"inputs": list(inputs)})


def test_results_carry_times_and_may_come_in_any_order(call, twin):
    ids = [twin.create_contact({"firstname": str(n)}) for n in range(30)]
    twin.dials.shuffle_batch_results = True
    answer = update(call, *({"id": str(i), "properties": {"city": "Ulm"}} for i in ids))
    results = answer.json()["results"]
    assert (answer.status_code, answer.json()["status"]) == (200, "COMPLETE")
    assert sorted(int(r["id"]) for r in results) == ids
    assert [int(r["id"]) for r in results] != ids
    assert all(r["updatedAt"] for r in results)


def test_unknown_ids_give_207_and_the_others_are_written(call, twin, anna):
    answer = update(call, {"id": str(anna), "properties": {"city": "Ulm"}}, {"id": "42", "properties": {"city": "Ulm"}})
    assert answer.status_code == 207
    error = answer.json()["errors"][0]
    assert (error["category"], error["context"]["ids"]) == ("OBJECT_NOT_FOUND", ["42"])
    assert "Could not get some CONTACT objects" in error["message"]
    assert twin.get("contacts", anna)["city"] == "Ulm"


def test_dated_paths_put_errors_into_a_200(call, anna):
    answer = update(call, {"id": "42", "properties": {}}, base=DATED)
    assert (answer.status_code, answer.json()["numErrors"]) == (200, 1)


def test_one_invalid_input_fails_the_whole_update(call, twin, anna, bernd):
    rows = [
        {"id": str(anna), "properties": {"city": "Ulm"}},
        {"id": str(bernd), "properties": {"mitarbeiterzahl": "x"}},
    ]
    assert update(call, *rows).status_code == 400
    assert "city" not in twin.get("contacts", anna)


def test_with_trace_ids_the_good_ones_of_an_update_are_kept(call, twin, anna, bernd):
    answer = update(
        call,
        {"id": str(anna), "properties": {"city": "Ulm"}, "objectWriteTraceId": "a"},
        {"id": str(bernd), "properties": {"mitarbeiterzahl": "x"}, "objectWriteTraceId": "b"},
    )
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"]["objectWriteTraceId"] == ["b"]
    assert twin.get("contacts", anna)["city"] == "Ulm"


def test_the_same_id_twice_is_refused(call, anna):
    answer = update(call, *[{"id": str(anna), "properties": {"city": c}} for c in ("Ulm", "Jena")])
    assert (answer.status_code, "uplicate" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize("verb", ["read", "create", "update", "archive", "upsert"])
def test_a_hundred_inputs_and_no_more(call, verb):
    assert (
        call.post(f"{BATCH}/{verb}", {"inputs": [{"id": str(n), "properties": {}} for n in range(101)]}).status_code
        == 400
    )


def test_fifty_with_history(call, twin):
    ids = [{"id": str(twin.create_contact({"firstname": "x"}))} for _ in range(51)]
    body = {"inputs": ids, "properties": [], "propertiesWithHistory": ["firstname"]}
    assert call.post(f"{BATCH}/read", body).status_code == 400
    assert call.post(f"{BATCH}/read", {**body, "inputs": ids[:50]}).status_code == 200


def test_without_trace_ids_one_conflict_fails_the_whole_creation(call, twin, anna):
    rows = [{"properties": {"email": "anna@example.org"}}, {"properties": {"email": "neu@example.org"}}]
    assert call.post(f"{BATCH}/create", {"inputs": rows}).status_code == 409
    assert twin.ids("contacts") == [anna]


def test_with_trace_ids_creation_is_partial(call, twin, anna):
    rows = [
        {"properties": {"email": "anna@example.org"}, "objectWriteTraceId": "1"},
        {"properties": {"email": "neu@example.org"}, "objectWriteTraceId": "2"},
    ]
    answer = call.post(f"{BATCH}/create", {"inputs": rows})
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["category"] == "CONFLICT"
    assert answer.json()["errors"][0]["context"]["objectWriteTraceId"] == ["1"]
    assert answer.json()["results"][0]["objectWriteTraceId"] == "2"


def test_the_same_email_twice_in_a_creation(call, twin):
    rows = [{"properties": {"email": "x@example.org"}}, {"properties": {"email": "X@example.org"}}]
    assert call.post(f"{BATCH}/create", {"inputs": rows}).status_code == 409
    assert twin.ids("contacts") == []


def test_upsert_by_email_tells_which_are_new(call, twin, anna):
    rows = [
        {"id": "anna@example.org", "idProperty": "email", "properties": {"city": "Ulm"}},
        {"id": "neu@example.org", "idProperty": "email", "properties": {"city": "Jena"}},
    ]
    answer = call.post(f"{BATCH}/upsert", {"inputs": rows})
    assert [row["new"] for row in answer.json()["results"]] == [False, True]
    assert twin.get("contacts", anna)["city"] == "Ulm"


def test_archive(call, twin, anna, bernd):
    assert call.post(f"{BATCH}/archive", {"inputs": [{"id": str(anna)}]}).status_code == 204
    assert twin.ids("contacts") == [bernd]


def test_a_batch_that_changes_nothing_moves_no_time(call, twin, clock, anna):
    before = twin.get("contacts", anna)
    clock.advance(9)
    assert update(call, {"id": str(anna), "properties": {"firstname": "Anna"}}).status_code == 200
    assert twin.get("contacts", anna) == before


# -- merges ------------------------------------------------------------------------------------------------------


def merge(call, a, b):
    return call.post("/crm/v3/objects/contacts/merge", {"primaryObjectId": str(a), "objectIdToMerge": str(b)})


@pytest.mark.parametrize("policy", ["new", "primary"])
def test_a_merge_leaves_one_record(call, twin, anna, bernd, policy):
    twin.dials.survivor = policy
    twin.edit("contacts", bernd, {"city": "Ulm"})
    survivor = int(merge(call, anna, bernd).json()["id"])
    assert (survivor == anna) is (policy == "primary")
    assert twin.ids("contacts") == [survivor]
    found = twin.get("contacts", survivor)
    assert (found["firstname"], found["city"], found["hs_additional_emails"]) == ("Anna", "Ulm", "bernd@example.org")
    assert str(bernd) in found["hs_merged_object_ids"].split(";")
    for address in ("anna@example.org", "bernd@example.org"):
        assert call.get(f"/crm/v3/objects/contacts/{address}?idProperty=email").json()["id"] == str(survivor)


def test_a_merged_away_id_reads_as_the_survivor_and_is_silently_missing_from_updates(call, twin, anna, bernd):
    survivor = merge(call, anna, bernd).json()["id"]
    assert call.get(f"/crm/v3/objects/contacts/{bernd}").json()["id"] == survivor
    assert call("PATCH", f"/crm/v3/objects/contacts/{bernd}", {"properties": {"city": "Ulm"}}).json()["id"] == survivor
    read = call.post(f"{BATCH}/read", {"inputs": [{"id": str(bernd)}], "properties": []}).json()
    assert [row["id"] for row in read["results"]] == [survivor]
    answer = update(call, {"id": str(bernd), "properties": {"city": "Jena"}})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert twin.get("contacts", int(survivor))["city"] == "Ulm"


def test_a_pair_cannot_be_merged_twice(call, anna, bernd):
    merge(call, anna, bernd)
    assert merge(call, anna, bernd).status_code == 400


def test_a_merge_keeps_associations_and_one_primary_company(call, twin, anna, bernd):
    first, second = (twin.create("companies", {"name": name}) for name in ("A GmbH", "B GmbH"))
    twin.associate("contacts", anna, "companies", first)
    twin.associate("contacts", bernd, "companies", second)
    survivor = int(merge(call, anna, bernd).json()["id"])
    links = twin.links("contacts", survivor, "companies")
    assert (set(links), [c for c, types in links.items() if 1 in types]) == ({first, second}, [first])
    assert twin.get("contacts", survivor)["associatedcompanyid"] == str(first)


def test_a_merge_is_told_as_a_webhook_would(call, twin, anna, bernd):
    survivor = int(merge(call, anna, bernd).json()["id"])
    event = next(c for c in twin.changes if c["subscriptionType"] == "contact.merge")
    assert (event["primaryObjectId"], event["newObjectId"], event["objectId"]) == (anna, survivor, survivor)
    assert set(event["mergedObjectIds"]) == {anna, bernd}
