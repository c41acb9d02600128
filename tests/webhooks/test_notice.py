"""A body taken apart: the 48 types, what each says, and what is set aside with its reason."""

from __future__ import annotations

import random
import tracemalloc

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.items import PORTAL, T0, association, body, item, merge, plain
from tests.webhooks.poison import corpus
from webhooks.kinds import TYPES
from webhooks.notice import MOST_ITEMS, BadItem, Notice, Split, portals_in, split

POISON = corpus()
GOOD = [orjson.dumps(item(number)) for number in range(1, 100)]


def one(told: dict) -> Notice:
    found = split(body(told))
    assert found.bad == ()
    return found.notices[0]


def mixed(poison: bytes, seed: int) -> bytes:
    """The poison somewhere among 99 good items, once even as the last."""
    items = list(GOOD)
    items.insert(random.Random(seed).randrange(len(items) + 1) if seed else len(items), poison)
    return b"[" + b",".join(items) + b"]"


class TestWhatANoticeSays:
    """Every field of HubSpot's items in our words."""

    def test_a_changed_property(self) -> None:
        told = one(item(sourceId="userId:77"))
        assert (told.portal_id, told.object_type, told.event, told.object_id) == (
            PORTAL, "contacts", "propertyChange", 501,
        )  # fmt: skip
        assert (told.property, told.value, told.occurred_ms) == ("lifecyclestage", "customer", T0)
        assert (told.source, told.source_id) == ("CRM_UI", "userId:77")
        assert orjson.loads(told.raw) == item(sourceId="userId:77")

    def test_a_cleared_property_has_no_value(self) -> None:
        assert one(item(propertyValue=None)).value is None
        assert one(item(propertyValue="")).value == ""

    def test_a_merge_names_everybody_who_is_gone_and_never_the_survivor(self) -> None:
        told = one(merge())
        assert told.survivor == 900
        assert set(told.merged) == {501, 502, 503}

    def test_a_merge_into_the_primary_record(self) -> None:
        told = one(merge(newObjectId=None, objectId=501))
        assert told.survivor == 501
        assert told.merged == (502, 503)

    def test_a_merge_without_object_id_falls_to_the_primary(self) -> None:
        told = one(merge(newObjectId=None, objectId=None))
        assert (told.survivor, told.object_id, told.merged) == (501, 501, (502, 503))

    def test_an_association_may_come_without_object_id(self) -> None:
        told = one(association())
        assert (told.from_id, told.to_id, told.association) == (501, 701, "CONTACT_TO_COMPANY")
        assert (told.removed, told.primary, told.object_id) == (False, True, 501)

    def test_an_association_that_was_removed(self) -> None:
        assert one(association(associationRemoved=True, isPrimaryAssociation=None)).removed is True

    @pytest.mark.parametrize(
        ("number", "word"),
        [("0-1", "contacts"), ("0-2", "companies"), ("0-3", "deals"), ("0-48", "calls"), ("2-77", ""), ("", "")],
    )
    def test_a_generic_event_names_its_object_by_number(self, number: str, word: str) -> None:
        told = one(plain("object.creation", objectTypeId=number or None))
        assert (told.object_type, told.event) == (word, "creation")

    def test_a_generic_event_may_name_its_type_as_event_type(self) -> None:
        assert one(plain(..., eventType="object.deletion", objectTypeId="0-1")).event == "deletion"

    @pytest.mark.parametrize("told", sorted(TYPES))
    def test_every_subscription_type_is_read(self, told: str) -> None:
        made = one(item(subscriptionType=told))
        assert (made.type, made.object_type or TYPES[told][0], made.event) == (told, TYPES[told][0], TYPES[told][1])

    def test_there_are_forty_eight_types(self) -> None:
        assert len(TYPES) == 48

    @pytest.mark.parametrize("told", ["contact.promotion", "quote.creation", "x", "contact.creation.late"])
    def test_an_unknown_type_is_kept(self, told: str) -> None:
        made = one(plain(told, objectId="not ours to judge"))
        assert (made.type, made.object_type, made.event, made.object_id) == (told, "", "", None)

    def test_fields_nobody_uses_may_be_anything(self) -> None:
        one(item(eventId="x", appId=None, attemptNumber=[], changeFlag={"a": 1}, isSensitive=3, more={"deep": [1]}))


class TestTheKeyOfAnEvent:
    """The same for every attempt, another for every other event."""

    def test_attempts_share_it(self) -> None:
        assert one(item()).key == one(item(attemptNumber=7, eventId=9, appId=1)).key

    @pytest.mark.parametrize(
        "other",
        [
            {"portalId": 1}, {"subscriptionId": 26}, {"objectId": 502}, {"subscriptionType": "company.propertyChange"},
            {"propertyName": "email"}, {"propertyValue": "lead"}, {"propertyValue": None}, {"occurredAt": T0 + 1},
        ],
    )  # fmt: skip
    def test_another_event_has_another(self, other: dict) -> None:
        assert one(item()).key != one(item(**other)).key

    def test_both_sides_and_both_directions_of_an_association_differ(self) -> None:
        sides = [
            association(),
            association(fromObjectId=701, toObjectId=501),
            association(associationRemoved=True),
            association(associationType="COMPANY_TO_CONTACT"),
        ]
        assert len({one(side).key for side in sides}) == 4

    def test_text_that_looks_like_two_fields_is_not_two_fields(self) -> None:
        assert (
            one(item(propertyName="a", propertyValue="bc")).key != one(item(propertyName="ab", propertyValue="c")).key
        )


class TestPoison:
    """W10: one bad item among 99 good ones costs nothing but itself."""

    def test_the_corpus_is_large_enough(self) -> None:
        assert len(POISON) >= 120

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize(("name", "poison", "why"), POISON, ids=[name for name, _, _ in POISON])
    def test_ninety_nine_are_kept_and_the_bad_one_is_named(self, name: str, poison: bytes, why: str, seed: int) -> None:
        found = split(mixed(poison, seed))
        assert sorted(notice.object_id or 0 for notice in found.notices) == list(range(1, 100))
        assert len(found.bad) == 1
        assert why in found.bad[0].reason
        assert portals_in(mixed(poison, seed)) >= {PORTAL}

    def test_several_broken_items_cost_only_themselves(self) -> None:
        broken = [poison for name, poison, _ in POISON if "never" in name or "NaN" in name]
        items = [part for pair in zip(GOOD, broken, strict=False) for part in pair] + GOOD[len(broken) :]
        found = split(b"[" + b",".join(items) + b"]")
        assert len(found.notices) == 99
        assert len(found.bad) == len(broken)

    def test_a_reason_repeats_no_value(self) -> None:
        found = split(body(item(propertyName="private", propertyValue=["anna@example.test"])))
        assert "anna" not in found.bad[0].reason

    def test_a_bad_item_keeps_its_portal_where_that_can_be_read(self) -> None:
        assert split(body(item(objectId="x"))).bad[0].portal_id == PORTAL
        assert split(b'[{"portalId": 5, "objectId": NaN}]').bad[0].portal_id == 5
        assert split(body(item(portalId="x"))).bad[0].portal_id is None

    @pytest.mark.parametrize(
        "whole", [b"", b" ", b"{}", b"null", b'"text"', b"17", b"\xff\xfe", b"{", b"PK\x03\x04", b'{"portalId":5}']
    )
    def test_an_unreadable_body_is_one_bad_item(self, whole: bytes) -> None:
        assert split(whole) == Split((), (BadItem("the body is not a JSON array", whole, None),))
        assert portals_in(whole) is None or whole == b'{"portalId":5}'

    @pytest.mark.parametrize("whole", [b"[]", b"[ ]", b" [\n]\n"])
    def test_an_empty_body_says_nothing(self, whole: bytes) -> None:
        assert split(whole) == Split((), ())
        assert portals_in(whole) == frozenset()

    def test_a_body_cut_short_keeps_what_was_whole(self) -> None:
        found = split(body(*(item(number) for number in range(1, 11)))[:-30])
        assert len(found.notices) == 9
        assert len(found.bad) == 1

    def test_what_is_beyond_a_thousand_items_is_set_aside_as_a_body_of_its_own(self) -> None:
        found = split(body(*(item(number) for number in range(1, 10_002))))
        assert len(found.notices) == MOST_ITEMS
        assert len(found.bad) == 1
        assert "9001" in found.bad[0].reason
        assert split(found.bad[0].raw).notices[0].object_id == MOST_ITEMS + 1

    def test_memory_stays_bounded_over_the_whole_corpus(self) -> None:
        tracemalloc.start()
        try:
            for _, poison, _ in POISON:
                split(mixed(poison, 1))
            assert tracemalloc.get_traced_memory()[1] < 50 << 20
        finally:
            tracemalloc.stop()

    @given(st.binary(max_size=300))
    def test_no_bytes_ever_raise(self, junk: bytes) -> None:
        for whole in (junk, b"[" + junk + b"]", b"[" + GOOD[0] + b"," + junk + b"," + GOOD[1] + b"]"):
            assert isinstance(split(whole), Split)
            portals_in(whole)

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=8))
    def test_no_value_in_any_field_ever_raises(self, junk) -> None:
        for told in (item(), merge(), association(), plain("object.creation", objectTypeId="0-1")):
            for name in told:
                spelt = b"[" + _loose(told | {name: junk}) + b"]"
                found = split(spelt)
                assert len(found.notices) + len(found.bad) == 1


def _loose(value: dict) -> bytes:
    import json

    return json.dumps(value).encode()


class TestWhomABodyConcerns:
    """The cheap look of the receiver."""

    def test_every_portal_is_named_once(self) -> None:
        assert portals_in(body(item(), item(portalId=5), item(portalId=5))) == {PORTAL, 5}

    @pytest.mark.parametrize("wrong", ["5", 0, -1, 1.0, True, None, [5], {"a": 5}, 1 << 63])
    def test_what_is_no_number_of_a_portal_names_nobody(self, wrong) -> None:
        assert portals_in(body(item(portalId=wrong))) is None
        assert portals_in(body(item(portalId=wrong), item())) == {PORTAL}

    def test_a_portal_inside_a_text_is_nobody(self) -> None:
        inside = item(propertyValue='{"portalId": 5}')
        assert portals_in(body(inside)) == {PORTAL}
        assert portals_in(body(inside)[:-1] + b",NaN]") == {PORTAL}

    def test_every_portal_that_a_split_gives_was_named(self) -> None:
        for _, poison, _ in POISON:
            whole = mixed(poison, 3)
            assert {notice.portal_id for notice in split(whole).notices} <= (portals_in(whole) or set())
