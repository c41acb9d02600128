"""A proven setup for another portal: two portals' documents compared, and those of one published in the other.

Every difference is listed before anything is copied, with what the documents name and the target lacks: properties,
workflows. Whoever copies sees it first; nothing is created here (``provision``, and HubSpot itself).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from connector.errors import ConfigError
from connector.model.records import ObjectType
from connector.rules.decide import provisioned_properties
from connector.rules.documents.mapping import properties_used as mapped_properties
from connector.rules.needs import properties_used
from connector.store import Unit, cursors, definitions, documents, records
from connector.store.portals import PortalRow
from connector.sync import signing
from connector.sync.context import Context, StreamReport
from connector.sync.reference import refresh_definitions
from connector.sync.rulebook import JUDGING, SHIPPED, assemble, parse_text

READ: tuple[ObjectType, ...] = ("contacts", "companies")


def compare(ctx: Context, source: PortalRow) -> dict[str, Any]:
    """What copying from ``source`` would change in this portal, document by document and line by line."""
    with ctx.store.view() as u:
        unread = not definitions.properties(u, ctx.portal_id, "contacts")
    if unread:
        refresh_definitions(ctx, StreamReport("definitions"))
    with ctx.store.view() as u:
        theirs, ours = _bodies(u, source.id), _bodies(u, ctx.portal_id)
        lacking = _lacking(u, ctx.portal_id, theirs)
        workflows = _workflows(u, ctx.portal_id, theirs)
    return {
        "portal": ctx.row.name,
        "source": source.name,
        "documents": [_difference(kind, ours.get(kind, ""), theirs[kind]) for kind in SHIPPED if kind in theirs],
        "lacking": lacking,
        "workflows": workflows,
    }


def copy(
    u: Unit, row: PortalRow, source: PortalRow, kinds: Collection[str], author: str, now_ms: int
) -> dict[str, Any]:
    """Publish the source's documents of these kinds here, as next versions; everybody is judged anew."""
    theirs, ours = _bodies(u, source.id), _bodies(u, row.id)
    unknown = set(kinds) - theirs.keys()
    if unknown or not kinds:
        raise ConfigError(
            f"{source.name} has no {', '.join(sorted(unknown)) or 'document chosen'}.",
            remedy=f"Choose some of: {', '.join(theirs)}.",
            reason="nothing_to_copy",
        )
    chosen = [kind for kind in SHIPPED if kind in kinds and theirs[kind] != ours.get(kind)]
    for kind in chosen:  # first all: a copied lifecycle must not ask for signatures under what comes with it
        signing.refuse_unsigned(u, row, kind, theirs[kind])
    for kind in chosen:
        parse_text(kind, theirs[kind], f"{kind} of {source.name}")
        documents.publish(u, row.id, kind, theirs[kind], author, f"copied from {source.name}", now_ms)
    if any(kind in JUDGING for kind in chosen):
        records.mark_dirty(u, row.id, None)
    return {"portal": row.name, "source": source.name, "copied": chosen, "ok": True}


def _bodies(u: Unit, portal_id: int) -> dict[str, str]:
    found = {kind: documents.current(u, portal_id, kind) for kind in SHIPPED}
    return {kind: one.body for kind, one in found.items() if one is not None}


def _difference(kind: str, ours: str, theirs: str) -> dict[str, Any]:
    """One document: the lines that go and come, with a little around them."""
    lines = list(difflib.unified_diff(ours.splitlines(), theirs.splitlines(), lineterm="", n=1))[2:]
    return {
        "kind": kind,
        "same": not lines,
        "added": sum(line.startswith("+") for line in lines),
        "removed": sum(line.startswith("-") for line in lines),
        "lines": lines,
    }


def _lacking(u: Unit, portal_id: int, bodies: Mapping[str, str]) -> list[dict[str, str]]:
    """Properties that the documents read or write and this portal does not define; what ``provision`` makes is none."""
    parsed = {kind: parse_text(kind, body, kind) for kind, body in bodies.items() if kind in JUDGING}
    used: dict[str, set[str]] = {kind: set(names) for kind, names in mapped_properties(parsed["mapping"]).items()}
    rules = assemble(parsed, dict.fromkeys(parsed, 1)).rules.documents
    used.setdefault("contacts", set()).update(properties_used(rules))
    ours = {str(one["name"]) for one in provisioned_properties()[1]}
    told = []
    for kind in READ:
        known = definitions.properties(u, portal_id, kind)
        told += [{"object": kind, "property": n} for n in sorted(used.get(kind, set()) - known.keys() - ours)]
    return told


def _workflows(u: Unit, portal_id: int, bodies: Mapping[str, str]) -> list[dict[str, str]]:
    """Workflows that the documents name by the source's own ids: another portal has others."""
    known = (cursors.get(u, portal_id, "workflows") or {}).get("workflows", {})
    named = parse_text("workflows", bodies["workflows"], "workflows").workflows if "workflows" in bodies else ()
    return [{"name": w.name, "id": w.workflow_id} for w in named if w.workflow_id and w.workflow_id not in known]
