"""One table of every logical operation: method, path of the old generation, path of the dated one, end, source.

Paths stand nowhere else. What the operation means for limits (kind), for repeats (``safe``) and for a 404 or 403
(``missing``, ``optional``) stands in its row too, since transport, retry and classify all ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from urllib.parse import quote

from connector.portal.gateway import Kind

OLD = "v3"
DATED = "2026-09"
GENERATIONS = (OLD, DATED)

_V3_END = date(2027, 9, 1)
_OAUTH_V1_END = date(2027, 2, 16)
_V4_END = date(2027, 3, 30)
_V3_SOURCE = "HubSpot changelog 2026-09-15: legacy APIs and legacy apps, what is going unsupported and when"
_V4_SOURCE = "HubSpot changelog: deprecating support for HubSpot v4 APIs"
_OAUTH_V1_SOURCE = "HubSpot changelog: v1 OAuth API deprecation"


@dataclass(frozen=True, slots=True)
class Operation:
    """One logical operation.

    ``dated`` is None where HubSpot offers no dated path yet: the old one serves both generations. ``safe``: repeating
    it after an unknown outcome does no harm. ``missing``: what a 404 means, this record or the whole feature.
    ``optional``: a missing scope switches the feature off instead of stopping the run.
    """

    name: str
    method: str
    old: str
    dated: str | None
    kind: Kind = "other"
    safe: bool = True
    optional: bool = False
    missing: Literal["record", "feature"] = "feature"
    empty: bool = False

    def template(self, generation: str) -> str:
        return self.dated if generation == DATED and self.dated else self.old

    def path(self, generation: str, values: Mapping[str, object]) -> str:
        """The template filled in; every value is one escaped segment."""
        filled = {key: quote(str(value), safe="") for key, value in values.items()}
        return self.template(generation).format_map(filled)

    def for_object(self, object_type: str) -> Operation:
        """Contacts are what Leadwright is for; any other object type may be switched off."""
        return self if object_type == "contacts" else replace(self, optional=True)


@dataclass(frozen=True, slots=True)
class Ending:
    """An operation whose path goes out of support: since when, and what replaces it ('' = nothing yet)."""

    operation: str
    path: str
    end: date
    replacement: str
    source: str


_OBJECTS = "/crm/v3/objects/{object_type}"
_OBJECTS_DATED = "/crm/objects/2026-09/{object_type}"

_APP = "/webhooks/v3/{app}"
_APP_DATED = "/app-webhooks/2026-09/{app}"
_ACTIONS = "/automation/v4/actions/{app}"
_ACTIONS_DATED = "/automation/actions/2026-09/{app}"

_TABLE = (
    Operation("objects.list", "GET", _OBJECTS, _OBJECTS_DATED, kind="list"),
    Operation("objects.read_one", "GET", f"{_OBJECTS}/{{record}}", f"{_OBJECTS_DATED}/{{record}}", missing="record"),
    Operation("objects.search", "POST", f"{_OBJECTS}/search", f"{_OBJECTS_DATED}/search", kind="search"),
    Operation(
        "objects.batch_read", "POST", f"{_OBJECTS}/batch/read", f"{_OBJECTS_DATED}/batch/read", kind="batch_read"
    ),
    Operation(
        "objects.batch_update",
        "POST",
        f"{_OBJECTS}/batch/update",
        f"{_OBJECTS_DATED}/batch/update",
        kind="write",
        missing="record",
    ),
    Operation("objects.create", "POST", _OBJECTS, _OBJECTS_DATED, kind="write", safe=False, missing="record"),
    Operation(
        "associations.batch_read",
        "POST",
        "/crm/v4/associations/{from_type}/{to_type}/batch/read",
        "/crm/associations/2026-09/{from_type}/{to_type}/batch/read",
        kind="batch_read",
        optional=True,
    ),
    Operation("properties.list", "GET", "/crm/v3/properties/{object_type}", "/crm/properties/2026-09/{object_type}"),
    Operation(
        "properties.read",
        "GET",
        "/crm/v3/properties/{object_type}/{record}",
        "/crm/properties/2026-09/{object_type}/{record}",
        missing="record",
    ),
    Operation(
        "properties.change",
        "PATCH",
        "/crm/v3/properties/{object_type}/{record}",
        "/crm/properties/2026-09/{object_type}/{record}",
        kind="write",
        missing="record",
    ),
    # Only under a dated path (HubSpot docs: property validations).
    Operation(
        "properties.validations",
        "GET",
        "/crm/property-validations/2026-09/{object_type}",
        "/crm/property-validations/2026-09/{object_type}",
        optional=True,
    ),
    Operation("account.details", "GET", "/account-info/v3/details", "/account-info/2026-09/details", missing="record"),
    Operation(
        "account.daily_usage",
        "GET",
        "/account-info/v3/api-usage/daily/private-apps",
        "/account-info/2026-09/api-usage/daily/private-apps",
        optional=True,
    ),
    Operation("email.events", "GET", "/email/public/v1/events", None, kind="list", optional=True),
    Operation(
        "email.subscriptions", "GET", "/email/public/v1/subscriptions/timeline", None, kind="list", optional=True
    ),
    Operation("forms.list", "GET", "/marketing/v3/forms/", None, kind="list", optional=True),
    Operation(
        "forms.submissions",
        "GET",
        "/form-integrations/v1/submissions/forms/{form}",
        None,
        kind="list",
        optional=True,
        missing="record",
    ),
    Operation(
        "events.occurrences",
        "GET",
        "/events/v3/events/",
        "/events/event-occurrences/2026-09",
        kind="list",
        optional=True,
        missing="record",
    ),
    Operation(
        "events.types",
        "GET",
        "/events/v3/events/event-types",
        "/events/event-occurrences/2026-09/event-types",
        optional=True,
    ),
    Operation(
        "marketing_events.list",
        "GET",
        "/marketing/v3/marketing-events/",
        "/marketing/marketing-events/2026-09",
        kind="list",
        optional=True,
    ),
    # HubSpot's guide names the first address, its OpenAPI file of the same version this one.
    Operation(
        "marketing_events.list_other",
        "GET",
        "/marketing/marketing-events/v3",
        "/marketing/marketing-events/2026-09",
        kind="list",
        optional=True,
    ),
    Operation(
        "marketing_events.participations",
        "GET",
        "/marketing/v3/marketing-events/participations/{event}/breakdown",
        "/marketing/marketing-events/2026-09/participations/{event}/breakdown",
        kind="list",
        optional=True,
        missing="record",
    ),
    Operation(
        "subscriptions.definitions",
        "GET",
        "/communication-preferences/v3/definitions",
        "/communication-preferences/2026-09/definitions",
        optional=True,
    ),
    Operation("workflows.list", "GET", "/automation/v3/workflows", None, optional=True),
    Operation("workflows.flows", "GET", "/automation/v4/flows", None, optional=True),
    Operation("workflows.ids", "POST", "/automation/v4/workflow-id-mappings/batch/read", None, optional=True),
    Operation(
        "workflows.enrol",
        "POST",
        "/automation/v2/workflows/{workflow}/enrollments/contacts/{email}",
        None,
        kind="write",
        safe=False,
        missing="record",
        empty=True,
    ),
    Operation(
        "workflows.leave",
        "DELETE",
        "/automation/v2/workflows/{workflow}/enrollments/contacts/{email}",
        None,
        kind="write",
        missing="record",
        empty=True,
    ),
    Operation("lists.heads", "GET", "/crm/v3/lists", "/crm/lists/2026-09", optional=True),
    Operation(
        "lists.members",
        "GET",
        "/crm/v3/lists/{list}/memberships",
        "/crm/lists/2026-09/{list}/memberships",
        kind="list",
        optional=True,
        missing="record",
    ),
    Operation(
        "lists.add",
        "PUT",
        "/crm/v3/lists/{list}/memberships/add",
        "/crm/lists/2026-09/{list}/memberships/add",
        kind="write",
        missing="record",
    ),
    Operation(
        "lists.remove",
        "PUT",
        "/crm/v3/lists/{list}/memberships/remove",
        "/crm/lists/2026-09/{list}/memberships/remove",
        kind="write",
        missing="record",
    ),
    Operation(
        "workflows.enrolments",
        "GET",
        "/automation/v2/workflows/enrollments/contacts/{contact}",
        None,
        optional=True,
        missing="record",
    ),
    # Opened by the app's client secret. v1 of the token endpoint is asked only where nobody knows the dated one.
    Operation("oauth.redeem", "POST", "/oauth/v1/token", "/oauth/2026-09/token", safe=False),
    Operation("oauth.refresh", "POST", "/oauth/v1/token", "/oauth/2026-09/token"),
    Operation("oauth.introspect", "POST", "/oauth/v3/token/introspect", "/oauth/2026-09/token/introspect"),
    Operation("oauth.revoke", "POST", "/oauth/v3/token/revoke", "/oauth/2026-09/token/revoke", empty=True),
    # The app's own, opened by a developer key; no portal's token reaches them.
    Operation("app.target", "GET", f"{_APP}/settings", f"{_APP_DATED}/settings", missing="record"),
    Operation("app.aim", "PUT", f"{_APP}/settings", f"{_APP_DATED}/settings", missing="record"),
    Operation("app.subscriptions", "GET", f"{_APP}/subscriptions", f"{_APP_DATED}/subscriptions", missing="record"),
    Operation(
        "app.subscribe",
        "POST",
        f"{_APP}/subscriptions",
        f"{_APP_DATED}/subscriptions",
        kind="write",
        safe=False,
        missing="record",
    ),
    Operation(
        "app.switch",
        "POST",
        f"{_APP}/subscriptions/batch/update",
        f"{_APP_DATED}/subscriptions/batch/update",
        kind="write",
        missing="record",
    ),
    Operation(
        "app.unsubscribe",
        "DELETE",
        f"{_APP}/subscriptions/{{subscription}}",
        f"{_APP_DATED}/subscriptions/{{subscription}}",
        kind="write",
        missing="record",
        empty=True,
    ),
    Operation("app.actions", "GET", _ACTIONS, _ACTIONS_DATED, missing="record"),
    Operation("app.define_action", "POST", _ACTIONS, _ACTIONS_DATED, kind="write", safe=False, missing="record"),
    Operation(
        "app.redefine_action",
        "PATCH",
        f"{_ACTIONS}/{{definition}}",
        f"{_ACTIONS_DATED}/{{definition}}",
        kind="write",
        missing="record",
    ),
)
OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _TABLE}

# The official client knows only the old paths; these prefixes carry its calls to the dated ones.
_PREFIXES = (
    ("/crm/v3/properties", "/crm/properties/2026-09"),
    ("/crm/v3/pipelines", "/crm/pipelines/2026-09"),
    ("/crm/v3/owners", "/crm/owners/2026-09"),
    ("/crm/v3/lists", "/crm/lists/2026-09"),
    ("/crm/v3/objects", "/crm/objects/2026-09"),
)
_TYPED_WORDS = frozenset({"crm", "v3", "properties", "pipelines", "owners", "lists", "groups", "batch", "read", DATED})


def in_generation(path: str, generation: str) -> str:
    """A path of the official client as the portal's generation wants it."""
    if generation != DATED:
        return path
    for old, dated in _PREFIXES:
        if path == old or path.startswith(f"{old}/"):
            return (dated + path.removeprefix(old)).rstrip("/")
    return path


def typed_operation(method: str, path: str) -> Operation:
    """The row of a call made through the official client: reads may be repeated, creations may not."""
    reading = method == "GET"
    template = "/".join(part if part in _TYPED_WORDS else "{…}" for part in path.split("/") if part)
    room = re.search(r"/(properties|pipelines|owners|lists)\b", path)
    dated = in_generation(f"/{template}", DATED)
    return Operation(
        f"typed.{room.group(1) if room else 'call'}",
        method,
        f"/{template}",
        dated if dated != f"/{template}" else None,
        kind="other" if reading else "write",
        safe=reading,
        optional=reading,
        empty=method == "DELETE",
    )


def expiring(today: date, *, generation: str = OLD, within_days: int = 365) -> list[Ending]:
    """Operations of this generation that go out of support within the span (or already have), soonest first."""
    horizon = today + timedelta(days=within_days)
    endings = [_ending(operation, generation) for operation in _TABLE]
    return sorted((e for e in endings if e and e.end <= horizon), key=lambda e: (e.end, e.operation))


def _ending(operation: Operation, generation: str) -> Ending | None:
    path = operation.template(generation)
    if f"/{DATED}" in path:
        return None
    end, source = _V3_END, _V3_SOURCE
    if "/v4/" in path:
        end, source = _V4_END, _V4_SOURCE
    elif path.startswith("/oauth/v1/"):
        end, source = _OAUTH_V1_END, _OAUTH_V1_SOURCE
    return Ending(operation.name, path, end, operation.dated or "", source)
