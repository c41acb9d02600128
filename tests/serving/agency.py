"""An installation with the app set up and browsers before it, for what connects portals by consent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import requests
from pydantic import SecretStr

from connector.service import Service
from connector.serving.web import Parts, create_app
from connector.settings import Settings
from connector.store import portals
from connector.store.portals import PortalRow
from connector.sync.connecting import BACK, START
from connector.twin import Twin

PUBLIC = "https://leads.example.test"


class Agency:
    """One installation with the app set up; ``browser()`` is a fresh one each time."""

    def __init__(self, settings: Settings, twin: Twin, clock) -> None:
        self.settings, self.twin, self.clock = settings, twin, clock
        self.parts = Parts.open(settings, lambda _front: lambda _u, _portal: None, clock=clock)
        self.app = create_app(self.parts)

    def browser(self):
        return self.app.test_client()

    @contextmanager
    def service(self, **parts) -> Iterator[Service]:
        with Service.open(self.settings, clock=self.clock, **parts) as service:
            yield service

    def link(self, name: str = "") -> str:
        with self.service() as service:
            url = service.connect_link(name)["url"]
        assert url.startswith(PUBLIC + START)
        return url.removeprefix(PUBLIC)

    def asked(self, browser, name: str = "") -> str:
        """From the link to HubSpot's consent page: its address."""
        told = parse_qs(urlsplit(self.link(name)).query)["link"][0]
        answer = browser.post(START, data={"link": told}, base_url=PUBLIC)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def consent(self, browser, name: str = "") -> str:
        """From the link through HubSpot's consent: the address HubSpot sends the browser back to."""
        back = requests.get(self.asked(browser, name), allow_redirects=False, timeout=9).headers["Location"]
        assert back.startswith(PUBLIC + BACK)
        return back.removeprefix(PUBLIC)

    def connect(self, name: str = ""):
        browser = self.browser()
        return browser.get(self.consent(browser, name), base_url=PUBLIC)

    def row(self, name: str) -> PortalRow:
        with self.parts.store.view() as u:
            return portals.by_name(u, name)

    def names(self) -> list[str]:
        with self.parts.store.view() as u:
            return [row.name for row in portals.every(u)]


def with_app(settings: Settings, twin: Twin, address: str) -> Settings:
    """These settings with the twin's app in them."""
    app = {
        "public_url": PUBLIC,
        "hubspot_url": address,
        "hubspot_client_id": twin.access.client_id,
        "hubspot_client_secret": SecretStr(twin.access.client_secret),
    }
    return settings.model_copy(update=app)
