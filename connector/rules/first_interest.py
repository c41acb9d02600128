"""What a contact was interested in first: the topic of the asset by which it converted first (row L2). Pure.

Known only where the catalogue (``assets`` of the ``workflows`` document) knows that asset and its topic: a later asset
never stands in for the first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.model.judgement import Field, Known, Unknown
from connector.model.records import Activity
from connector.rules import values
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.documents.nurture import Asset
from connector.rules.view import DAY, FORM

FIRST_INTEREST = "first_interest"
CONVERTING = tuple(name for name, kind in CATALOGUE.items() if kind.conversion == "macro")
CONVERTED = "first_conversion_date"
Topics = Mapping[tuple[str, str], str]


def topics_of(assets: Iterable[Asset]) -> Topics:
    """(kind, folded name) → topic, of the assets that have one."""
    return {(one.kind, (one.match or one.name).casefold()): one.topic for one in assets if one.topic}


def first_interest(
    mapped: Field, properties: Mapping[str, str | None], acts: Iterable[Activity], off: frozenset[str], topics: Topics
) -> Field:
    """The topic of the first converting asset. What the portal itself holds in the field, if mapped, stands."""
    if isinstance(mapped, Known):
        return mapped
    if off & FORM:
        return Unknown("source off")
    first = next((act for act in acts if act.kind in CONVERTING and act.verdict == "human"), None)
    if first is None:
        return Unknown("empty")
    told = values.day(properties.get(CONVERTED) or "")
    if told is not None and told < first.at_ms // DAY:
        return Unknown("first conversion not mirrored")
    words = (first.asset, first.title, first.ref)
    topic = next((found for word in words if (found := topics.get((first.kind, word.casefold())))), "")
    return Known(topic, first.kind) if topic else Unknown("asset not in the catalogue", first.title or None)
