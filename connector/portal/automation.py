"""Workflows: which there are, enrolling a contact and taking it out, where it is enrolled; lists and who is on them.

Enrolment exists only on the legacy v2 path, by e-mail, and 204 means accepted, not enrolled (HubSpot docs:
workflows v2, enroll a contact).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.errors import FeatureOff, NotFound
from connector.portal.bodies import JsonValue, items, objects, text
from connector.portal.caller import Caller
from connector.portal.engagement import moved, walk
from connector.portal.gateway import ListHead, MemberPage, Workflow
from connector.portal.translate import after_of, millis, results_of, whole
from connector.portal.translate_events import flow_of, workflow_of

_MAPPING_BATCH = 100
# HubSpot docs: lists, "Retrieve list memberships": at most 250 a page.
_MEMBERS_PAGE = 250
_OF_CONTACTS = "0-1"


def workflows(caller: Caller) -> tuple[Workflow, ...]:
    """Contact workflows with the id that enrolment takes; the newer listing has other ids and needs their mapping."""
    try:
        data = caller.ask("workflows.list")
    except FeatureOff:
        return _flows(caller)
    listed = data.get("workflows") if isinstance(data, dict) else None
    raws = objects(listed) if listed is not None else results_of(data)
    return tuple(workflow_of(raw) for raw in raws)


def _flows(caller: Caller) -> tuple[Workflow, ...]:
    raws = list(walk(lambda after: caller.ask("workflows.flows", query={"limit": 100, "after": after})))
    legacy: dict[str, str] = {}
    for start in range(0, len(raws), _MAPPING_BATCH):
        inputs = [{"type": "FLOW_ID", "flowId": text(raw.get("id"))} for raw in raws[start : start + _MAPPING_BATCH]]
        data = caller.ask("workflows.ids", body={"inputs": inputs})
        legacy |= {text(pair.get("flowId")): text(pair.get("workflowId")) for pair in results_of(data)}
    found = (flow_of(raw, legacy) for raw in raws)
    return tuple(workflow for workflow in found if workflow)


def enrol(caller: Caller, workflow_id: str, email: str) -> None:
    """Never repeated by itself once the request may have arrived: the caller asks ``enrolments`` first."""
    caller.ask("workflows.enrol", path={"workflow": workflow_id, "email": email}, live=True)


def leave(caller: Caller, workflow_id: str, email: str) -> None:
    """Out of the workflow; for who is not in it, nothing happens. May be repeated."""
    caller.ask("workflows.leave", path={"workflow": workflow_id, "email": email}, live=True)


def change_list(caller: Caller, list_id: str, contact_id: int, *, add: bool) -> None:
    """On a list of its own members, or off it; ids that are there (or not there) already are ignored by the portal."""
    name = "lists.add" if add else "lists.remove"
    data = caller.ask(name, path={"list": list_id}, body=[str(contact_id)], live=True)
    missing = items(data.get("recordIdsMissing")) if isinstance(data, dict) else []
    if add and str(contact_id) in {text(one) for one in missing}:
        raise NotFound(f"The portal has no contact {contact_id} to put on list {list_id}.")


def lists(caller: Caller, ids: Sequence[str]) -> tuple[ListHead, ...]:
    """What these lists say of themselves; those that the portal does not have are left out."""
    found: list[ListHead] = []
    for start in range(0, len(ids), _MAPPING_BATCH):
        data = caller.ask("lists.heads", query={"listIds": list(ids[start : start + _MAPPING_BATCH])})
        found += [_head(raw) for raw in objects(data.get("lists") if isinstance(data, dict) else None)]
    return tuple(found)


def _head(raw: dict[str, JsonValue]) -> ListHead:
    more = raw.get("additionalProperties")
    size = whole(raw.get("size", more.get("hs_list_size") if isinstance(more, dict) else None))
    of_contacts = text(raw.get("objectTypeId")) in {"", _OF_CONTACTS}
    settled = text(raw.get("processingStatus")) != "PROCESSING"
    return ListHead(text(raw.get("listId")), text(raw.get("name")), size, of_contacts, settled)


def list_members(caller: Caller, list_id: str, *, after: str | None) -> MemberPage:
    """One page of a list's members; a token that repeats is an error, not an endless list."""
    query = {"limit": _MEMBERS_PAGE, "after": after}
    data = caller.ask("lists.members", path={"list": list_id}, query=query)
    return MemberPage(tuple(_members(data)), moved(after_of(data), after))


def _members(data: JsonValue) -> Iterator[tuple[int, int | None]]:
    for raw in results_of(data):
        contact_id = whole(raw.get("recordId"))
        if contact_id is not None:
            yield contact_id, millis(raw.get("membershipTimestamp"))


def enrolments(caller: Caller, contact_id: int) -> tuple[str, ...]:
    """Ids of the workflows a contact is in now. Older pages of the docs show an array, newer ones a single object."""
    try:
        data = caller.ask("workflows.enrolments", path={"contact": contact_id}, live=True)
    except NotFound:
        return ()
    found = (_workflow_id(entry) for entry in _entries(data))
    return tuple(dict.fromkeys(one for one in found if one))


def _entries(data: JsonValue) -> list[JsonValue]:
    if not isinstance(data, dict):
        return items(data)
    for key in ("results", "workflows", "enrollments"):
        if key in data:
            return items(data[key])
    return [data]


def _workflow_id(entry: JsonValue) -> str:
    if isinstance(entry, dict):
        return text(entry.get("workflowId", entry.get("id")))
    return text(entry)
