"""What people do, how it shows, and what it does to the contact (hubspot-api.md 6 and 10)."""

from datetime import UTC, datetime, timedelta

import pytest

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ISO = "2026-11-22T08:30:00.000Z"
MS = 1795336200000
WHITE_PAPER = "3f1c0a52-6f0e-4b7c-9a31-0d5b6f7c1e01"


def test_a_form_counts_and_moves_the_modification_time(call, twin, clock, anna):
    clock.advance(60)
    assert twin.submit_form("White Paper Anforderung", "anna@example.org", {"jobtitle": "Leiterin Einkauf"}, AT) == anna
    found = twin.get("contacts", anna)
    assert (found["num_conversion_events"], found["recent_conversion_date"]) == ("1", ISO)
    assert found["recent_conversion_event_name"] == "White Paper: White Paper Anforderung"
    assert (found["jobtitle"], found["lastmodifieddate"]) == ("Leiterin Einkauf", "2026-11-22T09:01:00.000Z")
    rows = call.get(f"/form-integrations/v1/submissions/forms/{WHITE_PAPER}?limit=50").json()["results"]
    assert rows[0]["submittedAt"] == MS
    assert {"name": "email", "value": "anna@example.org", "objectTypeId": "0-1"} in rows[0]["values"]
    assert rows[0]["pageUrl"].startswith("https://www.example-werke.de/blog/")


def test_a_form_from_a_stranger_makes_a_contact(twin):
    ident = twin.submit_form(WHITE_PAPER, "fremd@example.org", {"firstname": "Änne"})
    assert twin.get("contacts", ident)["firstname"] == "Änne"


def test_a_visitor_submits_over_http(call, twin, anna):
    body = {"fields": [{"name": "email", "value": "anna@example.org"}]}
    assert call.post(f"/submissions/v3/integration/submit/{twin.portal_id}/{WHITE_PAPER}", body).status_code == 200
    assert twin.get("contacts", anna)["num_conversion_events"] == "1"


def test_submissions_newest_first_in_pages(call, twin, anna):
    for n in range(5):
        twin.submit_form(WHITE_PAPER, "anna@example.org", {}, AT + timedelta(hours=n))
    seen, after = [], ""
    while after is not None:
        page = call.get(f"/form-integrations/v1/submissions/forms/{WHITE_PAPER}?limit=2&after={after}").json()
        seen += [row["submittedAt"] for row in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert seen == [MS + n * 3_600_000 for n in (4, 3, 2, 1, 0)]
    assert twin.get("contacts", anna)["num_unique_conversion_events"] == "1"


def test_mail_events_and_counters(call, twin, anna):
    for kind in ("SENT", "DELIVERED", "OPEN", "OPEN_MACHINE", "CLICK"):
        twin.email_event(anna, kind, "Newsletter Ausgabe 37", AT)
    found = twin.get("contacts", anna)
    assert (found["hs_email_delivered"], found["hs_email_open"], found["hs_email_click"]) == ("1", "2", "1")
    assert found["hs_email_last_email_name"] == "Newsletter Ausgabe 37"
    assert found["hs_email_sends_since_last_engagement"] == "0"
    events = call.get(f"/email/public/v1/events?startTimestamp={MS}&endTimestamp={MS}&limit=100").json()["events"]
    assert sorted(e["type"] for e in events) == ["CLICK", "DELIVERED", "OPEN", "OPEN", "SENT"]
    assert {e["recipient"] for e in events} == {"anna@example.org"}
    human = call.get("/email/public/v1/events?eventType=OPEN&excludeFilteredEvents=true").json()["events"]
    assert [e["filteredEvent"] for e in human] == [False]
    one = call.get(f"/email/public/v1/events/{events[0]['created']}/{events[0]['id']}").json()
    assert one == events[0]
    campaign = call.get(f"/email/public/v1/campaigns/{events[0]['emailCampaignId']}").json()
    assert campaign["name"] == "Newsletter Ausgabe 37"


def test_page_views_and_sessions(call, twin, anna):
    for minutes, path in ((0, "/preise"), (5, "/produkte/antriebe"), (50, "/karriere")):
        twin.page_view(anna, f"https://www.example-werke.de{path}", AT + timedelta(minutes=minutes))
    found = twin.get("contacts", anna)
    assert (found["hs_analytics_num_page_views"], found["hs_analytics_num_visits"]) == ("3", "2")
    assert found["hs_analytics_first_timestamp"] == ISO
    for base in ("/events/v3/events/", "/events/event-occurrences/2026-09"):
        rows = call.get(f"{base}?objectType=contact&objectId={anna}&eventType=e_visited_page").json()["results"]
        assert [row["properties"]["hs_path"] for row in rows] == ["/karriere", "/produkte/antriebe", "/preise"]
    late = call.get("/events/v3/events?objectProperty.email=anna@example.org&occurredAfter=2026-11-22T09:00:00Z").json()
    assert len(late["results"]) == 1
    assert call.get("/events/v3/events").status_code == 400


def test_counters_may_lag_behind(twin, clock, anna):
    twin.dials.counters_lag = 60
    twin.page_view(anna, "https://www.example-werke.de/preise", AT)
    assert "hs_analytics_num_page_views" not in twin.get("contacts", anna)
    clock.advance(60)
    found = twin.get("contacts", anna)
    assert (found["hs_analytics_num_page_views"], found["lastmodifieddate"]) == ("1", "2026-11-22T09:01:00.000Z")


@pytest.mark.parametrize(("kind", "contacted"), [("calls", "1"), ("notes", None), ("meetings", "1"), ("emails", "1")])
def test_sales_activity(call, twin, anna, kind, contacted):
    made = twin.log_engagement(kind, anna, at=AT)
    found = twin.get("contacts", anna)
    assert (found["num_notes"], found["notes_last_updated"], found.get("num_contacted_notes")) == ("1", ISO, contacted)
    page = call.get(f"/crm/v3/objects/contacts/{anna}?associations={kind}").json()
    assert [row["id"] for row in page["associations"][kind]["results"]] == [str(made)]


def test_webinars(call, twin, anna):
    event = call.get("/marketing/v3/marketing-events?limit=1").json()["results"][0]
    ident = event["objectId"]
    twin.attend(ident, anna, "REGISTERED", AT)
    twin.attend(ident, anna, "ATTENDED", AT + timedelta(hours=1))
    assert call.get(f"/marketing/v3/marketing-events/participations/{ident}").json() == {
        "attended": 1, "registered": 1, "cancelled": 0, "noShows": 0}  # fmt: skip
    rows = call.get(f"/marketing/marketing-events/2026-09/participations/contacts/{anna}/breakdown").json()["results"]
    assert [row["properties"]["attendanceState"] for row in rows] == ["REGISTERED", "ATTENDED"]
    assert rows[0]["associations"]["contact"] == {"contactId": str(anna), "email": "anna@example.org"}
    assert rows[0]["associations"]["marketingEvent"]["name"] == event["eventName"]
    only = call.get(f"/marketing/v3/marketing-events/participations/{ident}/breakdown?state=ATTENDED").json()
    assert only["total"] == 1


def test_history_follows_a_merge_and_dies_with_a_privacy_deletion(call, twin, anna, bernd):
    twin.page_view(bernd, "https://www.example-werke.de/preise", AT)
    twin.submit_form(WHITE_PAPER, "bernd@example.org", {}, AT)
    twin.email_event(bernd, "OPEN", at=AT)
    survivor = twin.merge(anna, bernd)
    rows = call.get(f"/events/v3/events?objectId={survivor}").json()["results"]
    assert {row["eventType"] for row in rows} == {"e_visited_page", "e_submitted_form"}
    twin.gdpr_delete(survivor)
    assert call.get("/email/public/v1/events?limit=100").json()["events"] == []
    assert call.get(f"/form-integrations/v1/submissions/forms/{WHITE_PAPER}").json()["results"] == []


# -- consent -----------------------------------------------------------------------------------------------------


def test_subscriptions_in_both_shapes(call, twin, anna):
    old = "/communication-preferences/v3"
    change = {"emailAddress": "anna@example.org", "subscriptionId": "8401", "legalBasis": "CONSENT_WITH_NOTICE"}
    assert call.post(f"{old}/subscribe", change).json()["status"] == "SUBSCRIBED"
    statuses = {
        s["id"]: s["status"] for s in call.get(f"{old}/status/email/anna@example.org").json()["subscriptionStatuses"]
    }
    assert statuses == {"8401": "SUBSCRIBED", "8402": "NOT_SUBSCRIBED", "8403": "NOT_SUBSCRIBED"}
    new = "/communication-preferences/2026-09/statuses/anna@example.org"
    body = {"subscriptionId": 8401, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
    assert call.post(new, body).json()["setStatusSuccessReason"] == "REQUESTED_CHANGE_OCCURRED"
    assert call.post(new, body).json()["setStatusSuccessReason"] == "NO_STATUS_CHANGE"
    assert {r["subscriptionId"]: r["status"] for r in call.get(new + "?channel=EMAIL").json()["results"]}[
        8401
    ] == "UNSUBSCRIBED"
    assert twin.get("contacts", anna)["hs_email_optout_8401"] == "true"


def test_who_left_by_himself_is_not_brought_back(call, twin, anna):
    twin.set_subscription(anna, 8401, "UNSUBSCRIBED")
    body = {"emailAddress": "anna@example.org", "subscriptionId": "8401"}
    assert call.post("/communication-preferences/v3/subscribe", body).status_code == 400


def test_leaving_everything(call, twin, anna):
    path = "/communication-preferences/v4/statuses/anna@example.org"
    assert call.post(f"{path}/unsubscribe-all?channel=EMAIL").status_code == 200
    assert {row["status"] for row in call.get(path).json()["results"]} == {"UNSUBSCRIBED"}
    assert twin.get("contacts", anna)["hs_email_optout"] == "true"


# -- the change feed ---------------------------------------------------------------------------------------------


def test_changes_are_told_in_webhook_shape(call, twin, anna):
    call("PATCH", f"/crm/v3/objects/contacts/{anna}", {"properties": {"kaufdatum_geplant": "2027-03-01"}})
    twin.edit("contacts", anna, {"city": "Ulm"})
    ours, theirs = twin.changes[-2:]
    assert (ours["subscriptionType"], ours["propertyName"]) == ("contact.propertyChange", "kaufdatum_geplant")
    assert (ours["propertyValue"], ours["changeSource"]) == ("1803859200000", "INTEGRATION")
    assert (theirs["propertyValue"], theirs["changeSource"]) == ("Ulm", "CRM_UI")
    assert {"eventId", "portalId", "occurredAt", "objectId", "attemptNumber", "sourceId"} <= set(theirs)
    assert [e.name for e in twin.ledger.effects] == ["kaufdatum_geplant"]


def test_subscription_changes_on_a_timeline(call, twin, anna):
    twin.set_subscription(anna, 8402, "UNSUBSCRIBED")
    row = call.get("/email/public/v1/subscriptions/timeline").json()["timeline"][0]
    assert (row["recipient"], row["changes"][0]["change"]) == ("anna@example.org", "UNSUBSCRIBED")
