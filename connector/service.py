"""The one place that picks concrete parts and wires them; one method for each thing a person can ask for.

Every method returns a plain dict (the ``--json`` document of the command) and raises ``ConnectorError``s. What the
flows do lives in ``connector.sync``; how it is shown, in ``connector.commands``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from connector.clock import Clock, SystemClock
from connector.desk import Desk, PortalFactory
from connector.engine.opening import open_engine
from connector.engine.port import Engine
from connector.engine.yielding import GiveWay
from connector.errors import ConfigError, SecretKeyMissing
from connector.installing import current, install, upgrade
from connector.portal.app_webhooks import AppWebhooks, connect_app
from connector.portal.gateway import Rates
from connector.portal.hubspot import connect
from connector.portal.oauth import OAuthClient
from connector.progress import Progress, Silent
from connector.reports import best, overview, rows
from connector.reports.glance import glance
from connector.reports.person import collected
from connector.settings import Settings
from connector.store import Store, portals
from connector.store.front import Front, front_url
from connector.store.front_forgetting import forget_portal
from connector.store.journal import journal_of
from connector.store.portals import PortalRow
from connector.sync import (
    aside,
    checking,
    cycling,
    explaining,
    holding_back,
    library,
    privacy,
    provision,
    push,
    react,
    restoring,
    storm,
    subscribing,
    telling,
    undo,
    verify,
    wellbeing,
)
from connector.sync import drain as draining
from connector.sync.connecting import Connecting
from connector.sync.context import Context
from connector.sync.credentials import keep_token, seal_again
from connector.sync.pull import PullOptions, booked_pull
from connector.sync.retention import retain
from connector.sync.rulebook import publish_shipped
from connector.vault import Vault

PARTS = frozenset({"contacts", "companies", "deals", "engagement", "owners"})


class Service:
    """One installation at work. Open it with ``Service.open`` and use it as a context manager."""

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
    ) -> None:
        self.store = store
        self._vault = vault
        self._settings = settings
        self._clock = clock or SystemClock()
        self._rates = rates
        self._desk = Desk(
            store,
            vault,
            clock=self._clock,
            progress=progress or Silent(),
            connect=connector,
            front=lambda: self.front,
            oauth=self._oauth,
            rates=rates,
            journal=journal_of(settings.database_url),
            lasting=lasting,
        )

    @staticmethod
    def init(settings: Settings, env_file: Path = Path(".env")) -> dict[str, Any]:
        """Make key and database where they are missing; harmless when repeated."""
        return install(settings, env_file)

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
        self._desk.close()
        self.store.close()
        for opened in ("engine", "front"):
            if opened in self.__dict__:
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

    # portals -----------------------------------------------------------------------------------------------------

    def add_portal(self, name: str, token: str, base_url: str | None = None) -> dict[str, Any]:
        """Connect a portal in observe mode; nothing is kept unless the portal accepts the token."""
        address = (base_url or self._settings.hubspot_url).rstrip("/")
        checking.check_name(name)
        portal = self._desk.connect(address, token, clock=self._clock, rates=self._rates)
        try:
            identity = portal.identity()
            features = portal.scopes_check()
        finally:
            portal.close()
        checking.refuse_without_contacts(features)
        now = self._clock.now_ms()
        with self.store.unit() as u:
            row = next((known for known in portals.every(u) if known.name == name), None)
            if row is not None:
                checking.refuse_other_portal(row, identity, address)
                keep_token(u, row, token, self._vault)
                portals.set_identity(u, row.id, identity)
            else:
                row = portals.add(u, name, address, self._vault.seal(token, name), identity, now)
                publish_shipped(u, row.id, self._settings.config_dir, now)
        return checking.added(row, identity, features)

    def connect_link(self, name: str = "") -> dict[str, Any]:
        """An address under which one person connects (or connects anew) one portal by consent."""
        doorway = Connecting(
            self.store, self.front, self._vault, self._settings, self._clock,
            connect=self._desk.connect, app=self._oauth,
        )  # fmt: skip
        return doorway.link(name)

    def list_portals(self) -> dict[str, Any]:
        """Every portal with one sentence of state."""
        with self.store.view() as u:
            return {"portals": [overview.portal_line(u, row) for row in portals.every(u)]}

    def check_portal(self, name: str) -> dict[str, Any]:
        """The doctor: token, scopes, identity, limits left, clock skew, versions that end."""
        with self._context(name, gated=False) as ctx:
            return checking.check(ctx)

    def live(self, name: str) -> dict[str, Any]:
        """End observe mode."""
        return self._switch(
            name, lambda u, row: portals.set_live(u, row.id, True), "live", "What a plan shows is now written."
        )

    def observe(self, name: str) -> dict[str, Any]:
        """Go back to observe mode."""
        return self._switch(
            name, lambda u, row: portals.set_live(u, row.id, False), "observe", "Nothing is written any more."
        )

    def pause(self, name: str) -> dict[str, Any]:
        """Stop reading and writing a portal until ``resume``."""
        now = self._clock.now_ms()
        return self._switch(
            name,
            lambda u, row: portals.pause(u, row.id, portals.BY_HAND, now),
            "paused",
            "Nothing is read or written.",
        )

    def resume(self, name: str) -> dict[str, Any]:
        """End a pause."""
        return self._switch(name, lambda u, row: portals.resume(u, row.id), "", "It goes on where it stood.")

    def remove(self, name: str) -> dict[str, Any]:
        """Forget a portal: every row of it in every table of both stores."""
        with self.store.unit() as u:
            row = portals.by_name(u, name)
            alone = len(portals.by_hub(u, row.hub_id)) == 1
            counts = portals.remove(u, row.id)
        counts |= forget_portal(self.front, row.id, row.hub_id if alone else None)
        self.store.scrub()
        self.front.scrub()
        return telling.removed(name, {place: number for place, number in counts.items() if number})

    def _switch(self, name: str, act: Callable[[Any, PortalRow], Any], mode: str, text: str) -> dict[str, Any]:
        with self.store.unit() as u:
            row = portals.by_name(u, name)
            act(u, row)
            row = portals.by_name(u, name)
        return {"portal": name, "mode": mode or ("live" if row.live else "observe"), "text": f"{name}: {text}"}

    def provision_preview(self, name: str) -> dict[str, Any]:
        """Which properties write-back needs and which are missing."""
        with self._context(name) as ctx:
            return provision.preview(ctx)

    def provision(self, name: str) -> dict[str, Any]:
        """Create what is missing."""
        with self._context(name) as ctx:
            return provision.provision(ctx)

    # the journey -------------------------------------------------------------------------------------------------

    def sync(
        self, name: str, *, full: bool = False, only: Iterable[str] = (), properties: str = "used"
    ) -> dict[str, Any]:
        """Pull into the mirror."""
        wanted = frozenset(only)
        if unknown := wanted - PARTS:
            raise ConfigError(
                f"There is no part {', '.join(sorted(unknown))}.", remedy=f"Parts: {', '.join(sorted(PARTS))}."
            )
        options = PullOptions(full=full, only=wanted, everything=properties == "all")
        with self._context(name) as ctx:
            return telling.pulled(ctx, *booked_pull(ctx, options))

    def plan(self, name: str) -> dict[str, Any]:
        """Judge what changed and show what would be written."""
        with self._context(name) as ctx:
            return telling.planned(ctx, react.make_plan(ctx))

    def apply(self, name: str, *, plan_hash: str | None = None) -> dict[str, Any]:
        """Carry the plan out; with ``plan_hash`` only if it still is the plan that was shown."""
        with self._context(name) as ctx:
            push.refuse_in_observe_mode(ctx)
            plan = react.make_plan(ctx)
            if plan_hash is not None and not react.is_shown(plan, plan_hash):
                raise ConfigError(
                    f"The plan is no longer the one that was shown ({plan_hash}); it is {plan.hash} now.",
                    remedy=f"Look at it again: leadwright plan {name}",
                    reason="plan_changed",
                )
            done = push.push(ctx, plan, approved=plan_hash is not None)
            storm.over(ctx)
            holding_back.over(ctx)
            return telling.applied(ctx, done, plan)

    def cycle(self, name: str) -> dict[str, Any]:
        """Pull, judge, push: what the clock runs. In observe mode nothing is written, and it says so."""
        with self._context(name) as ctx:
            return cycling.cycle(ctx)

    def drain(self, name: str) -> dict[str, Any]:
        """Work off the notices that wait: mirror, judge, push."""
        with self._context(name, front=True) as ctx:
            return telling.drained(ctx, draining.drain(ctx, self.front))

    def inbox(self, name: str, limit: int = 50) -> dict[str, Any]:
        """The newest notices and what became of them."""
        return aside.recent(self.store, self._row(name), limit)

    def inbox_replay(self, name: str, since: datetime) -> dict[str, Any]:
        """Handle everything once more that was received since then (UTC)."""
        since_ms = round(since.replace(tzinfo=since.tzinfo or UTC).timestamp() * 1000)
        return aside.replay(self.store, self.front, self._row(name), since_ms, self._clock)

    def held(self, name: str) -> dict[str, Any]:
        """What was put aside, by cause."""
        return aside.listed(self.store, self.front, self.engine, self._row(name), self._clock)

    def held_retry(self, name: str, kinds: Iterable[str], ids: Iterable[str] = ()) -> dict[str, Any]:
        """Bring it back to work."""
        row = self._row(name)
        return aside.retry(self.store, self.front, self.engine, row, set(kinds), set(ids), self._clock)

    def held_discard(self, name: str, kinds: Iterable[str], ids: Iterable[str] = ()) -> dict[str, Any]:
        """Give it up for good."""
        row = self._row(name)
        return aside.discard(self.store, self.front, self.engine, row, set(kinds), set(ids), self._clock)

    def erase_pending(self, name: str) -> dict[str, Any]:
        """Finish erasures that were broken off."""
        with self._context(name, offline=True, front=True) as ctx:
            receipts = privacy.erase_many(ctx, ())
            return {"portal": name, "erased": len(receipts), "ok": True}

    def verify(self, name: str, *, sample: int = 200) -> dict[str, Any]:
        """Hold the mirror against the portal, repair it, certify it."""
        with self._context(name) as ctx:
            return telling.certified(verify.verify(ctx, sample=sample))

    def explain(self, name: str, contact: str, at_ms: int | None = None) -> dict[str, Any]:
        """One contact's score as a bill, now or at a past minute."""
        with self._context(name, offline=True) as ctx:
            return explaining.explain(ctx, contact, at_ms)

    def erase(self, name: str, contact: str) -> dict[str, Any]:
        """Erase a person (by id or e-mail) from everything that is kept; the receipt."""
        with self._context(name, offline=True, front=True) as ctx:
            return privacy.erase_by_hand(ctx, contact)

    def person(self, name: str, contact: str) -> dict[str, Any]:
        """All that is held on one person."""
        with self._context(name, offline=True) as ctx:
            now = self._clock.now_ms()
            return privacy.booked_export(ctx, lambda who: collected(self.store, self.front, ctx.row, who, now), contact)

    def retention(self, name: str) -> dict[str, Any]:
        """Let go of what is older than the portal's consent document allows; finish erasures that were cut off."""
        with self._context(name, offline=True, front=True) as ctx:
            if not privacy.finished(ctx):
                privacy.erase_many(ctx, ())
            done = retain(self.store, self.front, ctx.row, ctx.rulebook.rules.documents.consent.retention, ctx.clock)
            privacy.overwrite(ctx)
            return done

    def undo(self, name: str, run: str, contact: str | None = None) -> dict[str, Any]:
        """Take back what a run wrote, where it is still ours."""
        with self._context(name) as ctx:
            return undo.undo(ctx, run, contact)

    def release(self, name: str, run: str, contact: str | None = None) -> dict[str, Any]:
        """Allow what ``undo`` took back of a run to be written again."""
        with self._context(name, offline=True) as ctx:
            return undo.release(ctx, run, contact)

    def export(self, name: str, what: str) -> Iterator[dict[str, Any]]:
        """Rows of one kind, streamed."""
        with self._context(name, offline=True) as ctx:
            yield from rows.exported(ctx.store, ctx.portal_id, what, ctx.rulebook.mapping)

    def glance(self, name: str, contact: str) -> dict[str, Any]:
        """One contact as the mirror holds it this instant."""
        with self.store.view() as u:
            return glance(u, portals.by_name(u, name).id, int(contact))

    def best(self, name: str, limit: int = 10) -> list[dict[str, Any]]:
        """The best leads by score."""
        with self.store.view() as u:
            return best.leads(u, portals.by_name(u, name).id, limit)

    def subscriptions(self) -> dict[str, Any]:
        """The webhook notices the documents of all portals need, against those the app has."""
        with self._app() as app:
            return subscribing.compared(subscribing.needs(self.store), app, self._settings)

    def subscriptions_apply(self, *, prune: bool = False) -> dict[str, Any]:
        """Make and switch on what is missing, set the target; ``prune`` deletes what nobody here needs."""
        with self._app() as app:
            return subscribing.applied(subscribing.needs(self.store), app, self._settings, prune=prune)

    # documents ---------------------------------------------------------------------------------------------------

    @staticmethod
    def config_validate(paths: Iterable[Path]) -> dict[str, Any]:
        """Check YAML files without publishing them."""
        return library.validate(paths)

    def config_show(self, name: str, kind: str) -> dict[str, Any]:
        """The published document of a kind."""
        with self.store.view() as u:
            return library.show(u, portals.by_name(u, name), kind)

    def config_history(self, name: str, kind: str) -> dict[str, Any]:
        """All versions of a kind: who, when, why."""
        with self.store.view() as u:
            return library.history(u, portals.by_name(u, name), kind)

    def config_diff(self, name: str, path: Path) -> dict[str, Any]:
        """What a file would change in the published document of its kind."""
        with self.store.view() as u:
            return library.diff(u, portals.by_name(u, name), path)

    def config_publish(self, name: str, path: Path, author: str, reason: str) -> dict[str, Any]:
        """Validate and publish a file as the next version; everybody is judged anew."""
        with self.store.unit() as u:
            return library.publish(u, portals.by_name(u, name), path, author, reason, self._clock.now_ms())

    def config_rollback(self, name: str, kind: str, version: int, author: str) -> dict[str, Any]:
        """Publish an old version again, as a new one."""
        with self.store.unit() as u:
            return library.rollback(u, portals.by_name(u, name), kind, version, author, self._clock.now_ms())

    # database ----------------------------------------------------------------------------------------------------

    @staticmethod
    def db_upgrade(settings: Settings) -> dict[str, Any]:
        """Bring the database to this code's schema."""
        return upgrade(settings)

    @staticmethod
    def db_current(settings: Settings) -> dict[str, Any]:
        """Which schema revision the database has, and which this code wants."""
        return current(settings)

    def rotate_key(self) -> dict[str, Any]:
        """Seal every token again with the first of the keys."""
        with self.store.unit() as u:
            return telling.rotated(*seal_again(u, self._vault))

    def examine(self) -> dict[str, Any]:
        """How the installation is: key, inbox, who is alive, what is held, gaps, the last backup."""
        with self.store.view() as u:
            rows = portals.every(u)
        back: dict[str, int] = {}
        for row in rows:
            with self._context(row.name, offline=True) as ctx, self.store.view() as u:
                back[row.name] = len(privacy.returned(ctx, u))
        keys = {row.name: self._vault.fits(row.token_sealed or b"", row.name) for row in rows}
        return {
            "checks": wellbeing.examine(
                self.store, self.front, self._clock.now_ms(), keys, back, len(self.engine.held())
            )
        }

    def backup(self, file: Path) -> dict[str, Any]:
        """Write a backup of everything, while everything goes on."""
        return restoring.back_up(self.store, self.front, file, version("leadwright"), self._clock)

    @staticmethod
    def restore_preview(settings: Settings, file: Path) -> dict[str, Any]:
        """What a restore would replace by what."""
        return restoring.preview(settings.database_url, file)

    @staticmethod
    def restore(settings: Settings, file: Path, *, replace: bool = False, clock: Clock | None = None) -> dict[str, Any]:
        """Put a backup in the database's place. The service must not be running."""
        return restoring.restore(settings.database_url, file, clock or SystemClock(), replace=replace)

    # wiring ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _app(self) -> Iterator[AppWebhooks | None]:
        """The app's webhook settings, as far as there is a key to them."""
        key = self._settings.hubspot_developer_key
        if key is None or not key.get_secret_value():
            yield None
            return
        app = connect_app(
            self._settings.hubspot_url, key.get_secret_value(), self._settings.hubspot_app_id, clock=self._clock
        )
        try:
            yield app
        finally:
            app.close()

    def _oauth(self, base_url: str) -> OAuthClient:
        settings = self._settings
        return OAuthClient(base_url, settings.hubspot_client_id, settings.client_secrets, clock=self._clock)

    def _context(
        self, name: str, *, offline: bool = False, gated: bool = True, front: bool = False
    ) -> AbstractContextManager[Context]:
        laid = self.front if front else None
        return self._desk.context(name, offline=offline, gated=gated, front=laid)
