"""The story of one contact, newest first: what it did, what changed, what we decided and wrote, who was merged into it.

A change of a property is called ours when we had just written that value; who else made it, HubSpot's own history
knows, the mirror does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.store import Unit, story
from connector.store.story import Happening, Kind

PAGE = 40
ECHO_MS = 10 * 60 * 1000
STAMPS = frozenset({"lastmodifieddate", "hs_lastmodifieddate", "leadwright_updated_at"})


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of the story; ``before`` begins the next one."""

    happenings: tuple[Happening, ...]
    before: str | None


def timeline(u: Unit, portal_id: int, contact_id: int, before: str = "") -> Timeline:
    """The newest happenings, or those before a place that an earlier page named."""
    found = story.newest(u, portal_id, contact_id, PAGE + 1, _place(before))
    shown = found[:PAGE]
    written = [h for h in story.newest(u, portal_id, contact_id, 1000) if h.kind == "write"] if shown else []
    told = tuple(_ours(h, written) if h.kind == "property" else h for h in shown if not _mere_stamp(h))
    return Timeline(told, _text(shown[-1]) if len(found) > PAGE else None)


def _mere_stamp(happening: Happening) -> bool:
    """That the record was touched says nothing to anybody."""
    return happening.kind == "property" and happening.facts["property"] in STAMPS


def _ours(happening: Happening, written: list[Happening]) -> Happening:
    name, after = happening.facts["property"], happening.facts["after"] or ""
    ours = any(0 <= happening.at_ms - w.at_ms + 1000 <= ECHO_MS and _sent(w.facts).get(name) == after for w in written)
    return replace(happening, facts={**happening.facts, "ours": ours})


def _sent(facts: Mapping[str, Any]) -> Mapping[str, str]:
    sent: Mapping[str, str] = facts["payload"].get("properties", {})
    return sent


def _text(happening: Happening) -> str:
    return f"{happening.at_ms}.{happening.kind}.{happening.ident}"


def _place(text: str) -> tuple[int, str, str] | None:
    """A place as an address carries it; anything else is the beginning."""
    at, _, rest = text.partition(".")
    kind, dot, ident = rest.partition(".")
    return (int(at), kind, ident) if dot and at.isascii() and at.isdecimal() and len(at) < 17 else None


__all__ = ["PAGE", "Happening", "Kind", "Timeline", "timeline"]
