"""The OpenAPI 3.1 document, made of the routes and shapes the server itself uses, so that it cannot say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from connector.api.problems import MEDIA_TYPE
from connector.api.routes import PARTS, PREFIX, Route
from connector.api.shapes import Csv, Out

REFERENCE = "#/components/schemas/{model}"
ROLE = "x-leadwright-role"
SAID = {
    400: "The body is no JSON.",
    401: "No token, or one that is not good any more.",
    403: "The token's role is too small.",
    404: "Nothing there for this token.",
    409: "It does not fit how things stand now.",
    412: "Somebody was faster: it is no longer what you have seen.",
    413: "The body is too large.",
    415: "The body is of another kind.",
    422: "A field does not fit; errors names each.",
    428: "If-Match is missing.",
    429: "The token calls too often; see Retry-After.",
    500: "Unexpected; reference says what to ask for.",
    503: "Not now; see Retry-After.",
}


class FieldFault(Out):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemBody(Out):
    """An error (RFC 9457), with what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    reference: str | None = None
    errors: list[FieldFault] | None = None


def described(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(f"{PREFIX}{route.path}", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadwright",
            "version": version("leadwright"),
            "description": "What the pages and commands of Leadwright do, for programs. Every answer is JSON but for "
            "sheets, which are text/csv, every error application/problem+json.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "lw_…"}},
            "schemas": _schemas(routes),
        },
    }


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    told = [*(route.body for route in routes), *(route.answer for route in routes), ProblemBody]
    shapes = [(one, "validation") for one in dict.fromkeys(told) if one is not None and not issubclass(one, Csv)]
    _, made = models_json_schema(shapes, ref_template=REFERENCE)  # type: ignore[arg-type]
    schemas: dict[str, Any] = made["$defs"]
    return schemas


def _operation(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [_tag(route.path)],
        ROLE: route.least,
        "parameters": [*_of_address(route), *_of_query(route), *_of_headers(route)],
        "responses": _responses(route),
    }
    if route.body is not None:
        needed = issubclass(route.body, Csv) or bool(route.body.model_json_schema().get("required"))
        told["requestBody"] = {"required": needed, "content": _content(route.body)}
    return told


def _tag(path: str) -> str:
    """The area: the first fixed word below a portal, such as ``contacts`` or ``plan``."""
    words = [part for part in path.split("/") if part and not part.startswith("{")]
    return words[1] if len(words) > 1 else words[0]


def _of_address(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "in": "path", "required": True, "description": PARTS[name][1],
            "schema": {"type": "string", "pattern": f"^({PARTS[name][0]})$"},
        }
        for name in route.parts
    ]  # fmt: skip


def _of_query(route: Route) -> list[dict[str, Any]]:
    shape = route.query.model_json_schema(by_alias=True)
    needed = shape.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _plain(schema)}
        for name, schema in shape.get("properties", {}).items()
    ]


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without the null a parameter that is left out stands for: an address cannot carry one."""
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "title", "default")}
    kept = {"default": schema["default"]} if schema.get("default") is not None else {}
    return {**(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}), **rest, **kept}


def _of_headers(route: Route) -> list[dict[str, Any]]:
    if not route.if_match:
        return []
    said = "The ETag of what you have seen."
    return [{"name": "If-Match", "in": "header", "required": True, "description": said, "schema": {"type": "string"}}]


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.summary, "content": _content(route.answer)}
    if route.etag:
        good["headers"] = {"ETag": {"description": "For If-Match.", "schema": {"type": "string"}}}
    faults = {401, 404, 422, 429, 500, 503, *route.faults}
    faults |= {403} if route.least != "viewer" else set()
    faults |= {413, 415} if route.body is not None else set()
    faults |= {400} if route.body not in (None, Csv) else set()
    faults |= {412, 428} if route.if_match else set()
    problem = {MEDIA_TYPE: {"schema": _ref(ProblemBody)}}
    return {
        str(route.status): good,
        **{str(status): {"description": SAID[status], "content": problem} for status in sorted(faults)},
    }


def _content(shape: type[BaseModel | Csv]) -> dict[str, Any]:
    """What stands in a body, by its media type."""
    if issubclass(shape, Csv):
        return {"text/csv": {"schema": {"type": "string", "description": "Lines of cells in UTF-8."}}}
    return {"application/json": {"schema": _ref(shape)}}


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=shape.__name__)}
