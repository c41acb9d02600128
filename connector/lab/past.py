"""Contacts as they were known at any past instant, many at a time. Nothing that came later is seen.

Values are rewound by the mirror's own history, as in ``sync/facts.past_case``. Before the mirror first saw a record
there is no history; of that time only *who somebody is* (the mapped fields below, and what a data provider said first
of the company) is taken as it was first seen, and everything else a record holds is unknown: a counter, a lead status
or a deal's sum of today would tell the outcome.
Lists stay unknown, since HubSpot does not tell who left one.
The lifecycle stage of that time comes from the dates HubSpot keeps of it. Before a source of events was covered (page
views reach back 90 days from connecting, say) its rules are unknown, never zero.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from connector.model.enrichment import Told
from connector.model.judgement import Facts, Field
from connector.model.records import Activity, ObjectType, Properties
from connector.rules.derived import ACTS, with_derived
from connector.rules.enrichment import by_person, domain_of
from connector.rules.mapping import to_fields
from connector.store import Unit, activities, associations, enrichments, history, records, study
from connector.store.history import HistoryRow
from connector.store.records import Record
from connector.store.study import Person, Turn
from connector.sync.context import Context
from connector.sync.engagement import HISTORY_MS, PAGE_VIEW_WINDOW_MS

PROFILE = frozenset({
    "first_name", "last_name", "email", "phone", "country", "city", "language", "company_name", "website",
    "email_domain", "age", "position", "department", "buying_role", "role_level", "original_source", "lead_source",
    "company_size", "annual_revenue", "location", "industry", "legal_form", "group_membership", "seat_of_management",
    "branches",
})  # fmt: skip
ALWAYS = frozenset({"email", "firstname", "lastname", "company", "createdate", "hs_object_id"})
CHUNK = 500
# What a first mirror reads back, and how long a source must have been covered before "did not" may be said.
REACH = {
    "email_event": HISTORY_MS, "form_submission": HISTORY_MS, "subscription": HISTORY_MS,
    "page_view": PAGE_VIEW_WINDOW_MS,
}  # fmt: skip
GRACE_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A record with its own history, newest change first."""

    record: Record
    changes: tuple[HistoryRow, ...] = ()

    def at(self, at_ms: int, lasting: frozenset[str]) -> dict[str, str | None]:
        """Its values at that time; from before its first sight only the ``lasting`` ones."""
        values = dict(self.record.properties)
        for change in self.changes:
            if change.at_ms <= at_ms:
                break
            values[change.property] = change.before
        if at_ms < self.record.first_seen_ms:
            values = {name: value if name in lasting else None for name, value in values.items()}
        return values


@dataclass
class Past:
    """One contact's past. Ask ``facts`` in any order; values are worked out once for each state they were in."""

    ctx: Context
    contact: Seen
    company: Seen | None
    person: Person
    turns: tuple[Turn, ...]
    acts: tuple[Activity, ...]
    staged: tuple[tuple[int, str], ...]
    off: frozenset[str]
    covered: Mapping[str, int]
    lasting: frozenset[str]
    told: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    _kept: dict[tuple[object, ...], tuple[Properties, Mapping[str, Field]]] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return self.contact.record.id

    def facts(self, at_ms: int) -> Facts:
        """Everything that rules could have looked at then."""
        properties, fields = self._values(at_ms)
        until = bisect_right(self.acts, at_ms, key=_when)
        dark = frozenset(source for source, since in self.covered.items() if at_ms < since)
        acts, missing = self.acts[:until], self.off | dark
        fields = with_derived(fields, properties, acts, missing, self.ctx.rulebook.rules.basis)
        return Facts(self.id, at_ms, fields, properties, acts, missing_sources=missing)

    def moments(self, from_ms: int, to_ms: int) -> list[int]:
        """Instants at which something of this contact changed, the last of each day (UTC), oldest first."""
        created = self.contact.record.created_ms
        known = {act.at_ms for act in self.acts}
        known |= {change.at_ms for seen in (self.contact, self.company) if seen for change in seen.changes}
        known |= {one.at_ms for versions in self.told.values() for one in versions}
        known |= {created if created is not None else from_ms, from_ms, self.contact.record.first_seen_ms}
        begin = max(from_ms, created or 0)
        latest: dict[int, int] = {}
        for at in sorted(at for at in known if begin <= at < to_ms):
            latest[at // 86_400_000] = at
        return list(latest.values())

    def _values(self, at_ms: int) -> tuple[Properties, Mapping[str, Field]]:
        stage = self._stage(at_ms)
        key = (stage, *(_state(seen, at_ms) for seen in (self.contact, self.company) if seen), self._told_by(at_ms))
        found = self._kept.get(key)
        if found is None:
            properties = self.contact.at(at_ms, self.lasting)
            if at_ms < self.contact.record.first_seen_ms:
                properties["lifecyclestage"] = stage
            company = self.company.at(at_ms, self.lasting) if self.company else None
            told = _then(self.told.get(domain_of(properties, company), ()), at_ms) if self.told else None
            fields = to_fields(self.ctx.rulebook.mapping, properties, company, told=told).fields
            found = self._kept[key] = (properties, fields)
        return found

    def _told_by(self, at_ms: int) -> int:
        return sum(1 for versions in self.told.values() for one in versions if one.at_ms <= at_ms)

    def _stage(self, at_ms: int) -> str | None:
        """The portal's stage then, by the dates it keeps; None before the first of them."""
        return next((value for at, value in reversed(self.staged) if at <= at_ms), None)


def _then(versions: Sequence[Told], at_ms: int) -> Told | None:
    """What had been told by then; before that, what was told first."""
    return next((one for one in reversed(versions) if one.at_ms <= at_ms), versions[0] if versions else None)


def _when(act: Activity) -> int:
    return act.at_ms


def _state(seen: Seen, at_ms: int) -> tuple[bool, int]:
    """Two instants of the same state have the same values."""
    later = sum(1 for change in seen.changes if change.at_ms > at_ms)
    return at_ms < seen.record.first_seen_ms, later


def pasts(ctx: Context, u: Unit, until_ms: int, off: frozenset[str]) -> Iterator[Past]:
    """Every living contact's past up to that instant, in the order of their ids."""
    lasting, covered = _lasting(ctx), covered_since(ctx)
    for page in study.people(u, ctx.portal_id, chunk=CHUNK):
        who = {person.id: person for person in page}
        found = {one.id: one for part in records.stream(u, ctx.portal_id, "contacts", ids=list(who)) for one in part}
        company_of = associations.companies_of(u, ctx.portal_id, list(who))
        companies = _seen(ctx, u, "companies", sorted(set(company_of.values())))
        contacts = _seen(ctx, u, "contacts", list(who), found)
        acts = activities.of(u, ctx.portal_id, list(who), until_ms=until_ms)
        turns = study.turns(u, ctx.portal_id, list(who))
        told = _told(ctx, u, contacts, companies, company_of)
        for ident, person in who.items():
            staged = tuple(sorted((at, value) for value, at in person.entered.items()))
            company = companies.get(company_of.get(ident, 0))
            yield Past(
                ctx,
                contacts[ident],
                company,
                person,
                tuple(turns.get(ident, ())),
                acts.get(ident, ()),
                staged,
                off,
                covered,
                lasting,
                told.get(ident, {}),
            )


def _told(
    ctx: Context, u: Unit, contacts: Mapping[int, Seen], companies: Mapping[int, Seen], company_of: Mapping[int, int]
) -> dict[int, dict[str, tuple[Told, ...]]]:
    """By contact everything a data provider ever said of the company it belongs to now."""
    held = {ident: seen.record.properties for ident, seen in companies.items()}
    people = ((ident, seen.record.properties, held.get(company_of.get(ident, 0))) for ident, seen in contacts.items())
    found = by_person(ctx.rulebook.mapping, people, partial(enrichments.past, u, ctx.portal_id))
    return {ident: {versions[0].domain: versions} for ident, versions in found.items()}


def covered_since(ctx: Context) -> dict[str, int]:
    """From when on each source of events is known well enough to say that something did not happen."""
    return {source: ctx.row.created_ms - reach + GRACE_MS for source, reach in REACH.items()}


def _seen(
    ctx: Context, u: Unit, object_type: ObjectType, ids: Sequence[int], found: Mapping[int, Record] | None = None
) -> dict[int, Seen]:
    if found is None:
        found = {one.id: one for part in records.stream(u, ctx.portal_id, object_type, ids=ids) for one in part}
    changes: dict[int, list[HistoryRow]] = {}
    for row in history.of(u, ctx.portal_id, object_type, ids):
        if row.origin == row.record_id:
            changes.setdefault(row.record_id, []).append(row)
    return {ident: Seen(one, tuple(reversed(changes.get(ident, ())))) for ident, one in found.items()}


def _lasting(ctx: Context) -> frozenset[str]:
    """The properties that say who somebody is."""
    rows = ctx.rulebook.mapping.document.rows
    mapped = {name for row in rows if row.field in PROFILE for _, name in row.sources()}
    asked = {"domain"} if ctx.rulebook.mapping.document.enrichment is not None else set()
    basis = ctx.rulebook.rules.basis
    return frozenset({*mapped, *ALWAYS, *asked, *(name for field in ACTS for name in basis.properties(field))})
