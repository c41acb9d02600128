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


class Unreadable(ValueError):
    """The body is not the JSON it should be. Never leaves this room: classify turns it into an error of ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer as far as it matters: header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""

    def json(self) -> JsonValue:
        """The body as JSON; raises ``Unreadable`` for HTML, a cut or an empty body."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise Unreadable(describe(self.content)) from None


@dataclass(frozen=True, slots=True)
class Envelope:
    """HubSpot's error body (HubSpot docs: error handling); whatever is absent is empty."""

    category: str = ""
    sub_category: str = ""
    policy: str = ""
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
    try:
        data = answer.json()
    except Unreadable:
        return Envelope(correlation=_word(answer.headers.get("x-hubspot-correlation-id")))
    if not isinstance(data, dict):
        return Envelope(readable=True)
    correlation = data.get("correlationId") or answer.headers.get("x-hubspot-correlation-id")
    return Envelope(
        category=_word(data.get("category") or data.get("errorType") or data.get("error")),
        sub_category=_word(data.get("subCategory")),
        policy=_word(data.get("policyName")),
        correlation=_word(correlation),
        message=text(data.get("message")),
        context=context_of(data),
        errors=tuple(entry for entry in items(data.get("errors")) if isinstance(entry, dict)),
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


def text(value: object) -> str:
    """Any JSON scalar as HubSpot would write it in a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _word(value: object) -> str:
    """A code or id that is safe to repeat: letters, digits and a few signs only."""
    return re.sub(r"[^A-Za-z0-9_.:\-]", "", text(value))[:80]
