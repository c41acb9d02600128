"""The contract of ``Portal``: the same claims about every implementation, old paths and dated ones.

Over requests-mock mounted on the twin's application, and over the twin on a real port.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests_mock

from connector.clock import SystemClock, VirtualClock
from connector.errors import FeatureOff, MissingScope, NotFound, Refused, TokenRejected
from connector.model.records import ENGAGEMENTS
from connector.portal.gateway import Filter, NewProperty, PropertyGroup, Rates, Update
from connector.portal.hubspot import HubSpotPortal, connect
from connector.twin import Dials, Twin, VirtualTwinClock, serve_twin
from tests.portal.conftest import START_MS, URL

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GENERATIONS = ("v3", "2026-09")


def new_twin() -> Twin:
    return Twin.empty(clock=VirtualTwinClock(NOW), dials=Dials(burst=None, search_per_second=None))


def mount(web: requests_mock.Mocker, twin: Twin) -> None:
    """Every request of ours becomes one of the twin's test client."""
    client = twin.app().test_client()

    def forward(request, context):
        answer = client.open(
            request.path_url, method=request.method, data=request.body, headers=dict(request.headers), buffered=True
        )
        context.status_code = answer.status_code
        context.headers.update(answer.headers)
        return answer.get_data()

    web.register_uri(requests_mock.ANY, requests_mock.ANY, content=forward)


class Contract:
    """Claims that hold for every portal; the classes below say how to reach one."""

    def test_identity(self, portal, twin):
        found = portal.identity()
        assert (found.hub_id, found.time_zone) == (twin.portal_id, "Europe/Berlin")

    def test_pages_walk_all_records_once_in_order_of_id(self, portal, twin):
        made = [twin.create_contact({"email": f"c{n}@example.org"}) for n in range(25)]
        seen, after = [], None
        while True:
            page = portal.page("contacts", after=after, properties=["email"], limit=10)
            seen += [record.id for record in page.records]
            after = page.after
            if after is None:
                break
        assert seen == sorted(made)

    def test_values_come_as_the_portal_has_them(self, portal, twin):
        ident = twin.create_contact({"email": "ada@example.org", "firstname": "Ada"})
        (record,) = portal.page("contacts", after=None, properties=["email", "firstname", "lastname", "nope"]).records
        assert (record.id, record.properties["firstname"], record.properties["lastname"]) == (ident, "Ada", None)
        assert "nope" not in record.properties
        assert record.modified_ms == record.created_ms == START_MS

    def test_archived_records_only_when_asked_for(self, portal, twin):
        gone, there = (twin.create_contact({"email": f"{n}@example.org"}) for n in "ab")
        twin.delete("contacts", gone)
        live = portal.page("contacts", after=None, properties=["email"]).records
        archived = portal.page("contacts", after=None, properties=["email"], archived=True).records
        assert [record.id for record in live] == [there]
        assert [(record.id, record.archived) for record in archived] == [(gone, True)]
        assert portal.read("contacts", [gone, there], ["email"]).missing == (gone,)

    def test_links_are_the_same_from_a_listing_and_from_a_batch(self, portal, twin):
        contact, lonely = (twin.create_contact({"email": f"{n}@example.org"}) for n in "ab")
        main, other = (twin.create("companies", {"name": n, "domain": f"{n}.co"}) for n in ("Main", "Other"))
        deal = twin.create("deals", {"dealname": "D"})
        twin.associate("contacts", contact, "companies", main)
        twin.associate("contacts", contact, "companies", other, primary=False)
        twin.associate("contacts", contact, "deals", deal)
        page = portal.page("contacts", after=None, properties=["email"], associations=["companies", "deals"])
        listed = {record.id: record.associations for record in page.records}
        assert listed[lonely] == ()
        assert {(link.to_type, link.to_id, link.primary) for link in listed[contact]} == {
            ("companies", main, True), ("companies", other, False), ("deals", deal, False)
        }  # fmt: skip
        batch = portal.associations("contacts", "companies", [contact, lonely])
        assert batch[lonely] == ()
        assert {(link.to_id, link.primary) for link in batch[contact]} == {(main, True), (other, False)}

    def test_search_by_modification_and_id(self, portal, twin):
        made = [twin.create_contact({"email": f"c{n}@example.org"}) for n in range(5)]
        groups = [[Filter("lastmodifieddate", "GTE", str(START_MS)), Filter("hs_object_id", "GT", str(made[1]))]]
        page = portal.search("contacts", groups=groups, sort="hs_object_id", properties=["email"], limit=2)
        assert [record.id for record in page.records] == made[2:4]
        assert page.total == 3
        rest = portal.search(
            "contacts", groups=groups, sort="hs_object_id", properties=["email"], limit=2, after=page.after
        )
        assert [record.id for record in rest.records] == made[4:]
        assert rest.after is None

    @pytest.mark.parametrize("survivor", ["new", "keep"])
    def test_merged_away_ids_lead_to_their_survivor(self, portal, twin, survivor):
        twin.dials.turn({"survivor": survivor})
        one, two, bystander = (twin.create_contact({"email": f"{n}@example.org"}) for n in "abc")
        alive = twin.merge(one, two)
        found = portal.read("contacts", [one, two, bystander], ["email"])
        assert sorted(record.id for record in found.records) == sorted({alive, bystander})
        assert dict(found.survivors) == {old: alive for old in (one, two) if old != alive}
        assert found.missing == ()
        assert portal.read_one("contacts", two, ["email"]).id == alive
        assert portal.read_one("contacts", "b@example.org", ["email"]).id == alive

    def test_write_and_read_back(self, portal, twin):
        one, two = (twin.create_contact({"email": f"{n}@example.org"}) for n in "ab")
        gone = twin.create_contact({"email": "gone@example.org"})
        twin.delete("contacts", gone)
        outcomes = portal.write("contacts", [Update(ident, {"firstname": f"N{ident}"}) for ident in (one, gone, two)])
        assert [(outcome.id, outcome.state) for outcome in outcomes] == [
            (one, "written"), (gone, "gone"), (two, "written")
        ]  # fmt: skip
        assert twin.get("contacts", one)["firstname"] == f"N{one}"
        assert outcomes[0].modified_ms == portal.read_one("contacts", one, ["firstname"]).modified_ms

    def test_a_merged_away_id_is_gone_for_a_write(self, portal, twin):
        one, two, three = (twin.create_contact({"email": f"{n}@example.org"}) for n in "abc")
        twin.merge(one, two)
        states = {
            o.id: o.state for o in portal.write("contacts", [Update(n, {"firstname": "X"}) for n in (two, three)])
        }
        assert states == {two: "gone", three: "written"}

    def test_clearing_a_value(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org", "firstname": "Ada"})
        portal.write("contacts", [Update(ident, {"firstname": ""})])
        assert portal.read_one("contacts", ident, ["firstname"]).properties["firstname"] is None

    def test_a_refused_batch_names_properties_and_no_values(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org"})
        bad = Update(ident, {"no_such_property": "hush-hush", "hs_lead_status": "HUSH_HUSH"})
        with pytest.raises(Refused) as caught:
            portal.write("contacts", [bad])
        assert "no_such_property" in caught.value.faults
        assert "hush" not in f"{caught.value} {caught.value.faults}".lower()

    def test_definitions_owners_and_pipelines(self, portal):
        definitions = {one.name: one for one in portal.definitions("contacts")}
        stage = definitions["lifecyclestage"]
        assert not stage.read_only
        assert [option.value for option in sorted(stage.options, key=lambda o: o.order)][:2] == ["subscriber", "lead"]
        assert definitions["createdate"].read_only
        owners = portal.owners()
        assert owners
        assert len({owner.id for owner in owners}) == len(owners)
        pipelines = portal.pipelines("deals")
        assert any(stage.id == "closedwon" for pipeline in pipelines for stage in pipeline.stages)

    def test_provisioning_twice_creates_once(self, portal):
        group = PropertyGroup("leadwright", "Leadwright")
        wanted = [NewProperty("leadwright_score", "Score", "number", "number")]
        first = portal.create_properties("contacts", group, wanted)
        second = portal.create_properties("contacts", group, wanted)
        assert (first.group_created, first.created) == (True, ("leadwright_score",))
        assert (second.group_created, second.created, second.existing) == (False, (), ("leadwright_score",))
        assert any(one.name == "leadwright_score" for one in portal.definitions("contacts"))

    def test_engagement_of_a_person(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org"})
        twin.email_event(ident, "OPEN", at=NOW - MINUTE)
        twin.page_view(ident, "https://www.example-werke.de/preise", at=NOW - MINUTE)
        events = portal.email_events(start_ms=START_MS - 120_000, end_ms=START_MS, offset=None).events
        assert [(event.type, event.email) for event in events] == [("OPEN", "a@example.org")]
        views = portal.page_views(ident, since_ms=START_MS - 120_000, after=None).events
        assert [(view.url, view.contact_id) for view in views] == [("https://www.example-werke.de/preise", ident)]
        assert portal.page_views(999_999_999, since_ms=0, after=None).events == ()

    def test_forms_and_their_submissions(self, portal, twin):
        form = portal.forms()[0]
        twin.submit_form(form.id, "a@example.org", at=NOW - MINUTE)
        twin.submit_form(form.id, "b@example.org", at=NOW)
        page = portal.submissions(form, after=None)
        assert [event.email for event in page.events] == ["b@example.org", "a@example.org"]
        assert {event.ref for event in page.events} == {form.id}

    def test_marketing_events(self, portal, twin):
        event = portal.marketing_events()[0]
        ident = twin.create_contact({"email": "a@example.org"})
        twin.attend(event.id, ident, "ATTENDED", at=NOW - MINUTE)
        (one,) = portal.participations(event, after=None).events
        assert (one.contact_id, one.type, one.at_ms, one.ref) == (ident, "ATTENDED", START_MS - 60_000, event.id)

    def test_engagement_objects_are_records(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org"})
        call = twin.log_engagement("calls", ident, {"hs_call_title": "Hello"})
        (record,) = portal.page("calls", after=None, properties=["hs_call_title"], associations=["contacts"]).records
        assert (record.id, record.properties["hs_call_title"]) == (call, "Hello")
        assert [link.to_id for link in record.associations] == [ident]
        for object_type in ENGAGEMENTS:
            portal.page(object_type, after=None, properties=["hs_timestamp"])

    def test_workflows_take_their_own_ids(self, portal, twin):
        ident = twin.create_contact({"email": "a+b@example.org"})
        workflow = next(one for one in portal.workflows() if one.enabled)
        portal.enrol(workflow.id, "a+b@example.org")
        assert workflow.id in portal.enrolments(ident)
        with pytest.raises(NotFound):
            portal.enrol("999999", "a+b@example.org")

    def test_leaving_a_workflow_twice_does_no_harm(self, portal, twin):
        ident = twin.create_contact({"email": "a+b@example.org"})
        workflow = next(one for one in portal.workflows() if one.enabled)
        portal.enrol(workflow.id, "a+b@example.org")
        portal.leave(workflow.id, "a+b@example.org")
        portal.leave(workflow.id, "a+b@example.org")
        assert portal.enrolments(ident) == ()

    def test_a_list_of_its_own_members_takes_and_gives_back(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org"})
        made = twin.lists.make("Leads")
        for _ in range(2):
            portal.change_list(made.head["listId"], ident, add=True)
            assert list(made.members) == [ident]
        for _ in range(2):
            portal.change_list(made.head["listId"], ident, add=False)
            assert list(made.members) == []
        with pytest.raises(NotFound):
            portal.change_list(made.head["listId"], 999_999, add=True)
        with pytest.raises(NotFound):
            portal.change_list("999999", ident, add=True)

    def test_who_is_on_a_list_is_told_whole_whatever_the_generation(self, portal, twin):
        made = twin.lists.make("Leads")
        ids = [twin.create_contact({"email": f"m{n}@example.org"}) for n in range(260)]
        twin.lists.change(made, ids, [])
        (head,) = portal.lists([made.head["listId"], "999999"])
        assert (head.id, head.name, head.size, head.of_contacts) == (made.head["listId"], "Leads", 260, True)
        first = portal.list_members(head.id, after=None)
        second = portal.list_members(head.id, after=first.after)
        assert [ident for ident, _ in (*first.members, *second.members)] == ids
        assert (len(first.members), second.after) == (250, None)
        assert abs((first.members[0][1] or 0) - portal.now_ms()) < 5_000
        with pytest.raises(NotFound):
            portal.list_members("999999", after=None)

    def test_a_list_that_computes_its_members_refuses(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org"})
        made = twin.lists.make("Computed", "DYNAMIC")
        with pytest.raises(Refused):
            portal.change_list(made.head["listId"], ident, add=True)

    def test_subscription_definitions(self, portal):
        assert portal.subscription_definitions()

    def test_more_properties_than_an_address_holds(self, portal, twin):
        twin.dials.turn({"url_limit": 8_000})
        idents = [twin.create_contact({"email": f"c{n}@example.org", "firstname": f"F{n}"}) for n in range(3)]
        company = twin.create("companies", {"name": "C", "domain": "c.co"})
        twin.associate("contacts", idents[0], "companies", company)
        many = ["firstname", *(f"some_long_property_name_{n:05d}" for n in range(1200))]
        page = portal.page("contacts", after=None, properties=many, associations=["companies"])
        assert [record.properties["firstname"] for record in page.records] == ["F0", "F1", "F2"]
        assert [link.to_id for link in page.records[0].associations] == [company]
        assert portal.search("contacts", groups=[], sort="", properties=many).total == 3
        assert not [call for call in twin.ledger.calls if call.status == 414]

    def test_missing_scopes_switch_off_what_is_optional_and_stop_what_is_not(self, open_portal, twin):
        portal = open_portal(twin.add_token("narrow", scopes=["crm.objects.contacts.read"]))
        assert portal.page("contacts", after=None, properties=["email"]).records == ()
        with pytest.raises(FeatureOff) as off:
            portal.page("deals", after=None, properties=["dealname"])
        assert off.value.scopes == ("crm.objects.deals.read",)
        with pytest.raises(FeatureOff):
            portal.owners()
        with pytest.raises(MissingScope):
            portal.write("contacts", [Update(1, {"firstname": "X"})])
        reports = {report.feature: report.ok for report in portal.scopes_check()}
        assert reports["contacts"] is True
        assert reports["companies"] is False
        assert reports["forms"] is False

    def test_a_wrong_token(self, open_portal):
        with pytest.raises(TokenRejected):
            open_portal("pat-eu1-nobody").identity()

    def test_all_scopes_are_fine_for_the_portals_own_token(self, portal):
        assert [report.feature for report in portal.scopes_check() if report.ok is not True] == []

    def test_unknown_records(self, portal):
        with pytest.raises(NotFound):
            portal.read_one("contacts", 424242, ["email"])
        with pytest.raises(NotFound):
            portal.read_one("contacts", "nobody@example.org", ["email"])

    def test_daily_usage(self, portal):
        usage = portal.daily_usage()
        assert usage is not None
        assert usage.limit == 625_000

    @pytest.mark.parametrize("status", [423, 429, 500, 502, 503, 504, 521, 524])
    def test_faults_in_between_are_not_seen(self, open_portal, twin, status):
        twin.create_contact({"email": "a@example.org"})
        twin.dials.turn({"faults": [{"status": status, "times": 1, "match": "/objects/contacts", "retry_after": 0}]})
        portal = open_portal(twin.token, clock=VirtualClock(START_MS))
        assert len(portal.page("contacts", after=None, properties=["email"]).records) == 1

    def test_cut_and_html_answers_are_not_seen(self, open_portal, twin):
        faults = [{"body": "cut", "times": 1}, {"status": 502, "body": "html", "times": 1}]
        twin.dials.turn({"faults": faults})
        portal = open_portal(twin.token, clock=VirtualClock(START_MS))
        assert portal.page("contacts", after=None, properties=["email"]).records == ()


@pytest.fixture
def twin() -> Twin:
    return new_twin()


class Reached:
    """How to open portals, and to close them all again."""

    @pytest.fixture(params=GENERATIONS)
    def generation(self, request) -> str:
        return request.param

    @pytest.fixture
    def open_portal(self, generation, address) -> Iterator:
        opened: list[HubSpotPortal] = []

        def open_one(token: str, clock=None) -> HubSpotPortal:
            made = connect(address, token, clock=clock or SystemClock(), generation=generation, rates=Rates())
            opened.append(made)
            return made

        yield open_one
        for one in opened:
            one.close()

    @pytest.fixture
    def portal(self, open_portal, twin):
        return open_portal(twin.token)


class TestOverRequestsMock(Reached, Contract):
    """requests-mock mounted on the twin's application: it sees every call of ours, typed ones too."""

    @pytest.fixture
    def address(self, twin) -> Iterator[str]:
        with requests_mock.Mocker() as web:
            mount(web, twin)
            yield URL


class TestOverHttp(Reached, Contract):
    """The twin on a loopback port."""

    @pytest.fixture
    def address(self, twin) -> Iterator[str]:
        with serve_twin(twin, threads=4) as url:
            yield url

    def test_a_lost_answer_of_a_write_is_asked_for_again(self, portal, twin):
        ident = twin.create_contact({"email": "a@example.org"})
        twin.dials.turn({"faults": [{"status": "reset", "times": 1, "match": "batch/update", "after_effect": True}]})
        assert portal.write("contacts", [Update(ident, {"firstname": "X"})])[0].state == "written"
        assert twin.get("contacts", ident)["firstname"] == "X"


@pytest.mark.parametrize("limiter", ["rolling", "bucket"])
def test_many_threads_are_never_refused(limiter):
    twin = Twin.empty(dials=Dials(burst=30, burst_window=1.0, limiter=limiter))
    with serve_twin(twin, threads=8) as url:
        portal = connect(url, twin.token, clock=SystemClock(), generation="v3")
        threads = [threading.Thread(target=ask, args=(portal, 12)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        portal.close()
    assert (portal.calls().made, portal.calls().refused_429) == (72, 0)


def ask(portal: HubSpotPortal, times: int) -> None:
    for _ in range(times):
        portal.page("contacts", after=None, properties=["email"])
