"""One installation opened: both stores, the key, the desk, the engine. The one place that picks concrete parts.

What can be asked of it is in ``upkeep`` and ``service``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from types import TracebackType
from typing import Self

from connector.clock import Clock, SystemClock
from connector.desk import Desk, PortalFactory
from connector.engine.opening import open_engine
from connector.engine.port import Engine
from connector.engine.yielding import GiveWay
from connector.errors import ConfigError, SecretKeyMissing
from connector.portal.app_actions import AppActions, connect_actions
from connector.portal.app_webhooks import AppWebhooks, connect_app
from connector.portal.gateway import Rates
from connector.portal.hubspot import connect
from connector.portal.oauth import OAuthClient
from connector.progress import Progress, Silent
from connector.settings import Settings
from connector.store import Store, portals
from connector.store.front import Front, front_url
from connector.store.journal import journal_of
from connector.store.portals import PortalRow
from connector.sync import rulebook
from connector.sync.context import Context
from connector.sync.credentials import Grant, grant_of
from connector.sync.providing import Providing
from connector.sync.rulebook import Rulebook
from connector.vault import Vault


class Installation:
    """An opened installation. Open it with ``open`` and use it as a context manager."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        settings: Settings,
        *,
        progress: Progress | None = None,
        clock: Clock | None = None,
        connector: PortalFactory = connect,
        rates: Rates | None = None,
        lasting: bool = False,
        front: Front | None = None,
        engine: Engine | None = None,
    ) -> None:
        """``front`` and ``engine`` may be lent by a process that has them open; who lends them closes them."""
        self.store = store
        self._lent = {name: part for name, part in (("front", front), ("engine", engine)) if part is not None}
        self.__dict__.update(self._lent)
        self._vault = vault
        self._settings = settings
        self._clock = clock or SystemClock()
        self._rates = rates
        self._providing = Providing(store, vault, settings.config_dir, settings.enrichment_local)
        self._looked_at: dict[int, tuple[object, Rulebook]] = {}
        self._desk = Desk(
            store,
            vault,
            clock=self._clock,
            progress=progress or Silent(),
            connect=connector,
            front=lambda: self.front,
            oauth=self._oauth,
            providing=self._providing,
            rates=rates,
            journal=journal_of(settings.database_url),
            lasting=lasting,
        )

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        progress: Progress | None = None,
        clock: Clock | None = None,
        lasting: bool = False,
    ) -> Self:
        """Open the installation's database with its key. ConfigErrors say what ``leadwright init`` would make.

        ``lasting`` keeps portals open between calls: for a process that stays.
        """
        if settings.secret_key is None:
            raise SecretKeyMissing(
                "LEADWRIGHT_SECRET_KEY is not set.", remedy="Make one with: leadwright init (it writes .env)."
            )
        vault = Vault(settings.secret_key.get_secret_value())
        rates = Rates(burst=settings.calls_per_10s) if settings.calls_per_10s else None
        store = Store.open(settings.database_url)
        return cls(store, vault, settings, progress=progress, clock=clock, rates=rates, lasting=lasting)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
        self.store.close()

    def leave(self) -> None:
        """Close what was opened here, but for the store: for a process that has it for other work too."""
        self._desk.close()
        for opened in ("engine", "front"):
            if opened in self.__dict__ and opened not in self._lent:
                self.__dict__[opened].close()

    @cached_property
    def front(self) -> Front:
        """The front store, opened by those who need it."""
        return Front.beside(self._settings.database_url)

    @cached_property
    def engine(self) -> Engine:
        """The executor's books, opened by those who need them."""
        return open_engine(front_url(self._settings.database_url))

    def _row(self, name: str) -> PortalRow:
        with self.store.view() as u:
            return portals.by_name(u, name)

    def give_way(self, ask: GiveWay) -> None:
        """Let long flows stand aside for live work: what a worker hands in, once, before it works."""
        self._desk.give_way = ask

    def _context(
        self, name: str, *, offline: bool = False, gated: bool = True, front: bool = False, booked: bool = True
    ) -> AbstractContextManager[Context]:
        laid = self.front if front else None
        return self._desk.context(name, offline=offline, gated=gated, front=laid, booked=booked)

    @contextmanager
    def looking(self, name: str) -> Iterator[Context]:
        """One portal's seams for flows that only look at what its mapping gives: the portal itself is never called.

        The compiled documents are kept until others are published, since a page is asked for again and again.
        """
        row = self._row(name)
        edition = rulebook.edition(self.store, row.id)
        kept = self._looked_at.get(row.id)
        if kept is None or kept[0] != edition:
            kept = self._looked_at[row.id] = (edition, rulebook.load(self.store, row.id))
        with self._desk.context(name, offline=True, gated=False, book=kept[1]) as ctx:
            yield ctx

    @contextmanager
    def _app_actions(self) -> Iterator[AppActions | None]:
        """The app's workflow actions, as far as there is a key to them."""
        key = self._developer_key()
        if not key:
            yield None
            return
        app = connect_actions(self._settings.hubspot_url, key, self._settings.hubspot_app_id, clock=self._clock)
        try:
            yield app
        finally:
            app.close()

    def _developer_key(self) -> str:
        key = self._settings.hubspot_developer_key
        return key.get_secret_value() if key is not None else ""

    @contextmanager
    def _app(self) -> Iterator[AppWebhooks | None]:
        """The app's webhook settings, as far as there is a key to them."""
        key = self._developer_key()
        if not key:
            yield None
            return
        app = connect_app(self._settings.hubspot_url, key, self._settings.hubspot_app_id, clock=self._clock)
        try:
            yield app
        finally:
            app.close()

    def _grant(self, row: PortalRow) -> Grant | None:
        """The portal's grant as it is stored now; None for a token that was pasted, or one no key here opens."""
        with self.store.view() as u:
            sealed = portals.token_of(u, row.id)
        try:
            return grant_of(self._vault.open(sealed or b"", row.name))
        except ConfigError:
            return None

    def _oauth(self, base_url: str) -> OAuthClient:
        settings = self._settings
        return OAuthClient(base_url, settings.hubspot_client_id, settings.client_secrets, clock=self._clock)
