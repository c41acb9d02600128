"""Routes of the properties API: definitions, groups, batches, validations."""

from __future__ import annotations

from flask import Response

from connector.twin.clock import iso
from connector.twin.definitions import object_name
from connector.twin.errors import JSON, PortalError, batch_error, conflict, not_found, refused
from connector.twin.state import State
from connector.twin.web import Url, answer, batch_answer, flag, inputs, is_dated, payload_dict

BASE = "/crm/v3/properties/<word>"
RULES = "/crm/property-validations/<word>"


class PropertyRoutes:
    """Definitions of all object types."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._defs = state.definitions

    def urls(self) -> list[Url]:
        one, group = f"{BASE}/<name>", f"{BASE}/groups/<name>"
        return [
            Url("GET", BASE, self.page), Url("POST", BASE, self.create), Url("GET", f"{BASE}/groups", self.groups),
            Url("POST", f"{BASE}/groups", self.create_group), Url("GET", group, self.group),
            Url("PATCH", group, self.change_group), Url("DELETE", group, self.archive_group),
            Url("POST", f"{BASE}/batch/read", self.batch_read), Url("POST", f"{BASE}/batch/create", self.batch_create),
            Url("POST", f"{BASE}/batch/archive", self.batch_archive), Url("GET", one, self.read),
            Url("PATCH", one, self.change), Url("DELETE", one, self.archive), Url("GET", RULES, self.validations),
            Url("GET", f"{RULES}/<name>", self.validation),
            Url("PUT", f"{RULES}/<name>/rule-type/<rule>", self.validate),
        ]  # fmt: skip

    def _now(self) -> str:
        return iso(self._state.now_ms())

    def page(self, word: str) -> Response:
        archived = flag("archived")
        found = self._defs.properties[object_name(word)].values()
        return answer({"results": [row for row in found if row["archived"] is archived]})

    def create(self, word: str) -> Response:
        return answer(self._defs.add(object_name(word), payload_dict(), self._now()), 201)

    def read(self, word: str, name: str) -> Response:
        found = self._defs.find(object_name(word), name)
        if found is None:
            raise not_found(f'Property "{name}" does not exist')
        return answer(found)

    def change(self, word: str, name: str) -> Response:
        return answer(self._defs.change(object_name(word), name, payload_dict(), self._now()))

    def archive(self, word: str, name: str) -> Response:
        self._defs.archive(object_name(word), name)
        return answer(status=204)

    # -- batches -------------------------------------------------------------------------------------------------

    def batch_read(self, word: str) -> Response:
        kind = object_name(word)
        names = [str(one.get("name")) for one in inputs()]
        missing = [name for name in names if self._defs.find(kind, name) is None]
        errors = [batch_error(not_found("Could not get some properties"), {"name": missing})] if missing else []
        return batch_answer(self._state, [row for name in names if (row := self._defs.find(kind, name))], errors)

    def batch_create(self, word: str) -> Response:
        made: list[JSON] = []
        errors: list[JSON] = []
        for one in inputs():
            try:
                made.append(self._defs.add(object_name(word), one, self._now()))
            except PortalError as error:
                errors.append(batch_error(error, {"name": [str(one.get("name"))]}))
        return batch_answer(self._state, made, errors, 200 if is_dated() else 201)

    def batch_archive(self, word: str) -> Response:
        for one in inputs():
            self._defs.archive(object_name(word), str(one.get("name")))
        return answer(status=204)

    # -- groups --------------------------------------------------------------------------------------------------

    def _group(self, word: str, name: str) -> JSON:
        found = self._defs.groups[object_name(word)].get(name)
        if found is None:
            raise not_found(f'Property group "{name}" does not exist')
        return found

    def groups(self, word: str) -> Response:
        return answer({"results": list(self._defs.groups[object_name(word)].values())})

    def group(self, word: str, name: str) -> Response:
        return answer(self._group(word, name))

    def create_group(self, word: str) -> Response:
        body = payload_dict()
        groups = self._defs.groups[object_name(word)]
        name = str(body.get("name") or "")
        if not name or not body.get("label"):
            raise refused("name and label are required")
        if name in groups:
            raise conflict(f'A property group named "{name}" already exists.', subCategory="Properties.GROUP_EXISTS")
        groups[name] = {
            "name": name,
            "label": body["label"],
            "displayOrder": body.get("displayOrder", -1),
            "archived": False,
        }
        return answer(groups[name], 201)

    def change_group(self, word: str, name: str) -> Response:
        group = self._group(word, name)
        group.update({key: value for key, value in payload_dict().items() if key in ("label", "displayOrder")})
        return answer(group)

    def archive_group(self, word: str, name: str) -> Response:
        self._group(word, name)
        kind = object_name(word)
        if any(row["groupName"] == name and not row["archived"] for row in self._defs.properties[kind].values()):
            raise refused(f'Property group "{name}" still has properties')
        del self._defs.groups[kind][name]
        return answer(status=204)

    # -- validations ---------------------------------------------------------------------------------------------

    def _rules(self, name: str, rule: JSON) -> JSON:
        known = {"regex": "REGEX", "max": "MAX_NUMBER", "min": "MIN_NUMBER"}
        rows = [{"ruleType": kind, "ruleArguments": [str(rule[key])]} for key, kind in known.items() if key in rule]
        return {"propertyName": name, "propertyValidationRules": rows}

    def validations(self, word: str) -> Response:
        kind = object_name(word)
        rules = self._state.dials.validations if kind == "contacts" else {}
        return answer({"results": [self._rules(name, rule) for name, rule in rules.items()]})

    def validation(self, word: str, name: str) -> Response:
        object_name(word)
        return answer(self._rules(name, self._state.dials.validations.get(name, {})))

    def validate(self, word: str, name: str, rule: str) -> Response:
        object_name(word)
        key = {"REGEX": "regex", "MAX_NUMBER": "max", "MIN_NUMBER": "min"}.get(rule)
        if key is None:
            raise refused(f"unknown rule type {rule}")
        self._state.dials.validations.setdefault(name, {})[key] = payload_dict()["ruleArguments"][0]
        return answer(status=204)
