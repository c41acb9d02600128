"""Which webhook notices Leadwright needs, derived from what the documents of all portals read (P22). Pure.

There is no subscription for "any property": each one is named, an app has a thousand at most, and all portals of the
app share them. What finds no room, and what cannot be subscribed to, is still found by polling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.model.subscriptions import WORDS, Subscription, Wanted
from connector.rules.decide import STAMP

MOST = 1000
# Contacts are what is judged: all that happens to them. A firm or a deal matters by what it says and whose it is.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("creation", "deletion", "merge", "restore", "privacyDeletion", "associationChange"),
    "companies": ("creation", "deletion", "merge", "restore", "associationChange"),
    "deals": ("creation", "deletion", "merge", "restore", "associationChange"),
}
# HubSpot refuses these (developer docs: configure webhooks).
UNSUBSCRIBABLE = frozenset({"num_unique_conversion_events", "hs_lastmodifieddate"})
# Would tell nothing new: they never change, change with every change, or another notice says the same.
SILENT = frozenset({"hs_object_id", "createdate", "lastmodifieddate", "hs_merged_object_ids"})
# Our own stamp changes with every write of ours and decides nothing: its only notice would be an echo. The other
# leadwright_* properties stay in, for a person or another app that edits one must be seen, and put right or frozen.
OURS_ALONE = frozenset({STAMP})


@dataclass(frozen=True, slots=True)
class Difference:
    """Between what is wanted and what the app has. ``superfluous`` may be somebody else's work in the same app."""

    missing: tuple[Wanted, ...] = ()
    paused: tuple[Subscription, ...] = ()
    superfluous: tuple[Subscription, ...] = ()
    no_room: tuple[Wanted, ...] = ()
    fitting: int = 0

    @property
    def complete(self) -> bool:
        """Every notice that is wanted (and finds room) is told."""
        return not self.missing and not self.paused


def wanted(uses: Iterable[Mapping[str, Iterable[str]]]) -> tuple[Wanted, ...]:
    """What to subscribe to, most important first; ``uses`` names for each portal the properties it reads by object.

    Companies and deals are only subscribed to where some portal reads properties of theirs.
    """
    readers = _readers(uses)
    kinds = [kind for kind in EVENTS if kind == "contacts" or readers.get(kind)]
    events = [Wanted(f"{WORDS[kind]}.{event}") for kind in kinds for event in EVENTS[kind]]
    changes = [one for kind in kinds for one in _changes(kind, readers.get(kind, Counter()))]
    return (*events, *changes)


def _readers(uses: Iterable[Mapping[str, Iterable[str]]]) -> dict[str, Counter[str]]:
    """How many portals read each property."""
    found: dict[str, Counter[str]] = {}
    for portal in uses:
        for kind, names in portal.items():
            found.setdefault(kind, Counter()).update(set(names))
    return found


def _changes(kind: str, readers: Counter[str]) -> Iterator[Wanted]:
    names = readers.keys() - UNSUBSCRIBABLE - SILENT - OURS_ALONE
    for name in sorted(names, key=lambda one: (-readers[one], one)):
        yield Wanted(f"{WORDS[kind]}.propertyChange", name)


def difference(wanted_ones: Iterable[Wanted], present: Iterable[Subscription]) -> Difference:
    """What to create, to switch on, and what nobody here needs; of two that tell the same one is enough."""
    order = tuple(dict.fromkeys(wanted_ones))
    have: dict[Wanted, list[Subscription]] = {}
    for one in sorted(present, key=lambda one: not one.active):  # of two that tell the same, the active one stays
        have.setdefault(one.what.plain(), []).append(one)
    kept = {what: have[what][0] for what in order if what in have}
    superfluous = tuple(one for what, ones in have.items() for one in (ones[1:] if what in kept else ones))
    missing = tuple(what for what in order if what not in kept)
    room = max(0, MOST - sum(map(len, have.values())))
    paused = tuple(one for one in kept.values() if not one.active)
    return Difference(missing[:room], paused, superfluous, missing[room:], len(kept) - len(paused))


def grouped(ones: Iterable[Wanted]) -> list[dict[str, object]]:
    """As a person enters them in HubSpot: object by object, its events, then its properties."""
    groups: dict[str, dict[str, list[str]]] = {}
    for one in ones:
        word, _, event = one.event_type.partition(".")
        group = groups.setdefault(word, {"events": [], "properties": []})
        if event == "propertyChange":
            group["properties"].append(one.property)
        else:
            group["events"].append(event)
    return [{"object": word, "events": found["events"], "properties": found["properties"]}
            for word, found in groups.items()]  # fmt: skip


def project_file(ones: Iterable[Wanted], target_url: str) -> dict[str, object]:
    """The content of ``webhooks-hsmeta.json`` for an app that is a project (developer docs: configure webhooks).

    Classic names go into ``legacyCrmObjects``: their items' shape is documented to the last field, that of the generic
    associations is not.
    """
    classic: list[dict[str, object]] = []
    hub: list[dict[str, object]] = []
    for one in ones:
        named = {"propertyName": one.property} if one.property else {}
        row = {"subscriptionType": one.event_type, **named, "active": True}
        (hub if one.event_type == "contact.privacyDeletion" else classic).append(row)
    subscriptions = {"crmObjects": [], "legacyCrmObjects": classic, "hubEvents": hub}
    settings = {"targetUrl": target_url, "maxConcurrentRequests": 10}
    return {"uid": "webhooks", "type": "webhooks", "config": {"settings": settings, "subscriptions": subscriptions}}
