"""Webhook subscriptions as values: what is wanted, and what an app has."""

from __future__ import annotations

from dataclasses import dataclass

WORDS = {"contacts": "contact", "companies": "company", "deals": "deal"}
_GENERIC = {"0-1": "contact", "0-2": "company", "0-3": "deal"}


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """One kind of notice: ``contact.propertyChange`` of ``jobtitle``. Generic ones name their object type's id."""

    event_type: str
    property: str = ""
    object_type_id: str = ""

    def plain(self) -> Wanted:
        """The same under its classic name: ``object.creation`` of 0-1 tells what ``contact.creation`` tells."""
        head, _, event = self.event_type.partition(".")
        word = _GENERIC.get(self.object_type_id) if head == "object" else None
        return Wanted(f"{word}.{event}", self.property) if word else self


@dataclass(frozen=True, slots=True)
class Subscription:
    """One that the app has; a paused one tells nothing."""

    id: str
    what: Wanted
    active: bool
