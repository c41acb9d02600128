"""The simulated portal calls back: what is told, to whom, and every way in which it goes wrong on the way."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from connector.twin import Dials, Twin, VirtualTwinClock, serve_twin
from connector.twin.fates import Fates
from tests.faults.proxy import FaultyProxy
from tests.twin.receiver import Receiver, receiving

DAY = 86_400


@pytest.fixture
def app():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def told(twin, app):
    """The twin aims at the app; nothing moves but by ``flush``."""
    twin.webhooks.target(app.url, live=False)
    yield app
    twin.webhooks.close()


def fresh(app: Receiver, seed: int = 7, **dials) -> Twin:
    twin = Twin(clock=VirtualTwinClock(), dials=Dials(webhook_concurrency=1, **dials), seed=seed)
    twin.webhooks.target(app.url, live=False)
    return twin


def people(twin: Twin, count: int) -> list[int]:
    return [twin.create_contact({"email": f"p{n}@example.org"}) for n in range(count)]


def only(twin: Twin, *keys: tuple[str, str | None]) -> None:
    """No other subscriptions than these."""
    twin.subscriptions.all.clear()
    for event, name in keys:
        twin.subscriptions.create(event, name, active=True)


# -- what is told ------------------------------------------------------------------------------------------------


def test_a_created_person_is_told_with_all_common_fields(twin, told):
    anna = twin.create_contact({"email": "anna@example.org"})
    twin.webhooks.flush()
    item = next(one for one in told.items if one["subscriptionType"] == "contact.creation")
    wanted = {
        "objectId": anna, "portalId": twin.portal_id, "appId": 4711, "attemptNumber": 0, "changeSource": "CRM_UI",
        "sourceId": "userId:7001",
    }  # fmt: skip
    assert wanted.items() <= item.items()
    assert isinstance(item["eventId"], int)
    assert item["subscriptionId"] in twin.subscriptions.all
    assert item["occurredAt"] == twin.state.now_ms()


def test_each_changed_property_is_a_notice_of_its_own(twin, told, anna):
    twin.webhooks.flush()
    told.received.clear()
    twin.edit("contacts", anna, {"city": "Jena", "jobtitle": "Leitung"})
    twin.webhooks.flush()
    values = {item["propertyName"]: item["propertyValue"] for item in told.items}
    assert values == {"city": "Jena", "jobtitle": "Leitung"}
    assert len({item["subscriptionId"] for item in told.items}) == 2


@pytest.mark.parametrize(
    ("act", "event"),
    [
        (lambda twin, a, b: twin.delete("contacts", a), "contact.deletion"),
        (lambda twin, a, b: (twin.delete("contacts", a), twin.restore("contacts", a)), "contact.restore"),
        (lambda twin, a, b: twin.merge(a, b), "contact.merge"),
        (lambda twin, a, b: twin.gdpr_delete(a), "contact.privacyDeletion"),
    ],
)
def test_what_happens_to_a_person_is_told(twin, told, anna, bernd, act, event):
    act(twin, anna, bernd)
    twin.webhooks.flush()
    assert event in told.types()


def test_a_merge_names_everybody_in_it(twin, told, anna, bernd):
    survivor = twin.merge(anna, bernd)
    twin.webhooks.flush()
    item = next(one for one in told.items if one["subscriptionType"] == "contact.merge")
    assert (item["objectId"], item["newObjectId"], item["primaryObjectId"]) == (survivor, survivor, anna)
    assert item["mergedObjectIds"] == sorted([anna, bernd])
    assert item["changeSource"] == "MERGE_OBJECTS"


def test_some_portals_tell_a_merge_as_deletions_too(twin, told, anna, bernd):
    twin.dials.merge_tells_deletion = True
    twin.merge(anna, bernd)
    twin.webhooks.flush()
    assert Counter(told.types())["contact.deletion"] == 2


def test_an_association_is_told_from_both_sides(twin, told, anna):
    twin.subscriptions.create("company.associationChange", active=True)
    firm = twin.create("companies", {"name": "Bähr AG"})
    twin.associate("contacts", anna, "companies", firm)
    twin.dissociate("contacts", anna, "companies", firm)
    twin.webhooks.flush()
    links = [one for one in told.items if one["subscriptionType"].endswith("associationChange")]
    sides = [(o["associationType"], o["fromObjectId"], o["toObjectId"], o["associationRemoved"]) for o in links]
    assert sides == [
        ("CONTACT_TO_COMPANY", anna, firm, False), ("COMPANY_TO_CONTACT", firm, anna, False),
        ("CONTACT_TO_COMPANY", anna, firm, True), ("COMPANY_TO_CONTACT", firm, anna, True),
    ]  # fmt: skip
    assert [one["isPrimaryAssociation"] for one in links] == [True, True, False, False]


def test_the_primary_company_shows_on_the_person_as_a_property(twin, told, anna):
    firm = twin.create("companies", {"name": "Bähr AG"})
    twin.associate("contacts", anna, "companies", firm)
    twin.webhooks.flush()
    named = [one for one in told.items if one.get("propertyName") == "associatedcompanyid"]
    assert [(one["propertyValue"], one["changeSource"]) for one in named] == [(str(firm), "CALCULATED")]


def test_a_new_address_tells_its_domain(twin, told, anna):
    twin.edit("contacts", anna, {"email": "anna@elsewhere.example"})
    twin.edit("contacts", anna, {"email": None})
    twin.webhooks.flush()
    domains = [one["propertyValue"] for one in told.items if one.get("propertyName") == "hs_email_domain"]
    assert domains == ["example.org", "elsewhere.example", ""]


def test_two_twins_are_two_portals(app):
    twins = [Twin.empty(portal_id=number) for number in (101, 102)]
    for twin in twins:
        twin.webhooks.target(app.url, live=False)
        people(twin, 1)
        twin.webhooks.flush()
    assert {one["portalId"] for one in app.items} == {101, 102}


def test_a_new_stage_tells_its_date(twin, told, anna):
    twin.edit("contacts", anna, {"lifecyclestage": "customer"})
    twin.webhooks.flush()
    told_names = {one.get("propertyName") for one in told.items}
    assert {"lifecyclestage", "hs_lifecyclestage_customer_date"} <= told_names


def test_a_form_is_named_as_the_source(twin, told):
    form = twin.activity.catalogue.forms[0]
    twin.submit_form(form["id"], "neu@example.org")
    twin.webhooks.flush()
    item = next(one for one in told.items if one["subscriptionType"] == "contact.creation")
    assert (item["changeSource"], item["sourceId"]) == ("FORM", form["id"])


def test_calls_are_told_to_generic_subscriptions_only(twin, told, anna):
    twin.subscriptions.create("object.creation", None, "0-48", active=True)
    twin.log_engagement("calls", anna, {"hs_call_title": "Rückruf"})
    twin.webhooks.flush()
    calls = [one for one in told.items if one.get("objectTypeId") == "0-48"]
    assert [one["subscriptionType"] for one in calls] == ["object.creation"]


def test_a_generic_subscription_hears_of_people_too(twin, told):
    only(twin, ("contact.creation", None))
    twin.subscriptions.create("object.creation", None, "0-1", active=True)
    people(twin, 1)
    twin.webhooks.flush()
    assert sorted(told.types()) == ["contact.creation", "object.creation"]


def test_a_write_of_ours_echoes_as_an_integrations(call, twin, told, anna):
    call("PATCH", f"/crm/v3/objects/contacts/{anna}", {"properties": {"city": "Jena"}})
    twin.webhooks.flush()
    echo = next(one for one in told.items if one.get("propertyName") == "city")
    assert (echo["changeSource"], echo["sourceId"]) == ("INTEGRATION", "4711")


def test_another_app_writes_under_its_own_id(call, twin, told, anna):
    call.session.headers["Authorization"] = f"Bearer {twin.add_token('other')}"
    call("PATCH", f"/crm/v3/objects/contacts/{anna}", {"properties": {"city": "Jena"}})
    twin.webhooks.flush()
    foreign = next(one for one in told.items if one.get("propertyName") == "city")
    assert foreign["changeSource"] == "INTEGRATION"
    assert foreign["sourceId"] != "4711"


def test_the_echo_can_be_switched_off(call, twin, told, anna):
    twin.dials.webhook_echo = False
    call("PATCH", f"/crm/v3/objects/contacts/{anna}", {"properties": {"city": "Jena"}})
    twin.edit("contacts", anna, {"jobtitle": "Leitung"})
    twin.webhooks.flush()
    assert "jobtitle" in {one.get("propertyName") for one in told.items}
    assert "city" not in {one.get("propertyName") for one in told.items}


# -- to whom -----------------------------------------------------------------------------------------------------


def test_a_paused_subscription_hears_nothing(twin, told):
    only(twin, ("contact.creation", None))
    for one in twin.subscriptions.all.values():
        one.active = False
    people(twin, 3)
    assert twin.webhooks.flush()["items"] == 0


def test_only_what_is_subscribed_is_told(twin, told):
    only(twin, ("contact.propertyChange", "email"))
    people(twin, 2)
    twin.webhooks.flush()
    assert {(one["subscriptionType"], one["propertyName"]) for one in told.items} == {
        ("contact.propertyChange", "email")
    }


def test_what_happened_before_is_never_told(twin, app):
    people(twin, 3)
    twin.webhooks.target(app.url, live=False)
    assert twin.webhooks.flush()["delivered"] == 0


def test_the_apps_signature_holds_over_the_public_address_whatever_lies_between(twin, app):
    public = "https://hooks.example.test/webhooks/hubspot"
    port = int(app.url.split(":")[2].split("/")[0])
    with FaultyProxy(port) as wire:
        twin.webhooks.target(public, via=f"{wire.url}/webhooks/hubspot", live=False)
        people(twin, 1)
        twin.webhooks.flush()
    assert app.received[0].is_signed(twin.access.client_secret, public)
    assert not app.received[0].is_signed(twin.access.client_secret, app.url)


def test_a_rotated_secret_signs_from_then_on(twin, told):
    twin.access.client_secret = "5e1f-next-secret"
    people(twin, 1)
    twin.webhooks.flush()
    assert told.received[0].is_signed("5e1f-next-secret", told.url)


# -- deliveries --------------------------------------------------------------------------------------------------


def test_no_delivery_has_more_than_a_hundred_items(twin, told):
    only(twin, ("contact.creation", None))
    twin.dials.webhook_batch = 1000
    people(twin, 250)
    twin.webhooks.flush()
    assert sorted(len(one.items) for one in told.received) == [50, 100, 100]


def test_deliveries_can_be_small_and_cut(app):
    twin = fresh(app, webhook_batch=10, webhook_split=0.5)
    only(twin, ("contact.creation", None))
    people(twin, 100)
    twin.webhooks.flush()
    sizes = [len(one.items) for one in app.received]
    assert sum(sizes) == 100
    assert 10 < len(sizes) < 20


def test_doubles_repeat_whole_deliveries(app):
    twin = fresh(app, webhook_batch=10, webhook_doubles=9)
    only(twin, ("contact.creation", None))
    people(twin, 30)
    twin.webhooks.flush()
    assert len(app.received) == 30
    assert set(Counter(one.body for one in app.received).values()) == {10}


def test_disorder_is_the_same_for_the_same_seed(app):
    orders = []
    for seed in (7, 7, 8):
        app.received.clear()
        twin = fresh(app, seed, webhook_shuffle=60, webhook_batch=5, webhook_doubles=0.5)
        only(twin, ("contact.creation", None))
        first = people(twin, 40)[0]
        twin.webhooks.flush()
        orders.append([item["objectId"] - first for item in app.items])
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])
    assert len(orders[0]) != len(orders[2]) or orders[0] != orders[2]


def test_what_is_lost_is_lost_for_good_and_counted(app):
    twin = fresh(app, webhook_drop=0.3)
    only(twin, ("contact.creation", None))
    people(twin, 200)
    counts = twin.webhooks.flush(rounds=3)
    assert counts["items"] + counts["lost"] == 200
    assert 30 < counts["lost"] < 90


def test_a_delay_holds_notices_until_their_time(app):
    clock = VirtualTwinClock()
    twin = Twin(clock=clock, dials=Dials(webhook_delay=30))
    with serve_twin(twin):
        twin.webhooks.target(app.url)
        people(twin, 1)
        assert twin.webhooks.quiet(due_only=True)
        assert app.received == []
        clock.advance(31)
        assert twin.webhooks.quiet()
        assert app.received


def test_as_many_at_once_as_the_app_allows(twin, told):
    together, most = threading.Barrier(3), Counter()
    here = threading.Lock()

    def answer(_) -> int:
        with here:
            most["now"] += 1
            most["most"] = max(most["most"], most["now"])
        together.wait(10)
        with here:
            most["now"] -= 1
        return 204

    told.answer = answer
    twin.dials.turn({"webhook_concurrency": 3, "webhook_batch": 1})
    only(twin, ("contact.creation", None))
    people(twin, 12)
    assert twin.webhooks.flush()["delivered"] == 12
    assert most["most"] == 3


# -- failure -----------------------------------------------------------------------------------------------------


def test_a_refused_delivery_comes_again_with_its_attempt_number(twin, told):
    answers = iter([503, 500, 204])
    told.answer = lambda _: next(answers)
    only(twin, ("contact.creation", None))
    people(twin, 1)
    counts = twin.webhooks.flush(rounds=11)
    assert [one["attemptNumber"] for one in told.items] == [0, 1, 2]
    assert (counts["failed"], counts["delivered"], counts["given_up"]) == (2, 1, 0)
    assert [entry.outcome for entry in twin.ledger.attempts] == ["again", "again", "delivered"]


def test_after_ten_retries_it_is_given_up(twin, told):
    told.answer = lambda _: 500
    only(twin, ("contact.creation", None))
    people(twin, 150)
    counts = twin.webhooks.flush(rounds=20)
    assert (counts["given_up"], counts["given_up_items"], counts["delivered"]) == (2, 150, 0)
    assert {one["attemptNumber"] for one in told.items} == set(range(11))
    assert [entry.outcome for entry in twin.ledger.attempts].count("given up") == 2


def test_ten_retries_take_about_a_day():
    fates = Fates(Dials(), seed=3)
    for delivery in ("a", "b", "c"):
        pauses = [fates.pause(delivery, attempt) for attempt in range(10)]
        assert 0.7 * DAY < sum(pauses) < 1.3 * DAY
    assert fates.pause("a", 0) != fates.pause("b", 0)


def test_a_retry_waits_for_its_time(app):
    clock = VirtualTwinClock()
    twin = Twin(clock=clock, dials=Dials(webhook_attempt_spacing=100))
    app.answer = lambda _: 500
    with serve_twin(twin):
        twin.webhooks.target(app.url)
        people(twin, 1)
        assert twin.webhooks.quiet(due_only=True)
        assert len(app.received) == 1
        app.answer = lambda _: 204
        clock.advance(131)
        assert twin.webhooks.quiet()
    assert len(app.received) == 2


def test_an_answer_after_the_apps_five_seconds_counts_for_nothing(twin, told):
    over = threading.Event()
    told.answer = lambda _: 204 if over.wait(10) else 500
    twin.dials.webhook_timeout = 0.1
    people(twin, 1)
    counts = twin.webhooks.flush()
    over.set()
    assert (counts["delivered"], counts["failed"]) == (0, 1)
    assert [entry.status for entry in twin.ledger.attempts] == [0]


def test_nobody_listening_is_a_failed_attempt(twin):
    twin.webhooks.target("http://127.0.0.1:9/nobody", live=False)
    people(twin, 1)
    assert twin.webhooks.flush()["failed"] == 1


def test_a_bad_signature_is_really_bad_and_the_next_attempt_may_be_good(app):
    twin = fresh(app, webhook_bad_signature=0.5, webhook_batch=1)
    good = twin.access.client_secret
    app.answer = lambda one: 204 if one.is_signed(good, app.url) else 401
    only(twin, ("contact.creation", None))
    people(twin, 20)
    counts = twin.webhooks.flush(rounds=11)
    assert (counts["items"], counts["given_up"]) == (20, 0)
    assert counts["failed"] > 3


def test_a_stale_timestamp_is_six_minutes_old(twin, told):
    twin.dials.webhook_stale = 1.0
    people(twin, 1)
    twin.webhooks.flush()
    stamp = int(told.received[0].headers["X-HubSpot-Request-Timestamp"])
    assert twin.state.now_ms() - stamp == 360_000
    assert told.received[0].is_signed(twin.access.client_secret, told.url)


def test_an_outage_of_the_portal_sends_nothing_and_loses_nothing(twin, told):
    only(twin, ("contact.creation", None))
    twin.dials.webhooks_down = True
    people(twin, 3)
    assert twin.webhooks.flush()["delivered"] == 0
    twin.dials.webhooks_down = False
    assert twin.webhooks.flush()["items"] == 3


# -- by itself, and from outside ---------------------------------------------------------------------------------


def test_by_itself_everything_arrives_in_time(app):
    twin = Twin.empty()
    twin.webhooks.target(app.url)
    only(twin, ("contact.creation", None))
    made = people(twin, 300)
    assert twin.webhooks.quiet()
    twin.webhooks.close()
    assert sorted(one["objectId"] for one in app.items) == made
    assert twin.webhooks.state()["delivered"] == len(app.received) == len(twin.ledger.attempts)


def test_webhooks_are_steered_over_http(call, twin, app):
    state = call.post("/__twin__/webhooks", {"url": app.url, "live": False, "subscribe": ["contacts"]}).json()
    assert state["active"] > 50
    act = {"args": [{"email": "eva@example.org"}]}
    call.post("/__twin__/act/create_contact", act)
    assert call.get("/__twin__/webhooks").json()["waiting_notices"] > 0
    assert call.post("/__twin__/webhooks/flush").json()["delivered"] == 1
    assert call.post("/__twin__/webhooks/quiet", {"timeout": 5}).json()["quiet"] is True
    attempts = call.get("/__twin__/ledger").json()["attempts"]
    assert [(one["status"], one["number"]) for one in attempts] == [(204, 0)]
    assert call("DELETE", "/__twin__/webhooks").json()["live"] is False
