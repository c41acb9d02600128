"""The audit log: entries are added and never changed. Each is closed, with a key, together with the one before it.

Whoever may write to the database but has no key can neither change an entry, nor take one out, nor cut off the end
(the last number is closed as well) without ``verify`` naming the first entry that is wrong.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import sqlalchemy as sa

from connector.model.people import Deed, Entry
from connector.store import meta
from connector.store.people_schema import AUDIT
from connector.store.unit import AnyRow, Unit
from connector.store.values import clean, dumps

_C = AUDIT.c
HEAD = "audit_head"
CONTEXT, END = "audit entry", "audit end"
LONGEST = 4000
PIECE = 2000
FIRST, BROKEN = b"leadwright audit", b"the end was not ours"


class Sealer(Protocol):
    """What closes: the vault."""

    def fingerprint(self, text: str, context: str) -> bytes: ...
    def fingerprints(self, text: str, context: str) -> tuple[bytes, ...]: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole log found. ``bad``: the first entry that is not as it was written."""

    entries: int
    bad: int | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        return not self.why


def book(u: Unit, sealer: Sealer, deed: Deed) -> int:
    """Add an entry at the end; its number."""
    u.own_installation()
    number, before = _last(u, sealer)
    kept = _kept(deed)
    made = number + 1
    seal = sealer.fingerprint(_text(made, kept, before), CONTEXT)
    u.run(sa.insert(AUDIT).values(id=made, seal=seal, **asdict(kept)))
    _close(u, sealer, made, seal)
    return made


def page(
    u: Unit, *, portal_id: int | None = None, user_id: int | None = None, before: int | None = None, limit: int = 50
) -> tuple[Entry, ...]:
    """The newest entries, of one portal or person where named, older than number ``before``."""
    which = [
        column == value for column, value in ((_C.portal_id, portal_id), (_C.user_id, user_id)) if value is not None
    ]
    which += [_C.id < before] if before is not None else []
    return tuple(map(_entry, u.rows(sa.select(AUDIT).where(*which).order_by(_C.id.desc()).limit(limit))))


def count(u: Unit) -> int:
    return u.number(sa.select(sa.func.max(_C.id)))


def verify(u: Unit, sealer: Sealer) -> Verdict:
    """Read the log from its first entry and name the first that is not as it was written."""
    number, seal = 0, FIRST
    for entry in _in_order(u):
        if entry.id != number + 1:
            return Verdict(number, number + 1, "is missing")
        if not _fits(sealer, _text(entry.id, entry.deed, seal), CONTEXT, entry.seal):
            return Verdict(number, entry.id, "was changed")
        number, seal = entry.id, entry.seal
    return _end_verdict(u, sealer, number, seal)


def seal_again(u: Unit, sealer: Sealer) -> bool:
    """Close every entry with the first key; a log that is not as it was written is left alone: False."""
    u.own_installation()
    if not verify(u, sealer).ok:
        return False
    seal, number = FIRST, 0
    for entry in list(_in_order(u)):
        seal, number = sealer.fingerprint(_text(entry.id, entry.deed, seal), CONTEXT), entry.id
        u.change(sa.update(AUDIT).where(_C.id == entry.id).values(seal=seal))
    if number:
        _close(u, sealer, number, seal)
    return True


def _end_verdict(u: Unit, sealer: Sealer, number: int, seal: bytes) -> Verdict:
    head = _head(u)
    if head is None:
        return Verdict(number) if number == 0 else Verdict(number, number, "is not closed")
    if head.number > number:
        return Verdict(number, number + 1, "is missing")
    if (head.number, head.seal) != (number, seal) or not head.fits(sealer):
        return Verdict(number, number, "was added by somebody else")
    return Verdict(number)


@dataclass(frozen=True, slots=True)
class _Head:
    """The end of the log as it was closed: the last number and its seal."""

    number: int
    seal: bytes
    closed: bytes

    def fits(self, sealer: Sealer) -> bool:
        return _fits(sealer, _end_text(self.number, self.seal), END, self.closed)


def _head(u: Unit) -> _Head | None:
    told = meta.get(u, HEAD)
    if told is None:
        return None
    number, seal, closed = [*told.split(":"), "", ""][:3]
    return _Head(int(number) if number.isdecimal() else 0, _bytes(seal), _bytes(closed))


def _last(u: Unit, sealer: Sealer) -> tuple[int, bytes]:
    """Where the log goes on: behind its closed end, so that a gap made by somebody else stays a gap."""
    found = u.number(sa.select(sa.func.max(_C.id)))
    head = _head(u)
    if head is None:
        return (found, BROKEN) if found else (0, FIRST)
    return (head.number, head.seal) if head.fits(sealer) and head.number >= found else (max(found, head.number), BROKEN)


def _close(u: Unit, sealer: Sealer, number: int, seal: bytes) -> None:
    closed = sealer.fingerprint(_end_text(number, seal), END)
    meta.put(u, HEAD, f"{number}:{seal.hex()}:{closed.hex()}")


def _end_text(number: int, seal: bytes) -> str:
    return f"{number} {seal.hex()}"


def _fits(sealer: Sealer, text: str, context: str, seal: bytes) -> bool:
    return any(hmac.compare_digest(one, seal) for one in sealer.fingerprints(text, context))


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _kept(deed: Deed) -> Deed:
    """As both databases can hold it."""

    def told(text: str) -> str:
        return clean(text)[:LONGEST]

    return replace(
        deed, who=told(deed.who), what=told(deed.what), portal=told(deed.portal), before=told(deed.before),
        after=told(deed.after), address=told(deed.address),
    )  # fmt: skip


def _text(number: int, deed: Deed, before: bytes) -> str:
    return dumps({"id": number, "after_entry": before.hex(), **asdict(deed)})


def _in_order(u: Unit) -> Iterator[Entry]:
    last = 0
    while rows := u.rows(sa.select(AUDIT).where(_C.id > last).order_by(_C.id).limit(PIECE)):
        yield from map(_entry, rows)
        last = rows[-1].id


def _entry(row: AnyRow) -> Entry:
    deed = Deed(
        row.at_ms, row.who, row.what, row.user_id, row.portal_id, row.portal, row.before, row.after, row.address
    )
    return Entry(row.id, deed, bytes(row.seal))
