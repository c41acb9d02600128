"""Translation never fails on what portals send, and keeps values as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.clock import iso
from connector.errors import ProtocolBroken
from connector.model.records import Association
from connector.portal.bodies import text
from connector.portal.faults import scrubbed
from connector.portal.gateway import Form, MarketingEvent
from connector.portal.translate import (
    after_of,
    definition_of,
    labelled_associations,
    merged,
    merged_ids,
    millis,
    properties_of,
    results_of,
    snapshot_of,
    whole,
)
from connector.portal.translate_events import (
    behaviour_of,
    email_event_of,
    form_of,
    marketing_event_of,
    participation_of,
    submission_of,
    subscription_definition_of,
    subscription_events_of,
    workflow_of,
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
NAMES = [
    "id", "properties", "createdAt", "updatedAt", "archived", "associations", "results", "paging", "next", "after",
    "created", "type", "sentBy", "recipient", "changes", "timestamp", "submittedAt", "values", "occurredAt", "name",
    "objectId", "options", "modificationMetadata", "to", "toObjectId", "associationTypes", "contact", "migrationStatus",
]  # fmt: skip
raws = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=8)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T10:11:12.345Z", 1795342272345),
        ("2026-11-22T10:11:12Z", 1795342272000),
        ("2026-11-22T11:11:12.345+01:00", 1795342272345),
        ("2026-11-22", 1795305600000),
        ("1795342272345", 1795342272345),
        (1795342272345, 1795342272345),
        (None, None), ("", None), ("soon", None), (True, None), ("99999-01-01T00:00:00Z", None),
    ],
)  # fmt: skip
def test_moments(value, expected):
    assert millis(value) == expected


@given(st.integers(0, 4_000_000_000_000))
def test_moments_survive_both_spellings(moment):
    assert millis(iso(moment)) == moment == millis(str(moment))


@pytest.mark.parametrize(("value", "expected"), [("12", 12), (12, 12), ("x", None), (None, None), (True, None)])
def test_ids(value, expected):
    assert whole(value) == expected


@given(st.dictionaries(st.text(max_size=10), scalars, max_size=10))
def test_values_are_text_or_none_and_texts_are_untouched(raw):
    found = properties_of(dict(raw))
    assert found.keys() == raw.keys()
    for name, value in raw.items():
        assert found[name] == (value if value is None or isinstance(value, str) else text(value))


@given(raws)
def test_records_of_any_shape(raw):
    try:
        snapshot_of("contacts", raw, ["companies", "deals"])
    except ProtocolBroken:
        assert whole(raw.get("id")) is None


@given(raws)
def test_events_of_any_shape(raw):
    form, event = Form("f", "F"), MarketingEvent("e", "E")
    email_event_of(raw)
    subscription_events_of(raw)
    submission_of(form, raw)
    behaviour_of("page_view", raw, 1)
    participation_of(event, raw)
    form_of(raw)
    marketing_event_of(raw)
    subscription_definition_of(raw)
    workflow_of(raw)
    definition_of("contacts", raw)
    labelled_associations("contacts", "companies", raw)
    results_of(raw)
    after_of(raw)


@given(
    st.lists(
        st.builds(
            Association,
            st.just("companies"),
            st.integers(1, 3),
            st.just(279),
            st.sampled_from(["", "a", "b"]),
            st.booleans(),
        )
    )
)
def test_links_are_one_per_record_whatever_their_order(links):
    once = merged(links)
    assert len({link.to_id for link in once}) == len(once)
    assert merged(once) == once
    assert {(link.to_id, link.label, link.primary) for link in once} == {
        (link.to_id, link.label, link.primary) for link in merged(reversed(links))
    }


def test_primary_means_something_between_companies_and_others_only():
    entry = {"to": [{"toObjectId": 1, "associationTypes": [{"typeId": 1, "category": "USER_DEFINED", "label": "x"}]}]}
    assert not labelled_associations("contacts", "companies", entry)[0].primary
    assert not labelled_associations("contacts", "deals", {"to": [{"id": "1"}]})[0].primary


def test_merge_hints_in_all_spellings():
    hints = {"hs_merged_object_ids": "1;2", "hs_all_contact_vids": " 3 ;x", "hs_calculated_merged_vids": "4:17;5:18"}
    assert merged_ids(hints) == {1, 2, 3, 4, 5}


def test_scrubbing_leaves_names_and_takes_values():
    said = 'Property "industry" with "Space & Co" of a@b.co, id 123456, is \'odd\''
    assert scrubbed(said, frozenset({"industry"})) == 'Property "industry" with … of …, id …, is …'
    assert scrubbed("we said hush here", values=frozenset({"hush"})) == "we said … here"
