"""Webhook subscriptions: what the documents of all portals need, against what the app has, and how to close the gap.

    documents of every portal --needs--> wanted --difference--> missing, paused, superfluous --applied--> none

Where there is no developer key, or HubSpot keeps an app's subscriptions elsewhere (private apps, projects), the answer
is the exact list to enter by hand. What must be subscribed to is decided in ``connector/rules/subscriptions.py``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import structlog

from connector.errors import ConfigError, FeatureOff, Refused
from connector.model.records import MIRRORED, ObjectType
from connector.model.subscriptions import Subscription, Wanted
from connector.portal.app_webhooks import AppWebhooks
from connector.rules.subscriptions import Difference, difference, grouped, project_file, wanted
from connector.settings import Settings
from connector.store import Store, Unit, definitions, meta, portals
from connector.sync.rulebook import load
from connector.sync.scope import reading_scope

log = structlog.get_logger(__name__)

PATH = "/webhooks/hubspot"
NO_KEY = "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY is not set, so the app's subscriptions cannot be read or changed from here."


@dataclass(frozen=True, slots=True)
class Needs:
    """What to subscribe to, and for which portals."""

    wanted: tuple[Wanted, ...]
    portals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Done:
    """What was carried out; ``refused`` says why for each that HubSpot did not take."""

    created: int = 0
    activated: int = 0
    deleted: int = 0
    aimed: bool = False
    refused: list[dict[str, str]] = field(default_factory=list)


def needs(store: Store) -> Needs:
    """From the published documents of every portal: what they read, as far as that portal has it."""
    with store.view() as u:
        rows = portals.every(u)
    if not rows:
        raise ConfigError(
            "No portal is connected yet, so nothing is needed.", remedy="leadwright portal add NAME --token-stdin"
        )
    return Needs(wanted(_read_by(store, row.id) for row in rows), tuple(row.name for row in rows))


def _read_by(store: Store, portal_id: int) -> dict[str, tuple[str, ...]]:
    """The properties one portal's pulls read; companies and deals only once a document names one of theirs.

    A property that the portal will get later is found by a later comparison.
    """
    used = load(store, portal_id).used_properties
    kinds: list[ObjectType] = [kind for kind in MIRRORED if kind == "contacts" or used.get(kind)]
    with store.view() as u:
        known = {kind: definitions.properties(u, portal_id, kind) for kind in kinds}
    return {kind: reading_scope(kind, used.get(kind, frozenset()), known[kind]).properties for kind in kinds}


def compared(need: Needs, app: AppWebhooks | None, settings: Settings) -> dict[str, Any]:
    """The difference, or the list to enter by hand."""
    if app is None:
        return _by_hand(need, settings, NO_KEY)
    try:
        target, present = app.target(), app.subscriptions()
    except FeatureOff as closed:
        return _by_hand(need, settings, closed.message)
    return _told(need, app, settings, target, difference(need.wanted, present))


def applied(need: Needs, app: AppWebhooks | None, settings: Settings, *, prune: bool = False) -> dict[str, Any]:
    """Close the gap and compare again. The target comes first: a notice without an address is lost."""
    shown = compared(need, app, settings)
    if app is None or shown["mode"] == "by_hand":
        return {**shown, "ok": False}
    address = _address(settings)
    if not address:
        raise ConfigError(
            "LEADWRIGHT_PUBLIC_URL is not set, so HubSpot cannot be told where to call.",
            remedy="Set it to the https address under which Leadwright is reached from outside.",
        )
    found = difference(need.wanted, app.subscriptions())
    aimed = app.target() != address
    if aimed:
        app.aim(address)
    done = _carry_out(app, found, aimed=aimed, prune=prune)
    after = compared(need, app, settings)
    return {**after, **_counts(done), "ok": after["ok"] and not done.refused, "text": _outcome(done, after["text"])}


def _carry_out(app: AppWebhooks, found: Difference, *, aimed: bool, prune: bool) -> _Done:
    gone = found.superfluous if prune else ()
    for one in gone:
        app.unsubscribe(one.id)
    awake = app.activate([one.id for one in found.paused])
    asleep = [one for one in found.paused if one.id not in awake]
    refused = [{**_row(one.what), "why": "HubSpot did not switch it on."} for one in asleep]
    created = 0
    for what in found.missing:
        try:
            app.subscribe(what)
            created += 1
        except Refused as fault:
            refused.append({**_row(what), "why": fault.message})
    return _Done(created, len(awake), len(gone), aimed, refused)


def _counts(done: _Done) -> dict[str, Any]:
    return {
        "created": done.created, "activated": done.activated, "deleted": done.deleted, "aimed": done.aimed,
        "refused": done.refused,
    }  # fmt: skip


def _address(settings: Settings) -> str:
    """Where HubSpot must call; '' while nobody said under which address we are reached."""
    base = settings.public_url.rstrip("/")
    return f"{base}{PATH}" if base else ""


# -- what was found last ----------------------------------------------------------------------------------------------

FOUND = "subscriptions"


def keep(u: Unit, shown: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Keep what a comparison found, for ``doctor``, ``portal list`` and ``/metrics``; it is logged when it changes."""
    fits = shown["target"]["fits"]
    differing = len(shown.get("missing", ())) + len(shown.get("paused", ())) + (fits is False)
    found = {"at_ms": now_ms, "ok": shown["ok"], "mode": shown["mode"], "differing": differing, "text": shown["text"]}
    before = last(u)
    meta.put(u, FOUND, json.dumps(found))
    if found["ok"] is False and (before is None or before["ok"] is not False):
        log.warning("webhook subscriptions differ", differing=differing)
    return found


def last(u: Unit) -> dict[str, Any] | None:
    """What the last comparison found; None before the first."""
    kept = meta.get(u, FOUND)
    found: dict[str, Any] | None = json.loads(kept) if kept else None
    return found


# -- the documents ----------------------------------------------------------------------------------------------------


def _told(need: Needs, app: AppWebhooks, settings: Settings, target: str, found: Difference) -> dict[str, Any]:
    address = _address(settings)
    fits = bool(address) and target == address
    return {
        "ok": found.complete and fits, "mode": "api", "app": app.app_id, "portals": list(need.portals),
        "wanted": len(need.wanted), "fitting": found.fitting,
        "target": {"wanted": address, "present": target, "fits": fits},
        "missing": [_row(one) for one in found.missing], "paused": [_present(one) for one in found.paused],
        "superfluous": [_present(one) for one in found.superfluous], "no_room": [_row(one) for one in found.no_room],
        "text": _sentence(found, fits=fits),
    }  # fmt: skip


def _by_hand(need: Needs, settings: Settings, why: str) -> dict[str, Any]:
    address = _address(settings)
    return {
        "ok": None, "mode": "by_hand", "why": why, "app": settings.hubspot_app_id, "portals": list(need.portals),
        "wanted": len(need.wanted), "target": {"wanted": address, "present": None, "fits": None},
        "by_hand": grouped(need.wanted), "project_file": project_file(need.wanted, address),
        "text": f"{len(need.wanted)} subscriptions to enter by hand.",
    }  # fmt: skip


def _row(what: Wanted) -> dict[str, str]:
    return {"event": what.event_type, "property": what.property, "object_type_id": what.object_type_id}


def _present(one: Subscription) -> dict[str, Any]:
    return {**_row(one.what), "id": one.id, "active": one.active}


def _sentence(found: Difference, *, fits: bool) -> str:
    """One sentence on how it stands."""
    if found.complete and fits:
        return f"All {found.fitting} subscriptions are there and active; nothing differs."
    parts = [f"{len(found.missing)} missing"] if found.missing else []
    parts += [f"{len(found.paused)} paused"] if found.paused else []
    parts += [] if fits else ["the target address differs"]
    return f"{found.fitting} subscriptions are there and active; {', '.join(parts)}."


def _outcome(done: _Done, after: str) -> str:
    parts = [f"{done.created} made"] if done.created else []
    parts += [f"{done.activated} switched on"] if done.activated else []
    parts += [f"{done.deleted} deleted"] if done.deleted else []
    parts += [f"{len(done.refused)} refused"] if done.refused else []
    parts += ["the target address set"] if done.aimed else []
    said = f"{', '.join(parts)}. " if parts else ""
    return f"{said[:1].upper()}{said[1:]}{after}"
