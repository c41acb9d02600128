"""Lists as the gateway reads them: heads in one call, members in pages, and what a missing scope or list is called."""

from __future__ import annotations

import pytest

from connector.errors import FeatureOff, NotFound, ProtocolBroken
from connector.portal.gateway import ListHead
from tests.portal.conftest import URL

LISTS = f"{URL}/crm/v3/lists"
MEMBERS = f"{LISTS}/41/memberships"


def test_heads_of_several_lists_take_one_call(portal, web):
    raw = {"listId": "41", "name": "SEO", "objectTypeId": "0-1", "processingStatus": "COMPLETE", "size": 3}
    web.get(LISTS, json={"lists": [raw]})
    assert portal.lists(["41", "42"]) == (ListHead("41", "SEO", 3),)
    assert web.last_request.qs == {"listids": ["41", "42"]}
    assert portal.lists([]) == ()
    assert len(web.request_history) == 1


def test_more_lists_than_an_address_should_hold_are_asked_for_in_parts(portal, web):
    web.get(LISTS, json={"lists": []})
    portal.lists([str(n) for n in range(250)])
    assert [len(one.qs["listids"]) for one in web.request_history] == [100, 100, 50]


@pytest.mark.parametrize(
    ("raw", "head"),
    [
        ({"listId": 7}, ListHead("7", "")),
        ({"listId": "7", "objectTypeId": "0-2", "name": "Firms"}, ListHead("7", "Firms", None, of_contacts=False)),
        ({"listId": "7", "processingStatus": "PROCESSING"}, ListHead("7", "", settled=False)),
        ({"listId": "7", "additionalProperties": {"hs_list_size": "12"}}, ListHead("7", "", 12)),
    ],
)
def test_a_head_says_what_it_is_a_list_of_and_whether_it_is_settled(portal, web, raw, head):
    web.get(LISTS, json={"lists": [raw]})
    assert portal.lists(["7"]) == (head,)


def test_members_come_in_pages_of_250_with_the_time_they_joined(portal, web):
    rows = [{"recordId": "5", "membershipTimestamp": "2026-01-01T00:00:00Z"}, {"recordId": 6}, {"no": "id"}]
    web.get(MEMBERS, json={"results": rows, "paging": {"next": {"after": "b", "link": "x"}}})
    page = portal.list_members("41", after="a")
    assert page.members == ((5, 1767225600000), (6, None))
    assert page.after == "b"
    assert web.last_request.qs == {"limit": ["250"], "after": ["a"]}
    web.get(MEMBERS, json={"results": []})
    assert portal.list_members("41", after="b").after is None


def test_a_token_that_repeats_is_an_error_and_no_endless_list(portal, web):
    web.get(MEMBERS, json={"results": [], "paging": {"next": {"after": "a"}}})
    with pytest.raises(ProtocolBroken):
        portal.list_members("41", after="a")


def test_a_list_that_is_gone_is_not_the_feature_that_is_missing(portal, web):
    gone = {"status": "error", "message": "List does not exist with ID 41.", "category": "OBJECT_NOT_FOUND"}
    web.get(MEMBERS, status_code=404, json=gone)
    with pytest.raises(NotFound):
        portal.list_members("41", after=None)


@pytest.mark.parametrize("ask", [lambda p: p.lists(["41"]), lambda p: p.list_members("41", after=None)])
def test_without_the_scope_lists_are_off_with_the_reason(portal, web, payload, ask):
    web.get(LISTS, status_code=403, json=payload("missing_scope"))
    web.get(MEMBERS, status_code=403, json=payload("missing_scope"))
    with pytest.raises(FeatureOff) as caught:
        ask(portal)
    assert caught.value.scopes == ("crm.objects.contacts.read",)
