"""Writing back: an outcome per record by id, faults without values, whole refusals for the caller to bisect."""

from __future__ import annotations

import pytest
import requests

from connector.errors import NotFound, PortalUnavailable, Refused
from connector.portal.gateway import Update
from tests.portal.conftest import URL

ADDRESS = f"{URL}/crm/v3/objects/contacts/batch/update"


def updates(*ids: int, value: str = "10") -> list[Update]:
    return [Update(ident, {"lead_score": value}) for ident in ids]


class TestOutcomes:
    @pytest.mark.parametrize("status", [200, 201, 207])
    def test_are_matched_by_id_whatever_the_order_and_status(self, portal, web, payload, status):
        web.post(ADDRESS, status_code=status, json=payload("partial_batch"))
        outcomes = portal.write("contacts", updates(1, 2, 3, 4, 5, value="hush-hush"))
        assert [(one.id, one.state) for one in outcomes] == [
            (1, "written"), (2, "gone"), (3, "written"), (4, "refused"), (5, "gone")
        ]  # fmt: skip
        assert outcomes[2].properties["lead_score"] == "30"
        assert outcomes[2].modified_ms - outcomes[0].modified_ms == 2
        assert outcomes[3].faults == {"lead_score": "the value is not a number"}
        assert "hush" not in outcomes[3].reason

    def test_a_merged_away_id_is_simply_missing_from_a_success(self, portal, web):
        web.post(ADDRESS, json={"results": [{"id": "1", "properties": {}}]})
        assert [one.state for one in portal.write("contacts", updates(1, 2))] == ["written", "gone"]

    def test_an_error_that_names_nobody_refuses_all_that_are_missing(self, portal, web):
        error = {"category": "VALIDATION_ERROR", "message": "something"}
        web.post(ADDRESS, status_code=207, json={"results": [{"id": "1"}], "errors": [error]})
        outcomes = portal.write("contacts", updates(1, 2))
        assert [(one.state, "VALIDATION_ERROR" in one.reason) for one in outcomes] == [
            ("written", False), ("refused", True)
        ]  # fmt: skip

    def test_nothing_to_write_is_no_call(self, portal, web):
        assert portal.write("contacts", []) == ()
        assert web.call_count == 0

    @pytest.mark.parametrize("ids", [(1, 1), tuple(range(101))])
    def test_more_than_a_batch_is_a_fault_of_ours(self, portal, ids):
        with pytest.raises(ValueError, match="distinct"):
            portal.write("contacts", updates(*ids))


class TestWholeBatchRefused:
    def test_faults_per_property_and_no_values(self, portal, web, payload):
        web.post(ADDRESS, status_code=400, json=payload("refused_batch"))
        with pytest.raises(Refused) as caught:
            portal.write("contacts", updates(1, 2))
        assert caught.value.faults == {
            "no_such": "does not exist in the portal",
            "hs_lead_status": "the value is not one of the allowed options",
            "email": "the value is not a valid e-mail address",
            "industry": 'CONDITIONAL_REQUIRED: "industry" is required when … is … for …',
        }
        said = f"{caught.value} {caught.value.faults}"
        assert not any(secret in said for secret in ("grace", "secret-value", "customer"))
        assert "aabbccdd" in said

    def test_a_single_one_is_refused_the_same_way(self, portal, web, payload):
        web.post(ADDRESS, status_code=400, json=payload("refused_batch"))
        with pytest.raises(Refused):
            portal.write("contacts", updates(1))

    def test_a_value_that_must_be_unique_is_a_refusal(self, portal, web):
        web.post(ADDRESS, status_code=409, json={"category": "CONFLICT", "message": "x already has that value"})
        with pytest.raises(Refused):
            portal.write("contacts", updates(1))

    def test_not_found_of_one_is_gone_of_many_is_for_the_caller_to_bisect(self, portal, web):
        web.post(ADDRESS, status_code=404, json={"category": "OBJECT_NOT_FOUND"})
        assert portal.write("contacts", updates(1))[0].state == "gone"
        with pytest.raises(Refused):
            portal.write("contacts", updates(1, 2))


def test_a_lost_answer_is_asked_for_again(portal, web):
    web.post(
        ADDRESS, [{"exc": requests.exceptions.ReadTimeout}, {"status_code": 524}, {"json": {"results": [{"id": "1"}]}}]
    )
    assert portal.write("contacts", updates(1))[0].state == "written"
    assert web.call_count == 3


class TestEnrol:
    ADDRESS = f"{URL}/automation/v2/workflows/77/enrollments/contacts/a%2Bb%40c.co"

    def test_accepted(self, portal, web):
        web.post(self.ADDRESS, status_code=204)
        portal.enrol("77", "a+b@c.co")
        assert web.call_count == 1

    @pytest.mark.parametrize(
        "answer", [{"status_code": 500}, {"exc": requests.exceptions.ReadTimeout}, {"status_code": 524}]
    )
    def test_is_never_repeated_when_it_may_have_worked(self, portal, web, answer):
        web.post(self.ADDRESS, **answer)
        with pytest.raises(PortalUnavailable):
            portal.enrol("77", "a+b@c.co")
        assert web.call_count == 1

    def test_is_repeated_when_it_never_left(self, portal, web):
        web.post(self.ADDRESS, [{"exc": requests.exceptions.ConnectTimeout}, {"status_code": 204}])
        portal.enrol("77", "a+b@c.co")

    def test_is_repeated_after_a_429_which_did_nothing(self, portal, web, payload):
        web.post(self.ADDRESS, [{"json": payload("burst_limit"), "status_code": 429}, {"status_code": 204}])
        portal.enrol("77", "a+b@c.co")
        assert web.call_count == 2

    def test_is_repeated_when_the_cdn_never_reached_hubspot(self, portal, web):
        web.post(self.ADDRESS, [{"status_code": 522}, {"status_code": 204}])
        portal.enrol("77", "a+b@c.co")

    @pytest.mark.parametrize("answer", [{"status_code": 502}, {"exc": requests.exceptions.ReadTimeout}])
    def test_a_lost_answer_says_so(self, portal, web, answer):
        web.post(self.ADDRESS, **answer)
        with pytest.raises(PortalUnavailable) as caught:
            portal.enrol("77", "a+b@c.co")
        assert caught.value.reason == "outcome_unknown"

    @pytest.mark.parametrize(("status", "error"), [(404, NotFound), (400, Refused), (412, Refused)])
    def test_refusals(self, portal, web, status, error):
        web.post(self.ADDRESS, status_code=status, json={"message": "a+b@c.co is not there"})
        with pytest.raises(error) as caught:
            portal.enrol("77", "a+b@c.co")
        assert "a+b" not in str(caught.value)

    @pytest.mark.parametrize(
        "body",
        [[{"id": 5}, {"id": 6}], [5, 6], {"results": [{"workflowId": 5}, {"workflowId": "6"}]}, {"workflows": [5, 6]}],
    )
    def test_current_enrolments_in_all_their_shapes(self, portal, web, body):
        web.get(f"{URL}/automation/v2/workflows/enrollments/contacts/9", json=body)
        assert portal.enrolments(9) == ("5", "6")

    def test_a_single_workflow_object_is_one_enrolment(self, portal, web):
        web.get(f"{URL}/automation/v2/workflows/enrollments/contacts/9", json={"id": 5, "name": "x"})
        assert portal.enrolments(9) == ("5",)

    def test_an_unknown_contact_is_in_none(self, portal, web):
        web.get(f"{URL}/automation/v2/workflows/enrollments/contacts/9", status_code=404)
        assert portal.enrolments(9) == ()
