"""Properties beyond their definitions: what the portal requires of their values, and options added to a drop-down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.model.records import ObjectType
from connector.portal.bodies import items, objects, text
from connector.portal.caller import Caller
from connector.portal.translate import Json, results_of, whole

_TYPE_IDS: Mapping[str, str] = {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
Requirements = dict[str, list[tuple[str, tuple[str, ...]]]]


def requirements(caller: Caller, object_type: ObjectType) -> Requirements:
    """Property → (kind of rule, its arguments), one call for all (HubSpot docs: property validations)."""
    data = caller.ask("properties.validations", path={"object_type": _TYPE_IDS[object_type]})
    found: Requirements = {}
    for entry in results_of(data):
        rules = [_rule(rule) for rule in objects(entry.get("propertyValidationRules"))]
        if rules:
            found[text(entry.get("propertyName"))] = rules
    return found


def _rule(raw: Json) -> tuple[str, tuple[str, ...]]:
    return text(raw.get("ruleType")), tuple(text(one) for one in items(raw.get("ruleArguments")))


def add_options(caller: Caller, object_type: ObjectType, name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Add what is missing of these options; those that were added. A PATCH replaces all, so they are read first."""
    path = {"object_type": object_type, "record": name}
    data = caller.ask("properties.read", path=path, object_type=object_type)
    there: list[dict[str, Any]] = [
        dict(one) for one in objects(data.get("options") if isinstance(data, dict) else None)
    ]
    known = {text(one.get("value")) for one in there}
    missing = tuple(value for value in dict.fromkeys(values) if value not in known)
    if missing:
        last = max((whole(one.get("displayOrder")) or 0 for one in there), default=-1)
        new = [
            {"label": value, "value": value, "displayOrder": last + place, "hidden": False}
            for place, value in enumerate(missing, 1)
        ]
        body = {"options": [*there, *new]}
        caller.ask("properties.change", path=path, body=body, live=True, object_type=object_type)
    return missing
