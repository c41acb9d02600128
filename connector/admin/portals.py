"""All portals, and one portal's overview with what can be done there: sync, pause, verify, go live, make properties."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from connector.admin import plain
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.errors import ConnectorError
from connector.reports.cockpit import cockpit, properties
from connector.reports.home import home
from connector.store import plans, portals
from connector.sync import errands

UNPROCESSABLE = 422


def agency(ask: Ask) -> Response:
    """Every portal this person has a role in, those that need somebody first."""
    now = ask.frame.clock.now_ms()
    with ask.frame.store.view() as u:
        mine = [row for row in portals.every(u) if ask.who.role(row.id) is not None]
        rows = home(u, mine, now)
    return ask.page("portals.html", rows=rows, now=now, plain=plain, trouble=[r for r in rows if r.state.trouble])


def overview(ask: Ask) -> Response:
    """One portal at a glance."""
    return ask.page("portal.html", **_cockpit(ask))


def _cockpit(ask: Ask) -> dict[str, Any]:
    now = ask.frame.clock.now_ms()
    with ask.frame.store.view() as u:
        found = cockpit(u, ask.portal, now)
        asked = errands.latest(u, ask.portal.id)
    plan = json.loads(found.plan.body) if found.plan else None
    return {"it": found, "now": now, "plan": plan, "errands": asked, "plain": plain}


# what can be done ----------------------------------------------------------------------------------------------------


def sync(ask: Ask) -> Response:
    """Wake the worker for a whole cycle."""
    if ask.portal.paused_ms is not None:
        return ask.go("", ask.t("{name} is paused; resume it first.", name=ask.portal.name), portal=ask.portal.name)
    ask.frame.request_work(ask.portal.id, "cycle")
    ask.book(ask.t("Asked for a sync"))
    return ask.go("", ask.t("The sync was asked for; it begins within seconds."), portal=ask.portal.name)


def verify(ask: Ask) -> Response:
    """Wake the worker to hold the mirror against the portal."""
    ask.frame.request_work(ask.portal.id, "verify")
    ask.book(ask.t("Asked for a verification"))
    said = ask.t("The mirror is being held against HubSpot; the certificate stands here when it is done.")
    return ask.go("", said, portal=ask.portal.name)


def pause(ask: Ask) -> Response:
    ask.frame.service.pause(ask.portal.name)
    ask.book(ask.t("Paused the portal"), before=ask.t("at work"), after=ask.t("paused"))
    return _back(ask, ask.t("{name} is paused: nothing is read or written.", name=ask.portal.name))


def resume(ask: Ask) -> Response:
    ask.frame.service.resume(ask.portal.name)
    ask.frame.request_work(ask.portal.id, "cycle")
    ask.book(ask.t("Resumed the portal"), before=ask.t("paused"), after=ask.t("at work"))
    return _back(ask, ask.t("{name} goes on where it stood.", name=ask.portal.name))


def _back(ask: Ask, said: str) -> Response:
    """To the page the button stood on."""
    if ask.form.get("from") == "home":
        return ask.go("/", said)
    return ask.go("", said, portal=ask.portal.name)


def before_live(ask: Ask, *, error: str = "", status: int = 200) -> Response:
    """What leaving observe mode would mean, and the name to type."""
    with ask.frame.store.view() as u:
        kept = plans.latest(u, ask.portal.id)
        lacking = [one for one in properties(u, ask.portal.id) if not one["there"]]
    plan = json.loads(kept.body) if kept else None
    made = kept.made_ms if kept else None
    return ask.page(
        "portal_live.html", status=status, plan=plan, made_ms=made, lacking=lacking, error=error, plain=plain
    )


def live(ask: Ask) -> Response:
    """End observe mode, once the portal's name was typed."""
    if ask.form.get("name", "").strip() != ask.portal.name:
        return before_live(ask, error=ask.t("Type the portal's name as it stands above."), status=UNPROCESSABLE)
    ask.frame.service.live(ask.portal.name)
    ask.book(ask.t("Left observe mode"), before=ask.t("observe mode"), after=ask.t("live"))
    return ask.go(
        "", ask.t("{name} is live: what a plan shows is written.", name=ask.portal.name), portal=ask.portal.name
    )


def observe(ask: Ask) -> Response:
    ask.frame.service.observe(ask.portal.name)
    ask.book(ask.t("Went back to observe mode"), before=ask.t("live"), after=ask.t("observe mode"))
    return ask.go("", ask.t("Back in observe mode: nothing is written any more."), portal=ask.portal.name)


def before_properties(ask: Ask) -> Response:
    """Which properties write-back needs and which the portal lacks."""
    with ask.frame.store.view() as u:
        rows = properties(u, ask.portal.id)
    lacking = [row for row in rows if not row["there"]]
    return ask.page("portal_properties.html", rows=rows, lacking=lacking, fault=None)


def make_properties(ask: Ask) -> Response:
    """Create what is missing; a dozen calls at most."""
    try:
        done = ask.frame.service.provision(ask.portal.name)
    except ConnectorError as fault:
        with ask.frame.store.view() as u:
            rows = properties(u, ask.portal.id)
        lacking = [row for row in rows if not row["there"]]
        told = plain.plainly(ask.words, fault)
        return ask.page("portal_properties.html", status=UNPROCESSABLE, rows=rows, lacking=lacking, fault=told)
    made = [row["label"] for row in done["properties"] if row["state"] == "created"]
    ask.book(ask.t("Created properties in HubSpot"), after=", ".join(made))
    said = ask.t("{count} properties were created in HubSpot.", count=len(made))
    return ask.go("", said, portal=ask.portal.name)


DOORS: tuple[Door, ...] = (
    Door("GET", "/", "signed_in", agency),
    Door("GET", "/portals/<portal>", "viewer", overview),
    Door("POST", "/portals/<portal>/sync", "editor", sync),
    Door("POST", "/portals/<portal>/verify", "editor", verify),
    Door("POST", "/portals/<portal>/pause", "admin", pause),
    Door("POST", "/portals/<portal>/resume", "admin", resume),
    Door("GET", "/portals/<portal>/live", "admin", before_live),
    Door("POST", "/portals/<portal>/live", "admin", live),
    Door("POST", "/portals/<portal>/observe", "admin", observe),
    Door("GET", "/portals/<portal>/properties", "admin", before_properties),
    Door("POST", "/portals/<portal>/properties", "admin", make_properties),
)
