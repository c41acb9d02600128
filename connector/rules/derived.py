"""Fields that no single property holds: worked out of the others and of what a contact did, for every judgement alike.

One definition for a single contact, for a past minute and for a crowd. Not here: the fields themselves (one module
each), reading them from properties (``mapping.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.model.judgement import Field
from connector.model.records import Activity
from connector.rules.first_interest import CONVERTED, CONVERTING, FIRST_INTEREST, Topics, first_interest
from connector.rules.lead_source import EVENT_KINDS, LEAD_SOURCE, lead_source, read
from connector.rules.mapping import NOT_MAPPED

# By field: the kinds of acts that it is worked out of; and those whose words are read.
ACTS: Mapping[str, tuple[str, ...]] = {LEAD_SOURCE: EVENT_KINDS, FIRST_INTEREST: CONVERTING}
WORDED = frozenset({FIRST_INTEREST})


@dataclass(frozen=True, slots=True)
class Basis:
    """What documents say that fields are worked out by: assets' topics, the portal's value of the stage customer."""

    topics: Topics
    customer: str

    def properties(self, name: str) -> tuple[str, ...]:
        """The properties that one of these fields is worked out of."""
        return read(self.customer) if name == LEAD_SOURCE else (CONVERTED,)


def derived(
    name: str,
    mapped: Field,
    properties: Mapping[str, str | None],
    acts: Sequence[Activity],
    off: frozenset[str],
    basis: Basis,
) -> Field:
    """One of these fields; ``mapped`` is what the mapping alone says of it, ``acts`` are in time order."""
    if name == LEAD_SOURCE:
        return lead_source(mapped, properties, acts, basis.customer)
    return first_interest(mapped, properties, acts, off, basis.topics)


def with_derived(
    fields: Mapping[str, Field],
    properties: Mapping[str, str | None],
    acts: Sequence[Activity],
    off: frozenset[str],
    basis: Basis,
) -> dict[str, Field]:
    """All fields of a contact, those that are worked out among them."""
    found = {name: derived(name, fields.get(name, NOT_MAPPED), properties, acts, off, basis) for name in ACTS}
    return {**fields, **found}
