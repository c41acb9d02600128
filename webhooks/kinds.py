"""What HubSpot's subscription types speak of: 48 types, the kinds of object in our words, the numbers of object types.

A type that is not listed here is no fault: it is kept with an empty object type and an empty event.
"""

from __future__ import annotations

OBJECTS = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "ticket": "tickets",
    "product": "products",
    "line_item": "line_items",
}
EVENTS = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")

# HubSpot's numbers for its own objects (reference 3.1); custom ones (``2-123``) have no word of ours.
OBJECT_TYPE_IDS = {
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
    "0-5": "tickets",
    "0-7": "products",
    "0-8": "line_items",
    "0-18": "communications",
    "0-27": "tasks",
    "0-46": "notes",
    "0-47": "meetings",
    "0-48": "calls",
    "0-49": "emails",
    "0-116": "postal_mail",
    "0-136": "leads",
}

# Events of records: ids and names in them are used, so they are checked. All others are only kept.
RECORD_EVENTS: dict[str, tuple[str, str]] = {
    f"{noun}.{event}": (OBJECTS.get(noun, ""), event)
    for noun in (*OBJECTS, "object")
    for event in EVENTS
    if (noun, event) != ("product", "associationChange")
} | {"contact.privacyDeletion": ("contacts", "privacyDeletion")}

OTHER_EVENTS: dict[str, tuple[str, str]] = {
    "conversation.creation": ("conversations", "creation"),
    "conversation.deletion": ("conversations", "deletion"),
    "conversation.newMessage": ("conversations", ""),
    "conversation.privacyDeletion": ("conversations", "privacyDeletion"),
    "conversation.propertyChange": ("conversations", "propertyChange"),
    "event.completed": ("", ""),
}
TYPES = RECORD_EVENTS | OTHER_EVENTS
