"""Keeping house: what was put aside, documents, people's rights, the database, copies, the app's webhooks.

Every method returns a plain dict, as those of ``service`` do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from connector.clock import Clock, SystemClock
from connector.errors import FatalError
from connector.installation import Installation
from connector.installing import current, upgrade
from connector.model.people import COMMAND_LINE
from connector.reports.audit import Log
from connector.reports.audit import read as read_log
from connector.reports.person import collected
from connector.settings import Settings
from connector.sheet import COMMA, SEMICOLON
from connector.store import Store, audit, portals
from connector.sync import (
    acting,
    aside,
    drafting,
    dry_run,
    library,
    privacy,
    restoring,
    subscribing,
    telling,
    wellbeing,
)
from connector.sync.credentials import seal_again
from connector.sync.deeds import Books
from connector.sync.entrance import Entrance
from connector.sync.own_account import OwnAccount, seal_factors_again
from connector.sync.people import People
from connector.sync.providing import seal_again as seal_secrets_again
from connector.sync.reference import refresh
from connector.sync.retention import retain
from connector.sync.sheets import documents as sheets
from connector.sync.signing import Side
from connector.sync.tokens import USUAL_DAYS, Tokens, listed
from connector.vault import Vault


class Upkeep(Installation):
    """What an installation can be asked for beside the journey of its portals."""

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

    def held_of_cause(self, name: str, kind: str, reason: str) -> list[str]:
        """The ids of all that is put aside for one reason."""
        return aside.of_cause(self.store, self.front, self.engine, self._row(name), kind, reason, self._clock)

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

    @staticmethod
    def config_validate(paths: Iterable[Path]) -> dict[str, Any]:
        """Check YAML files without publishing them."""
        return library.validate(paths)

    def config_preset(self, kind: str, preset: str | None = None) -> dict[str, Any]:
        """The presets of a kind with what each is for; or one of them as YAML."""
        return library.presets(kind, preset, self._settings.config_dir)

    def config_lint(self, name: str) -> dict[str, Any]:
        """What is unwise about a portal's published documents, and what every model should be asked."""
        with self.store.view() as u:
            return library.advise(u, portals.by_name(u, name))

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

    def properties_again(self, name: str) -> dict[str, Any]:
        """Read the portal's property definitions now, whatever their age."""
        with self._context(name) as ctx:
            report = refresh(ctx, "definitions", force=True)
            return {"portal": name, "read": report.read if report is not None else 0}

    def config_draft_save(self, name: str, path: Path, author: str, revision: int | None = None) -> dict[str, Any]:
        """Keep a file as an author's draft; faults are told and do not hinder."""
        kind, text = library.read(path)
        with self.store.unit() as u:
            row = portals.by_name(u, name)
            return drafting.save_over(u, row, kind, author, text, revision=revision, now_ms=self._clock.now_ms())

    def config_draft_show(self, name: str, kind: str, author: str) -> dict[str, Any]:
        """An author's draft, with what stands against publishing it."""
        with self.store.view() as u:
            row = portals.by_name(u, name)
            return drafting.told(u, row, drafting.own(u, row, kind, author))

    def config_draft_publish(self, name: str, kind: str, author: str, reason: str) -> dict[str, Any]:
        """Publish an author's draft, unless it was overtaken or has faults."""
        with self.store.unit() as u:
            row, now = portals.by_name(u, name), self._clock.now_ms()
            own = drafting.own(u, row, kind, author)
            return drafting.publish(u, row, own.id, seen=own.revision, by=author, reason=reason, now_ms=now)

    def config_draft_discard(self, name: str, kind: str, author: str) -> dict[str, Any]:
        """Give an author's draft up."""
        with self.store.unit() as u:
            row = portals.by_name(u, name)
            own = drafting.own(u, row, kind, author)
            drafting.discard(u, row, own.id, seen=own.revision, now_ms=self._clock.now_ms())
        return {"portal": name, "kind": kind, "author": author, "text": f"The draft of {kind} is discarded."}

    def config_export_csv(
        self, name: str, kind: str, path: Path, *, semicolon: bool = False, draft_of: str | None = None
    ) -> dict[str, Any]:
        """Write a document's rows into a spreadsheet."""
        with self.store.view() as u:
            dialect = SEMICOLON if semicolon else COMMA
            return sheets.exported(u, portals.by_name(u, name), kind, path, dialect=dialect, draft_of=draft_of)

    def config_import_csv(
        self, name: str, kind: str, path: Path, author: str, revision: int | None = None
    ) -> dict[str, Any]:
        """Lay a spreadsheet over a document and keep the result as an author's draft."""
        with self.store.unit() as u:
            row, now = portals.by_name(u, name), self._clock.now_ms()
            return sheets.imported(u, row, kind, path, author, revision=revision, now_ms=now)

    def config_sign(
        self,
        name: str,
        kind: str,
        side: Side,
        author: str,
        remark: str = "",
        draft_of: str | None = None,
        version: int | None = None,
    ) -> dict[str, Any]:
        """Sign a draft, or the text of an earlier version, for marketing or for sales."""
        with self.store.unit() as u:
            row, now = portals.by_name(u, name), self._clock.now_ms()
            if version is not None:
                return library.sign_version(u, row, kind, version, side, author, remark, now)
            found = drafting.to_sign(u, row, kind, draft_of)
            return drafting.sign(u, row, found, side, seen=found.revision, who=author, remark=remark, now_ms=now)

    def config_dry_run_file(self, name: str, path: Path) -> dict[str, Any]:
        """What publishing a file would do to everybody; nothing is kept."""
        return self.config_dry_run(name, *library.read_valid(path))

    def config_dry_run(self, name: str, kind: str, text: str) -> dict[str, Any]:
        """What publishing this text would do to everybody; nothing is kept."""
        with self._context(name, offline=True) as ctx:
            return dry_run.rehearsed(ctx, kind, text)

    def config_scores_file(self, name: str, path: Path) -> dict[str, Any]:
        """Whose score publishing a scoring document would change; nothing is kept."""
        return self.config_scores(name, *library.read_valid(path))

    def config_scores(self, name: str, kind: str, text: str) -> dict[str, Any]:
        """Whose score publishing this text would change; nothing is kept."""
        with self._context(name, offline=True) as ctx:
            return dry_run.scores_of(ctx, kind, text)

    @staticmethod
    def db_upgrade(settings: Settings) -> dict[str, Any]:
        """Bring the database to this code's schema."""
        return upgrade(settings)

    @staticmethod
    def db_current(settings: Settings) -> dict[str, Any]:
        """Which schema revision the database has, and which this code wants."""
        return current(settings)

    def rotate_key(self) -> dict[str, Any]:
        """Seal every token and every second factor again with the first of the keys, and the audit log."""
        with self.store.unit() as u:
            told = telling.rotated(*seal_again(u, self._vault))
            factors, log = seal_factors_again(u, self._vault), audit.seal_again(u, self._vault)
            secrets = seal_secrets_again(u, self._vault)
            others = {"second_factors_sealed_again": factors, "audit_log_sealed_again": log}
            return {**told, **others, "provider_secrets_sealed_again": secrets}

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
        time = clock or SystemClock()
        told = restoring.restore(settings.database_url, file, time, replace=replace)
        if settings.secret_key is not None:
            store = Store.open(settings.database_url)
            try:
                with store.unit() as u:
                    books = Books(Vault(settings.secret_key.get_secret_value()), time)
                    books.book(u, COMMAND_LINE, "Restored the database from a backup", after=f"as of {told['made']}")
            finally:
                store.close()
        return told

    def subscriptions(self) -> dict[str, Any]:
        """The webhook notices the documents of all portals need, against those the app has."""
        with self._app() as app:
            return self._found(subscribing.compared(subscribing.needs(self.store), app, self._settings))

    def subscriptions_apply(self, *, prune: bool = False) -> dict[str, Any]:
        """Make and switch on what is missing, set the target; ``prune`` deletes what nobody here needs."""
        with self._app() as app:
            return self._found(subscribing.applied(subscribing.needs(self.store), app, self._settings, prune=prune))

    def subscriptions_watched(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - a job names its portal
        """The daily look: only compared and kept. What only people can mend is told, and stops no portal."""
        try:
            return self.subscriptions()
        except FatalError as fault:
            shown = {"ok": False, "mode": "api", "target": {"fits": None}, "text": str(fault)}
            return self._found(shown)

    def _found(self, shown: dict[str, Any]) -> dict[str, Any]:
        with self.store.unit() as u:
            subscribing.keep(u, shown, self._clock.now_ms())
        return shown

    def action(self) -> dict[str, Any]:
        """Our custom workflow action, against what the app has."""
        with self._app_actions() as app:
            return acting.compared(app, self._settings)

    def action_register(self) -> dict[str, Any]:
        """Make the app's workflow action what it should be."""
        with self._app_actions() as app:
            return acting.registered(app, self._settings)

    # people ------------------------------------------------------------------------------------------------------

    @cached_property
    def people(self) -> People:
        """Those who work here, and what can be done about them."""
        return People(self.store, self._vault, self._clock, self._settings.public_url)

    @cached_property
    def entrance(self) -> Entrance:
        """Signing in, and sessions."""
        return Entrance(self.store, self._vault, self._clock)

    @cached_property
    def own_account(self) -> OwnAccount:
        """What people do about themselves."""
        return OwnAccount(self.store, self._vault, self._clock)

    @cached_property
    def books(self) -> Books:
        """The audit log."""
        return Books(self._vault, self._clock)

    def audit_log(
        self,
        *,
        portal_id: int | None = None,
        user_id: int | None = None,
        before: int | None = None,
        check: bool = False,
    ) -> Log:
        """A page of the audit log, the newest first, and whether the log is whole."""
        with self.store.view() as u:
            return read_log(u, self._vault, portal_id=portal_id, user_id=user_id, before=before, check=check)

    def stance(self, name: str) -> str:
        """How a portal stands, in two words, for the audit log; '' where none of that name is connected."""
        with self.store.view() as u:
            row = next((one for one in portals.every(u) if one.name == name), None)
        if row is None:
            return ""
        return "paused" if row.paused_ms is not None else "live" if row.live else "observe mode"

    def book_deed(self, what: str, *, portal: str = "", before: str = "", after: str = "") -> None:
        """An entry of the audit log for what was done by command."""
        with self.store.unit() as u:
            row = next((one for one in portals.every(u) if one.name == portal), None)
            ident = row.id if row is not None else None
            self.books.book(u, COMMAND_LINE, what, before=before, after=after, portal_id=ident, portal=portal)

    def people_invite(self, email: str, role: str = "owner", names: Sequence[str] = ()) -> dict[str, Any]:
        """Let somebody in: a one-time link, with that role in these portals or, without any, everywhere."""
        return self.people.invite(COMMAND_LINE, email, self.people.roles_by_name(role, list(names))).told()

    def people_list(self) -> dict[str, Any]:
        """Everybody who may sign in, and who may not any more."""
        return {"people": [telling.person(line) for line in self.people.every()]}

    def people_link(self, email: str, *, reset: bool = False) -> dict[str, Any]:
        """A new one-time link for somebody who is known here."""
        return self.people.link(COMMAND_LINE, self.people.named(email).id, reset=reset).told()

    def people_disable(self, email: str) -> dict[str, Any]:
        """Nobody comes in under that address any more."""
        person = self.people.disable(COMMAND_LINE, self.people.named(email).id)
        return {"email": person.email, "disabled": True, "text": f"{person.email} is signed out and cannot sign in."}

    # tokens of programs ------------------------------------------------------------------------------------------

    @cached_property
    def tokens(self) -> Tokens:
        """What lets programs in over HTTP."""
        return Tokens(self.store, self._vault, self._clock)

    def token_add(
        self, name: str, role: str, portal: str = "", person: str = "", days: int = USUAL_DAYS
    ) -> dict[str, Any]:
        """A new token, shown this once; for one portal or, without one, for all."""
        return self.tokens.add(COMMAND_LINE, name, role, portal=portal, person=person, days=days).told()

    def token_list(self) -> dict[str, Any]:
        """Every token: what it may do where, until when, when it was used last."""
        return listed(self.tokens.every())

    def token_remove(self, ident: str) -> dict[str, Any]:
        """Revoke a token."""
        found = self.tokens.remove(COMMAND_LINE, ident)
        return {"id": found.id, "name": found.name, "text": f"The token {found.name} opens nothing any more."}
