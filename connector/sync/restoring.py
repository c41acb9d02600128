"""Backup and restore, and what a restored installation must not do: bring an erased person back, enrol twice.

    unpacked beside ─▶ graves of the journal and of the replaced database ─▶ erased again ─▶ takes its place
    portal: restored_ms ──first pull of contacts since──▶ may write ──first cycle done──▶ as ever

What was enrolled after the backup is unknown to it. So nothing is written before the portal was read again (a new MQL
of those hours is then an old one), enrolments that waited in the backup are set aside, and during the first cycle each
enrolment is looked up in the portal before it is sent. Nobody is signed in after a restore, no link opens anything, and
whoever was disabled since stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from connector.clock import Clock, iso
from connector.errors import ConfigError, ConnectorError
from connector.store import Store, Unit, backup, beats, erasures, meta, one_time, outbox, portals, runs, users
from connector.store.archive import Unpacker, summary
from connector.store.backup import Landing
from connector.store.forgetting import forget_contact, person
from connector.store.front import Front
from connector.store.front_forgetting import forget_in_front
from connector.store.journal import Buried, journal_of, read
from connector.store.portals import PortalRow
from connector.sync.context import Context
from connector.sync.privacy import LAST_BACKUP

RESTORED = "restored_ms"
ASIDE = "it waited when the backup was made; it has probably happened since"
ALIVE_MS = 60_000
LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Since:
    """What happened since the backup and must hold after it: who was erased, who may not sign in any more."""

    graves: list[Buried]
    disabled: tuple[str, ...]


def back_up(store: Store, front: Front, file: Path, version: str, clock: Clock) -> dict[str, Any]:
    """Write a backup of both stores; what it is, and that the secret key is not in it."""
    now = clock.now_ms()
    manifest = backup.back_up(store, front, file, version, now)
    with store.unit() as u:
        meta.put(u, LAST_BACKUP, str(now))
    LOG.info("backed up", parts=len(manifest.parts))
    return {
        "file": str(file),
        **summary(manifest),
        "made": iso(now),
        "packed_bytes": file.stat().st_size,
        "text": "The secret key is not in it: keep LEADWRIGHT_SECRET_KEY apart, without it the tokens cannot be read.",
    }


def preview(url: str, file: Path) -> dict[str, Any]:
    """What a restore would put in place of what; the backup is read to its last byte, nothing is changed."""
    with Unpacker(file) as unpacker:
        backup.refuse_other(unpacker, url)
        unpacker.checked()
        return {**summary(unpacker.manifest), "made": iso(unpacker.manifest.made_ms), "replaces": _replaced(url)}


def _replaced(url: str) -> list[str]:
    """Names of the portals in the database that would be replaced."""
    store = _old(url)
    if store is None:
        return []
    try:
        with store.view() as u:
            return [row.name for row in portals.every(u)]
    except ConnectorError:
        return ["(it cannot be read)"]
    finally:
        store.close()


def _old(url: str) -> Store | None:
    try:
        return Store(url) if Store.revision_of(url) is not None else None
    except ConnectorError:
        return Store(url)


def restore(url: str, file: Path, clock: Clock, *, replace: bool) -> dict[str, Any]:
    """Put a backup in the database's place, after everybody who was erased since is erased from it again."""
    shown = preview(url, file)
    if shown["replaces"] and not replace:
        raise ConfigError(
            f"The database holds {len(shown['replaces'])} portals: {', '.join(shown['replaces'])}.",
            remedy="Add --yes to replace it.",
            reason="needs_yes",
        )
    _refuse_running(url, clock)
    since = _Since([*read(journal_of(url)), *_graves_of(url)], _disabled_of(url))
    with Unpacker(file) as unpacker:
        if unpacker.manifest.kind == backup.SQLITE:
            erased, aside = _into_files(url, unpacker, since, clock)
        else:
            erased, aside = _into_server(url, unpacker, since, clock)
    LOG.info("restored", erased=erased, set_aside=aside)
    return {
        **shown,
        "file": str(file),
        "erased_again": erased,
        "enrolments_set_aside": aside,
        "text": "Nothing is written to a portal before it was read again: the next cycle does so.",
        "ok": True,
    }


def _refuse_running(url: str, clock: Clock) -> None:
    """A service at work would go on with a database that is no more."""
    if _old(url) is None:
        return
    front = Front.beside(url)
    try:
        with front.view() as u:
            alive = {beat.role for beat in beats.every(u) if clock.now_ms() - beat.at_ms < ALIVE_MS}
    except ConnectorError:
        return
    finally:
        front.close()
    if alive:
        raise ConfigError(
            f"Leadwright is at work on this database ({', '.join(sorted(alive))}).",
            remedy="Stop it, wait a minute, restore, start it again.",
            reason="running",
        )


def _graves_of(url: str) -> list[Buried]:
    """What the database that is being replaced knows of erased people; nothing when it cannot be read any more."""
    store = _old(url)
    if store is None:
        return []
    try:
        with store.view() as u:
            return [Buried(p.id, p.hub_id, grave) for p in portals.every(u) for grave in erasures.every(u, p.id)]
    except ConnectorError:
        return []
    finally:
        store.close()


def _disabled_of(url: str) -> tuple[str, ...]:
    """Who may not sign in to the database that is being replaced; nobody when it cannot be asked."""
    store = _old(url)
    if store is None:
        return ()
    try:
        with store.view() as u:
            return users.disabled(u)
    except ConnectorError:
        return ()
    finally:
        store.close()


def _into_files(url: str, unpacker: Unpacker, since: _Since, clock: Clock) -> tuple[int, int]:
    landing = Landing(url)
    try:
        landing.unpack(unpacker)
        store, front = Store.open(landing.url, create=True), Front.beside(landing.url)
        try:
            with store.unit() as u:
                aside = _mark(u, since, clock.now_ms())
            erased = _finish(store, front, clock)
        finally:
            front.close()
            store.close()
        landing.settle()
    finally:
        landing.clear()
    return erased, aside


def _into_server(url: str, unpacker: Unpacker, since: _Since, clock: Clock) -> tuple[int, int]:
    """The graves go in with the rows, in one transaction: killed after it, whatever starts next finishes them."""
    store, front = Store(url), Front(url)
    try:
        with store.unit() as u:
            backup.take_in(u, unpacker)
            aside = _mark(u, since, clock.now_ms())
        return _finish(store, front, clock), aside
    finally:
        front.close()
        store.close()


def _mark(u: Unit, since: _Since, now: int) -> int:
    """Every portal knows that it was restored, its graves stand, and what waited to be enrolled is set aside.

    Nobody is signed in, and nobody comes in who was shut out since."""
    one_time.shut(u)
    users.disable_all(u, since.disabled, now)
    aside = 0
    for row in portals.every(u):
        portals.set_settings(u, row.id, {**row.settings, RESTORED: now})
        theirs = [one.grave for one in since.graves if (one.portal_id, one.hub_id) == (row.id, row.hub_id)]
        erasures.restore(u, row.id, theirs)
        waiting = [entry.id for entry in outbox.due(u, row.id, 1_000_000) if entry.kind == "enrol"]
        aside += outbox.mark_dropped(u, row.id, waiting, ASIDE)
    return aside


def _finish(store: Store, front: Front, clock: Clock) -> int:
    """Carry out every erasure that is open, in both stores, and leave no byte of it."""
    with store.view() as u:
        rows = portals.every(u)
    erased = sum(_erase_again(store, front, row, clock) for row in rows)
    with front.unit() as u:
        backup.wake_nobody(u)
    store.scrub()
    front.scrub()
    return erased


def _erase_again(store: Store, front: Front, row: PortalRow, clock: Clock) -> int:
    with store.view() as u:
        left = erasures.unfinished(u, row.id)
    for number in sorted(left):
        with store.unit() as u:
            who = person(u, row.id, number)
            places = forget_contact(u, row.id, who)
            known = {grave.object_id: grave for grave in erasures.of(u, row.id, who.ids)}
            erasures.book(u, row.id, who.ids - known.keys(), [], known[number].cause, clock.now_ms())
        if bodies := forget_in_front(front, row.hub_id, who):
            places["deliveries"] = bodies
        receipt = {"portal": row.name, "ids": sorted(map(str, who.ids)), "places": places, "cause": "restored backup"}
        with store.unit() as u:
            erasures.finish(u, row.id, who.ids, receipt, clock.now_ms())
    return len(left)


# the first cycle ------------------------------------------------------------------------------------------


def careful(ctx: Context) -> bool:
    """Whether this portal's first cycle since a restore is still to be completed."""
    return RESTORED in ctx.row.settings


def refuse_before_read_again(ctx: Context) -> None:
    """Nothing is written from a mirror that is as old as its backup."""
    if not careful(ctx):
        return
    with ctx.store.view() as u:
        last = runs.last(u, ctx.portal_id, "pull")
    since = ctx.row.settings[RESTORED]
    if last is None or last.state != "done" or last.started_ms < since or "contacts" not in last.counts:
        raise ConfigError(
            f"{ctx.row.name} was restored from a backup and not read since: nothing is written yet.",
            remedy=f"Bring it up to date: leadwright sync {ctx.row.name}",
            reason="restored",
        )


def settle(ctx: Context) -> None:
    """The first cycle since the restore is complete: from here on all is as ever."""
    if careful(ctx):
        with ctx.store.unit() as u:
            row = portals.by_id(u, ctx.portal_id)
            kept = {name: value for name, value in row.settings.items() if name != RESTORED}
            portals.set_settings(u, ctx.portal_id, kept)
