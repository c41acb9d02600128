"""The sources that leads come from, in one vocabulary for all portals (row L9): a fixed list with its two sides.

Not here: which of HubSpot's words means which of them (the value map of the row ``lead_source`` in the ``mapping``
document), and what is seen from other facts (``connector/rules/lead_source.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from connector.rules.documents import wording
from connector.rules.documents.base import Problem

LEAD_SOURCE = "lead_source"
Side = Literal["inbound", "outbound", "known"]


@dataclass(frozen=True, slots=True)
class LeadSource:
    """One source. ``side``: they came to us, we went to them, or they were known before."""

    name: str
    side: Side
    en: str
    de: str

    def label(self, lang: str) -> str:
        return self.de if lang == "de" else self.en


_ROWS = (
    LeadSource("content", "inbound", "Content", "Inhalte"),
    LeadSource("seo", "inbound", "Search engines", "Suchmaschinen"),
    LeadSource("ai", "inbound", "Answers of AI assistants", "Antworten von KI-Assistenten"),
    LeadSource("social", "inbound", "Social networks", "Soziale Netzwerke"),
    LeadSource("direct", "inbound", "Direct visit", "Direkter Besuch"),
    LeadSource("referral", "inbound", "Referral", "Empfehlung"),
    LeadSource("email", "outbound", "E-mail", "E-Mail"),
    LeadSource("ads", "outbound", "Ads", "Anzeigen"),
    LeadSource("event", "outbound", "Event", "Veranstaltung"),
    LeadSource("offline", "outbound", "Offline", "Offline"),
    LeadSource("imported", "outbound", "Imported list", "Importierte Liste"),
    LeadSource("existing_customer", "known", "Existing customer", "Bestandskunde"),
    LeadSource("other", "outbound", "Other", "Sonstige"),
)
SOURCES: dict[str, LeadSource] = {one.name: one for one in _ROWS}


def unknown_sources(said: Iterable[tuple[tuple[str | int, ...], object]]) -> Iterator[Problem]:
    """A problem for each (place, word) that is no source."""
    for place, word in said:
        if str(word) not in SOURCES:
            yield Problem(place, f'"{word}" is no lead source.', wording.suggest(str(word), SOURCES, "Sources"))
