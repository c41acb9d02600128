"""The whole web process with its real porter, and browsers before it that keep cookies and send forms as people do."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.admin.doors import EVERYWHERE, Role
from connector.model.people import COMMAND_LINE
from connector.serving.web import Parts, create_app
from connector.settings import Settings
from connector.store import portals
from connector.sync.people import People
from tests import databases
from tests.rig import SharedClock, settings_for
from tests.store.builders import IDENTITY, T0

PUBLIC = "https://leads.example.test"
HOST = "leads.example.test"
COOKIE = "__Host-leadwright"
PASSWORD = "vier Dachse tanzen im Regen"


class Surfer:
    """One browser: its cookies, and the last page's forms."""

    def __init__(self, hall: Hall, email: str = "") -> None:
        self.hall, self.email = hall, email
        self.client = hall.app.test_client()
        self.address = "192.0.2.7"
        self.last: Any = None

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie(COOKIE, domain=HOST)
        return found.value if found else ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.set_cookie(COOKIE, value, domain=HOST, secure=True)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        self.last = self.client.open(
            f"/admin{path}", method=method, base_url=PUBLIC, environ_base={"REMOTE_ADDR": self.address}, **more
        )
        return self.last

    def get(self, path: str, status: int = 200) -> str:
        answer = self.ask("GET", path)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:1500]}"
        return html.unescape(answer.text)

    def tokens(self, page: str) -> dict[str, str]:
        """The hidden fields of a page's forms."""
        hidden = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page)
        return {name: value for name, value in hidden if name in ("csrf", "form", "sealed", "then")}

    def send(self, path: str, status: int | None = 303, *, page: str | None = None, **form: Any) -> str:
        """Load the page with the form, fill it in, send it to ``path``."""
        shown = self.ask("GET", page or path).text
        tokens = self.tokens(shown)
        if "csrf" not in tokens and self.cookie:
            tokens = self.tokens(self.ask("GET", "/me").text)
        answer = self.ask("POST", path, data=tokens | form)
        assert status in (None, answer.status_code), f"{path}: {answer.status_code}\n{answer.text[:3000]}"
        return html.unescape(answer.text)

    def sign_in(self, password: str = PASSWORD, code: str = "", status: int | None = None) -> Any:
        self.send("/sign-in", status, email=self.email, password=password, code=code)
        return self.last

    def inside(self) -> bool:
        """Whether the browser has an open session."""
        return self.ask("GET", "/me").status_code == 200


class Hall:
    """One installation with two portals, ``acme`` and ``globex``, and nobody in it."""

    def __init__(self, settings: Settings, clock: SharedClock) -> None:
        self.settings, self.clock = settings, clock
        self.parts = Parts.open(settings, lambda _front: lambda _u, _portal: None, clock=clock)
        self.app = create_app(self.parts)
        assert self.parts.service is not None
        self.service = self.parts.service

    @property
    def people(self) -> People:
        return self.service.people

    def portal(self, name: str, hub_id: int) -> int:
        with self.parts.store.unit() as u:
            made = portals.add(u, name, "http://127.0.0.1:9", b"sealed", replace(IDENTITY, hub_id=hub_id), T0)
        return made.id

    def surfer(self, email: str = "") -> Surfer:
        return Surfer(self, email)

    def invited(self, email: str, roles: Mapping[int, Role]) -> str:
        """Path below ``/admin`` of the link that lets this person in."""
        return path_of(self.people.invite(COMMAND_LINE, email, roles).url)

    def person(self, email: str, role: Role | None = "owner", portal: int = EVERYWHERE) -> Surfer:
        """Somebody who came in by a link and has set a password."""
        surfer = self.surfer(email)
        link = self.invited(email, {portal: role} if role else {})
        surfer.send(link, 303, password=PASSWORD, repeat=PASSWORD)
        assert surfer.inside()
        return surfer

    def id_of(self, email: str) -> int:
        return self.people.named(email).id

    def deeds(self) -> list[tuple[str, str, str, str]]:
        """The audit log, oldest first: who, what, before, after."""
        entries = reversed(self.service.audit_log().entries)
        return [(e.deed.who, e.deed.what, e.deed.before, e.deed.after) for e in entries]


def path_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/admin")


@contextmanager
def open_hall(folder: Path, kind: str = "sqlite", public: str = PUBLIC) -> Iterator[Hall]:
    url = databases.fresh_url(kind)
    settings = settings_for(folder).model_copy(update={"database_url": url, "public_url": public})
    hall = Hall(settings, SharedClock())
    try:
        yield hall
    finally:
        hall.parts.close()
        databases.drop(url)
