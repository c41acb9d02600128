"""What providers have told of contacts' companies, looked up for many contacts at once: a part of everybody's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from connector.model.enrichment import Told
from connector.rules.enrichment import Person, by_person
from connector.rules.mapping import CompiledMapping
from connector.store import Unit, enrichments


def told_of(
    u: Unit, portal_id: int, mapping: CompiledMapping, people: Iterable[Person], at_ms: int | None = None
) -> Mapping[int, Told]:
    """By contact what the portal's provider said last, or had said by then. Nothing where the mapping names none."""
    return by_person(mapping, people, partial(enrichments.known, u, portal_id, at_ms=at_ms))
