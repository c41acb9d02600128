"""Reading what portals send as it is: JSON, HTML, nothing, half of it. Every field of HubSpot's envelope is optional.

Not here: what an answer means (``classify``) and how records become values (``translate``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

# Whatever JSON may hold: untyped until a translation has looked at it.
JsonValue = Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer as far as it matters: header names in lower case, the body read once.

    ``readable``: the body is complete JSON and ``data`` what it holds. ``overlong``: it was too large to be read to its
    end.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    data: JsonValue = None
    readable: bool = False
    overlong: bool = False

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], content: bytes) -> Answer:
        """An answer with its body taken as JSON if it is: HTML, a cut or an empty body is no fault here."""
        try:
            return cls(status, headers, content, orjson.loads(content), readable=True)
        except orjson.JSONDecodeError:
            return cls(status, headers, content)


@dataclass(frozen=True, slots=True)
class Envelope:
    """HubSpot's error body (HubSpot docs: error handling); whatever is absent is empty."""

    category: str = ""
    sub_category: str = ""
    policy: str = ""
    status: str = ""
    correlation: str = ""
    message: str = ""
    context: Mapping[str, list[str]] = field(default_factory=dict)
    errors: tuple[Mapping[str, Any], ...] = ()
    readable: bool = False

    def about(self) -> str:
        """What may be repeated in a message of ours: codes and the correlation id, never the portal's own text."""
        words = [word for word in (self.category, self.sub_category) if word]
        if self.correlation:
            words.append(f"correlation id {self.correlation}")
        return f" ({', '.join(words)})" if words else ""


def describe(content: bytes) -> str:
    """What an unreadable body looks like, without quoting it: it may hold personal data."""
    head = content[:64].lstrip().lower()
    if not head:
        return "an empty body"
    if head.startswith(b"<"):
        return "an HTML page"
    return "a body that is not complete JSON" if head[:1] in b"{[" else "a body that is not JSON"


def envelope(answer: Answer) -> Envelope:
    """The error envelope, as much of it as there is."""
    data = answer.data
    if not isinstance(data, dict):
        header = _word(answer.headers.get("x-hubspot-correlation-id"))
        return Envelope(correlation=header, readable=answer.readable)
    correlation = data.get("correlationId") or answer.headers.get("x-hubspot-correlation-id")
    return Envelope(
        category=_word(data.get("category") or data.get("errorType") or data.get("error")),
        sub_category=_word(data.get("subCategory")),
        policy=_word(data.get("policyName")),
        status=_word(data.get("status")),
        correlation=_word(correlation),
        message=text(data.get("message")),
        context=context_of(data),
        errors=tuple(objects(data.get("errors"))),
        readable=True,
    )


def context_of(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """``context`` of an envelope or of one of its errors: always lists of text."""
    context = entry.get("context")
    if not isinstance(context, dict):
        return {}
    return {str(key): [text(value) for value in items(values)] for key, values in context.items()}


def items(value: object) -> list[Any]:
    """A list where one is meant: None is empty, a single value is a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def objects(value: object) -> list[dict[str, Any]]:
    """The JSON objects of a list; anything else in it is passed over."""
    listed = value if isinstance(value, list) else items(value)
    return [entry for entry in listed if isinstance(entry, dict)]


def text(value: object) -> str:
    """Any JSON scalar as HubSpot would write it in a string."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _word(value: object) -> str:
    """A code or id that is safe to repeat: letters, digits and a few signs only."""
    return re.sub(r"[^A-Za-z0-9_.:\-]", "", text(value))[:80]
