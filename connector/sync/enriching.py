"""Asking the portal's data provider about companies of which something is missing, after mirroring, before judging.

What a job may ask is bounded by number and by time; what it did not get to is put down as a wish and asked next time.
A provider that is left alone (``breaker.py``) is not asked at all, and everybody is judged by what is known. Only the
domain of a company is sent. Not here: what an answer fills (``connector/rules/mapping.py``), the wire
(``connector/provider``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from connector.errors import ConfigError
from connector.model.enrichment import Failed, Found, Outcome, Told
from connector.provider.asking import AT_ONCE, Round
from connector.rules.documents.enrichment import Enrichment
from connector.rules.enrichment import bare_domain, domain_of, good, lacks, picked
from connector.store import Unit, associations, cursors, enrichments, records
from connector.store.enrichments import Wish
from connector.sync.breaker import Breaker, forget, save, stored
from connector.sync.context import Context

WALK = "enrichment_walk"
IN_A_DRAIN: Final = 20
IN_A_CYCLE: Final = 200
WALKED: Final = 2000
CHUNK: Final = 500
# How often the time-out of one question a cycle may take in all; a drain may take it once.
PATIENCE: Final = 10
AGAIN_MS: Final = 15 * 60 * 1000
DAY_MS: Final = 24 * 60 * 60 * 1000
LOG = structlog.get_logger()


@dataclass(slots=True)
class Enriched:
    """What one round did, counted in domains. ``why``: why the provider is left alone, or the last failure."""

    provider: str
    asked: int = 0
    found: int = 0
    nothing: int = 0
    failed: int = 0
    cached: int = 0
    waiting: int = 0
    why: str = ""


@dataclass(slots=True)
class _Wanted:
    """Domains of which something is missing: those to be asked for now, in order, and how many need not be."""

    domains: dict[str, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    cached: int = 0


def spec_of(ctx: Context) -> Enrichment | None:
    """What the portal's mapping says of enrichment."""
    return ctx.rulebook.mapping.document.enrichment


def before_judging(ctx: Context, touched: Collection[int]) -> Enriched | None:
    """Ask about those whom a drain is going to judge; None where nobody needs to be asked."""
    spec = spec_of(ctx)
    if spec is None or not touched:
        return None
    with ctx.store.view() as u:
        wanted = _wanted(ctx, u, spec, [sorted(touched)])
    return _ask(ctx, spec, wanted, spec.timeout_seconds, IN_A_DRAIN) if wanted.domains else None


def in_a_cycle(ctx: Context) -> Enriched | None:
    """Ask what earlier jobs did not get to, about whoever waits to be judged, and about some of all others in turn."""
    spec = spec_of(ctx)
    if spec is None:
        forget(ctx)
        return None
    now = ctx.clock.now_ms()
    with ctx.store.view() as u:
        due = enrichments.due(u, ctx.portal_id, spec.provider, now, IN_A_CYCLE)
        again = sorted(_people(u, ctx.portal_id, due)) if due else []
        walk = cursors.get(u, ctx.portal_id, WALK) or {}
        turn = records.live_ids(u, ctx.portal_id, "contacts", int(walk.get("after", 0)), WALKED)
        waiting = sorted(records.dirty_or_due(u, ctx.portal_id, now, 0, WALKED))
        wanted = _wanted(ctx, u, spec, [again, waiting, turn])
    report = _ask(ctx, spec, wanted, PATIENCE * spec.timeout_seconds, IN_A_CYCLE)
    with ctx.store.unit() as u:
        cursors.save(u, ctx.portal_id, WALK, {"after": turn[-1] if len(turn) == WALKED else 0}, now)
        enrichments.give_up(u, ctx.portal_id, spec.provider, set(due) - wanted.seen)
    return report


def by_hand(ctx: Context, limit: int) -> dict[str, Any]:
    """Ask about everybody of whom something is missing, up to ``limit`` domains; the counts.

    A provider that is left alone is asked all the same: who asks by hand may have mended the cause.
    """
    spec = needed(ctx)
    with ctx.store.unit() as u:
        save(u, ctx.portal_id, Breaker(spec.provider), spec, ctx.clock.now_ms())
    wanted = _everybody(ctx, spec)
    rounds = -(-min(limit, len(wanted.domains)) // AT_ONCE) + 1
    report = _ask(ctx, spec, wanted, rounds * spec.timeout_seconds, limit)
    return _told(ctx, report, [])


def preview(ctx: Context, limit: int) -> dict[str, Any]:
    """Whom ``by_hand`` would ask about; nobody is asked."""
    spec = needed(ctx)
    wanted = _everybody(ctx, spec)
    report = Enriched(spec.provider, cached=wanted.cached, waiting=len(wanted.domains))
    return _told(ctx, report, list(wanted.domains)[:limit])


def needed(ctx: Context) -> Enrichment:
    """The same; ConfigError where it says nothing."""
    spec = spec_of(ctx)
    if spec is None:
        raise ConfigError(
            f"{ctx.row.name} has no data provider.",
            remedy="Name one under `enrichment` in its mapping document, and publish that.",
            reason="no_provider",
        )
    return spec


def _told(ctx: Context, report: Enriched, domains: Sequence[str]) -> dict[str, Any]:
    return {
        "portal": ctx.row.name,
        "provider": report.provider,
        "asked": report.asked,
        "found": report.found,
        "not_found": report.nothing,
        "failed": report.failed,
        "from_cache": report.cached,
        "waiting": report.waiting,
        "would_ask": list(domains),
        "why": report.why,
        "ok": not report.why,
    }


# whom to ask about ---------------------------------------------------------------------------------------------------


def _everybody(ctx: Context, spec: Enrichment) -> _Wanted:
    found, last = _Wanted(), 0
    while True:
        with ctx.store.view() as u:
            ids = records.live_ids(u, ctx.portal_id, "contacts", last, WALKED)
            _add(ctx, u, spec, ids, found, patient=False)
        if len(ids) < WALKED:
            return found
        last = ids[-1]


def _wanted(ctx: Context, u: Unit, spec: Enrichment, groups: Iterable[Sequence[int]]) -> _Wanted:
    """Of these contacts, the first groups first."""
    found = _Wanted()
    for ids in groups:
        _add(ctx, u, spec, ids, found, patient=True)
    return found


def _add(ctx: Context, u: Unit, spec: Enrichment, ids: Sequence[int], found: _Wanted, *, patient: bool) -> None:
    """``patient``: a domain that failed lately waits for its turn."""
    now = ctx.clock.now_ms()
    for start in range(0, len(ids), CHUNK):
        fresh = set(_lacking(ctx, u, ids[start : start + CHUNK]).values()) - found.seen
        found.seen |= fresh
        known = enrichments.known(u, ctx.portal_id, spec.provider, fresh)
        put_by = enrichments.wishes(u, ctx.portal_id, spec.provider, fresh) if patient else {}
        for domain in sorted(fresh):
            if good(known.get(domain), spec.paths, now):
                found.cached += 1
            elif domain not in put_by or put_by[domain].due_ms <= now:
                found.domains[domain] = None


def _lacking(ctx: Context, u: Unit, ids: Sequence[int]) -> dict[int, str]:
    """The domain of each living contact of these that lacks something and has one."""
    mapping, company_of = ctx.rulebook.mapping, associations.companies_of(u, ctx.portal_id, ids)
    people = [one for page in records.stream(u, ctx.portal_id, "contacts", ids=ids) for one in page]
    wanted = sorted(set(company_of.values()))
    companies = {
        one.id: one.properties for page in records.stream(u, ctx.portal_id, "companies", ids=wanted) for one in page
    }
    found: dict[int, str] = {}
    for person in people:
        company = companies.get(company_of.get(person.id, 0))
        domain = domain_of(person.properties, company)
        if domain and lacks(mapping, person.properties, company):
            found[person.id] = domain
    return found


def _people(u: Unit, portal_id: int, domains: Collection[str]) -> set[int]:
    """Everybody who may belong to these domains, by address or by company; rather too many."""
    spelled = {one for domain in domains for one in (domain, _unfolded(domain))}
    found = enrichments.people_of(u, portal_id, spelled)
    held = enrichments.companies_of(u, portal_id, spelled)
    companies = [ident for ident, raw in held.items() if bare_domain(raw) in domains]
    for contacts in associations.contacts_of(u, portal_id, companies).values() if companies else ():
        found |= set(contacts)
    return found


def _unfolded(domain: str) -> str:
    """As people write it who have letters in it that the wire has not."""
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


# asking --------------------------------------------------------------------------------------------------------------


def _ask(ctx: Context, spec: Enrichment, wanted: _Wanted, patience_s: float, most: int) -> Enriched:
    """Ask, keep, put down what is left; whose domain told something new waits to be judged."""
    now, report = ctx.clock.now_ms(), Enriched(spec.provider, cached=wanted.cached)
    with ctx.store.view() as u:
        breaker = stored(u, ctx.portal_id, spec)
    outcomes: Mapping[str, Outcome] = {}
    if wanted.domains and breaker.until_ms <= now:
        # After a rest one question tells whether it is worth going on.
        some = list(wanted.domains)[: 1 if breaker.until_ms else most]
        outcomes, breaker = _outcomes(ctx, spec, some, patience_s, breaker, now)
    for outcome in outcomes.values():
        report.asked += 1
        report.failed += isinstance(outcome, Failed)
    report.why = breaker.why
    with ctx.store.unit() as u:
        _keep(ctx, u, spec, outcomes, report, now)
        _put_down(ctx, u, spec, list(wanted.domains), outcomes, now)
        save(u, ctx.portal_id, breaker, spec, now)
        report.waiting = enrichments.waiting(u, ctx.portal_id, spec.provider)
    LOG.info(
        "enriched", portal=ctx.row.name, asked=report.asked, found=report.found, failed=report.failed, why=report.why
    )
    return report


def _outcomes(
    ctx: Context, spec: Enrichment, domains: Sequence[str], patience_s: float, breaker: Breaker, now: int
) -> tuple[dict[str, Outcome], Breaker]:
    """Every answer there was, and how the provider stands after them."""
    try:
        going = Round(ctx.providers(spec), domains, patience_s)
    except ConfigError as fault:
        return {}, breaker.after(Failed(fault.message.rstrip("."), final=True), now)
    found: dict[str, Outcome] = {}
    for domain, outcome in going.answers():
        found[domain] = outcome
        if breaker.until_ms <= now:  # what was under way when it was given up says nothing more about it
            breaker = breaker.after(outcome, now)
            if breaker.until_ms > now:
                going.stop()
    return found, breaker


def _keep(ctx: Context, u: Unit, spec: Enrichment, outcomes: Mapping[str, Outcome], report: Enriched, now: int) -> None:
    answers: list[Told] = []
    for domain, outcome in outcomes.items():
        if isinstance(outcome, Failed):
            continue
        values = picked(outcome.body, spec.paths) if isinstance(outcome, Found) else {}
        days = spec.valid_days if values else spec.nothing_days
        answers.append(Told(spec.provider, domain, now, values, spec.paths, now, now + days * DAY_MS))
        report.found += bool(values)
        report.nothing += not values
    changed = enrichments.keep(u, ctx.portal_id, answers)
    if changed:
        records.mark_dirty(u, ctx.portal_id, _people(u, ctx.portal_id, changed))


def _put_down(
    ctx: Context, u: Unit, spec: Enrichment, domains: Sequence[str], outcomes: Mapping[str, Outcome], now: int
) -> None:
    """What was asked in vain waits longer each time; what nobody got to is asked next time."""
    before = enrichments.wishes(u, ctx.portal_id, spec.provider, domains)
    rows: list[Wish] = []
    for domain in domains:
        wish, outcome = before.get(domain, Wish(domain, now, now)), outcomes.get(domain)
        if isinstance(outcome, Failed):
            failures = wish.failures + 1
            due = now + min(AGAIN_MS * 2 ** min(failures - 1, 7), DAY_MS)
            rows.append(replace(wish, due_ms=due, failures=failures, why=outcome.why))
        elif outcome is None and domain not in before:
            rows.append(wish)
    enrichments.wish(u, ctx.portal_id, spec.provider, rows)
