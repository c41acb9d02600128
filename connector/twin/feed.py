"""The change feed: every change of the portal in webhook shape, oldest first, and who made it (hubspot-api.md 11.3).

Contacts, companies and deals are told under their own names, everything else as a generic ``object.*`` event. Who
hears of what, and when, is the notifier's business.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from connector.twin.definitions import IDS_BY_TYPE, ONE_OF
from connector.twin.errors import JSON

APP_ID = 4711
NAMED = ("contacts", "companies", "deals")


@dataclass(frozen=True)
class Source:
    """Who changed something, as webhooks and histories name it."""

    name: str = "CRM_UI"
    ident: str = "userId:7001"
    by_api: bool = False
    history: str = "CRM_UI"


PERSON = Source()
SYSTEM = Source("CALCULATED", "calculated-property", history="CALCULATED")
MERGE = Source("MERGE_OBJECTS", "merge", history="MERGE_OBJECTS")


def app_source(app_id: int = APP_ID) -> Source:
    """An app that writes through the API."""
    return Source("INTEGRATION", str(app_id), by_api=True, history="INTEGRATION")


def form_source(form_id: str) -> Source:
    return Source("FORM", form_id, history="FORM")


class Feed:
    """Grows as the portal changes; ``heard`` is set at each change, for whoever waits for one."""

    def __init__(self, portal_id: int, first_id: int) -> None:
        self.changes: list[JSON] = []
        self.heard = threading.Event()
        self._portal_id = portal_id
        self._event_ids = first_id

    def tell(self, event: str, kind: str, record_id: int, at: int, source: Source, **extra: object) -> None:
        self._event_ids += 1
        named = kind in NAMED
        generic = {} if named else {"objectTypeId": IDS_BY_TYPE[kind]}
        self.changes.append(
            {
                "eventId": self._event_ids, "portalId": self._portal_id, "occurredAt": at,
                "subscriptionType": f"{ONE_OF[kind] if named else 'object'}.{event}", "attemptNumber": 0,
                "objectId": record_id, "changeSource": source.name, "sourceId": source.ident, **generic, **extra,
            }
        )  # fmt: skip
        self.heard.set()

    def tell_link(self, one: tuple[str, int], other: tuple[str, int], at: int, source: Source, **how: bool) -> None:
        """Two events, one for each side."""
        for (kind, left), (to, right) in ((one, other), (other, one)):
            extra = {
                "associationType": f"{ONE_OF[kind]}_TO_{ONE_OF[to]}".upper(), "fromObjectId": left, "toObjectId": right,
                "associationRemoved": how["removed"], "isPrimaryAssociation": how["primary"],
            }  # fmt: skip
            self.tell("associationChange", kind, left, at, source, **extra)
