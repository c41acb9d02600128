"""What the portal knows before any record: object types, property definitions, pipelines, owners."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from connector.twin.errors import JSON, conflict, not_found, refused

TYPE_IDS = {
    "0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-48": "calls", "0-49": "emails", "0-47": "meetings",
    "0-46": "notes", "0-27": "tasks",
}  # fmt: skip
IDS_BY_TYPE = {name: type_id for type_id, name in TYPE_IDS.items()}
SINGULAR = {
    "contact": "contacts", "company": "companies", "deal": "deals", "call": "calls", "email": "emails",
    "meeting": "meetings", "note": "notes", "task": "tasks",
}  # fmt: skip
ONE_OF = {plural: single for single, plural in SINGULAR.items()}
ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks")
OBJECTS = ("contacts", "companies", "deals", *ENGAGEMENTS)
MODIFIED = dict.fromkeys(OBJECTS, "hs_lastmodifieddate") | {"contacts": "lastmodifieddate"}
CREATED = dict.fromkeys(OBJECTS, "hs_createdate") | dict.fromkeys(("contacts", "companies", "deals"), "createdate")
DEFAULT_READ = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": (
        "amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id", "pipeline",
    ),
}  # fmt: skip
DEFAULT_READ_OTHER = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
CUSTOM_GROUPS = ("kundendaten",)
BORN = "2023-02-01T08:00:00.000Z"
FIELD_TYPES = {
    "string": ("text", "textarea", "html", "file", "phonenumber", "calculation_equation"),
    "number": ("number", "calculation_equation"),
    "bool": ("booleancheckbox", "calculation_equation"),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "phone_number": ("phonenumber",),
}


@cache
def load_yaml(name: str) -> dict[str, Any]:
    text = resources.files("connector.twin").joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # type: ignore[no-any-return]  # noqa: S506 - both are safe loaders


def object_name(word: str) -> str:
    """``contacts`` for any of ``0-1``, ``contact``, ``CONTACT``, ``contacts``; 404-like refusal for others."""
    lowered = word.lower()
    name = TYPE_IDS.get(lowered) or SINGULAR.get(lowered) or lowered
    if name not in OBJECTS:
        raise refused(f"Unable to infer object type from: {word}", status=400)
    return name


def default_read(kind: str) -> tuple[str, ...]:
    return DEFAULT_READ.get(kind, DEFAULT_READ_OTHER)


def _options(values: list[str]) -> list[JSON]:
    return [
        {"label": str(value), "value": str(value), "displayOrder": at, "hidden": False, "description": ""}
        for at, value in enumerate(values)
    ]


def _definition(name: str, line: str, options: dict[str, list[str]]) -> JSON:
    kind, field_type, mode, group, label = line.split(" ", 4)
    read_only = mode != "w"
    return {
        "name": name, "label": label, "type": kind, "fieldType": field_type, "groupName": group, "description": "",
        "options": _options(options.get(name, [])) if kind == "enumeration" else [],
        "displayOrder": -1, "calculated": mode == "c", "externalOptions": name == "hubspot_owner_id",
        "hasUniqueValue": False, "hidden": False, "hubspotDefined": group not in CUSTOM_GROUPS,
        "formField": not read_only,
        "archived": False, "createdAt": BORN, "updatedAt": BORN, "dataSensitivity": "non_sensitive",
        "modificationMetadata": {
            "archivable": group in CUSTOM_GROUPS, "readOnlyDefinition": group not in CUSTOM_GROUPS,
            "readOnlyOptions": False, "readOnlyValue": read_only,
        },
        **({"referencedObjectType": "OWNER"} if name == "hubspot_owner_id" else {}),
    }  # fmt: skip


def _lifecycle_lines(stages: list[str]) -> dict[str, str]:
    lines = {}
    for stage in stages:
        lines[f"hs_lifecyclestage_{stage}_date"] = f"datetime date c lifecycle Became a {stage} date"
        if stage not in ("evangelist", "other"):
            lines[f"hs_v2_date_entered_{stage}"] = f"datetime date c lifecycle Date entered {stage}"
    return lines


class Definitions:
    """Property definitions and groups by object type, changeable through the properties API."""

    def __init__(self) -> None:
        data = load_yaml("definitions.yaml")
        self.properties: dict[str, dict[str, JSON]] = {}
        for kind in OBJECTS:
            lines = dict(data.get(kind, {}))
            if kind in ENGAGEMENTS:
                lines = {**data["engagements"], **lines}
            if kind == "contacts":
                lines |= _lifecycle_lines(data["options"]["lifecyclestage"])
            self.properties[kind] = {name: _definition(name, line, data["options"]) for name, line in lines.items()}
        self.groups: dict[str, dict[str, JSON]] = {
            kind: {
                name: {"name": name, "label": label, "displayOrder": at, "archived": False}
                for at, (name, label) in enumerate(data["groups"].get(kind, data["groups"]["engagements"]).items())
            }
            for kind in OBJECTS
        }
        self._enums: dict[tuple[str, str], frozenset[str]] = {}

    def find(self, kind: str, name: str) -> JSON | None:
        found = self.properties[kind].get(name)
        return None if found is None or found["archived"] else found

    def known(self, kind: str, names: list[str]) -> list[str]:
        """The names that exist, once each, in the order asked for: unknown names are dropped silently."""
        have = self.properties[kind]
        return [name for name in dict.fromkeys(names) if name in have and not have[name]["archived"]]

    def allowed(self, kind: str, name: str) -> frozenset[str]:
        key = (kind, name)
        if key not in self._enums:
            self._enums[key] = frozenset(o["value"] for o in self.properties[kind][name]["options"])
        return self._enums[key]

    def stages(self) -> list[str]:
        """Lifecycle stages in the portal's order."""
        options = self.properties["contacts"]["lifecyclestage"]["options"]
        return [o["value"] for o in sorted(options, key=lambda o: o["displayOrder"])]

    def add(self, kind: str, body: JSON, now: str) -> JSON:
        """Create a property as the API does, with its refusals."""
        missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
        if missing:
            raise refused(f"Invalid input JSON: required fields were not set: {missing}")
        name = str(body["name"])
        if not name[0].isalpha() or name != name.lower() or not name.replace("_", "").isalnum():
            raise refused(f'Property name "{name}" is not valid', subCategory="Properties.INVALID_PROPERTY_NAME")
        if body["fieldType"] not in FIELD_TYPES.get(body["type"], ()):
            raise refused(f"fieldType {body['fieldType']} is not allowed for type {body['type']}")
        if body["groupName"] not in self.groups[kind]:
            raise refused(
                f'Property group "{body["groupName"]}" does not exist', subCategory="Properties.GROUP_NOT_FOUND"
            )
        if self.find(kind, name):
            raise conflict(f'A property named "{name}" already exists.', subCategory="Properties.PROPERTY_EXISTS")
        made = _definition(name, f"{body['type']} {body['fieldType']} w {body['groupName']} {body['label']}", {})
        made.update({key: value for key, value in body.items() if key in made and key != "modificationMetadata"})
        made["options"] = _options([]) if not body.get("options") else [
            {"displayOrder": at, "hidden": False, "description": "", **option} for at,
            option in enumerate(body["options"])
        ]  # fmt: skip
        made.update(
            createdAt=now, updatedAt=now, hubspotDefined=False,
            modificationMetadata={
                "archivable": True, "readOnlyDefinition": False, "readOnlyOptions": False, "readOnlyValue": False,
            },
        )  # fmt: skip
        self.properties[kind][name] = made
        self._enums.pop((kind, name), None)
        return made

    def change(self, kind: str, name: str, body: JSON, now: str) -> JSON:
        found = self.find(kind, name)
        if found is None:
            raise not_found(f'property "{name}" does not exist')
        for key in ("label", "description", "groupName", "fieldType", "options", "hidden", "formField", "displayOrder"):
            if key in body:
                found[key] = body[key]
        found["updatedAt"] = now
        self._enums.pop((kind, name), None)
        return found

    def archive(self, kind: str, name: str) -> None:
        found = self.find(kind, name)
        if found is None:
            raise not_found(f'property "{name}" does not exist')
        if not found["modificationMetadata"]["archivable"]:
            raise refused(f'Property "{name}" is read only and cannot be archived')
        found["archived"] = True
