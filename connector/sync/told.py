"""What providers have told of contacts' companies, looked up for many contacts at once: a part of everybody's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.model.enrichment import Told
from connector.model.records import Properties
from connector.rules.enrichment import domain_of
from connector.rules.mapping import CompiledMapping
from connector.store import Unit, enrichments

Person = tuple[int, Properties, Properties | None]
"""A contact's id, its properties, and those of its company."""
NOBODY: Mapping[int, Told] = {}


def told_of(
    u: Unit, portal_id: int, mapping: CompiledMapping, people: Iterable[Person], at_ms: int | None = None
) -> Mapping[int, Told]:
    """By contact what the portal's provider said last, or had said by then. Nothing where the mapping names none."""
    spec = mapping.document.enrichment
    if spec is None:
        return NOBODY
    domains = {ident: domain for ident, contact, company in people if (domain := domain_of(contact, company))}
    known = enrichments.known(u, portal_id, spec.provider, set(domains.values()), at_ms)
    return {ident: known[domain] for ident, domain in domains.items() if domain in known}
