"""The official client through our session: seen by requests-mock, with our auth, retries, errors and paths."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connector.errors import FeatureOff, MissingScope, PortalUnavailable, TokenRejected
from connector.model.records import PropertyOption
from connector.portal.gateway import NewProperty, PropertyGroup
from connector.portal.hubspot import connect
from tests.portal.conftest import TOKEN, URL

OWNERS = f"{URL}/crm/v3/owners/"
PROPERTIES = f"{URL}/crm/v3/properties/contacts"
GROUP = PropertyGroup("leadwright", "Leadwright")
SCORE = NewProperty("lead_score", "Lead score", "number", "number", "A score as a bill")
BAND = NewProperty("lead_band", "Band", "enumeration", "select", options=(PropertyOption("a", "A", 1),))


def owner(ident: str, **more: object) -> dict:
    stamp = "2026-01-01T00:00:00.000Z"
    return {"id": ident, "email": f"{ident}@x.co", "type": "PERSON", "createdAt": stamp, "updatedAt": stamp,
            "archived": False, **more}  # fmt: skip


class TestOwners:
    def test_active_and_archived_over_all_pages(self, portal, web):
        first = {"results": [owner("1", userId=5, teams=[{"id": "t", "name": "North", "primary": True}])],
                 "paging": {"next": {"after": "2"}}}  # fmt: skip
        web.get(f"{OWNERS}?archived=false", [{"json": first}, {"json": {"results": [owner("2")]}}])
        web.get(f"{OWNERS}?archived=true", json={"results": [owner("3", userIdIncludingInactive=7)]})
        one, two, three = portal.owners()
        assert (one.id, one.user_id, one.teams, one.active) == (1, 5, ("North",), True)
        assert (two.id, three.id, three.active, three.user_id) == (2, 3, False, 7)
        assert web.last_request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert web.last_request.headers["Accept-Encoding"] == "gzip"

    def test_absent_fields_are_no_fault(self, portal, web):
        web.get(OWNERS, json={"results": [{"id": "1"}]})
        assert portal.owners()[0].email == ""

    def test_make_it_look_for_the_other_generation(self, clock, web):
        portal = connect(URL, TOKEN, clock=clock)
        web.get(OWNERS, status_code=404)
        web.get(f"{URL}/account-info/v3/details", status_code=404)
        web.get(f"{URL}/account-info/2026-09/details", json={"portalId": 1})
        web.get(f"{URL}/crm/owners/2026-09", json={"results": [owner("1")]})
        assert [one.id for one in portal.owners()] == [1]
        portal.close()

    def test_are_repeated_and_counted_like_every_call(self, portal, web):
        web.get(OWNERS, [{"status_code": 502}, {"json": {"results": []}}])
        portal.owners()
        assert portal.calls().made == 3

    def test_a_missing_scope_switches_them_off(self, portal, web, payload):
        web.get(OWNERS, status_code=403, json=payload("missing_scope"))
        with pytest.raises(FeatureOff):
            portal.owners()

    def test_a_rejected_token_is_ours_too(self, portal, web):
        web.get(OWNERS, status_code=401)
        with pytest.raises(TokenRejected):
            portal.owners()

    def test_what_the_models_cannot_hold_is_unreadable(self, portal, web):
        web.get(OWNERS, json={"results": [owner("1", createdAt="the day before")]})
        with pytest.raises(PortalUnavailable) as caught:
            portal.owners()
        assert caught.value.reason == "unreadable"


PIPELINES = {"results": [{"id": "default", "label": "Sales", "displayOrder": 0, "archived": False, "stages": [
    {"id": "won", "label": "Won", "displayOrder": 2, "metadata": {"isClosed": "true", "probability": "1.0"}},
    {"id": "old", "label": "Old", "displayOrder": 1, "archived": True, "metadata": {}},
    {"id": "new", "label": "New", "displayOrder": 0, "metadata": {"probability": "0.2"}}]}]}  # fmt: skip


class TestPipelines:
    def test_stages_in_order_without_archived_ones(self, portal, web):
        web.get(f"{URL}/crm/v3/pipelines/deals", json=PIPELINES)
        (pipeline,) = portal.pipelines("deals")
        assert [(stage.id, stage.closed, stage.probability) for stage in pipeline.stages] == [
            ("new", False, 0.2), ("won", True, 1.0)
        ]  # fmt: skip

    def test_the_dated_generation_is_reached_through_the_old_client(self, clock, web):
        portal = connect(URL, TOKEN, clock=clock, generation="2026-09")
        web.get(f"{URL}/crm/pipelines/2026-09/deals", json=PIPELINES)
        assert portal.pipelines("deals")[0].id == "default"
        portal.close()


class TestProvision:
    def test_creates_group_and_properties_that_are_missing(self, portal, web):
        web.get(PROPERTIES, json={"results": [{"name": "email", "type": "string"}]})
        web.get(f"{PROPERTIES}/groups", json={"results": [{"name": "contactinformation", "label": "x"}]})
        web.post(f"{PROPERTIES}/groups", status_code=201, json={"name": "leadwright", "label": "Leadwright"})
        web.post(PROPERTIES, status_code=201, json={"name": "x"})
        outcome = portal.create_properties("contacts", GROUP, [SCORE, BAND])
        assert (outcome.group_created, outcome.created, outcome.existing) == (True, ("lead_score", "lead_band"), ())
        sent = [one.json() for one in web.request_history if one.method == "POST"]
        assert sent[0]["name"] == "leadwright"
        assert sent[1] == {
            "name": "lead_score", "label": "Lead score", "type": "number", "fieldType": "number",
            "groupName": "leadwright", "description": "A score as a bill",
        }  # fmt: skip
        assert sent[2]["options"] == [{"value": "a", "label": "A", "displayOrder": 1, "hidden": False}]

    def test_writes_nothing_when_all_is_there(self, portal, web):
        there = [
            {"name": "lead_score", "type": "string", "fieldType": "text"},
            {"name": "lead_band", "type": "enumeration"},
        ]
        web.get(PROPERTIES, json={"results": there})
        outcome = portal.create_properties("contacts", GROUP, [SCORE, BAND])
        assert web.call_count == 1
        assert outcome.existing == ("lead_score", "lead_band")
        assert outcome.differing == {"lead_score": "is string/text; needed is number/number"}

    def test_somebody_quicker_is_no_failure_and_a_refusal_is_told(self, portal, web):
        web.get(PROPERTIES, json={"results": []})
        web.get(f"{PROPERTIES}/groups", json={"results": []})
        web.post(f"{PROPERTIES}/groups", status_code=409, json={"category": "CONFLICT"})
        web.post(
            PROPERTIES,
            [{"status_code": 409, "json": {}}, {"status_code": 400, "json": {"category": "VALIDATION_ERROR"}}],
        )
        outcome = portal.create_properties("contacts", GROUP, [SCORE, BAND])
        assert (outcome.group_created, outcome.created, outcome.existing) == (False, (), ("lead_score",))
        assert "VALIDATION_ERROR" in outcome.failed["lead_band"]

    def test_a_creation_is_not_repeated_after_a_lost_answer(self, portal, web):
        web.get(PROPERTIES, json={"results": []})
        web.get(f"{PROPERTIES}/groups", json={"results": [{"name": "leadwright"}]})
        web.post(PROPERTIES, status_code=504)
        with pytest.raises(PortalUnavailable):
            portal.create_properties("contacts", GROUP, [SCORE])
        assert web.call_count == 3

    def test_a_missing_scope_stops_with_its_name(self, portal, web, payload):
        web.get(PROPERTIES, json={"results": []})
        web.get(f"{PROPERTIES}/groups", json={"results": [{"name": "leadwright"}]})
        web.post(PROPERTIES, status_code=403, json=payload("missing_scope"))
        with pytest.raises(MissingScope):
            portal.create_properties("contacts", GROUP, [SCORE])


def test_the_client_is_loaded_at_the_first_typed_call_only():
    code = "import sys, connector.portal.hubspot; print('hubspot' in sys.modules, 'flask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
