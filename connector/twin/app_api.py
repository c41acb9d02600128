"""Routes of the app's webhook settings, subscriptions and workflow actions, all generations (hubspot-api.md 11.1, 7.4).

They belong to the app, not to a portal: a developer key opens them, no portal's token does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, request

from connector.twin.errors import JSON, PortalError, batch_error, envelope, not_found, refused
from connector.twin.web import Url, answer, batch_answer, inputs, next_link, number, payload_dict

if TYPE_CHECKING:
    from connector.twin.twin import Twin

BASE = "/webhooks/v3/<app>"
ACTIONS = "/automation/v4/actions/<app>"
LEAST_AT_ONCE = 5
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ELSEWHERE = {
    "private": "Webhooks and actions of a private app are changed in its settings page only.",
    "project": "Webhooks and actions of this app are managed by its project.",
}


class AppRoutes:
    """Settings and subscriptions of the one app this twin knows."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._all = twin.subscriptions

    def urls(self) -> list[Url]:
        one, action = f"{BASE}/subscriptions/<ident>", f"{ACTIONS}/<ident>"
        return [
            Url("GET", f"{BASE}/settings", self.settings), Url("PUT", f"{BASE}/settings", self.configure),
            Url("DELETE", f"{BASE}/settings", self.clear), Url("GET", f"{BASE}/subscriptions", self.list),
            Url("POST", f"{BASE}/subscriptions", self.create),
            Url("POST", f"{BASE}/subscriptions/batch/update", self.update_many), Url("GET", one, self.get),
            Url("PATCH", one, self.update), Url("DELETE", one, self.delete),
            Url("GET", ACTIONS, self.actions), Url("POST", ACTIONS, self.define), Url("GET", action, self.action),
            Url("PATCH", action, self.redefine), Url("DELETE", action, self.forget),
        ]  # fmt: skip

    def _admit(self, app: str) -> None:
        """The developer's key, in the query or as a bearer; then the app must be one that has these addresses."""
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        key = request.args.get("hapikey") or (bearer.strip() if scheme.lower() == "bearer" else "")
        if key in self._twin.access.tokens:
            message = "This app hasn't been granted all required scopes to make this call."
            errors = [{"message": message, "context": {"requiredGranularScopes": ["developers-read"]}}]
            raise PortalError(403, envelope(message, "MISSING_SCOPES", errors=errors))
        if key != self._twin.access.developer_key:
            raise PortalError(401, envelope("Authentication credentials not found.", "INVALID_AUTHENTICATION"))
        if app != str(self._all.app_id):
            raise not_found(f"No app with id {app} exists")
        kind = self._twin.dials.app_kind
        if kind in ELSEWHERE:
            raise PortalError(403, envelope(ELSEWHERE[kind], "USER_DOES_NOT_HAVE_PERMISSIONS"))
        self._twin.webhooks.catch_up()

    # -- settings ------------------------------------------------------------------------------------------------

    def settings(self, app: str) -> Response:
        self._admit(app)
        if self._all.settings is None:
            raise not_found("No webhook settings exist for this app")
        return answer(self._all.settings.as_json())

    def configure(self, app: str) -> Response:
        self._admit(app)
        body = payload_dict()
        url, most = _target_of(body), _most_of(body)
        made = self._all.aim(url, most)
        self._twin.dials.webhook_concurrency = most
        self._twin.webhooks.start()
        return answer(made.as_json())

    def clear(self, app: str) -> Response:
        self._admit(app)
        self._all.settings = None
        return answer(status=204)

    # -- subscriptions -------------------------------------------------------------------------------------------

    def list(self, app: str) -> Response:
        self._admit(app)
        return answer({"results": [one.as_json() for one in self._all.all.values()]})

    def create(self, app: str) -> Response:
        self._admit(app)
        body = payload_dict()
        if not isinstance(body.get("eventType"), str):
            raise refused("Invalid input JSON: required fields were not set: [eventType]")
        active = _boolean(body.get("active", False))
        made = self._all.create(body["eventType"], body.get("propertyName"), body.get("objectTypeId"), active=active)
        return answer(made.as_json(), 201)

    def get(self, app: str, ident: str) -> Response:
        self._admit(app)
        return answer(self._all.get(ident).as_json())

    def update(self, app: str, ident: str) -> Response:
        self._admit(app)
        return answer(self._all.switch(ident, active=_boolean(payload_dict().get("active"))).as_json())

    def update_many(self, app: str) -> Response:
        self._admit(app)
        done: list[JSON] = []
        failed: list[JSON] = []
        for one in inputs():
            try:
                done.append(self._all.switch(one.get("id", ""), active=_boolean(one.get("active"))).as_json())
            except PortalError as error:
                failed.append(batch_error(error, {"ids": [str(one.get("id"))]}))
        return batch_answer(self._twin.state, done, failed)

    def delete(self, app: str, ident: str) -> Response:
        self._admit(app)
        self._all.delete(ident)
        return answer(status=204)

    # -- workflow actions ------------------------------------------------------------------------------------------

    def actions(self, app: str) -> Response:
        self._admit(app)
        limit, after = number("limit", 100, 500), int(request.args.get("after") or 0)
        every = list(self._twin.actions.all.values())
        body: JSON = {"results": [one.as_json() for one in every[after : after + limit]]}
        if after + limit < len(every):
            body["paging"] = next_link(str(after + limit))
        return answer(body)

    def define(self, app: str) -> Response:
        self._admit(app)
        return answer(self._twin.actions.define(payload_dict()).as_json(), 201)

    def action(self, app: str, ident: str) -> Response:
        self._admit(app)
        return answer(self._twin.actions.get(ident).as_json())

    def redefine(self, app: str, ident: str) -> Response:
        self._admit(app)
        return answer(self._twin.actions.change(ident, payload_dict()).as_json())

    def forget(self, app: str, ident: str) -> Response:
        self._admit(app)
        self._twin.actions.delete(ident)
        return answer(status=204)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise refused("Invalid input JSON: active must be true or false")
    return value


def _target_of(body: JSON) -> str:
    """Public addresses must be encrypted; the simulation may also call its own machine."""
    url = str(body.get("targetUrl") or "")
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise refused("targetUrl must be a valid https URL")
    return url


def _most_of(body: JSON) -> int:
    most = (body.get("throttling") or {}).get("maxConcurrentRequests")
    if not isinstance(most, int) or most <= LEAST_AT_ONCE:
        raise refused(f"maxConcurrentRequests must be greater than {LEAST_AT_ONCE}")
    return most
