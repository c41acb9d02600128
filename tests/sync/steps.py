"""What the tests of the flows do again and again: look into the mirror, publish a document, die at a given moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.presets import load_yaml, preset_text
from connector.progress import Silent
from connector.service import Service
from connector.store import Unit, activities
from connector.sync.context import Context
from connector.sync.rulebook import SHIPPED
from connector.twin.ledger import Call
from tests.rig import Rig

UPDATE = "/crm/v3/objects/contacts/batch/update"
FORMS = "/form-integrations/v1/submissions"
VIEWS = "/events/v3/events"
MAILS = "/email/public/v1/events"


@contextmanager
def context(r: Rig) -> Iterator[Context]:
    """What every flow gets, as the service wires it."""
    with r.service() as service, service._context(r.name) as ctx:
        yield ctx


def look(r: Rig, read: Callable[[Unit, int], Any]) -> Any:
    """One look into the database: ``read(unit, portal id)``."""
    with r.service() as service, service.store.view() as u:
        return read(u, 1)


def tamper(r: Rig, change: Callable[[Unit], Any]) -> None:
    """Something went wrong in our own database."""
    with r.service() as service, service.store.unit() as u:
        change(u)


def parked(r: Rig) -> int:
    """How many events wait for their person."""
    return sum(look(r, activities.parked).values())


def acts(r: Rig, contact: int) -> list[str]:
    """Kinds of what a contact did, in time order."""
    return [row["kind"] for row in r.rows("activities") if int(row["contact"]) == contact]


def document(kind: str) -> dict[str, Any]:
    """A shipped document as plain data, to be changed."""
    return load_yaml(preset_text(*SHIPPED[kind]), kind)[0]


def publish(r: Rig, folder: Path, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Publish a document as the admin of a portal does: from a file."""
    file = folder / f"{kind}.yaml"
    file.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return r.run("config_publish", file, "admin", "as asked")


class Killer(Silent):
    """Dies at the n-th step of a task, as a killed process would: nothing after that happens."""

    def __init__(self, task: str, after: int) -> None:
        self.task, self.left = task, after

    def advance(self, task: str, by: int = 1) -> None:
        if task == self.task:
            self.left -= 1
            if self.left <= 0:
                raise KeyboardInterrupt


def killed(r: Rig, task: str, after: int, command: str, **options: Any) -> None:
    """A command whose process dies at the n-th step of ``task``."""
    with r.service(progress=Killer(task, after)) as service:
        try:
            getattr(service, command)(r.name, **options)
        except KeyboardInterrupt:
            return
    raise AssertionError(f"{command} ended before it could be killed")


@contextmanager
def wired(r: Rig, method: str, wrap: Callable[[Any], Any]) -> Iterator[Service]:
    """An installation whose way to the portal breaks, or is meddled with, at one method of the real gateway."""
    with r.service() as service:
        connect = service._desk.connect

        def connected(*args: Any, **options: Any) -> Any:
            portal = connect(*args, **options)
            setattr(portal, method, wrap(getattr(portal, method)))
            return portal

        service._desk.connect = connected
        yield service


def dies(call: Callable[..., Any], *, heard: bool) -> Callable[..., Any]:
    """The call, killed before the portal heard of it or before its answer was booked."""

    def dying(*args: Any, **options: Any) -> None:
        if heard:
            call(*args, **options)
        raise KeyboardInterrupt

    return dying


def cut(r: Rig, method: str, *, heard: bool) -> None:
    """Apply what is planned and die in the first call of ``method``."""
    shown = r.run("plan")["hash"]
    with wired(r, method, lambda call: dies(call, heard=heard)) as service:
        try:
            service.apply(r.name, plan_hash=shown)
        except KeyboardInterrupt:
            return
    raise AssertionError(f"{method} was never called")


@contextmanager
def watched(r: Rig) -> Iterator[list[Call]]:
    """The calls the portal sees meanwhile."""
    seen: list[Call] = []
    before = r.twin.ledger.count()
    yield seen
    seen += r.twin.ledger.calls[before:]


def paths(calls: list[Call], part: str) -> list[Call]:
    """Those of the calls whose path holds ``part``."""
    return [call for call in calls if part in call.path]


def ripe(r: Rig, email: str, **properties: Any) -> int:
    """Somebody whose record and deeds make an MQL, once mirrored."""
    values = {"firstname": "Anna", "lastname": "Müller", "company": "Werk GmbH", "jobtitle": "Leiterin Einkauf"}
    contact = r.twin.submit_form("Demo Anfrage", email, {**values, **properties})
    for form in ("White Paper Anforderung", "E-Book Download", "White Paper Anforderung", "Newsletter Anmeldung"):
        r.clock.advance(60)
        r.twin.submit_form(form, email)
    return contact
