"""Who is on a list: in pages by id or by joining, as merges and deletions leave it, with HubSpot's own times."""

from __future__ import annotations

import pytest

from connector.twin.clock import to_ms
from tests.twin.test_access import using

MANY = 260


@pytest.fixture
def crowd(twin) -> list[int]:
    return [twin.create_contact({"email": f"p{n}@example.org"}) for n in range(MANY)]


@pytest.fixture
def segment(twin, crowd):
    """A list whose members joined one by one, the newest contact first."""
    made = twin.lists.make("Leads on SEO")
    for ident in reversed(crowd):
        twin.lists.change(made, [ident], [])
        twin.clock.advance(1)
    return made


def walked(call, path: str, limit: int = 250) -> list[int]:
    found, after = [], ""
    while after is not None:
        page = call.get(f"{path}?limit={limit}{after}").json()
        found += [int(row["recordId"]) for row in page["results"]]
        link = page.get("paging", {}).get("next")
        after = f"&after={link['after']}" if link else None
    return found


def members(segment) -> str:
    return f"/crm/v3/lists/{segment.head['listId']}/memberships"


@pytest.mark.parametrize("limit", [7, 100, 250])
def test_every_member_once_in_the_order_asked_for(call, segment, crowd, limit):
    assert walked(call, members(segment), limit) == crowd
    assert walked(call, members(segment) + "/join-order", limit) == crowd[::-1]


def test_a_page_is_at_most_250_and_knows_its_own_cursors_only(call, segment):
    assert call.get(members(segment) + "?limit=251").status_code == 400
    assert call.get(members(segment) + "?after=250").status_code == 400


def test_whoever_leaves_between_two_pages_hides_nobody(call, twin, segment, crowd):
    page = call.get(members(segment) + "?limit=100").json()
    twin.lists.change(segment, [], crowd[:50])
    rest = walked(call, members(segment), 250)
    after = page["paging"]["next"]["after"]
    assert int(call.get(f"{members(segment)}?after={after}").json()["results"][0]["recordId"]) == crowd[100]
    assert rest == crowd[50:]


def test_the_first_and_the_last_time_of_joining(call, twin, anna):
    made = twin.lists.make("Newcomers")
    first = to_ms(twin.clock.now())
    twin.lists.change(made, [anna], [])
    twin.clock.advance(60)
    twin.lists.change(made, [], [anna])
    twin.lists.change(made, [anna], [])
    (row,) = call.get(f"/crm/v3/lists/records/0-1/{anna}/memberships").json()["results"]
    assert row["firstAddedTimestamp"] < row["lastAddedTimestamp"]
    (member,) = call.get(members(made)).json()["results"]
    assert member["membershipTimestamp"] == row["lastAddedTimestamp"]
    assert first == to_ms(twin.clock.now()) - 60_000


def test_a_merged_member_is_on_it_as_the_survivor(call, twin, anna, bernd):
    made = twin.lists.make("Merged")
    twin.lists.change(made, [anna, bernd], [])
    survivor = twin.merge(anna, bernd)
    assert walked(call, members(made)) == [survivor]
    assert call.get(f"/crm/v3/lists/{made.head['listId']}").json()["list"]["size"] == 1
    assert call("PUT", members(made) + "/remove", [str(survivor)]).json()["recordIdsRemoved"] == [str(survivor)]
    assert walked(call, members(made)) == []


def test_who_is_archived_is_on_no_list_until_restored(call, twin, anna, bernd):
    made = twin.lists.make("Archived")
    twin.lists.change(made, [anna, bernd], [])
    twin.delete("contacts", anna)
    assert walked(call, members(made)) == [bernd]
    twin.restore("contacts", anna)
    assert walked(call, members(made)) == [anna, bernd]


def test_a_list_of_companies_holds_companies(call, twin, anna):
    made, company = twin.lists.make("Firms", type_id="0-2"), twin.create("companies", {"name": "Werk"})
    said = call("PUT", members(made) + "/add", [str(company), str(anna)]).json()
    assert (said["recordsIdsAdded"], said["recordIdsMissing"]) == ([str(company)], [str(anna)])
    assert walked(call, members(made)) == [company]
    assert call.get(f"/crm/v3/lists/records/0-1/{anna}/memberships").json()["results"] == []


@pytest.mark.parametrize("base", ["/crm/v3/lists", "/crm/lists/2026-09"])
def test_several_heads_in_one_call_without_those_that_are_gone(call, twin, base):
    kept, gone = twin.lists.make("Kept"), twin.lists.make("Gone")
    gone.deleted = True
    told = call.get(f"{base}?listIds={kept.head['listId']}&listIds={gone.head['listId']}&listIds=999").json()["lists"]
    assert [row["name"] for row in told] == ["Kept"]
    assert call.get(f"{base}/{gone.head['listId']}/memberships").status_code == 404


def test_reading_takes_its_scope(call, twin, segment):
    using(call, twin.add_token("eng", scopes=["crm.objects.contacts.read"]))
    answer = call.get(members(segment))
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.lists.read"]
