"""Notes and tasks on a contact: made with their association in one call, never repeated by themselves.

HubSpot docs: notes and tasks of the CRM objects API; association types 202 (note to contact), 204 (task to contact).
"""

from __future__ import annotations

from connector.errors import Refused
from connector.portal.caller import Caller
from connector.portal.gateway import Note
from connector.portal.translate import whole

_TO_CONTACT = {"notes": 202, "tasks": 204}


def give(caller: Caller, note: Note) -> int:
    """Make it; its id. An answer that was lost may have worked: the caller looks before it asks again."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_CONTACT[note.kind]}]
    body = {"properties": _properties(note), "associations": [{"to": {"id": str(note.contact_id)}, "types": types}]}
    data = caller.ask("objects.create", body=body, live=True, object_type=note.kind)
    made = whole(data.get("id")) if isinstance(data, dict) else None
    if made is None:
        raise Refused(f"The portal made no {note.kind[:-1]} and gave no reason.")
    return made


def _properties(note: Note) -> dict[str, str]:
    owner = {"hubspot_owner_id": str(note.owner_id)} if note.owner_id else {}
    if note.kind == "notes":
        return {"hs_timestamp": str(note.at_ms), "hs_note_body": note.body, **owner}
    return {
        "hs_timestamp": str(note.at_ms), "hs_task_subject": note.title, "hs_task_body": note.body,
        "hs_task_status": "NOT_STARTED", "hs_task_type": "TODO", "hs_task_priority": "HIGH", **owner,
    }  # fmt: skip
