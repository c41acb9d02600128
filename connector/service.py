"""One method for each thing that can be asked for on the journey of a portal: connect, mirror, judge, write, ask.

Every method returns a plain dict (the ``--json`` document of the command) and raises ``ConnectorError``s. What the
flows do lives in ``connector.sync``; how it is shown, in ``connector.commands``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from connector.asking import Asking
from connector.errors import ConfigError, ConnectorError, UnknownPortal
from connector.installing import install
from connector.model.plan import Plan
from connector.portal.oauth import TokenFacts
from connector.reports import best, overview, rows
from connector.reports.glance import glance
from connector.resting import REST
from connector.settings import Settings
from connector.store import portals
from connector.store.front_forgetting import forget_portal
from connector.store.portals import PortalRow
from connector.sync import (
    ahead,
    checking,
    copying,
    cycling,
    enriching,
    errands,
    explaining,
    holding_back,
    provision,
    push,
    quality_day,
    react,
    rescoring,
    storm,
    subscribing,
    telling,
    undo,
    verify,
)
from connector.sync import drain as draining
from connector.sync.connecting import Connecting
from connector.sync.credentials import keep_token
from connector.sync.pull import PullOptions, booked_pull
from connector.sync.rulebook import publish_shipped
from connector.sync.sheets import people as people_sheets

PARTS = frozenset({"contacts", "companies", "deals", "engagement", "owners"})


class Service(Asking):
    """One installation at work. Open it with ``Service.open`` and use it as a context manager."""

    @staticmethod
    def init(settings: Settings, env_file: Path = Path(".env"), admin: str = "") -> dict[str, Any]:
        """Make key and database where they are missing; harmless when repeated. ``admin``: who owns it, by address."""
        return install(settings, env_file, admin)

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
            portals.keep_setting(u, row.id, checking.FEATURES, checking.kept(features, now))
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
            lines = [overview.portal_line(u, row) for row in portals.every(u)]
            return {"portals": lines, "webhooks": overview.webhooks_line(subscribing.last(u))}

    def check_portal(self, name: str) -> dict[str, Any]:
        """The doctor: token, scopes, identity, limits left, clock skew, versions that end."""
        with self._context(name, gated=False) as ctx:
            asked = (lambda: self._facts(ctx.row)) if self._grant(ctx.row) else None
            found = checking.check(ctx, asked)
        return {**found, "checks": [*found["checks"], *self.targets_check(name)]}

    def _facts(self, row: PortalRow) -> TokenFacts:
        """What HubSpot says of the grant as it is now; a call may just have renewed it."""
        grant, app = self._grant(row), self._oauth(row.base_url)
        try:
            return app.introspect(grant.access) if grant else TokenFacts(active=False)
        finally:
            app.close()

    def features(self, name: str, *, anew: bool = False) -> dict[str, Any]:
        """What the portal's token may do, as it was found out last; ``anew`` (or never yet) asks the portal."""
        known = self._row(name).settings.get(checking.FEATURES)
        if isinstance(known, dict) and not anew:
            return known
        with self._context(name, gated=False) as ctx:
            found = checking.kept(ctx.portal.scopes_check(), self._clock.now_ms())
            with self.store.unit() as u:
                portals.keep_setting(u, ctx.portal_id, checking.FEATURES, found)
        return found

    def copy_preview(self, name: str, source: str) -> dict[str, Any]:
        """Every difference between two portals' documents, and what the first lacks of what the second's name."""
        with self._context(name) as ctx:
            return copying.compare(ctx, self._row(source))

    def copy_documents(self, name: str, source: str, kinds: Iterable[str], author: str) -> dict[str, Any]:
        """Publish another portal's documents in this one."""
        with self.store.unit() as u:
            row, other = portals.by_name(u, name), portals.by_name(u, source)
            return copying.copy(u, row, other, set(kinds), author, self._clock.now_ms())

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
        """Forget a portal: every row of it in every table of both stores. A grant is first given up at HubSpot.

        In this order, so that whatever dies on the way can simply be repeated.
        """
        revoked = self._given_up(self._row(name))
        with self.store.unit() as u:
            row = portals.by_name(u, name)
            alone = len(portals.by_hub(u, row.hub_id)) == 1
            counts = portals.remove(u, row.id)
        counts |= forget_portal(self.front, row.id, row.hub_id if alone else None)
        self.store.scrub()
        self.front.scrub()
        return telling.removed(name, {place: number for place, number in counts.items() if number}, revoked)

    def _given_up(self, row: PortalRow) -> str | None:
        """'' once HubSpot has revoked the grant, else why it could not be; None for a token that was pasted."""
        grant = self._grant(row)
        if grant is None:
            return None
        try:
            app = self._oauth(row.base_url)
            try:
                app.revoke(grant.refresh)
            finally:
                app.close()
        except ConnectorError as fault:
            return fault.message
        return ""

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

    def plan_rows(self, name: str, after: int, limit: int) -> dict[str, Any]:
        """The next contacts that a plan would do something for, before → after; keeps nothing, asks nobody."""
        with self._context(name, offline=True) as ctx:
            plan, last = react.preview(ctx, after, limit)
            return {**telling.planned(ctx, plan), "after": last}

    def errand(self, name: str, kind: errands.Kind, what: str, who: str) -> errands.Errand:
        """Put down what the portal's worker shall do: make the plan, apply it by its hash, undo a run."""
        return errands.ask(self.store, self._row(name), kind, what, who, self._clock)

    def errands(self, name: str) -> dict[str, Any]:
        """Do the errands that wait: what the worker runs."""
        do: dict[errands.Kind, Callable[[str], dict[str, Any]]] = {
            "plan": lambda _: self.plan(name),
            "apply": lambda plan_hash: self.apply(name, plan_hash=plan_hash),
            "undo": lambda run: self.undo(name, run),
        }
        return {"portal": name, "done": errands.work_off(self.store, self._row(name), do, self._clock), "ok": True}

    def apply(self, name: str, *, plan_hash: str | None = None) -> dict[str, Any]:
        """Carry the plan out; with ``plan_hash`` only if it still is the plan that was shown."""
        with self._context(name) as ctx:
            push.refuse_in_observe_mode(ctx)
            plan = react.make_plan(ctx)
            _refuse_another(plan, plan_hash, f"leadwright plan {name}")
            done = push.push(ctx, plan, approved=plan_hash is not None)
            storm.over(ctx)
            holding_back.over(ctx)
            return telling.applied(ctx, done, plan)

    def import_plan(self, name: str, path: Path) -> dict[str, Any]:
        """What a spreadsheet of people would change; nothing is kept or sent."""
        with self._context(name, offline=True) as ctx:
            return people_sheets.planned(ctx, *people_sheets.compare(ctx, path))

    def import_apply(self, name: str, path: Path, *, plan_hash: str | None = None) -> dict[str, Any]:
        """Write what a spreadsheet of people says; with ``plan_hash`` only if it still is the plan that was shown."""
        with self._context(name) as ctx:
            push.refuse_in_observe_mode(ctx)
            plan, found = people_sheets.compare(ctx, path)
            _refuse_another(plan, plan_hash, f"leadwright import {name} {path} --dry-run")
            return people_sheets.write(ctx, plan, found, approved=plan_hash is not None)

    def cycle(self, name: str) -> dict[str, Any]:
        """Pull, judge, push: what the clock runs. In observe mode nothing is written, and it says so."""
        with self._context(name) as ctx:
            return cycling.cycle(ctx)

    def enrich(self, name: str, limit: int = 100) -> dict[str, Any]:
        """Ask the portal's data provider about up to so many companies of which something is missing."""
        with self._context(name, offline=True) as ctx:
            return enriching.by_hand(ctx, limit)

    def enrich_preview(self, name: str, limit: int = 100) -> dict[str, Any]:
        """Which domains would be asked for; nobody is asked."""
        with self._context(name, offline=True) as ctx:
            return enriching.preview(ctx, limit)

    def enrich_secret(self, name: str, secret: str) -> dict[str, Any]:
        """Keep what the provider wants to see, closed, for the address that the mapping document names now."""
        with self._context(name, offline=True) as ctx:
            spec = enriching.needed(ctx)
            self._providing.keep_secret(ctx.row, spec, secret)
            text = f"It is sent to {spec.origin} alone, in the header {spec.header}."
            return {"portal": name, "provider": spec.provider, "origin": spec.origin, "text": text}

    def drain(self, name: str) -> dict[str, Any]:
        """Work off the notices that wait: mirror, judge, push."""
        with self._context(name, front=True) as ctx:
            return telling.drained(ctx, draining.drain(ctx, self.front))

    def verify(self, name: str, *, sample: int = 200) -> dict[str, Any]:
        """Hold the mirror against the portal, repair it, certify it; keep what follows from what then is: the day's
        data quality, and the columns that everybody is scored from."""
        with self._context(name) as ctx:
            certificate = verify.verify(ctx, sample=sample)
            quality_day.keep(ctx)
            ahead.keep_ready(ctx)
            return telling.certified(certificate)

    def explain(
        self, name: str, contact: str, at_ms: int | None = None, language: Literal["en", "de"] | None = None
    ) -> dict[str, Any]:
        """One contact's score as a bill, now or at a past minute."""
        with self._context(name, offline=True) as ctx:
            return explaining.explain(ctx, contact, at_ms, language)

    def rescore(self, hub_id: int, contact_id: int, reader: rescoring.Reader) -> rescoring.Score:
        """A contact of HubSpot's portal ``hub_id`` judged anew, within a request; nothing is written."""
        with self.store.view() as u:
            rows = portals.by_hub(u, hub_id)
        if not rows:
            raise UnknownPortal(f"No portal here has HubSpot's number {hub_id}.", remedy="Connect it first.")
        row = next((row for row in rows if row.paused_ms is None), rows[0])
        with self._context(row.name, booked=False) as ctx:
            return rescoring.rescore(ctx, contact_id, None if row.settings.get(REST) else reader)

    def judge_again(self, name: str, contact: str) -> dict[str, Any]:
        """Judge one contact anew from what the mirror holds, and keep the verdict; nothing is sent."""
        with self._context(name, offline=True) as ctx:
            return explaining.judge_again(ctx, contact)

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


def _refuse_another(plan: Plan, named: str | None, again: str) -> None:
    """A hash that was named must be this plan's."""
    if named is not None and not react.is_shown(plan, named):
        raise ConfigError(
            f"The plan is no longer the one that was shown ({named}); it is {plan.hash} now.",
            remedy=f"Look at it again: {again}",
            reason="plan_changed",
        )
