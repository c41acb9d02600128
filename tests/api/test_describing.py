"""The description: sound OpenAPI 3.1, made of the very routes and shapes that serve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from connector.api.areas import ROUTES
from connector.api.describing import ROLE, SAID, described
from connector.api.entry import DESCRIPTION
from connector.api.routes import PARTS, PREFIX
from connector.api.shapes import Csv

DOCUMENT = described(ROUTES)
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
KINDS = {"string", "integer", "number", "boolean", "array", "object", "null"}
# What JSON Schema 2020-12 knows and shapes here use; another word would be a slip.
KEYWORDS = {
    "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "exclusiveMaximum", "format",
    "items", "maxLength", "minimum", "minLength", "pattern", "properties", "required", "title", "type",
}  # fmt: skip


def schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema below a schema, itself first."""
    yield value
    for name in ("items", "additionalProperties"):
        if isinstance(value.get(name), dict):
            yield from schemas(value[name])
    for inner in (*value.get("anyOf", ()), *value.get("properties", {}).values()):
        yield from schemas(inner)


def everywhere() -> Iterator[dict[str, Any]]:
    for one in DOCUMENT["components"]["schemas"].values():
        yield from schemas(one)
    for _, _, operation in OPERATIONS:
        for parameter in operation["parameters"]:
            yield from schemas(parameter["schema"])
        bodies = [operation.get("requestBody", {"content": {}}), *operation["responses"].values()]
        for body in bodies:
            for content in body["content"].values():
                yield from schemas(content["schema"])


def test_it_is_served_to_everybody_as_json(shared):
    answer = shared.browser.get(DESCRIPTION)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.json == DOCUMENT


def test_its_head():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert set(DOCUMENT["info"]) >= {"title", "version"}
    assert DOCUMENT["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert DOCUMENT["security"] == [{"token": []}]


def test_it_describes_what_is_served_and_nothing_else(shared):
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in shared.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in OPERATIONS} == served


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS])
def test_every_operation_is_whole(path, method, operation):
    assert operation["summary"]
    assert operation["tags"][0].isalpha()
    assert operation[ROLE] in ("viewer", "analyst", "editor", "admin")
    named = [(one["name"], one["in"]) for one in operation["parameters"]]
    assert len(named) == len(set(named))
    assert {name for name, place in named if place == "path"} == set(re.findall(r"{(\w+)}", path))
    assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
    statuses = set(operation["responses"])
    assert {"401", "404", "422", "429", "500", "503"} <= statuses
    assert len([one for one in statuses if one.startswith("2")]) == 1
    for status, response in operation["responses"].items():
        assert response["description"]
        (kind,) = response["content"]
        sheet = path.endswith("/sheet") and method == "get"
        expected = "text/csv" if sheet else "application/json"
        assert kind == (expected if status.startswith("2") else "application/problem+json")
        assert status.startswith("2") or int(status) in SAID
    assert ("requestBody" in operation) == ("415" in statuses)
    assert method != "get" or "requestBody" not in operation
    assert ("If-Match" in {name for name, _ in named}) == ("428" in statuses)


def test_names_of_operations_are_unique():
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names)) == len(ROUTES)


def test_every_schema_is_one_and_every_reference_leads_somewhere():
    count = 0
    for schema in everywhere():
        count += 1
        assert set(schema) <= KEYWORDS, set(schema) - KEYWORDS
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/components/schemas/")
            assert name in DOCUMENT["components"]["schemas"]
        if "type" in schema:
            assert schema["type"] in KINDS
        if "pattern" in schema:
            re.compile(schema["pattern"])
        assert set(schema.get("required", ())) <= set(schema.get("properties", {}))
    assert count > 200


def test_no_two_shapes_share_a_name():
    shapes = {one for route in ROUTES for one in (route.answer, route.body) if one not in (None, Csv)}
    assert len({one.__name__ for one in shapes}) == len(shapes)
    assert {one.__name__ for one in shapes} <= set(DOCUMENT["components"]["schemas"])


def test_what_is_sent_is_described_as_closed():
    for route in ROUTES:
        if route.body not in (None, Csv):
            assert DOCUMENT["components"]["schemas"][route.body.__name__]["additionalProperties"] is False


def test_a_sheet_is_described_as_text_of_its_own_kind():
    path = DOCUMENT["paths"][f"{PREFIX}/portals/{{portal}}/documents/{{kind}}/draft/sheet"]
    (kind,) = path["get"]["responses"]["200"]["content"]
    assert kind == "text/csv"
    assert path["put"]["requestBody"]["required"] is True
    assert list(path["put"]["requestBody"]["content"]) == ["text/csv"]
    assert {"412", "413", "415", "428"} <= set(path["put"]["responses"])
    assert "400" not in path["put"]["responses"]
    (query,) = [one for one in path["get"]["parameters"] if one["in"] == "query"]
    assert query["name"] == "semicolon"


def test_a_parameter_is_described_as_it_is_read():
    told = {one["name"]: one["schema"] for one in DOCUMENT["paths"][f"{PREFIX}/portals/{{portal}}/contacts"]["get"]
            ["parameters"]}  # fmt: skip
    assert told["min_score"] == {"type": "integer"}
    assert "mql" in told["stage"]["enum"]
    assert told["order"] == {"type": "string", "enum": ["score", "changed"], "default": "score"}
    assert told["mql_since"]["format"] == "date-time"
    assert told["portal"]["pattern"] == f"^({PARTS['portal'][0]})$"
    report = DOCUMENT["paths"][f"{PREFIX}/portals/{{portal}}/reports/{{report}}"]["get"]["parameters"]
    assert {one["name"]: one["schema"].get("format") for one in report if one["in"] == "query"} == {
        "from": "date", "to": "date", "language": None,
    }  # fmt: skip


def test_every_part_of_an_address_is_known():
    assert {part for route in ROUTES for part in route.parts} == set(PARTS)
