"""The app's custom workflow actions (hubspot-api.md 7.4): definitions by developer key, and a workflow that runs one.

Calls are signed as HubSpot signs them, version 2 over method, address and body; with the dial turned version 3 stands
beside it. What a workflow does with the answer (go on, wait, try again) is told, not played.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from connector.twin.deliveries import Postman, Target
from connector.twin.errors import JSON, not_found, refused
from connector.twin.state import State

NEEDED = ("actionUrl", "functions", "inputFields", "labels", "objectTypes", "published")
KNOWN = {
    *NEEDED, "executionRules", "inputFieldDependencies", "objectRequestOptions", "outputFields", "archivedAt",
}  # fmt: skip
TYPES = ("bool", "date", "datetime", "enumeration", "json", "number", "object_coordinates", "phone_number", "string")
FIELD_NEEDS = ("externalOptions", "name", "options", "schema", "type", "useChirp")
STATES = ("SUCCESS", "FAIL_CONTINUE", "BLOCK", "ASYNC")
PATIENCE = 20.0


@dataclass
class Action:
    """One definition and its revisions."""

    id: int
    revision: int
    definition: JSON

    def as_json(self) -> JSON:
        return {**self.definition, "id": str(self.id), "revisionId": str(self.revision)}


@dataclass(frozen=True)
class Ran:
    """What one call of an action brought: HTTP status (0: no answer in time), output fields, and what that means."""

    status: int
    outputs: JSON
    meaning: str  # SUCCESS, FAIL_CONTINUE, BLOCK, ASYNC; "failed" (4xx), "again" (429, 5xx, silence)
    ms: float

    def as_json(self) -> JSON:
        return {"status": self.status, "outputFields": self.outputs, "meaning": self.meaning, "ms": self.ms}


@dataclass
class Actions:
    """All definitions of the app, and the workflow engine's way of running them."""

    state: State
    secret: Callable[[], str]
    lock: threading.RLock
    all: dict[int, Action] = field(default_factory=dict)
    _next: int = 10_860_211
    _runs: int = 0

    def define(self, body: JSON) -> Action:
        missing = [name for name in NEEDED if name not in body]
        if missing:
            raise refused(f"Invalid input JSON: required fields were not set: [{', '.join(missing)}]")
        made = Action(self._next, 1, _checked(body))
        self._next += 1
        self.all[made.id] = made
        return made

    def get(self, ident: str) -> Action:
        found = self.all.get(int(ident)) if ident.isdigit() else None
        if found is None:
            raise not_found(f"No action definition with id {ident} exists")
        return found

    def change(self, ident: str, body: JSON) -> Action:
        found = self.get(ident)
        if "functions" in body:
            raise refused("Invalid input JSON: functions cannot be changed here")
        found.definition = _checked({**found.definition, **body})
        found.revision += 1
        return found

    def delete(self, ident: str) -> None:
        del self.all[self.get(ident).id]

    def run(self, record_id: int, *, callback_id: str = "", via: str | None = None, v3: bool = False) -> Ran:
        """A workflow's step for one contact: the newest published action is called. ``via``: called there instead."""
        with self.lock:
            action = next((one for one in reversed(list(self.all.values())) if one.definition["published"]), None)
            if action is None:
                raise KeyError("no action is defined and published")
            self._runs += 1
            callback = callback_id or f"ap-{self.state.portal_id}-{56_777_914_962 + self._runs}-11-0"
            body, now = orjson.dumps(self._question(action, record_id, callback)), self.state.now_ms()
        url = action.definition["actionUrl"]
        postman = Postman(self.secret)
        try:
            headers = postman.action_headers(url, body, now, v3=v3)
            status, ms, content = postman.ask(Target.of(url, via), body, headers, PATIENCE)
        finally:
            postman.close()
        return _ran(status, ms, content)

    def _question(self, action: Action, record_id: int, callback: str) -> JSON:
        record = self.state.table("contacts").records.get(record_id)
        asked = (action.definition.get("objectRequestOptions") or {}).get("properties") or []
        props = {} if record is None else {name: record.props[name] for name in asked if name in record.props}
        ident, revision = action.id, action.revision
        return {
            "callbackId": callback,
            "origin": {
                "portalId": self.state.portal_id, "actionDefinitionId": ident, "actionDefinitionVersion": revision,
                "extensionDefinitionId": ident, "extensionDefinitionVersionId": revision,
            },
            "context": {"source": "WORKFLOWS", "workflowId": 192_814_114},
            "object": {"objectId": record_id, "objectType": "CONTACT", "properties": props},
            "inputFields": {}, "fields": {},
        }  # fmt: skip


def _ran(status: int, ms: float, content: bytes) -> Ran:
    if status == 429 or status >= 500 or status == 0:
        return Ran(status, {}, "again", ms)
    if status >= 400:
        return Ran(status, {}, "failed", ms)
    try:
        outputs: Any = orjson.loads(content).get("outputFields")
    except (orjson.JSONDecodeError, AttributeError):
        outputs = None
    if not isinstance(outputs, dict):
        return Ran(status, {}, "failed", ms)
    state = outputs.get("hs_execution_state", "SUCCESS")
    return Ran(status, outputs, state if state in STATES else "failed", ms)


def _checked(body: JSON) -> JSON:
    """What HubSpot's schema refuses (SPEC: Actions V4): unknown members, labels without English, odd fields."""
    unknown = sorted(set(body) - KNOWN)
    if unknown:
        raise refused(f"Invalid input JSON: unrecognized fields: {', '.join(unknown)}")
    if not str(body.get("actionUrl") or "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise refused("actionUrl must be a valid https URL")
    if not (body["labels"].get("en") or {}).get("actionName"):
        raise refused("labels must contain an English actionName")
    for output in body.get("outputFields") or []:
        told = output.get("typeDefinition") or {}
        lacking = [name for name in FIELD_NEEDS if name not in told]
        if lacking or told["type"] not in TYPES:
            raise refused(f"Invalid output field {told.get('name')}: {', '.join(lacking) or told['type']}")
    named = {rule.get("labelName") for rule in body.get("executionRules") or []}
    for language, words in body["labels"].items():
        lacking = sorted(named - set(words.get("executionRules") or {}))
        if lacking:
            raise refused(f"labels.{language}.executionRules lacks {', '.join(map(str, lacking))}")
    return dict(body)
