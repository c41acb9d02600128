"""The search: filters, caps, order, and an index that lags (hubspot-api.md 3.7)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEARCH = "/crm/v3/objects/contacts/search"


def found(call, *filters, **body):
    answer = call.post(SEARCH, {"filterGroups": [{"filters": list(filters)}], "limit": 200, **body})
    assert answer.status_code == 200, answer.text
    return [int(row["id"]) for row in answer.json()["results"]]


def f(name, operator, value=None, **more):
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


@pytest.fixture
def trio(twin, clock):
    ids = []
    for n, (first, size) in enumerate([("Anna", "10"), ("Bernd", "200"), ("anna", None)]):
        clock.advance(60)
        ids.append(
            twin.create_contact(
                {"firstname": first, "mitarbeiterzahl": size, "branche_kunde": "chemie" if n else "bau"}
            )
        )
    return ids


@pytest.mark.parametrize(
    ("one", "hits"),
    [
        (f("firstname", "EQ", "ANNA"), (0, 2)),
        (f("firstname", "NEQ", "anna"), (1,)),
        (f("mitarbeiterzahl", "GT", "10"), (1,)),
        (f("mitarbeiterzahl", "GTE", 10), (0, 1)),
        (f("mitarbeiterzahl", "LT", "200"), (0,)),
        (f("mitarbeiterzahl", "LTE", "200"), (0, 1)),
        (f("mitarbeiterzahl", "BETWEEN", "5", highValue="15"), (0,)),
        (f("mitarbeiterzahl", "HAS_PROPERTY"), (0, 1)),
        (f("mitarbeiterzahl", "NOT_HAS_PROPERTY"), (2,)),
        (f("mitarbeiterzahl", "NEQ", "10"), (1, 2)),
        (f("firstname", "IN", values=["anna", "zoë"]), (0, 2)),
        (f("firstname", "NOT_IN", values=["anna"]), (1,)),
        (f("branche_kunde", "EQ", "Chemie"), ()),
        (f("branche_kunde", "EQ", "chemie"), (1, 2)),
        (f("firstname", "CONTAINS_TOKEN", "ber*"), (1,)),
        (f("firstname", "NOT_CONTAINS_TOKEN", "ber*"), (0, 2)),
        (f("lastmodifieddate", "GTE", "1795338120000"), (1, 2)),
        (f("lastmodifieddate", "GTE", "2026-11-22T09:02:00Z"), (1, 2)),
        (f("lastmodifieddate", "GT", "1795338120000"), (2,)),
    ],
)
def test_operators(call, trio, one, hits):
    assert found(call, one) == [trio[n] for n in hits]


def test_groups_are_or_and_filters_are_and(call, trio):
    groups = [
        {"filters": [f("firstname", "EQ", "bernd"), f("mitarbeiterzahl", "GT", "500")]},
        {"filters": [f("branche_kunde", "EQ", "bau")]},
    ]
    assert [int(r["id"]) for r in call.post(SEARCH, {"filterGroups": groups}).json()["results"]] == [trio[0]]


def test_bare_filters_work_and_nothing_means_everything(call, trio):
    bare = call.post(SEARCH, {"filters": [f("firstname", "EQ", "bernd")]}).json()
    assert [int(row["id"]) for row in bare["results"]] == [trio[1]]
    assert call.post(SEARCH, {}).json()["total"] == 3


def test_query_looks_into_the_usual_fields(call, anna, bernd):
    assert [int(r["id"]) for r in call.post(SEARCH, {"query": "heide"}).json()["results"]] == [bernd]


def test_associated_records(call, twin, anna, bernd):
    company = twin.create("companies", {"name": "X AG"})
    twin.associate("contacts", bernd, "companies", company)
    assert found(call, f("associations.company", "EQ", str(company))) == [bernd]


def test_order_and_offset(call, twin):
    ids = [twin.create_contact({"firstname": "x", "mitarbeiterzahl": n % 7}) for n in range(20)]
    ascending = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    page = call.post(SEARCH, {"limit": 8, "sorts": ascending}).json()
    assert (page["total"], page["paging"]["next"]["after"]) == (20, "8")
    rest = call.post(SEARCH, {"limit": 20, "after": "8", "sorts": ascending}).json()
    assert [int(r["id"]) for r in page["results"] + rest["results"]] == ids
    assert "paging" not in rest
    down = call.post(SEARCH, {"limit": 20, "sorts": ["-mitarbeiterzahl"], "properties": ["mitarbeiterzahl"]}).json()
    sizes = [int(row["properties"]["mitarbeiterzahl"]) for row in down["results"]]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "10000"},
        {"after": "x"},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [f("city", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [f("city", "HAS_PROPERTY")] * 5}] * 4},
        {"filters": [f("nope", "EQ", "1")]},
        {"filters": [f("city", "LIKE", "1")]},
        {"filters": [f("city", "EQ")]},
        {"filters": [f("city", "IN", "x")]},
        {"filters": [f("mitarbeiterzahl", "GT", "viele")]},
        {"sorts": ["city", "zip"]},
        {"query": "x" * 3000},
    ],
)
def test_what_the_search_refuses(call, body):
    answer = call.post(SEARCH, body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_nothing_beyond_ten_thousand(call, twin, clock):
    ids = [twin.create_contact({"firstname": "x"}) for _ in range(10_050)]
    twin.bulk_touch(ids, {"city": "Ulm"})
    body = {"filters": [f("city", "EQ", "ulm")], "limit": 200, "sorts": ["hs_object_id"]}
    last = call.post(SEARCH, {**body, "after": "9900"}).json()
    assert (last["total"], len(last["results"])) == (10_050, 100)
    assert call.post(SEARCH, {**body, "after": "10000"}).status_code == 400
    window = [*body["filters"], f("hs_object_id", "GT", str(ids[9_999]))]
    assert found(call, *window) == ids[10_000:]


def test_archived_ones_are_not_found(call, twin, anna):
    twin.delete("contacts", anna)
    assert found(call) == []


# -- the lag -----------------------------------------------------------------------------------------------------


def test_a_change_is_seen_in_its_old_state_until_the_lag_has_passed(call, twin, clock, anna):
    twin.dials.search_lag = 30
    clock.advance(100)
    twin.edit("contacts", anna, {"firstname": "Anne"})
    new = twin.create_contact({"firstname": "Neu"})
    assert found(call, f("firstname", "EQ", "anna")) == [anna]
    assert found(call, f("firstname", "IN", values=["anne", "neu"])) == []
    clock.advance(29.9)
    assert found(call, f("firstname", "EQ", "anna")) == [anna]
    clock.advance(0.1)
    assert found(call, f("firstname", "IN", values=["anne", "neu"])) == [anna, new]


def test_the_list_knows_at_once_what_the_search_does_not(call, twin, anna):
    twin.dials.search_lag = 30
    twin.edit("contacts", anna, {"firstname": "Anne"})
    assert call.get("/crm/v3/objects/contacts").json()["results"][0]["properties"]["firstname"] == "Anne"


def test_deleted_and_merged_ones_linger_for_the_lag(call, twin, clock, anna, bernd):
    clock.advance(100)
    twin.dials.search_lag = 10
    survivor = twin.merge(anna, bernd)
    assert set(found(call)) == {anna, bernd}
    clock.advance(10)
    assert found(call) == [survivor]
    twin.gdpr_delete(survivor)
    assert found(call) == [survivor]
    clock.advance(10)
    assert found(call) == []


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(st.tuples(st.sampled_from(["edit", "new", "wait"]), st.integers(1, 9)), max_size=25),
    lag=st.integers(1, 20),
)
def test_the_index_is_the_portal_as_it_was_a_lag_ago(call, twin, clock, steps, lag):
    """For any course of events: what the search shows now is what the list showed ``lag`` seconds ago."""
    twin.dials.search_lag = lag
    clock.advance(1000)
    past = {}
    for act, n in steps:
        if act == "wait":
            clock.advance(n)
        elif act == "new" or not twin.ids("contacts"):
            twin.create_contact({"firstname": "x", "city": str(n)})
        else:
            ids = twin.ids("contacts")
            twin.edit("contacts", ids[n % len(ids)], {"city": f"{act}{n}{clock.now()}"})
        past[clock.now()] = {ident: props.get("city") for ident, props in twin.truth("contacts").items()}
    clock.advance(lag - 1 + 1)
    shown = call.post(SEARCH, {"limit": 200, "properties": ["city"], "sorts": ["hs_object_id"]}).json()
    last = past[max(past)] if past else None
    if last is not None and len(last) <= 200:
        assert {int(r["id"]): r["properties"]["city"] for r in shown["results"]} == last
