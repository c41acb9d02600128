"""Small HTTP helpers shared by the route modules: reading a request, shaping an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson
from flask import Response, request

from connector.twin.clock import iso
from connector.twin.errors import JSON, PortalError, refused
from connector.twin.state import State

View = Callable[..., Response]


class Url(NamedTuple):
    """One address and what answers it."""

    method: str
    rule: str
    view: View


def answer(body: Any = None, status: int = 200) -> Response:
    if body is None:
        return Response(b"", status if status != 200 else 204)
    return Response(orjson.dumps(body), status, mimetype="application/json")


def payload() -> Any:
    """The request's JSON; 400 as HubSpot words it when it cannot be read."""
    raw = request.get_data()
    if not raw:
        return {}
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise refused(f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}") from None


def payload_dict() -> JSON:
    body = payload()
    if not isinstance(body, dict):
        raise refused("Invalid input JSON: an object was expected")
    return body


def inputs(most: int = 100) -> list[JSON]:
    """The ``inputs`` of a batch, within its cap."""
    found = payload_dict().get("inputs")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise refused("Invalid input JSON: inputs must be a list of objects")
    if len(found) > most:
        raise refused(f"Too many inputs: {len(found)}, at most {most} are allowed")
    return found


def many(name: str) -> list[str]:
    """A repeated or comma-joined query parameter."""
    return [part for value in request.args.getlist(name) for part in value.split(",") if part]


def flag(name: str) -> bool:
    return request.args.get(name, "false").lower() == "true"


def number(name: str, default: int, most: int) -> int:
    """A ``limit``-like parameter; beyond its cap is refused."""
    raw = request.args.get(name, str(default))
    if not raw.isdigit() or not 0 < int(raw) <= most:
        raise refused(f"{name} must be between 1 and {most}, not {raw}")
    return int(raw)


def is_dated() -> bool:
    return bool(request.environ.get("twin.dated"))


def next_link(after: str) -> JSON:
    """``paging`` whose link is this request with another ``after``."""
    base = request.host_url.rstrip("/") + str(request.environ.get("twin.path", request.path))
    kept = [part for part in request.query_string.decode().split("&") if part and not part.startswith("after=")]
    return {"next": {"after": after, "link": base + "?" + "&".join([*kept, f"after={after}"])}}


def batch_answer(state: State, results: list[JSON], errors: Iterable[JSON] = (), status: int = 200) -> Response:
    """Batch results in no particular order; 207 when some inputs failed (dated paths: 200/201, by dial)."""
    now = iso(state.now_ms())
    body: JSON = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if state.dials.shuffle_batch_results:
        state.rng.shuffle(results)
    failed = list(errors)
    if failed:
        body |= {"numErrors": len(failed), "errors": failed}
        if not (is_dated() and state.dials.dated_errors_in_200):
            status = 207
    return answer(body, status)


def guarded(view: View) -> View:
    """Turn a refusal into its answer."""

    def run(**params: str) -> Response:
        request.environ["twin.template"] = request.url_rule.rule if request.url_rule else request.path
        try:
            return view(**params)
        except PortalError as error:
            response = answer(error.body, error.status)
            response.headers.update(error.headers)
            return response

    return run
