"""The vendor's refusals: one exception that carries an HTTP status and HubSpot's body for it."""

from __future__ import annotations

import uuid
from typing import Any

import orjson

JSON = dict[str, Any]


class PortalError(Exception):
    """An answer other than success, in the shape HubSpot gives it."""

    def __init__(self, status: int, body: JSON, headers: dict[str, str] | None = None) -> None:
        super().__init__(body.get("message", ""))
        self.status = status
        self.body = body
        self.headers = headers or {}


class ValueProblem(ValueError):
    """One property value that HubSpot would refuse."""

    def __init__(self, code: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.name = name


def correlation() -> str:
    return str(uuid.uuid4())


def envelope(message: str, category: str, **extra: Any) -> JSON:
    return {"status": "error", "message": message, "correlationId": correlation(), "category": category, **extra}


def refused(message: str, category: str = "VALIDATION_ERROR", status: int = 400, **extra: Any) -> PortalError:
    return PortalError(status, envelope(message, category, **extra))


def not_found(message: str = "resource not found") -> PortalError:
    return PortalError(404, envelope(message, "OBJECT_NOT_FOUND"))


def conflict(message: str, **extra: Any) -> PortalError:
    return PortalError(409, envelope(message, "CONFLICT", **extra))


def invalid_values(problems: list[ValueProblem], portal_id: int) -> PortalError:
    """400 whose message embeds a JSON array, repeated in ``errors`` (hubspot-api.md 3.11)."""
    rows = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": portal_id,
        }
        for problem in problems
    ]
    errors = [{"message": p.message, "code": p.code, "context": {"propertyName": [p.name]}} for p in problems]
    return refused("Property values were not valid: " + orjson.dumps(rows).decode(), errors=errors)


def batch_error(error: PortalError, context: JSON | None = None) -> JSON:
    """The entry of a 207 answer's ``errors`` for one refused input."""
    body = error.body
    return {
        "status": "error",
        "category": body.get("category", "VALIDATION_ERROR"),
        "message": body.get("message", ""),
        "context": {**body.get("context", {}), **(context or {})},
        "links": {},
        "errors": body.get("errors", []),
        **({"subCategory": body["subCategory"]} if "subCategory" in body else {}),
    }
