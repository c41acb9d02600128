"""The app's custom workflow action: what it should be, against what HubSpot has, and how to make it so.

Without a developer key, or where HubSpot keeps an app's actions elsewhere (projects), the answer is the definition to
enter by hand. What the action is: ``connector/rules/actions.py``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from connector.errors import ConfigError, FeatureOff
from connector.portal.app_actions import AppActions, Registered
from connector.rules.actions import ACTIONS_PATH, RESCORE, address, definition, fits
from connector.settings import Settings

NO_KEY = (
    "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY is not set, so the app's workflow actions cannot be read or changed from here."
)
NO_ADDRESS = "Set LEADWRIGHT_PUBLIC_URL: HubSpot must be told where to call."


def compared(app: AppActions | None, settings: Settings) -> dict[str, Any]:
    """The definition, and whether the app has it: ``state`` is registered, differs, missing or by_hand."""
    if app is None:
        return _told(settings, "by_hand", NO_KEY)
    try:
        present = _ours(app)
    except FeatureOff as closed:
        return _told(settings, "by_hand", closed.message)
    if present is None:
        return _told(settings, "missing", "The app has no such action yet.")
    if not fits(definition(settings.public_url), present.definition):
        return _told(settings, "differs", "The app's action differs from what it should be.", present)
    return _told(settings, "registered", f"The app has it, revision {present.revision or '1'}.", present)


def registered(app: AppActions | None, settings: Settings) -> dict[str, Any]:
    """Define it, or put it right; repeated it changes nothing. ``done`` is made, changed or '' (nothing to do)."""
    if not address(settings.public_url):
        raise ConfigError("LEADWRIGHT_PUBLIC_URL is not set, so HubSpot cannot be told where to call.", remedy=_HTTPS)
    shown = compared(app, settings)
    if app is None or shown["state"] in ("by_hand", "registered"):
        return {**shown, "done": ""}
    wanted = definition(settings.public_url)
    if shown["state"] == "missing":
        app.define(wanted)
    else:
        app.redefine(shown["id"], wanted)
    return {**compared(app, settings), "done": "made" if shown["state"] == "missing" else "changed"}


_HTTPS = "Set it to the https address under which Leadwright is reached from outside."


def _ours(app: AppActions) -> Registered | None:
    """The newest action that ends at our path: after a move only its address is another one."""
    path = f"{ACTIONS_PATH}/{RESCORE}"
    found = [one for one in app.all() if urlsplit(str(one.definition.get("actionUrl") or "")).path.endswith(path)]
    return max(found, key=lambda one: (len(one.id), one.id), default=None)


def _told(settings: Settings, state: str, why: str, present: Registered | None = None) -> dict[str, Any]:
    where = address(settings.public_url)
    text = why if where else f"{why} {NO_ADDRESS}"
    return {
        "ok": {"registered": True, "by_hand": None}.get(state, False), "state": state, "app": settings.hubspot_app_id,
        "action": RESCORE, "address": where, "id": present.id if present else "",
        "revision": present.revision if present else "", "definition": definition(settings.public_url), "text": text,
    }  # fmt: skip
