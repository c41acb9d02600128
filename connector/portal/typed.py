"""The official client's typed calls (owners, pipelines, property groups, new properties) over *our* session.

``hubspot-api-client`` speaks urllib3 on its own: no time-outs, one pool per attribute access, its own errors per
package. Here its REST object is replaced by one that calls our transport, so auth, limits, retries, errors and the log
are the same as everywhere. This module imports the client (tens of MB), so it is loaded at the first typed call only
(``hubspot.py: _typed``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from hubspot import Client
from hubspot.crm.owners.exceptions import OpenApiException as OwnersFault
from hubspot.crm.pipelines.exceptions import OpenApiException as PipelinesFault
from hubspot.crm.properties.exceptions import OpenApiException as PropertiesFault

from connector.errors import Conflict, PortalUnavailable, Refused
from connector.model.records import ObjectType, Owner, Pipeline, PropertyDefinition, Stage
from connector.portal.bodies import Answer, text
from connector.portal.caller import Caller
from connector.portal.gateway import NewProperty, PropertyGroup, ProvisionOutcome
from connector.portal.objects import definitions
from connector.portal.translate import whole
from connector.portal.transport import Call, encoded
from connector.portal.versions import Operation, in_generation, typed_operation

# What generated code takes and makes: it carries no types.
Made = Any

# Each package of the client has its own root; what is left of them here is an answer the client cannot parse.
_FAULTS = (OwnersFault, PipelinesFault, PropertiesFault)


class RestAnswer:
    """An answer in the shape the generated code expects."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.reason = ""
        self.data: Made = answer.content
        self._headers = answer.headers

    def getheaders(self) -> Mapping[str, str]:
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self._headers.get(name.lower(), default)


class SessionRest:
    """Stands where the generated client keeps its own urllib3 pool."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def request(
        self, method: str, url: str, query_params: Made = None, body: Made = None, **_ignored: Made
    ) -> RestAnswer:
        """The client's headers are left behind: ours carry the token, and its own would switch off compression."""
        path = urlsplit(url).path
        query = urlencode([(name, text(value)) for name, value in query_params or ()])
        content = None if body is None else encoded(body)
        operation = typed_operation(method, path)
        return RestAnswer(self._caller.anywhere(operation, lambda: self._send(operation, path, query, content)))

    def _send(self, operation: Operation, path: str, query: str, content: bytes | None) -> Answer:
        here = in_generation(path, self._caller.generation_of(operation))
        return self._caller.transport.call(Call(operation, here, operation.old, query, content))

    def GET(self, url: str, **options: Made) -> RestAnswer:  # noqa: N802 - the generated client's names
        return self.request("GET", url, **options)

    def POST(self, url: str, **options: Made) -> RestAnswer:  # noqa: N802
        return self.request("POST", url, **options)

    def PUT(self, url: str, **options: Made) -> RestAnswer:  # noqa: N802
        return self.request("PUT", url, **options)

    def PATCH(self, url: str, **options: Made) -> RestAnswer:  # noqa: N802
        return self.request("PATCH", url, **options)

    def DELETE(self, url: str, **options: Made) -> RestAnswer:  # noqa: N802
        return self.request("DELETE", url, **options)


class TypedClient:
    """The official client, each of its API objects built once and kept."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._rest = SessionRest(caller)
        self._apis: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self.client = Client.create(api_factory=self._api)

    def _api(self, package: Made, name: str, _config: Mapping[str, Any]) -> Made:
        with self._lock:
            key = (package.__name__, name)
            if key not in self._apis:
                self._apis[key] = self._built(package, name)
            return self._apis[key]

    def _built(self, package: Made, name: str) -> Made:
        configuration = package.Configuration(host=self._caller.transport.base_url)
        # The models refuse answers with absent fields; portals leave some out.
        configuration.client_side_validation = False
        api_client = package.ApiClient(configuration=configuration)
        api_client.rest_client = self._rest
        return getattr(package, name)(api_client=api_client)

    def owners(self) -> tuple[Owner, ...]:
        """Active owners and archived ones: records may still belong to people who left."""
        found = {owner.id: owner for archived in (True, False) for owner in self._owners(archived)}
        return tuple(found[key] for key in sorted(found))

    def first_owner(self) -> None:
        """The cheapest call that shows whether owners may be read."""
        _readable(lambda: self.client.crm.owners.owners_api.get_page(limit=1))

    def _owners(self, archived: bool) -> Iterator[Owner]:
        after: str | None = None
        api = self.client.crm.owners.owners_api
        while True:
            options = {"limit": 100, "archived": archived} | ({"after": after} if after else {})
            answer = _readable(lambda given=options: api.get_page(**given))
            yield from (_owner(raw, archived) for raw in answer.results or ())
            following = _after(answer)
            if following is None or following == after:
                return
            after = following

    def pipelines(self, object_type: ObjectType) -> tuple[Pipeline, ...]:
        answer = _readable(lambda: self.client.crm.pipelines.pipelines_api.get_all(object_type))
        return tuple(_pipeline(object_type, raw) for raw in answer.results or ())

    def create_properties(
        self, object_type: ObjectType, group: PropertyGroup, properties: Sequence[NewProperty]
    ) -> ProvisionOutcome:
        """Look first, then create what is missing; a conflict means that somebody else was quicker."""
        known = {one.name: one for one in definitions(self._caller, object_type)}
        missing = [one for one in properties if one.name not in known]
        created: list[str] = []
        failed: dict[str, str] = {}
        made = self._ensure_group(object_type, group) if missing else False
        for one in missing:
            try:
                self._create(object_type, group, one)
                created.append(one.name)
            except Conflict:
                continue
            except Refused as refused:
                failed[one.name] = refused.faults.get(one.name, refused.message)
        existing = tuple(one.name for one in properties if one.name not in created and one.name not in failed)
        return ProvisionOutcome(made, tuple(created), existing, _differing(known, properties), failed)

    def _ensure_group(self, object_type: ObjectType, group: PropertyGroup) -> bool:
        api = self.client.crm.properties.groups_api
        listed = _readable(lambda: api.get_all(object_type)).results or ()
        if any(text(one.name) == group.name for one in listed):
            return False
        body = {"name": group.name, "label": group.label, "displayOrder": -1}
        try:
            _readable(lambda: api.create(object_type, property_group_create=body))
        except Conflict:
            return False
        return True

    def _create(self, object_type: ObjectType, group: PropertyGroup, one: NewProperty) -> None:
        api = self.client.crm.properties.core_api
        _readable(lambda: api.create(object_type, property_create=_property_body(group, one)))


def _readable(call: Made) -> Made:
    """The client's answer, or our error for one its models cannot hold."""
    try:
        return call()
    except _FAULTS as fault:
        what = f"The portal sent what the official client cannot read ({type(fault).__name__})."
        raise PortalUnavailable(what, reason="unreadable") from None


def _property_body(group: PropertyGroup, one: NewProperty) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": one.name,
        "label": one.label,
        "type": one.type,
        "fieldType": one.field_type,
        "groupName": group.name,
        "description": one.description,
    }
    if one.options:
        body["options"] = [
            {"value": o.value, "label": o.label, "displayOrder": o.order, "hidden": o.hidden} for o in one.options
        ]
    return body


def _differing(known: Mapping[str, PropertyDefinition], wanted: Sequence[NewProperty]) -> dict[str, str]:
    differing = {}
    for one in wanted:
        there = known.get(one.name)
        if there is not None and (there.type != one.type or there.read_only):
            what = f"is {there.type}/{there.field_type}{', read-only' if there.read_only else ''}"
            differing[one.name] = f"{what}; needed is {one.type}/{one.field_type}"
    return differing


def _after(answer: Made) -> str | None:
    following = getattr(getattr(answer, "paging", None), "next", None)
    after = getattr(following, "after", None)
    return text(after) or None


def _owner(raw: Made, archived: bool) -> Owner:
    return Owner(
        id=whole(raw.id) or 0,
        email=text(raw.email),
        first_name=text(raw.first_name),
        last_name=text(raw.last_name),
        user_id=whole(raw.user_id) or whole(raw.user_id_including_inactive),
        active=not (archived or raw.archived),
        teams=tuple(text(team.name) for team in raw.teams or ()),
    )


def _pipeline(object_type: ObjectType, raw: Made) -> Pipeline:
    stages = sorted((_stage(stage) for stage in raw.stages or () if not stage.archived), key=lambda s: s.order)
    return Pipeline(object_type, text(raw.id), text(raw.label), tuple(stages), bool(raw.archived))


def _stage(raw: Made) -> Stage:
    meta = raw.metadata or {}
    closed = text(meta.get("isClosed")).lower() == "true"
    order = whole(raw.display_order) or 0
    return Stage(text(raw.id), text(raw.label), order, closed, _share(meta.get("probability")))


def _share(value: object) -> float | None:
    try:
        return float(text(value))
    except ValueError:
        return None
