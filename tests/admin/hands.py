"""What the pages' tests do beside clicking: work as the worker would, bring facts about, read what a page shows."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from flask import Flask

from connector.admin.areas import DOORS
from connector.admin.pages import admin_blueprint
from connector.model.records import PortalIdentity
from connector.store import portals
from connector.sync.rulebook import publish_shipped

METHODS = {"cycle": "cycle", "drain": "drain", "verify": "verify", "errand": "errands"}


def with_worker(house):
    """The same house with a worker that does at once what it is woken for."""

    def work(portal_id: int, kind: str) -> None:
        house.woken.append((portal_id, kind))
        with house.service.store.view() as u:
            name = portals.by_id(u, portal_id).name
        getattr(house.service, METHODS[kind])(name)

    rebuilt(house, replace(house.frame, request_work=work))
    return house


def rebuilt(house, frame):
    """The house with another frame."""
    house.frame = frame
    house.app = Flask("leadwright", static_folder=None)
    house.app.register_blueprint(admin_blueprint(frame, DOORS))
    house.browser = house.app.test_client()


def follow(house, answer) -> str:
    """The page that a form led to."""
    return house.get(answer.headers["Location"].removeprefix("/admin"))


def text(page: str) -> str:
    """What a reader sees: no markup, blanks folded."""
    body = page[page.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', page)]


def second(house, name: str, hub_id: int = 99) -> int:
    """Another connected portal, of which nothing is known yet."""
    identity = PortalIdentity(hub_id, "Europe/Vienna", "EUR", "STANDARD", "app.hubspot.com", "v3")
    with house.service.store.unit() as u:
        sealed = house.service._vault.seal("pat-eu1-of-nobody", name)
        row = portals.add(u, name, house.rig.url, sealed, identity, house.rig.clock.now_ms())
        publish_shipped(u, row.id, None, house.rig.clock.now_ms())
    return row.id


def best(house) -> str:
    """The id of the contact with most points."""
    return house.service.best("acme", 1)[0]["contact"]
