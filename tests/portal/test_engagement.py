"""Engagement sources: shapes, paging, ids without personal data, and what switches a source off."""

from __future__ import annotations

import pytest

from connector.errors import FeatureOff, ProtocolBroken
from connector.portal.gateway import Form, MarketingEvent
from tests.portal.conftest import URL

FORM = Form("guid-1", "White paper")


MAIL = {"id": "u-1", "created": 1795305600000, "type": "OPEN", "recipient": "a@b.co", "emailCampaignId": 77,
         "subject": "Hello", "filteredEvent": True, "userAgent": "Firefox", "duration": 1200,
         "sentBy": {"id": "u-0", "created": 1795305500000}, "url": None}  # fmt: skip


class TestEmailEvents:
    ADDRESS = f"{URL}/email/public/v1/events"

    def test_events(self, portal, web):
        web.get(self.ADDRESS, json={"hasMore": True, "offset": "abc", "events": [MAIL, {"id": "no time"}]})
        page = portal.email_events(start_ms=1, end_ms=2, offset=None)
        (event,) = page.events
        assert page.after == "abc"
        assert (event.source, event.id, event.type, event.email) == (
            "email_event", "1795305600000:u-1", "OPEN", "a@b.co"
        )  # fmt: skip
        assert (event.ref, event.title, event.url) == ("77", "Hello", "")
        assert event.detail == {
            "filtered": "true", "user_agent": "Firefox", "duration_ms": "1200", "sent_ms": "1795305500000"
        }  # fmt: skip
        assert web.last_request.qs == {"starttimestamp": ["1"], "endtimestamp": ["2"], "limit": ["1000"]}

    def test_last_page(self, portal, web):
        web.get(self.ADDRESS, json={"hasMore": False, "offset": "abc", "events": []})
        assert portal.email_events(start_ms=1, end_ms=2, offset="ab").after is None

    def test_an_offset_that_repeats_is_an_error(self, portal, web):
        web.get(self.ADDRESS, json={"hasMore": True, "offset": "ab", "events": []})
        with pytest.raises(ProtocolBroken):
            portal.email_events(start_ms=1, end_ms=2, offset="ab")


def test_subscription_changes_are_one_event_each(portal, web):
    changes = [{"change": "UNSUBSCRIBED", "changeType": "SUBSCRIPTION_STATUS", "subscriptionId": 5, "source": "LINK"},
               {"change": "SUBSCRIBED", "subscriptionId": 6, "timestamp": 1795305600001}, "nonsense"]  # fmt: skip
    entry = {"timestamp": 1795305600000, "recipient": "a@b.co", "changes": changes}
    web.get(f"{URL}/email/public/v1/subscriptions/timeline", json={"hasMore": False, "timeline": [entry]})
    one, two = portal.subscription_changes(start_ms=1, end_ms=2, offset=None).events
    assert (one.type, one.ref, one.at_ms, two.at_ms) == ("UNSUBSCRIBED", "5", 1795305600000, 1795305600001)
    assert one.detail == {"change_type": "SUBSCRIPTION_STATUS", "source": "LINK"}
    assert "@" not in one.id
    assert one.id != two.id


class TestForms:
    def test_all_kinds_and_archived_ones(self, portal, web):
        one = {"id": "g1", "name": "One", "archived": False, "updatedAt": "2026-01-01T00:00:00Z"}
        web.get(f"{URL}/marketing/v3/forms/", json={"results": [one]})
        web.get(
            f"{URL}/marketing/v3/forms/?archived=true",
            json={"results": [{"id": "g2", "name": "Two", "archived": True}]},
        )
        forms = {form.id: form for form in portal.forms()}
        assert set(forms) == {"g1", "g2"}
        assert forms["g2"].archived
        assert web.last_request.qs["formtypes"] == ["all"]

    def test_submissions(self, portal, web):
        values = [{"name": "email", "value": "a@b.co"}, {"name": "firstname", "value": "A"}]
        rows = [{"conversionId": "c1", "submittedAt": 1795305600000, "values": values, "pageUrl": "https://x/p"},
                {"submittedAt": 1795305600000, "values": values}, {"submittedAt": 1, "values": []}, {}]  # fmt: skip
        web.get(
            f"{URL}/form-integrations/v1/submissions/forms/guid-1",
            json={"results": rows, "paging": {"next": {"after": "x"}}},
        )
        page = portal.submissions(FORM, after=None)
        named, hashed, nobody = page.events
        assert (named.id, named.email, named.title, named.url) == ("c1", "a@b.co", "White paper", "https://x/p")
        assert len(hashed.id) == 32
        assert (nobody.email, nobody.contact_id) == (None, None)
        assert page.after == "x"

    def test_a_hashed_id_depends_on_the_values_and_not_on_their_order(self, portal, web):
        values = [{"name": "email", "value": "a@b.co"}, {"name": "firstname", "value": "A"}]
        rows = [{"submittedAt": 5, "values": values}, {"submittedAt": 5, "values": values[::-1]},
                {"submittedAt": 5, "values": values[:1]}]  # fmt: skip
        web.get(f"{URL}/form-integrations/v1/submissions/forms/guid-1", json={"results": rows})
        one, same, other = (event.id for event in portal.submissions(FORM, after=None).events)
        assert one == same != other

    def test_a_form_that_is_gone_has_none(self, portal, web):
        web.get(f"{URL}/form-integrations/v1/submissions/forms/guid-1", status_code=404)
        assert portal.submissions(FORM, after=None).events == ()


class TestBehaviour:
    ADDRESS = f"{URL}/events/v3/events/"

    def test_page_views(self, portal, web):
        raw = {"id": "e1", "eventType": "e_visited_page", "objectId": "9", "occurredAt": "2026-11-22T08:00:00Z",
               "properties": {"hs_url": "https://x/prices", "hs_title": "Prices"}}  # fmt: skip
        web.get(self.ADDRESS, json={"results": [raw, {"id": "no time"}], "paging": {"next": {"after": "1"}}})
        page = portal.page_views(9, since_ms=1795305600000, after=None)
        (event,) = page.events
        assert (event.source, event.contact_id, event.url, event.title) == (
            "page_view", 9, "https://x/prices", "Prices"
        )  # fmt: skip
        assert page.after == "1"
        assert web.last_request.qs["occurredafter"] == ["2026-11-22t00:00:00.000z"]

    def test_custom_events_keep_their_name(self, portal, web):
        raw = {"eventType": "pe1_demo", "occurredAt": 1795305600000, "properties": None}
        web.get(self.ADDRESS, json={"results": [raw]})
        (event,) = portal.custom_events(9, "pe1_demo", since_ms=0, after=None).events
        assert (event.source, event.ref, event.contact_id) == ("custom_event", "pe1_demo", 9)

    def test_a_contact_that_is_gone_has_none(self, portal, web):
        web.get(self.ADDRESS, status_code=404, json={})
        web.get(f"{URL}/events/v3/events/event-types", json={"eventTypes": []})
        assert portal.page_views(9, since_ms=0, after=None).events == ()

    @pytest.mark.parametrize("status", [403, 404])
    def test_without_the_tier_the_source_is_off(self, portal, web, status):
        web.get(self.ADDRESS, status_code=status, json={"message": "no"})
        web.get(f"{URL}/events/v3/events/event-types", status_code=status, json={"message": "no"})
        with pytest.raises(FeatureOff):
            portal.page_views(9, since_ms=0, after=None)


class TestTheOtherAddressOfMarketingEvents:
    """HubSpot's guide and its OpenAPI file name two addresses: whichever answers is used and remembered."""

    USUAL = f"{URL}/marketing/v3/marketing-events/"
    OTHER = f"{URL}/marketing/marketing-events/v3"

    def test_it_is_tried_once_and_kept(self, portal, web):
        usual = web.get(self.USUAL, status_code=404)
        web.get(self.OTHER, json={"results": [{"objectId": "5", "eventName": "Webinar"}]})
        assert [event.name for event in portal.marketing_events()] == ["Webinar"]
        portal.marketing_events()
        assert usual.call_count == 1
        assert portal.rates_learned().marketing_events == "marketing_events.list_other"

    def test_a_portal_without_them_is_asked_at_both_and_is_off(self, portal, web):
        asked = [web.get(address, status_code=404) for address in (self.USUAL, self.OTHER)]
        with pytest.raises(FeatureOff):
            portal.marketing_events()
        assert [one.call_count for one in asked] == [1, 1]
        assert portal.rates_learned().marketing_events == ""

    def test_a_missing_scope_is_no_wrong_address(self, portal, web):
        body = {"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": ["x.read"]}}]}
        web.get(self.USUAL, status_code=403, json=body)
        other = web.get(self.OTHER, json={"results": []})
        with pytest.raises(FeatureOff, match=r"x\.read"):
            portal.marketing_events()
        assert not other.called


def test_marketing_events_and_who_took_part(portal, web):
    base = f"{URL}/marketing/v3/marketing-events/"
    raw = {"objectId": "5", "eventName": "Webinar", "eventType": "WEBINAR", "startDateTime": "2026-11-22T08:00:00Z"}
    web.get(base, json={"results": [raw, {"eventName": "no id"}]})
    (event,) = portal.marketing_events()
    assert (event.id, event.name, event.start_ms) == ("5", "Webinar", 1795334400000)
    said = {"occurredAt": 1795334400000, "attendanceState": "ATTENDED", "attendanceDurationSeconds": 60}
    row = {"id": "p1", "properties": said, "associations": {"contact": {"contactId": "9", "email": "a@b.co"}}}
    web.get(
        f"{base}participations/5/breakdown", json={"results": [row, {"id": "p2", "associations": None}], "total": 2}
    )
    (one,) = portal.participations(event, after=None).events
    assert (one.type, one.contact_id, one.ref, one.detail) == ("ATTENDED", 9, "5", {"duration_seconds": "60"})


def test_participations_of_an_event_that_is_gone(portal, web):
    web.get(f"{URL}/marketing/v3/marketing-events/participations/5/breakdown", status_code=404)
    assert portal.participations(MarketingEvent("5", "x"), after=None).events == ()


def test_subscription_definitions(portal, web):
    raw = {"id": "5", "name": "News", "purpose": "Marketing", "communicationMethod": "Email", "isActive": False}
    web.get(f"{URL}/communication-preferences/v3/definitions", json={"subscriptionDefinitions": [raw]})
    (one,) = portal.subscription_definitions()
    assert (one.id, one.active, one.method) == ("5", False, "Email")


class TestWorkflows:
    def test_the_old_listing_has_the_ids_that_enrolment_takes(self, portal, web):
        raw = {"id": 77, "name": "Nurture", "enabled": True, "type": "DRIP_DELAY", "migrationStatus": {"flowId": 900}}
        web.get(f"{URL}/automation/v3/workflows", json={"workflows": [raw]})
        (one,) = portal.workflows()
        assert (one.id, one.flow_id, one.enabled) == ("77", "900", True)

    def test_without_it_the_new_one_is_mapped(self, portal, web):
        web.get(f"{URL}/automation/v3/workflows", status_code=404)
        flows = [{"id": "900", "name": "Nurture", "isEnabled": True, "objectTypeId": "0-1"},
                 {"id": "901", "objectTypeId": "0-3"}]  # fmt: skip
        web.get(f"{URL}/automation/v4/flows", json={"results": flows})
        web.post(
            f"{URL}/automation/v4/workflow-id-mappings/batch/read",
            json={"results": [{"flowId": "900", "workflowId": 77}]},
        )
        (one,) = portal.workflows()
        assert (one.id, one.flow_id) == ("77", "900")


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    "ask",
    [
        lambda portal: portal.email_events(start_ms=1, end_ms=2, offset=None),
        lambda portal: portal.subscription_changes(start_ms=1, end_ms=2, offset=None),
        lambda portal: portal.forms(),
        lambda portal: portal.marketing_events(),
        lambda portal: portal.subscription_definitions(),
        lambda portal: portal.workflows(),
        lambda portal: portal.page("deals", after=None, properties=[]),
    ],
)
def test_optional_sources_are_switched_off_with_a_reason(portal, web, payload, status, ask):
    import requests_mock

    web.register_uri(requests_mock.ANY, requests_mock.ANY, status_code=status, json=payload("missing_scope"))
    with pytest.raises(FeatureOff) as caught:
        ask(portal)
    assert caught.value.scopes == (("crm.objects.contacts.read",) if status == 403 else ())
