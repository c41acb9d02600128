"""The pages before a real twin and a real database; whoever is signed in is set by hand, as a session would."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask

from connector.admin.areas import DOORS
from connector.admin.doors import EVERYWHERE, Visitor
from connector.admin.frame import Frame
from connector.admin.pages import admin_blueprint
from connector.service import Service
from connector.store import portals
from tests.rig import Rig, rig

CSRF = "token-of-this-session"
ANNA = Visitor(1, "anna@agentur.example", "Anna", csrf=CSRF, session="s1", roles={EVERYWHERE: "owner"})


@dataclass
class FixedPorter:
    """One person is signed in, or nobody."""

    who: Visitor | None = ANNA
    said: str = ""
    booked: list[tuple[str, int | None, str, str]] = field(default_factory=list)

    def visitor(self, cookie: str) -> Visitor | None:
        return self.who

    def say(self, visitor: Visitor, text: str) -> None:
        self.said = text

    def heard(self, visitor: Visitor) -> str:
        told, self.said = self.said, ""
        return told

    def book(self, ask: Any, what: str, *, portal_id: int | None = None, before: str = "", after: str = "") -> None:
        self.booked.append((what, portal_id, before, after))


class House:
    """An installation with a browser before it."""

    def __init__(self, r: Rig, service: Service) -> None:
        self.rig, self.service = r, service
        self.porter = FixedPorter()
        self.woken: list[tuple[int, str]] = []
        self.frame = Frame(
            settings=r.settings,
            store=service.store,
            service=service,
            clock=r.clock,
            porter=self.porter,
            request_work=lambda portal_id, kind: self.woken.append((portal_id, kind)),
        )
        self.app = Flask("leadwright", static_folder=None)
        self.app.register_blueprint(admin_blueprint(self.frame, DOORS))
        self.browser = self.app.test_client()

    def signed_in(self, role: str | None, portal: str | None = None, **more: Any) -> None:
        """Somebody with that role: in the portal, or everywhere. ``None``: a person without any role."""
        where = self.portal_id(portal) if portal else EVERYWHERE
        self.porter.who = replace(ANNA, roles={where: role} if role else {}, **more)

    def portal_id(self, name: str) -> int:
        with self.service.store.view() as u:
            return portals.by_name(u, name).id

    def get(self, path: str, status: int = 200) -> str:
        """The page below ``/admin``, as text."""
        answer = self.browser.get(f"/admin{path}")
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer.text

    def post(self, path: str, status: int = 303, **form: Any) -> Any:
        """Send a form with this session's token."""
        answer = self.browser.post(f"/admin{path}", data={"csrf": CSRF, **form})
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A portal ``acme`` of 60 contacts, mirrored and judged, in observe mode."""
    with rig(tmp_path, contacts=60) as r, r.service(lasting=True) as service:
        service.sync("acme")
        service.provision("acme")
        service.plan("acme")
        yield House(r, service)


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[House]:
    """No portal is connected yet."""
    with rig(tmp_path, connect=False) as r, r.service(lasting=True) as service:
        yield House(r, service)
