"""Verify: hold the mirror against the portal, repair what differs, and certify what then is equal.

Every id and modification time is compared (the list gives both), and a random sample field by field. The certificate
speaks of the state *after* repair, names what had to be repaired, and carries a digest of what it certifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from connector.errors import MissingScope, SkippableError
from connector.model.records import ENGAGEMENTS, MIRRORED, Association, ObjectType, Snapshot
from connector.store import associations, certificates, records
from connector.sync.context import Context, StreamReport
from connector.sync.increment import settle
from connector.sync.keep import keep
from connector.sync.pull import full_scope
from connector.sync.scope import Scope
from connector.sync.sweep import chunks, compare, repair, sweep_engagements

ROUNDS = 3
REPAIRS = ("added", "updated", "deleted", "merged", "fields", "links", "activities")
VOLATILE = frozenset({"hs_lastmodifieddate", "lastmodifieddate"})


@dataclass(slots=True)
class Findings:
    """What verifying found: per object type (portal's count, mirror's count), the sample, repairs."""

    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    off: dict[str, str] = field(default_factory=dict)
    sampled: int = 0
    fields: int = 0
    equal: int = 0
    repaired: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REPAIRS, 0))
    differing: set[str] = field(default_factory=set)
    erased: int = 0

    def add(self, what: str, by: int) -> None:
        """Book ``by`` repairs of a kind."""
        self.repaired[what] += by


def verify(ctx: Context, *, sample: int = 200, seed: int | None = None) -> dict[str, Any]:
    """Compare, repair, certify. Returns the certificate as it is kept and printed."""
    found = Findings()
    before = ctx.portal.calls().made
    for object_type in MIRRORED:
        try:
            _verify_type(ctx, object_type, found)
        except (SkippableError, MissingScope) as fault:
            if object_type == "contacts":
                raise
            found.off[object_type] = fault.message
    for object_type in ENGAGEMENTS:
        try:
            found.add("activities", sweep_engagements(ctx, object_type))
        except (SkippableError, MissingScope) as fault:
            found.off[object_type] = fault.message
    _verify_sample(ctx, sample, Random(seed if seed is not None else ctx.clock.now_ms()), found)
    certificate = _certificate(ctx, found, ctx.portal.calls().made - before)
    with ctx.store.unit() as u:
        certificates.save(u, ctx.portal_id, certificate, ctx.clock.now_ms())
    return certificate


def _verify_type(ctx: Context, object_type: ObjectType, found: Findings) -> None:
    """Walk and repair until list and mirror agree; a busy portal moves while we look, so at most a few rounds."""
    scope = full_scope(ctx, object_type)
    if object_type == "contacts":
        # A write of ours moved their times: what others changed shortly before it does not show in them.
        settled = StreamReport(object_type)
        settle(ctx, scope, settled, everything=True)
        found.add("updated", settled.changed)
    for _ in range(ROUNDS):
        difference = compare(ctx, object_type)
        report = StreamReport(object_type)
        repair(ctx, scope, difference, report)
        found.add("added", len(difference.lacking))
        found.add("updated", len(difference.stale))
        found.add("deleted", report.deleted)
        found.add("merged", report.merged)
        with ctx.store.view() as u:
            found.counts[object_type] = (
                difference.listed - difference.erased,
                records.count(u, ctx.portal_id, object_type),
            )
        found.erased = max(found.erased, difference.erased)
        if difference.none:
            return
    found.differing.add(object_type)


def _verify_sample(ctx: Context, size: int, random: Random, found: Findings) -> None:
    """Read a random sample of contacts and compare every mirrored field and the links to companies."""
    scope = full_scope(ctx, "contacts")
    with ctx.store.view() as u:
        ids = records.sample(u, ctx.portal_id, "contacts", size, random.randrange(2**31))
    for chunk in chunks(ids):
        batch = ctx.portal.read("contacts", chunk, scope.properties)
        with ctx.store.view() as u:
            mirrored = {
                r.id: r.properties for page in records.stream(u, ctx.portal_id, "contacts", ids=chunk) for r in page
            }
        wrong = [s for s in batch.records if s.id in mirrored and _differs(s, mirrored[s.id], scope, found)]
        with ctx.store.unit() as u:
            keep(ctx, u, "contacts", wrong, StreamReport("contacts"), refresh=True)
        found.sampled += len(batch.records)
        _verify_links(ctx, chunk, found)


def _differs(theirs: Snapshot, ours: Mapping[str, str | None], scope: Scope, found: Findings) -> bool:
    """Count the fields of one contact that agree; an absent value and an empty one are the same."""
    wrong = [
        n for n in scope.properties if n not in VOLATILE and (theirs.properties.get(n) or "") != (ours.get(n) or "")
    ]
    found.fields += len(scope.properties)
    found.equal += len(scope.properties) - len(wrong)
    found.add("fields", len(wrong))
    return bool(wrong)


def _verify_links(ctx: Context, ids: Sequence[int], found: Findings) -> None:
    """Links change without touching the contact (P6): read those of the sample again."""
    try:
        links = ctx.portal.associations("contacts", "companies", ids)
    except (SkippableError, MissingScope) as fault:
        found.off["associations"] = fault.message
        return
    told = {i: links[i] for i in ids if i in links}
    with ctx.store.unit() as u:
        kept = associations.of(u, ctx.portal_id, "contacts", ids, "companies")
        found.add("links", sum(_ends(kept.get(i, ())) != _ends(told[i]) for i in told))
        associations.replace(u, ctx.portal_id, "contacts", told, "companies", ctx.clock.now_ms())


def _ends(links: Sequence[Association]) -> set[tuple[int, bool]]:
    """Where links lead and which is primary; a listing tells less of their kind than a direct read."""
    primary = {link.to_id for link in links if link.primary}
    return {(link.to_id, link.to_id in primary) for link in links}


def _certificate(ctx: Context, found: Findings, calls: int) -> dict[str, Any]:
    """The certificate: complete when every count agrees and the last walk found no difference."""
    complete = not found.differing and all(theirs == ours for theirs, ours in found.counts.values())
    portal = sum(theirs for theirs, _ in found.counts.values())
    covered = sum(min(theirs, ours) for theirs, ours in found.counts.values())
    body: dict[str, Any] = {
        "portal": ctx.row.name,
        "at_ms": ctx.clock.now_ms(),
        "complete": complete,
        "percent": round(100 * covered / portal, 3) if portal else 100.0,
        "counts": {t: {"portal": theirs, "mirror": ours} for t, (theirs, ours) in found.counts.items()},
        "sample": {"contacts": found.sampled, "fields": found.fields, "equal": found.equal},
        "repaired": found.repaired,
        "erased": found.erased,
        "off": found.off,
        "calls": calls,
    }
    body["digest"] = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return body
