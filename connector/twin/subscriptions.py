"""The app's webhook subscriptions and settings, as HubSpot keeps them for a public app (hubspot-api.md 11.1).

Which notices a change becomes is answered here; how they travel is the notifier's business, HTTP is ``app_api``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.twin.clock import iso
from connector.twin.definitions import IDS_BY_TYPE, ONE_OF, SINGULAR, TYPE_IDS
from connector.twin.errors import JSON, conflict, not_found, refused
from connector.twin.feed import APP_ID, NAMED

if TYPE_CHECKING:
    from connector.twin.state import State

MOST = 1000
UNSUBSCRIBABLE = ("num_unique_conversion_events", "hs_lastmodifieddate")
COMMON = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")
ANYTHING = ("company", "contact", "deal", "line_item", "object", "product", "ticket")
CONVERSATION = ("creation", "deletion", "newMessage", "privacyDeletion", "propertyChange")
TYPES = frozenset(
    {f"{kind}.{event}" for kind in ANYTHING for event in COMMON} - {"product.associationChange"}
    | {f"conversation.{event}" for event in CONVERSATION}
    | {"contact.privacyDeletion", "event.completed"}
)


@dataclass
class Subscription:
    """One kind of notice the app wants; paused until it is switched on."""

    id: int
    event_type: str
    property_name: str | None
    object_type_id: str | None
    active: bool
    created: int
    updated: int

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        return self.event_type, self.property_name, self.object_type_id

    def as_json(self) -> JSON:
        """As the API shows it; absent fields are left out."""
        found = {
            "id": str(self.id), "eventType": self.event_type, "propertyName": self.property_name,
            "objectTypeId": self.object_type_id, "active": self.active, "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}


@dataclass
class Settings:
    """Where the app wants its notices."""

    target_url: str
    most_at_once: int
    created: int
    updated: int

    def as_json(self) -> JSON:
        return {
            "targetUrl": self.target_url, "throttling": {"maxConcurrentRequests": self.most_at_once},
            "createdAt": iso(self.created), "updatedAt": iso(self.updated),
        }  # fmt: skip


class Subscriptions:
    """All of the app's, by id."""

    def __init__(self, state: State, app_id: int = APP_ID) -> None:
        self._state = state
        self.app_id = app_id
        self.all: dict[int, Subscription] = {}
        self.settings: Settings | None = None
        self._next = 25

    def create(
        self, event_type: str, property_name: str | None = None, object_type_id: str | None = None, *,
        active: bool = False,
    ) -> Subscription:  # fmt: skip
        """Refused when HubSpot would refuse it."""
        self._check(event_type, property_name, object_type_id)
        if any(one.key == (event_type, property_name, object_type_id) for one in self.all.values()):
            raise conflict(f"A subscription for {event_type} {property_name or ''} already exists".rstrip())
        if len(self.all) >= MOST:
            raise refused(f"An app may have at most {MOST} webhook subscriptions")
        now = self._state.now_ms()
        made = Subscription(self._next, event_type, property_name, object_type_id, active, now, now)
        self._next += 1
        self.all[made.id] = made
        return made

    def _check(self, event_type: str, property_name: str | None, object_type_id: str | None) -> None:
        if event_type not in TYPES:
            raise refused(f"Invalid input JSON: {event_type} is not a valid eventType")
        if event_type.startswith("object.") and not object_type_id:
            raise refused("objectTypeId is required for object subscriptions")
        if event_type.endswith(".propertyChange"):
            self._check_property(event_type, property_name, object_type_id)
        elif property_name:
            raise refused(f"propertyName may not be given for {event_type}")

    def _check_property(self, event_type: str, name: str | None, object_type_id: str | None) -> None:
        if not name:
            raise refused("propertyName is required for propertyChange subscriptions")
        if name in UNSUBSCRIBABLE:
            raise refused(f"Property {name} cannot be subscribed to")
        kind = TYPE_IDS.get(object_type_id or "") or SINGULAR.get(event_type.partition(".")[0])
        strict = self._state.dials.webhook_unknown_property == "reject"
        if strict and kind and self._state.definitions.find(kind, name) is None:
            raise refused(f"Property {name} does not exist")

    def get(self, ident: int | str) -> Subscription:
        found = self.all.get(int(ident)) if str(ident).isdigit() else None
        if found is None:
            raise not_found(f"No subscription with id {ident} exists")
        return found

    def switch(self, ident: int | str, *, active: bool) -> Subscription:
        found = self.get(ident)
        found.active, found.updated = active, self._state.now_ms()
        return found

    def delete(self, ident: int | str) -> None:
        del self.all[self.get(ident).id]

    def aim(self, url: str, most_at_once: int = 10) -> Settings:
        """Set the target."""
        now = self._state.now_ms()
        created = self.settings.created if self.settings else now
        self.settings = Settings(url, most_at_once, created, now)
        return self.settings

    def subscribe_all(self, kinds: Iterable[str] = ("contacts",)) -> int:
        """Everything there is to hear about these objects, switched on. Returns how many are new."""
        wanted = [key for kind in kinds for key in self._everything(kind)]
        have = {one.key for one in self.all.values()}
        missing = [key for key in wanted if key not in have]
        for key in missing:
            self.create(*key, active=True)
        return len(missing)

    def _everything(self, kind: str) -> list[tuple[str, str | None, str | None]]:
        named = kind in NAMED
        word, type_id = (ONE_OF[kind], None) if named else ("object", IDS_BY_TYPE[kind])
        events = [f"{word}.{event}" for event in COMMON if event != "propertyChange"]
        events += ["contact.privacyDeletion"] if kind == "contacts" else []
        found: list[tuple[str, str | None, str | None]] = [(event, None, type_id) for event in events]
        for name, definition in self._state.definitions.properties[kind].items():
            if name not in UNSUBSCRIBABLE and not definition["archived"]:
                found.append((f"{word}.propertyChange", name, type_id))
        return found

    def active_by_key(self) -> dict[tuple[str, str | None, str | None], int]:
        return {one.key: one.id for one in self.all.values() if one.active}


def notices(change: JSON, active: dict[tuple[str, str | None, str | None], int], app_id: int) -> list[JSON]:
    """What the app hears of one change: an item for each of its active subscriptions that fits."""
    event_type, name = change["subscriptionType"], change.get("propertyName")
    word, _, event = event_type.partition(".")
    type_id = change.get("objectTypeId") or IDS_BY_TYPE[SINGULAR[word]]
    found = []
    own = active.get((event_type, name, None)) if word != "object" else None
    if own is not None:
        found.append({**change, "subscriptionId": own, "appId": app_id})
    generic = active.get((f"object.{event}", name, type_id))
    if generic is not None:
        more = {"subscriptionType": f"object.{event}", "objectTypeId": type_id}
        found.append({**change, **more, "subscriptionId": generic, "appId": app_id})
    return found
