"""Workflows: reading them, enrolling contacts (v2 only, hubspot-api.md 7), and a record of every enrolment received."""

from __future__ import annotations

from flask import Response, request

from connector.twin.clock import from_ms
from connector.twin.definitions import BORN, load_yaml
from connector.twin.errors import JSON, PortalError, correlation, not_found
from connector.twin.ledger import Enrolment
from connector.twin.records import Record
from connector.twin.state import SYSTEM, State
from connector.twin.web import Url, answer, batch_answer, inputs, next_link, number

V2 = "/automation/v2/workflows"


class Workflows:
    """The portal's contact workflows and who is in them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.all: list[JSON] = [dict(row) for row in load_yaml("world.yaml")["workflows"]]
        self.enrolled: dict[int, dict[int, int]] = {row["id"]: {} for row in self.all}

    def find(self, ident: str | int) -> JSON:
        found = next((row for row in self.all if str(row["id"]) == str(ident)), None)
        if found is None:
            raise not_found(f"Workflow {ident} does not exist")
        return found

    def enrol(self, workflow: JSON, record: Record) -> None:
        """Accepted always when on; effective when not enrolled yet or re-enrolment is on."""
        at = self._state.now_ms()
        if not workflow["enabled"]:
            message = f"Workflow {workflow['id']} is turned off"
            body = {"status": "error", "message": message, "correlationId": correlation()}
            raise PortalError(self._state.dials.workflow_off_status, body)
        members = self.enrolled[workflow["id"]]
        again = record.id in members and not workflow["reenrol"]
        self._state.ledger.enrolments.append(Enrolment(workflow["id"], record.id, from_ms(at), again))
        if not again:
            members[record.id] = at
            self._state.effect("enrolled", "contacts", record.id, self._state.caller, at, name=str(workflow["id"]))
            self._state.write("contacts", record, {"currentlyinworkflow": "true"}, SYSTEM)

    def leave(self, workflow: JSON, record: Record) -> None:
        if self.enrolled[workflow["id"]].pop(record.id, None) is not None:
            self._state.effect(
                "unenrolled", "contacts", record.id, self._state.caller, self._state.now_ms(), name=str(workflow["id"])
            )
            if not any(record.id in members for members in self.enrolled.values()):
                self._state.write("contacts", record, {"currentlyinworkflow": "false"}, SYSTEM)


class AutomationRoutes:
    """v2 enrolment, v3 workflows, v4 flows."""

    def __init__(self, state: State, workflows: Workflows) -> None:
        self._state = state
        self._flows = workflows

    def urls(self) -> list[Url]:
        enrol = f"{V2}/<ident>/enrollments/contacts/<email>"
        return [
            Url("POST", enrol, self.enrol), Url("DELETE", enrol, self.leave),
            Url("GET", f"{V2}/enrollments/contacts/<vid>", self.current),
            Url("GET", "/automation/v3/workflows", self.v3_page),
            Url("GET", "/automation/v3/workflows/<ident>", self.v3_one),
            Url("GET", "/automation/v4/flows", self.v4_page), Url("GET", "/automation/v4/flows/<ident>", self.v4_one),
            Url("POST", "/automation/v4/workflow-id-mappings/batch/read", self.mappings),
        ]  # fmt: skip

    def _contact(self, email: str) -> Record:
        table = self._state.table("contacts")
        record = table.live(table.by_email.get(email.lower(), -1))
        if record is None:
            raise not_found(f"contact {email} does not exist")
        return record

    def enrol(self, ident: str, email: str) -> Response:
        self._flows.enrol(self._flows.find(ident), self._contact(email))
        return answer(status=204)

    def leave(self, ident: str, email: str) -> Response:
        self._flows.leave(self._flows.find(ident), self._contact(email))
        return answer(status=204)

    def current(self, vid: str) -> Response:
        rows = [
            self._v3(row) for row in self._flows.all if vid.isdigit() and int(vid) in self._flows.enrolled[row["id"]]
        ]
        return answer(rows)

    def _v3(self, row: JSON) -> JSON:
        return {
            "id": row["id"], "name": row["name"], "type": "DRIP_DELAY", "enabled": row["enabled"],
            "insertedAt": 1_675_238_400_000, "updatedAt": self._state.now_ms(),
        }  # fmt: skip

    def v3_page(self) -> Response:
        return answer({"workflows": [self._v3(row) for row in self._flows.all]})

    def v3_one(self, ident: str) -> Response:
        return answer(self._v3(self._flows.find(ident)))

    def _v4(self, row: JSON) -> JSON:
        return {
            "id": str(row["flow"]), "isEnabled": row["enabled"], "objectTypeId": "0-1", "revisionId": "3",
            "name": row["name"],
            "createdAt": BORN, "updatedAt": BORN, "flowType": "WORKFLOW", "uuid": f"flow-{row['flow']}",
        }  # fmt: skip

    def v4_page(self) -> Response:
        limit, after = number("limit", 100, 100), int(request.args.get("after") or 0)
        body: JSON = {"results": [self._v4(row) for row in self._flows.all[after : after + limit]]}
        if after + limit < len(self._flows.all):
            body["paging"] = next_link(str(after + limit))
        return answer(body)

    def v4_one(self, ident: str) -> Response:
        for row in self._flows.all:
            if str(row["flow"]) == ident:
                return answer({
                    **self._v4(row), "type": "CONTACT_FLOW", "actions": [], "suppressionListIds": [], "timeWindows": [],
                    "blockedDates": [], "enrollmentCriteria": {"type": "MANUAL", "shouldReEnroll": row["reenrol"]},
                })  # fmt: skip
        raise not_found()

    def mappings(self) -> Response:
        results: list[JSON] = []
        missing: list[str] = []
        for one in inputs():
            key, wanted = ("flow", one.get("flowId")) if one.get("type") == "FLOW_ID" else ("id", one.get("workflowId"))
            row = next((row for row in self._flows.all if str(row[key]) == str(wanted)), None)
            if row is None:
                missing.append(str(wanted))
            else:
                results.append({"flowId": str(row["flow"]), "workflowId": str(row["id"])})
        errors = [{
            "status": "error", "category": "OBJECT_NOT_FOUND", "message": "Some workflows were not found",
            "context": {"ids": missing}, "links": {}, "errors": [],
        }] if missing else []  # fmt: skip
        return batch_answer(self._state, results, errors)
