"""``doctor``: everything that must be right, each with what to do when it is not. Reads only."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.commands.app import App, examples, standard
from connector.commands.contract import LeadService
from connector.errors import ConnectorError, SecretKeyMissing

if TYPE_CHECKING:
    from connector.settings import Settings

Check = dict[str, Any]
FAILED = 1
ROOM_MB = 500
# The month this version was made: a clock before it is wrong.
NOT_BEFORE = 1_793_491_200


@click.command("doctor", epilog=examples("leadwright doctor", "leadwright doctor --json"))
@standard
def doctor(app: App) -> int:
    """Check key, database, inbox, disk, clock, who is alive, and every portal. Exit code 1 when something is wrong."""
    checks = [_python(), _clock()]
    portals: list[Check] = []
    try:
        settings = app.settings()
    except ConnectorError as fault:
        checks.append(_failed("settings", fault))
    else:
        checks += [_key(settings), *_webhooks(settings), *_database(app, settings)]
        if all(check["ok"] is not False for check in checks):
            found, portals = _portals(app)
            checks += found
    ok = not any(check["ok"] is False for check in [*checks, *(c for p in portals for c in p["checks"])])
    return app.show({"ok": ok, "checks": checks, "portals": portals}, "proof:diagnosis", 0 if ok else FAILED)


def _check(name: str, text: str, remedy: str = "", *, ok: bool) -> Check:
    return {"check": name, "ok": ok, "text": text, "remedy": "" if ok else remedy}


def _failed(name: str, fault: ConnectorError) -> Check:
    return {"check": name, "ok": False, "text": fault.message, "remedy": fault.remedy}


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return _check("Python", version, "Leadwright needs Python 3.11 or newer.", ok=sys.version_info >= (3, 11))


def _clock() -> Check:
    said = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return _check(
        "clock", said, "Set the machine's clock; decay and limits depend on it.", ok=time.time() >= NOT_BEFORE
    )


def _key(settings: Settings) -> Check:
    present = settings.secret_key is not None and bool(settings.secret_key.get_secret_value())
    text = "present" if present else "LEADWRIGHT_SECRET_KEY is missing."
    return _check("secret key", text, "leadwright init makes one.", ok=present)


def _webhooks(settings: Settings) -> Iterator[Check]:
    """What HubSpot's callbacks need; without them everything is polled, so nothing is wrong."""
    yield _wanted("public URL", settings.public_url, "LEADWRIGHT_PUBLIC_URL", "not set: webhooks are refused")
    secret = "set" if settings.hubspot_client_secret else ""
    yield _wanted("client secret", secret, "LEADWRIGHT_HUBSPOT_CLIENT_SECRET", "not set: webhooks are refused")


def _wanted(name: str, found: str, setting: str, otherwise: str) -> Check:
    remedy = "" if found else f"Set {setting} to receive them; until then a cycle polls."
    return {"check": name, "ok": True if found else None, "text": found or otherwise, "remedy": remedy}


def _database(app: App, settings: Settings) -> Iterator[Check]:
    path = sqlite_path(settings.database_url)
    if path and not path.exists():
        yield _check("database", f"{path} does not exist.", "leadwright init makes it.", ok=False)
        return
    if path:
        yield _writable(path)
        yield _room(path)
    try:
        current = app.parts().db_current(settings)
    except ConnectorError as fault:
        yield _failed("database", fault)
        return
    text = f"revision {current['revision'] or 'none'}"
    needed = "" if current["ok"] else f", this Leadwright needs {current['head']}"
    yield _check("database", text + needed, "leadwright db upgrade", ok=bool(current["ok"]))


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite address; None for a server or for memory."""
    scheme, _, rest = url.partition(":///")
    name = rest.split("?", 1)[0]
    return Path(name) if scheme.startswith("sqlite") and name and name != ":memory:" else None


def _writable(path: Path) -> Check:
    able = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return _check("writable", str(path), "Give this user the right to write the file and its folder.", ok=able)


def _room(path: Path) -> Check:
    free = shutil.disk_usage(path.parent).free // 1_000_000
    return _check("disk", f"{free:,} MB free", f"Make room: {ROOM_MB} MB at least.", ok=free >= ROOM_MB)


def _portals(app: App) -> tuple[list[Check], list[Check]]:
    """What opening the service and asking every portal shows; a portal that fails does not hide the next."""
    try:
        with app.service() as service:
            names = [row["portal"] for row in service.list_portals()["portals"]]
            checks = [*service.examine()["checks"], _check("portals", f"{len(names)} connected", ok=True)]
            return checks, [_portal(service, name) for name in names]
    except SecretKeyMissing as fault:
        return [_failed("secret key", fault)], []
    except ConnectorError as fault:
        return [_failed("service", fault)], []


def _portal(service: LeadService, name: str) -> Check:
    try:
        found = service.check_portal(name)
    except ConnectorError as fault:
        return {"portal": name, "ok": False, "checks": [_failed("reachable", fault)]}
    return {"portal": name, "ok": found["ok"], "checks": found["checks"]}
