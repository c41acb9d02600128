"""Drafts of a portal's documents: saved as written, published when they are sound and nobody was faster.

A draft may hold faults: it is somebody's work. It remembers the version it started from; when another one was published
since, publishing is refused and both sides are shown (``sides``). Whoever then still wants theirs says so (``carry``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from connector.errors import ConfigError, DocumentInvalid
from connector.store import Unit, documents, drafts
from connector.store.drafts import Draft
from connector.store.portals import PortalRow
from connector.sync import library, signing


@dataclass(frozen=True, slots=True)
class Sides:
    """A draft that was overtaken: what they changed since ``base``, and what the draft changes, line by line."""

    base: int
    published: int
    by: str
    reason: str
    theirs: list[str]
    mine: list[str]


def save(
    u: Unit, row: PortalRow, kind: str, author: str, text: str, *, base: int, seen: int, now_ms: int
) -> Draft:  # fmt: skip
    """Keep a text as this author's draft, over the saving they saw; faults are no reason to lose it."""
    return drafts.save(u, row.id, library.known(kind), author, text, base=base, seen=seen, now_ms=now_ms)


def carry(u: Unit, row: PortalRow, draft_id: int, *, seen: int, onto: int, now_ms: int) -> Draft:
    """Start the draft from a newer version, its text as it is: its author has looked at both."""
    found = opened(u, row, draft_id)
    return drafts.save(
        u, row.id, found.kind, found.author, found.body, base=onto, seen=seen, now_ms=now_ms
    )  # fmt: skip


def discard(u: Unit, row: PortalRow, draft_id: int, *, seen: int, now_ms: int) -> Draft:
    """Give a draft up; gives it as it was."""
    return drafts.close(u, row.id, draft_id, seen=seen, now_ms=now_ms)


def publish(
    u: Unit, row: PortalRow, draft_id: int, *, seen: int, by: str, reason: str, now_ms: int
) -> dict[str, Any]:  # fmt: skip
    """Make a draft the published version, in one step with giving it up.

    Refused, with nothing changed: when it has faults (``DocumentInvalid``), when another version was published since
    it was begun, and when it was saved again since ``seen``.
    """
    found = drafts.close(u, row.id, draft_id, seen=seen, now_ms=now_ms)
    if faults := library.faults_of(found.kind, found.body):
        raise DocumentInvalid(faults)
    author = found.author if found.author == by else f"{found.author}, published by {by}"
    return library.put_in_force(
        u, row, found.kind, found.body, author, reason, now_ms, expected=found.base
    )  # fmt: skip


def sign(
    u: Unit, row: PortalRow, found: Draft, side: signing.Side, *, seen: int, who: str, remark: str, now_ms: int
) -> dict[str, Any]:  # fmt: skip
    """Sign a draft for marketing or for sales, as it was seen; one with faults cannot be signed."""
    if found.revision != seen:
        raise ConfigError(
            f"This draft is at saving {found.revision} by now, and you looked at {seen}; nothing was signed.",
            remedy="Look at it again, then sign.",
            reason=drafts.OVERTAKEN,
        )
    if faults := library.faults_of(found.kind, found.body):
        raise DocumentInvalid(faults)
    return signing.sign(u, row, found.kind, found.body, side, who, remark, now_ms)


def to_sign(u: Unit, row: PortalRow, kind: str, author: str | None) -> Draft:
    """Whose draft is meant: the author's that is named, else the only one there is."""
    if author is not None:
        return own(u, row, kind, author)
    found = [one for one in drafts.every(u, row.id) if one.kind == library.known(kind)]
    if len(found) != 1:
        names = ", ".join(one.author for one in found)
        raise ConfigError(
            f"{row.name} has {len(found) or 'no'} drafts of {kind}{f': by {names}' if names else ''}.",
            remedy="Name whose: --draft-of AUTHOR"
            if found
            else f"Save one: leadwright config draft save {row.name} FILE",
            reason="no_draft",
        )
    return found[0]


def opened(u: Unit, row: PortalRow, draft_id: int) -> Draft:
    """An open draft of this portal."""
    found = drafts.get(u, row.id, draft_id)
    if found is None or not found.open:
        raise ConfigError("There is no such draft any more.", remedy="Look at the list of drafts.", reason="no_draft")
    return found


def own(u: Unit, row: PortalRow, kind: str, author: str) -> Draft:
    """An author's open draft of a kind."""
    found = drafts.of(u, row.id, library.known(kind), author)
    if found is None or not found.open:
        raise ConfigError(
            f"{author} has no draft of {kind} in {row.name}.",
            remedy=f"Save one: leadwright config draft save {row.name} FILE",
            reason="no_draft",
        )
    return found


def save_over(
    u: Unit,
    row: PortalRow,
    kind: str,
    author: str,
    text: str,
    *,
    revision: int | None,
    now_ms: int,
    begun_from: int | None = None,
) -> dict[str, Any]:
    """Save from a file. Over an open draft only when its saving is named, or it says the same already.

    ``begun_from``: the version that a new draft was made of, where it is not the one that is published now.
    """
    found = drafts.of(u, row.id, kind, author)
    now = documents.current(u, row.id, kind)
    is_open = found is not None and found.open
    if revision is None and found is not None and is_open and found.body != text:
        raise ConfigError(
            f"{author} has a draft of {kind} already, at saving {found.revision}.",
            remedy=f"Look: leadwright config draft show {row.name} {kind}. Then add --revision {found.revision}",
            reason=drafts.OVERTAKEN,
        )
    seen = revision if revision is not None else found.revision if found is not None else 0
    newest = now.version if now is not None else 0
    base = found.base if found is not None and is_open else newest if begun_from is None else begun_from
    saved = drafts.save(u, row.id, kind, author, text, base=base, seen=seen, now_ms=now_ms)
    return told(u, row, saved)


def told(u: Unit, row: PortalRow, draft: Draft) -> dict[str, Any]:
    """A draft as a document: where it stands, its faults, and both sides if it was overtaken."""
    found = sides(u, row, draft)
    return {
        "portal": row.name,
        "kind": draft.kind,
        "author": draft.author,
        "base": draft.base,
        "revision": draft.revision,
        "body": draft.body,
        "saved_ms": draft.saved_ms,
        "faults": [asdict(fault) for fault in library.faults_of(draft.kind, draft.body)],
        "overtaken": None if found is None else asdict(found),
        **signing.told(signing.standing(u, row, draft.kind, draft.body)),
    }


def sides(u: Unit, row: PortalRow, draft: Draft) -> Sides | None:
    """Both sides of a draft that was overtaken; None while it is still the newest."""
    now = documents.current(u, row.id, draft.kind)
    if now is None or now.version == draft.base:
        return None
    start = documents.get(u, row.id, draft.kind, draft.base)
    text, name = (start.body, f"version {draft.base}") if start is not None else ("", "nothing")
    return Sides(
        draft.base,
        now.version,
        now.author,
        now.reason,
        library.unified(text, now.body, name, f"version {now.version}"),
        library.unified(text, draft.body, name, "draft"),
    )
