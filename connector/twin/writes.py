"""What a write through the API may carry: definitions, options, uniqueness, forward-only stages, portal validations."""

from __future__ import annotations

import re
from typing import Any

from connector.twin.definitions import ONE_OF
from connector.twin.errors import JSON, PortalError, ValueProblem, conflict, invalid_values, refused
from connector.twin.records import Record
from connector.twin.state import State
from connector.twin.values import check_email, normalise

REQUIRED = {"emails": ("hs_timestamp", "hs_email_direction")}
ENOUGH = {"contacts": ("email", "firstname", "lastname"), "companies": ("name", "domain")}
ALWAYS_ASKED = ("calls", "meetings", "notes", "tasks")


class Writer:
    """Checks and applies writes as the CRM API does."""

    def __init__(self, state: State) -> None:
        self._state = state

    # -- checking ------------------------------------------------------------------------------------------------

    def checked(self, kind: str, raw: Any, record: Record | None) -> dict[str, str | None]:
        """Normalised values of a write, all faults gathered into one refusal."""
        if not isinstance(raw, dict):
            raise refused("Invalid input JSON: properties must be an object")
        values: dict[str, str | None] = {}
        problems: list[ValueProblem] = []
        for name, value in raw.items():
            try:
                if self._wanted(kind, name):
                    values[name] = self._value(kind, name, value, record)
            except ValueProblem as problem:
                problem.name = name
                problems.append(problem)
        problems += self._portal_rules(kind, values, record)
        if problems:
            raise invalid_values(problems, self._state.portal_id)
        return self._forward_only(values, record)

    def _wanted(self, kind: str, name: str) -> bool:
        """False for what is silently ignored; raises for what is refused."""
        definition = self._state.definitions.find(kind, name)
        dials = self._state.dials
        if definition is None:
            if dials.unknown_property_write == "ignore":
                return False
            raise ValueProblem("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if definition["modificationMetadata"]["readOnlyValue"]:
            if dials.read_only_write == "ignore":
                return False
            raise ValueProblem("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
        return True

    def _value(self, kind: str, name: str, raw: Any, record: Record | None) -> str | None:
        if isinstance(raw, dict | list):
            raise ValueProblem("INVALID_STRING", f"{name} cannot hold a JSON structure")
        definitions = self._state.definitions
        current = record.props.get(name) if record else None
        definition = definitions.properties[kind][name]
        value = normalise(definition, raw, definitions.allowed(kind, name), current)
        if name == "email" and kind == "contacts" and value is not None:
            return check_email(value)
        return value

    def _portal_rules(self, kind: str, values: dict[str, str | None], record: Record | None) -> list[ValueProblem]:
        found: list[ValueProblem] = []
        for name, rule in self._state.dials.validations.items() if kind == "contacts" else ():
            if name not in values:
                continue
            message = _broken(name, values, record.props if record else {}, rule)
            if message:
                found.append(ValueProblem(str(rule.get("code", "FAILED_VALIDATION")), message, name))
        return found

    def _forward_only(self, values: dict[str, str | None], record: Record | None) -> dict[str, str | None]:
        """An earlier lifecycle stage is silently not applied (hubspot-api.md 5.1)."""
        stage, current = values.get("lifecyclestage"), record.props.get("lifecyclestage") if record else None
        if stage is None or current is None or self._state.dials.lifecycle_backward == "apply":
            return values
        stages = self._state.definitions.stages()
        if current in stages and stages.index(stage) < stages.index(current):
            if self._state.dials.lifecycle_backward == "reject":
                raise refused("lifecyclestage cannot be moved backwards")
            return {name: value for name, value in values.items() if name != "lifecyclestage"}
        return values

    def _check_free(self, kind: str, values: dict[str, str | None], record: Record | None) -> None:
        email = values.get("email")
        if kind == "contacts" and email is not None:
            if email in self._state.blocked_emails:
                problem = ValueProblem("GDPR_BLOCKLISTED_EMAIL", f"Email address {email} is blocklisted", "email")
                raise invalid_values([problem], self._state.portal_id)
            holder = self._state.table(kind).by_email.get(email)
            if holder is not None and (record is None or holder != record.id):
                raise conflict(f"Contact already exists. Existing ID: {holder}")
        for name, value in values.items():
            if value is not None and self._state.definitions.properties[kind][name]["hasUniqueValue"]:
                self._check_unique(kind, name, value, record)

    def _check_unique(self, kind: str, name: str, value: str, record: Record | None) -> None:
        holder = self.by_property(kind, name, value)
        if holder is not None and holder is not record:
            raise refused(
                f"Property {name}: {holder.id} already has that value.",
                subCategory="CONFLICTING_UNIQUE_VALUE",
                context={"propertyName": [name]},
            )

    # -- finding -------------------------------------------------------------------------------------------------

    def by_property(self, kind: str, name: str, value: str) -> Record | None:
        """The live record addressed by e-mail or another unique property."""
        table = self._state.table(kind)
        if kind == "contacts" and name == "email":
            record_id = table.by_email.get(value.lower())
            return None if record_id is None else table.live(record_id)
        definition = self._state.definitions.find(kind, name)
        if name != "hs_object_id" and (definition is None or not definition["hasUniqueValue"]):
            raise refused(f"idProperty {name} is not a unique property of {kind}")
        if name == "hs_object_id":
            return table.live(int(value)) if value.isdigit() else None
        return next((record for record in table.all_live() if record.props.get(name) == value), None)

    # -- applying ------------------------------------------------------------------------------------------------

    def create(self, kind: str, raw: Any) -> Record:
        values = self.checked(kind, raw, None)
        self._check_complete(kind, values)
        self._check_free(kind, values, None)
        given = {name: value for name, value in values.items() if value is not None}
        self._defaults(kind, given)
        record = self._state.create(kind, given, self._state.caller)
        self._follow(kind, record, values)
        return record

    def _check_complete(self, kind: str, values: dict[str, str | None]) -> None:
        enough = ENOUGH.get(kind)
        if enough and not any(values.get(name) for name in enough):
            raise refused(f"At least one of {', '.join(enough)} must be set to create a {ONE_OF[kind]}")
        required = REQUIRED.get(kind, ("hs_timestamp",) if kind in ALWAYS_ASKED else ())
        missing = [
            ValueProblem("REQUIRED_FIELD_MISSING", f"Required property {name} is missing", name)
            for name in required
            if not values.get(name)
        ]
        if missing:
            raise invalid_values(missing, self._state.portal_id)

    def _defaults(self, kind: str, given: dict[str, str]) -> None:
        if kind == "contacts" and self._state.dials.default_stage:
            given.setdefault("lifecyclestage", self._state.dials.default_stage)
        if kind == "deals":
            given.setdefault("pipeline", "default")
            given.setdefault("dealstage", "appointmentscheduled")

    def update(self, kind: str, record: Record, raw: Any) -> Record:
        values = self.checked(kind, raw, record)
        self._check_free(kind, values, record)
        self._state.write(kind, record, values, self._state.caller)
        self._follow(kind, record, values)
        return record

    def may_update(self, kind: str, record: Record, raw: Any) -> None:
        """Raise the refusal an update would meet, without writing."""
        self._check_free(kind, self.checked(kind, raw, record), record)

    def _follow(self, kind: str, record: Record, values: dict[str, str | None]) -> None:
        """What HubSpot does by itself after a write: link the company named by id."""
        company = values.get("associatedcompanyid")
        if kind == "contacts" and company and company.isdigit():
            holder = self._state.table("companies").live(int(company))
            if holder is not None:
                caller = self._state.caller
                if self._state.links.make_primary(record.id, holder.id):
                    self._state.tell_link(kind, record.id, "companies", holder.id, caller, removed=False, primary=True)

    def trial(self, kind: str, raw: Any) -> PortalError | None:
        """The refusal a create would meet, without creating."""
        try:
            values = self.checked(kind, raw, None)
            self._check_complete(kind, values)
            self._check_free(kind, values, None)
        except PortalError as error:
            return error
        return None


def _broken(name: str, values: dict[str, str | None], before: dict[str, str], rule: JSON) -> str | None:
    """Why a portal's own validation rule refuses these values, None when it does not."""
    value = values.get(name)
    if value is not None and "regex" in rule and not re.fullmatch(str(rule["regex"]), value):
        return str(rule.get("message", f"{name} does not match the required format"))
    needed = rule.get("required_when")
    if needed:
        trigger = str(needed.get("property", name))
        state = {**before, **values}
        if state.get(trigger) == needed.get("value") and not state.get(str(needed["requires"])):
            return f"{needed['requires']} is required when {trigger} is {needed.get('value')}"
    if value is not None and "max" in rule and float(value) > float(rule["max"]):
        return f"{name} must not be greater than {rule['max']}"
    if value is not None and "min" in rule and float(value) < float(rule["min"]):
        return f"{name} must not be less than {rule['min']}"
    return None
