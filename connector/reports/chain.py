"""A chain of steps over the mirror: what it makes of all values of its property, and which of them are worth seeing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from connector.model.records import ObjectType
from connector.rules.chain_trace import Trace, Verdict, tally, trace
from connector.rules.mapping import Source
from connector.rules.transforms.base import Locale
from connector.store import Unit, records
from connector.store.distinct import distinct

MOST = 5000
"""Up to so many different values are worked out; the most frequent ones first."""
SHOWN = 20
GLANCE = 60
"""So many records are looked at where nobody wants to wait for all of them."""
ODD = 10
"""So many of those shown are, where there are any, values that fail or can be read in two ways."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """``counts`` are of records; ``traces`` are (trace, holders) worth seeing; ``capped``: rarer values are missing."""

    counts: dict[Verdict, int]
    traces: tuple[tuple[Trace, int], ...]
    distinct: int
    records: int
    capped: bool


def chain_report(u: Unit, portal_id: int, object_type: ObjectType, source: Source, locale: Locale) -> ChainReport:
    """Every different value through the chain once."""
    found = distinct(u, portal_id, object_type, source.property, MOST)
    return _report(found.values, source, locale, capped=found.capped)


def glance(u: Unit, portal_id: int, object_type: ObjectType, source: Source, locale: Locale) -> ChainReport:
    """The same over a few records spread over the mirror, for a page that does not wait."""
    some = records.get_many(u, portal_id, object_type, records.spread(u, portal_id, object_type, GLANCE))
    held = Counter(one.properties.get(source.property) or "" for one in some.values())
    return _report(held.most_common(), source, locale, capped=True)


def _report(values: Iterable[tuple[str, int]], source: Source, locale: Locale, *, capped: bool) -> ChainReport:
    told = [(trace(source, raw, locale), holders) for raw, holders in values]
    filled = [one for one in told if one[0].raw]
    odd = [one for one in filled if one[0].verdict in ("ambiguous", "failing")]
    usual = [one for one in filled if one[0].verdict not in ("ambiguous", "failing")][:SHOWN]
    shown = (odd[: max(ODD, SHOWN - len(usual))] + usual)[:SHOWN]
    counts = tally(told)
    return ChainReport(counts, tuple(shown), len(filled), sum(counts.values()), capped)
