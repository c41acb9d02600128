"""Fields that no single property holds: worked out of the others and of what a contact did, for every judgement alike.

One definition for a single contact, for a past minute and for a crowd. Not here: the fields themselves (one module
each), reading them from properties (``mapping.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.model.judgement import Field
from connector.model.records import Activity
from connector.rules.first_interest import CONVERTED, CONVERTING, FIRST_INTEREST, Topics, first_interest
from connector.rules.lead_source import EVENT_KINDS, LEAD_SOURCE, READ, lead_source
from connector.rules.mapping import NOT_MAPPED

# By field: the kinds of acts, and the properties, that it is worked out of.
ACTS: Mapping[str, tuple[str, ...]] = {LEAD_SOURCE: EVENT_KINDS, FIRST_INTEREST: CONVERTING}
PROPERTIES: Mapping[str, tuple[str, ...]] = {LEAD_SOURCE: READ, FIRST_INTEREST: (CONVERTED,)}
WORDED = frozenset({FIRST_INTEREST})


def derived(
    name: str,
    mapped: Field,
    properties: Mapping[str, str | None],
    acts: Sequence[Activity],
    off: frozenset[str],
    topics: Topics,
) -> Field:
    """One of these fields; ``mapped`` is what the mapping alone says of it, ``acts`` are in time order."""
    if name == LEAD_SOURCE:
        return lead_source(mapped, properties, acts)
    return first_interest(mapped, properties, acts, off, topics)


def with_derived(
    fields: Mapping[str, Field],
    properties: Mapping[str, str | None],
    acts: Sequence[Activity],
    off: frozenset[str],
    topics: Topics,
) -> dict[str, Field]:
    """All fields of a contact, those that are worked out among them."""
    found = {name: derived(name, fields.get(name, NOT_MAPPED), properties, acts, off, topics) for name in ACTS}
    return {**fields, **found}
