"""The interface before a real twin and a real database, with programs that hold real tokens."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask

from connector.api.areas import ROUTES
from connector.api.entry import api_blueprint
from connector.api.limits import Pace
from connector.api.routes import PREFIX, Frame
from connector.model.people import COMMAND_LINE
from connector.model.records import PortalIdentity
from connector.service import Service
from connector.store import portals, users
from connector.sync.rulebook import publish_shipped
from tests.rig import Rig, rig

ACME, OTHER = "acme", "globex-7f3a"
PEOPLE = 60
WORK = {"cycle": "cycle", "drain": "drain", "errand": "errands"}


class Program:
    """Somebody's program with a token."""

    def __init__(self, desk: Desk, token: str) -> None:
        self.desk, self.token = desk, token

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        return self.desk.browser.open(f"{PREFIX}{path}", method=method, headers=headers, **more)

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = self.ask("GET", path, query_string=query)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer.json

    def send(self, method: str, path: str, status: int = 200, *, match: int | None = None, **body: Any) -> Any:
        headers = {"If-Match": f'"{match}"'} if match is not None else {}
        answer = self.ask(method, path, json=body, headers=headers)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer.json

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        return self.send("POST", path, status, **body)


class Desk:
    """Two portals: ``acme`` mirrored and judged, another one just connected."""

    def __init__(self, r: Rig, service: Service) -> None:
        self.rig, self.service, self.clock = r, service, r.clock
        self.woken: list[tuple[int, str]] = []
        self.acme = self.portal_id(ACME)
        self.other = self._second()
        self.app = Flask("leadwright", static_folder=None)
        self.pace = Pace(burst=1_000_000)
        frame = Frame(service.store, service, r.clock, self._wake)
        self.app.register_blueprint(api_blueprint(frame, ROUTES, self.pace))
        self.browser = self.app.test_client()
        self._made: dict[tuple[str, str], Program] = {}

    def _wake(self, portal_id: int, kind: str) -> None:
        self.woken.append((portal_id, kind))

    def work(self) -> None:
        """What the worker would do now that it was woken."""
        woken, self.woken = self.woken, []
        for portal_id, kind in woken:
            with self.service.store.view() as u:
                name = portals.by_id(u, portal_id).name
            getattr(self.service, WORK[kind])(name)

    def portal_id(self, name: str) -> int:
        with self.service.store.view() as u:
            return portals.by_name(u, name).id

    def _second(self) -> int:
        identity = PortalIdentity(99, "Europe/Vienna", "EUR", "STANDARD", "app.hubspot.com", "v3")
        now = self.clock.now_ms()
        with self.service.store.unit() as u:
            row = portals.add(u, OTHER, self.rig.url, b"sealed", identity, now)
            publish_shipped(u, row.id, None, now)
        return row.id

    def program(self, role: str, portal: str = ACME, **more: Any) -> Program:
        """A program with a token of that role; the same one for the same question."""
        if more:
            return Program(self, self.service.tokens.add(COMMAND_LINE, role, role, portal=portal, **more).secret)
        if (role, portal) not in self._made:
            made = self.service.tokens.add(COMMAND_LINE, f"{role} of {portal or 'all'}", role, portal=portal)
            self._made[role, portal] = Program(self, made.secret)
        return self._made[role, portal]

    def person(self, email: str, role: str) -> None:
        with self.service.store.unit() as u:
            users.set_roles(u, users.add(u, email, self.clock.now_ms()).id, {self.acme: role})

    def deeds(self) -> list[tuple[str, str, str, str]]:
        """The audit log of what programs did, oldest first: who, what, after, portal."""
        entries = reversed(self.service.audit_log().entries)
        return [(e.deed.who, e.deed.what, e.deed.after, e.deed.portal) for e in entries if "token" in e.deed.who]

    @cached_property
    def contact(self) -> str:
        """The best lead of acme."""
        return str(self.service.best(ACME, 1)[0]["contact"])


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation that is mirrored, judged and closed again: made once, copied for each test."""
    with rig(tmp_path_factory.mktemp("mould"), contacts=PEOPLE) as r:
        for step in ("sync", "provision", "plan"):
            r.run(step)
        yield r


@contextmanager
def opened(mould: Rig, folder: Path) -> Iterator[Desk]:
    """A copy of the installation, before the same twin."""
    for file in mould.folder.glob("leadwright*.db*"):
        shutil.copy(file, folder)
    settings = mould.settings.model_copy(update={"database_url": f"sqlite:///{folder}/leadwright.db"})
    copy = replace(mould, settings=settings, folder=folder)
    with copy.service(lasting=True) as service:
        yield Desk(copy, service)


@pytest.fixture(scope="module")
def shared(mould: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that the tests of a module share; they leave it as they found it, or do not mind."""
    with opened(mould, tmp_path_factory.mktemp("shared")) as desk:
        yield desk


@pytest.fixture
def desk(mould: Rig, tmp_path: Path) -> Iterator[Desk]:
    """A desk of one's own."""
    with opened(mould, tmp_path) as made:
        yield made
