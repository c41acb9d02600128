"""Why the portal refused a property's value: from its two spellings to one sentence of ours, without any value.

HubSpot puts a JSON array into ``message`` and, in newer bodies, repeats it in ``errors[]`` (HubSpot docs: error
handling). Portals quote what was sent, so their own words pass through ``scrubbed`` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from connector.portal.bodies import Envelope, context_of, text

_EMAIL = re.compile(r"[^\s\"'<>,;:()\[\]]+@[^\s\"'<>,;()\[\]]+")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_DIGITS = re.compile(r"\d{5,}")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_SENTENCES = {
    "PROPERTY_DOESNT_EXIST": "does not exist in the portal",
    "INVALID_OPTION": "the value is not one of the allowed options",
    "INVALID_EMAIL": "the value is not a valid e-mail address",
    "INVALID_INTEGER": "the value is not a whole number",
    "INVALID_NUMBER": "the value is not a number",
    "INVALID_LONG": "the value is not a whole number",
    "INVALID_DATE": "the value is not a date at midnight UTC",
    "INVALID_BOOLEAN": "the value is neither true nor false",
    "READ_ONLY_VALUE": "is read-only in the portal",
    "REQUIRED_FIELD_MISSING": "the portal requires a value",
    "CONFLICTING_UNIQUE_VALUE": "another record already has that value",
}


def faults_of(body: Envelope, values: frozenset[str] = frozenset()) -> dict[str, str]:
    """Property → why it was refused, from the JSON array inside ``message`` and from ``errors[]``."""
    faults: dict[str, str] = {}
    for entry in (*_embedded(body.message), *body.errors):
        name = _fault_name(entry)
        if name:
            faults.setdefault(name, fault_sentence(entry, name, values))
    return faults


def fault_sentence(entry: Mapping[str, Any], name: str, values: frozenset[str]) -> str:
    """Why one property was refused, in our words for known codes, else in the portal's without the values."""
    code = text(entry.get("error") or entry.get("code"))
    known = _SENTENCES.get(code)
    if known:
        return known
    said = scrubbed(text(entry.get("message")), frozenset({name}), values)
    return f"{code}: {said}".strip(": ") if re.fullmatch(r"[A-Z_]*", code) else said


def _fault_name(entry: Mapping[str, Any]) -> str:
    context = context_of(entry)
    for value in (entry.get("name"), *context.get("propertyName", []), *context.get("propertyNames", [])):
        if name := property_name(value):
            return name
    quoted = re.search(r'[Pp]roperty (?:"([a-z][a-z0-9_]*)"|([a-z][a-z0-9_]*) does)', text(entry.get("message")))
    return (quoted.group(1) or quoted.group(2)) if quoted else ""


def _embedded(message: str) -> list[dict[str, Any]]:
    start, end = message.find("["), message.rfind("]")
    if start < 0 or end < start:
        return []
    try:
        found = orjson.loads(message[start : end + 1])
    except orjson.JSONDecodeError:
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def scrubbed(message: str, names: frozenset[str] = frozenset(), values: frozenset[str] = frozenset()) -> str:
    """A portal's sentence without values: what was sent, what is quoted and is no known name, e-mails, long numbers."""
    for value in sorted(values, key=len, reverse=True):
        message = message.replace(value, "…") if value and value not in names else message
    message = _QUOTED.sub(lambda match: match.group() if match.group()[1:-1] in names else "…", message)
    message = _DIGITS.sub("…", _EMAIL.sub("…", message))
    return message[:300]


def property_name(value: object) -> str:
    """A property's name if it is one, else ''."""
    name = text(value)
    return name if _NAME.match(name) else ""
