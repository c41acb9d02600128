"""How a portal's data provider behaves: failures in a row, and whether it is left alone for a while.

One that fails again and again, or refuses, is asked nothing until its rest is over; then one question tells whether it
is worth going on. Not here: asking (``enriching.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from connector.clock import iso
from connector.model.enrichment import Failed, Outcome
from connector.rules.documents.enrichment import Enrichment
from connector.store import Unit, cursors, enrichments
from connector.sync.context import Context

STATE: Final = "enrichment"
# So many failures in a row, and the provider is left alone.
FAILURES: Final = 3
REST_MS: Final = 10 * 60 * 1000
LONGEST_REST_MS: Final = 6 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Breaker:
    """How the provider has behaved: failures in a row, until when it is left alone, why, and since when."""

    provider: str
    failures: int = 0
    until_ms: int = 0
    why: str = ""
    since_ms: int = 0

    def after(self, outcome: Outcome, now_ms: int) -> Breaker:
        """Its state once this outcome is known."""
        if not isinstance(outcome, Failed):
            return Breaker(self.provider)
        failures = self.failures + 1
        rest = min(REST_MS * 2 ** min(max(0, failures - FAILURES), 10), LONGEST_REST_MS)
        if outcome.wait_s is not None:
            rest = max(REST_MS // 10, round(outcome.wait_s * 1000))
        until = now_ms + rest if outcome.final or failures >= FAILURES else 0
        return Breaker(self.provider, failures, until, outcome.why, self.since_ms or now_ms)


def stored(u: Unit, portal_id: int, spec: Enrichment) -> Breaker:
    """As it was left; another provider, or the same at another address, begins anew."""
    kept = cursors.get(u, portal_id, STATE) or {}
    fresh = Breaker(spec.provider)
    if kept.get("provider") != spec.provider or kept.get("address") != (spec.address or spec.dry):
        return fresh
    return Breaker(spec.provider, kept["failures"], kept["until_ms"], kept["why"], kept["since_ms"])


def save(u: Unit, portal_id: int, breaker: Breaker, spec: Enrichment, now: int) -> None:
    state = {
        "provider": breaker.provider,
        "address": spec.address or spec.dry,
        "failures": breaker.failures,
        "until_ms": breaker.until_ms,
        "why": breaker.why,
        "since_ms": breaker.since_ms,
    }
    if state != cursors.get(u, portal_id, STATE):
        cursors.save(u, portal_id, STATE, state, now)


def forget(ctx: Context) -> None:
    """Without a provider there is none that misbehaves."""
    with ctx.store.view() as u:
        if cursors.get(u, ctx.portal_id, STATE) is None:
            return
    with ctx.store.unit() as u:
        cursors.drop(u, ctx.portal_id, STATE)


def check(ctx: Context) -> list[dict[str, Any]]:
    """The doctor's line. A silent provider is no fault of the portal: everybody is judged all the same."""
    spec = ctx.rulebook.mapping.document.enrichment
    if spec is None:
        return []
    with ctx.store.view() as u:
        breaker, waiting = stored(u, ctx.portal_id, spec), enrichments.waiting(u, ctx.portal_id, spec.provider)
    row = {"check": "enrichment", "ok": True, "text": f"{spec.provider}: {waiting:,} domains wait.", "remedy": ""}
    if breaker.until_ms > ctx.clock.now_ms():
        row |= {
            "ok": None,
            "text": f"{spec.provider} is left alone until {iso(breaker.until_ms)[11:16]} UTC: {breaker.why}. "
            "Contacts are judged without what it would tell.",
            "remedy": f"Try it: leadwright enrich {ctx.row.name} --limit 1",
        }
    return [row]
