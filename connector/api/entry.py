"""The interface as one blueprint: every call passes the same checks before a view sees it.

token (401) → its pace (429) → address, portal (404) → role (403) → body (413, 415, 400) → fields (422) → view

There is no cookie, so no other site can call with a person's rights. What goes wrong on the way is a problem with a
remedy; nothing of the inside is ever shown.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import orjson
import structlog
from flask import Blueprint, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from connector.api import problems
from connector.api.describing import described
from connector.api.limits import Pace
from connector.api.problems import Problem
from connector.api.routes import PARTS, PREFIX, Answer, Call, Frame, Route
from connector.api.shapes import Csv, In, Out
from connector.errors import ConnectorError, UnknownPortal
from connector.rules import staff
from connector.sheet import USUAL
from connector.store import portals
from connector.store.portals import PortalRow
from connector.sync.tokens import Caller

MOST_BYTES = 1024 * 1024
DESCRIPTION = "/api/openapi.json"
JSON, CSV = "application/json", "text/csv"
MOST_FAULTS = 20
# Answers that tell whoever runs this that somebody tries what they may not.
TRIED = frozenset({401, 403, 422, 429})

log = structlog.get_logger(__name__)


def api_blueprint(frame: Frame, routes: Sequence[Route], pace: Pace | None = None) -> Blueprint:
    """The blueprint that serves these routes and their description."""
    blueprint = Blueprint("api", __name__)
    paced = pace or Pace()
    description = orjson.dumps(described(routes), option=orjson.OPT_INDENT_2)
    for route in routes:
        blueprint.add_url_rule(
            f"{PREFIX}{route.rule}",
            endpoint=route.name,
            view_func=_guarded(frame, route, paced),
            methods=[route.method],
        )

    @blueprint.get(DESCRIPTION)
    def description_of_all() -> Response:
        return Response(description, content_type=JSON)

    @blueprint.route("/api/<path:missing>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def nowhere(missing: str) -> Response:  # noqa: ARG001 - whatever it is
        return problems.answer(problems.nothing_there())

    @blueprint.errorhandler(Exception)
    def broken(fault: Exception) -> Response | HTTPException:
        """The last resort: a reference to ask for, nothing of the inside."""
        if isinstance(fault, HTTPException):
            return fault
        return _unexpected(fault)

    return blueprint


def _unexpected(fault: Exception) -> Response:
    reference = secrets.token_hex(4)
    rule = str(request.url_rule)
    log.error("api_broken", error=type(fault).__name__, path=rule, reference=reference, exc_info=fault)
    return problems.answer(problems.unexpected(reference))


def _guarded(frame: Frame, route: Route, pace: Pace) -> Any:
    def enter(**parts: str) -> Response:
        try:
            return _answered(_call(frame, route, pace, parts))
        except ConnectorError as fault:
            problem = problems.problem_of(fault)
            if problem.status >= 500:
                log.warning("api_failed", reason=fault.reason, path=route.path)
            elif problem.status in TRIED:
                log.info("api_refused", reason=fault.reason, path=route.path)
            return problems.answer(problem)

    return enter


def _call(frame: Frame, route: Route, pace: Pace, parts: dict[str, str]) -> Call:
    caller = _caller(frame)
    wait = pace.take(caller.token_id, frame.clock.monotonic())
    if wait:
        raise Problem(
            429, "pace", "This token calls too often.", remedy="Wait as long as Retry-After says.",
            headers={"Retry-After": str(ceil(wait))},
        )  # fmt: skip
    row = _passed(frame, route, caller, parts)
    call = Call(
        frame, route, caller, parts, None, None, request.remote_addr or "", request.headers.get("If-Match", ""), row
    )
    call.query = _fitted(route.query, _asked())
    if route.body is Csv:
        call.body = _sheet()
    elif route.body is not None and issubclass(route.body, In):
        call.body = _fitted(route.body, _sent())
    return call


def _caller(frame: Frame) -> Caller:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = frame.service.tokens.caller(secret.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise problems.no_token()
    return found


def _passed(frame: Frame, route: Route, caller: Caller, parts: Mapping[str, str]) -> PortalRow | None:
    """The portal of the address, if this token has a role there that is great enough."""
    if any(not re.fullmatch(PARTS[name][0], value, re.ASCII) for name, value in parts.items()):
        raise problems.nothing_there()
    if not route.of_portal:
        return None
    try:
        with frame.store.view() as u:
            row = portals.by_name(u, parts["portal"])
    except UnknownPortal:
        raise problems.nothing_there() from None
    role = caller.role(row.id)
    if role is None:
        raise problems.nothing_there()
    if not staff.reaches(role, route.least):
        raise problems.too_small(route.least)
    return row


def _asked() -> dict[str, Any]:
    """The parameters of the address; one that comes twice is none."""
    told = request.args.to_dict(flat=False)
    if twice := [name for name, values in told.items() if len(values) > 1]:
        raise problems.wrong_fields([{"field": name[:80], "message": "came twice"} for name in twice[:MOST_FAULTS]])
    return {name: values[0] for name, values in told.items()}


def _sent() -> Any:
    """The body as JSON; none at all counts as an empty one."""
    data = _data(MOST_BYTES)
    if not data and not request.content_type:
        return {}
    if not _is(JSON):
        raise Problem(
            415, "not_json", "The body must be JSON in UTF-8.", remedy=f"Send the header Content-Type: {JSON}."
        )
    try:
        return orjson.loads(data)
    except ValueError:
        raise Problem(400, "not_json", "The body is no JSON.", remedy="Check its brackets and quotes.") from None


def _sheet() -> bytes:
    """The body as the bytes of a sheet; what they say is for ``connector/sheet.py`` to read."""
    data = _data(USUAL.bytes)
    if not _is(CSV):
        raise Problem(415, "not_csv", "The body must be CSV in UTF-8.", remedy=f"Send the header Content-Type: {CSV}.")
    return data


def _data(most: int) -> bytes:
    request.max_content_length = most
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        message = f"The body is longer than {most:,} bytes."
        raise Problem(413, "too_large", message, remedy="Send less.") from None


def _is(kind: str) -> bool:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    return request.mimetype == kind and charset in ("utf-8", "utf8")


def _fitted(shape: type[In], told: Any) -> In:
    """The fields as the shape wants them; each fault names its field and never repeats a value."""
    try:
        return shape.model_validate(told, strict=True)
    except ValidationError as fault:
        found = fault.errors(include_url=False, include_input=False, include_context=False)
        faults = [{"field": _field(one["loc"]), "message": _message(one)} for one in found[:MOST_FAULTS]]
    raise problems.wrong_fields(faults)


def _field(place: Sequence[int | str]) -> str:
    return ".".join(str(part)[:80] for part in place) or "body"


def _message(one: Mapping[str, Any]) -> str:
    if one["type"] == "extra_forbidden":
        return "is unknown here"
    if one["type"] == "missing":
        return "is missing"
    return str(one["msg"]).removeprefix("Value error, ")


def _answered(call: Call) -> Response:
    """What the view gives, held against what the description promises."""
    told, shape = call.route.view(call), call.route.answer
    given = told if isinstance(told, Answer) else Answer(told)
    if issubclass(shape, Out) and not isinstance(given.body, bytes):
        body = shape.model_validate(dict(given.body)).model_dump(mode="json", by_alias=True)
        made = Response(orjson.dumps(body), call.route.status, content_type=JSON)
    elif issubclass(shape, Csv) and isinstance(given.body, bytes):
        made = Response(given.body, call.route.status, content_type=f"{CSV}; charset=utf-8")
    else:
        raise TypeError(f"{call.route.name} answers something else than it promises")
    made.headers.update(given.headers)
    return made
