"""A whole installation on a virtual clock: a twin over HTTP, a real database, the real service; nothing is faked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connector.service import Service
from connector.settings import Settings
from connector.twin import Dials, Twin, serve_twin
from connector.vault import Vault

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OFF = {"burst": None, "search_per_second": None, "daily": None}


class SharedClock:
    """One virtual time for the twin and for us: whoever sleeps moves it for both."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def now_ms(self) -> int:
        return round(self.now().timestamp() * 1000)

    def monotonic(self) -> float:
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=max(0.0, seconds))

    advance = sleep


@dataclass
class Rig:
    """A twin and an installation beside it. ``service()`` opens a fresh one each time, as a restart would."""

    twin: Twin
    url: str
    clock: SharedClock
    settings: Settings
    folder: Path
    name: str = "acme"

    @contextmanager
    def service(self, **parts: Any) -> Iterator[Service]:
        with Service.open(self.settings, clock=self.clock, **parts) as service:
            yield service

    def connect(self) -> dict[str, Any]:
        with self.service() as service:
            return service.add_portal(self.name, self.twin.token, self.url)

    def run(self, command: str, *args: Any, **options: Any) -> Any:
        """One command in an installation of its own, as the command line runs it."""
        with self.service() as service:
            return getattr(service, command)(self.name, *args, **options)

    def rows(self, what: str) -> list[dict[str, Any]]:
        with self.service() as service:
            return list(service.export(self.name, what))

    def mirrored(self) -> dict[int, dict[str, str | None]]:
        """Live contacts of the mirror: id → properties."""
        return {int(row["id"]): row["properties"] for row in self.rows("contacts") if not row["archived"]}


def settings_for(folder: Path, **more: Any) -> Settings:
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder}/leadwright.db",
        secret_key=SecretStr(Vault.new_key()),
        **more,
    )


@contextmanager
def rig(
    folder: Path,
    *,
    contacts: int = 0,
    seed: int = 7,
    connect: bool = True,
    clock: SharedClock | None = None,
    database: str | None = None,
    **dials: Any,
) -> Iterator[Rig]:
    """A rig in ``folder``, its database there or at that URL; ``contacts=0`` gives an empty portal. Limits are off
    unless a dial says otherwise."""
    clock = clock or SharedClock()
    turned = Dials(**{**OFF, **dials})
    make = (lambda **parts: Twin.from_seed(seed, contacts, **parts)) if contacts else Twin.empty
    twin = make(clock=clock, dials=turned)
    settings = settings_for(folder)
    if database is not None:
        settings = settings.model_copy(update={"database_url": database})
    Service.init(settings, folder / ".env")
    with serve_twin(twin) as url:
        made = Rig(twin, url, clock, settings, folder)
        if connect:
            made.connect()
        yield made


def differences(mirror: dict[int, dict[str, Any]], truth: dict[int, dict[str, Any]], names: set[str]) -> list[str]:
    """Where mirror and portal disagree on ``names``: ids on one side only, values that differ ('' is null)."""
    found = [f"{i}: only in the mirror" for i in sorted(mirror.keys() - truth.keys())]
    found += [f"{i}: only in the portal" for i in sorted(truth.keys() - mirror.keys())]
    for i in sorted(mirror.keys() & truth.keys()):
        wrong = [n for n in sorted(names) if (mirror[i].get(n) or "") != (truth[i].get(n) or "")]
        found += [f"{i}.{n}: mirror {mirror[i].get(n)!r}, portal {truth[i].get(n)!r}" for n in wrong]
    return found
