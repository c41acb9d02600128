"""Mirror → ``Facts``: everything rules may look at, for many contacts at a time, now or at a past minute.

Which lists are known, ``listing.py`` says; who and what stands beside a contact is read in ``beside.py``, and only
where a rule asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from connector.model.judgement import NO_CIRCLE, Facts, OptInStep, StageStep
from connector.model.records import Properties
from connector.rules.derived import with_derived
from connector.rules.lifecycle import furthest
from connector.rules.mapping import ValueFault, to_fields
from connector.rules.opt_in import STATUS, turned
from connector.store import Unit, activities, associations, history, memberships, opt_ins, records, stages
from connector.store.records import Record
from connector.sync.beside import Beside
from connector.sync.context import Context
from connector.sync.listing import NONE_READ, Listed, known_at
from connector.sync.told import told_of

CHUNK = 500
NOTHING: Mapping[int, Properties] = {}


class OptedIn(TypedDict):
    """What facts hold of a contact's double opt-ins."""

    opt_in: tuple[OptInStep, ...]
    kept_opt_in: tuple[OptInStep, ...]


NEVER: OptedIn = {"opt_in": (), "kept_opt_in": ()}


@dataclass(frozen=True, slots=True)
class Case:
    """One contact ready to be judged, with the values that could not be read and what the portal holds now."""

    record: Record
    facts: Facts
    faults: tuple[ValueFault, ...]


def cases(
    ctx: Context,
    u: Unit,
    ids: Sequence[int],
    now_ms: int,
    off: frozenset[str],
    newer: Mapping[int, Properties] = NOTHING,
) -> Iterator[Case]:
    """Cases of live contacts, in chunks: one query per table and chunk. ``newer``: read just now, not mirrored yet."""
    beside, listed = Beside.of(ctx, u), Listed.of(u, ctx.portal_id)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = [_with(r, newer) for page in records.stream(u, ctx.portal_id, "contacts", ids=chunk) for r in page]
        company_of = associations.companies_of(u, ctx.portal_id, [r.id for r in found])
        wanted = sorted(set(company_of.values()))
        companies = {
            r.id: r.properties for page in records.stream(u, ctx.portal_id, "companies", ids=wanted) for r in page
        }
        acts = activities.of(u, ctx.portal_id, [r.id for r in found], until_ms=now_ms)
        circles = beside.circles(u, [r.id for r in found], company_of, now_ms)
        lists = listed.answers(u, [r.id for r in found])
        paths = stages.of(u, ctx.portal_id, [r.id for r in found])
        opted = _opted(ctx, u, {r.id: r.properties for r in found})
        people = [(r.id, r.properties, companies.get(company_of.get(r.id, 0))) for r in found]
        told = told_of(u, ctx.portal_id, ctx.rulebook.mapping, people)
        for record, (_, _, company) in zip(found, people, strict=True):
            mapped = to_fields(ctx.rulebook.mapping, record.properties, company, told=told.get(record.id))
            did = acts.get(record.id, ())
            facts = Facts(
                contact_id=record.id,
                now_ms=now_ms,
                fields=with_derived(mapped.fields, record.properties, did, off, ctx.rulebook.rules.basis),
                properties=record.properties,
                activities=did,
                missing_sources=off,
                lists=lists.get(record.id, NONE_READ),
                circle=circles.get(record.id, NO_CIRCLE),
                path=(path := paths.get(record.id, ())),
                furthest_stage=_furthest(path),
                **opted.get(record.id, NEVER),
            )
            yield Case(record, facts, mapped.faults)


def _with(record: Record, newer: Mapping[int, Properties]) -> Record:
    told = newer.get(record.id)
    return replace(record, properties={**record.properties, **told}) if told else record


def past_case(ctx: Context, u: Unit, record: Record, at_ms: int, off: frozenset[str]) -> Case:
    """The contact as it was known at a past minute: properties rewound by our own history, later acts not seen."""
    properties: Properties = history.values_at(u, ctx.portal_id, "contacts", record.id, at_ms)
    company_of = associations.companies_of(u, ctx.portal_id, [record.id])
    company_id = company_of.get(record.id)
    company = history.values_at(u, ctx.portal_id, "companies", company_id, at_ms) if company_id else None
    told = told_of(u, ctx.portal_id, ctx.rulebook.mapping, [(record.id, properties, company)], at_ms)
    mapped = to_fields(ctx.rulebook.mapping, properties, company, told=told.get(record.id))
    acts = activities.of(u, ctx.portal_id, [record.id], until_ms=at_ms).get(record.id, ())
    circles = Beside.of(ctx, u).circles(u, [record.id], company_of, at_ms, past=True)
    joined = memberships.of(u, ctx.portal_id, [record.id]).get(record.id, {})
    path = stages.of(u, ctx.portal_id, [record.id], at_ms).get(record.id, ())
    facts = Facts(
        record.id,
        at_ms,
        with_derived(mapped.fields, properties, acts, off, ctx.rulebook.rules.basis),
        properties,
        acts,
        missing_sources=off,
        lists=known_at(joined, at_ms),
        circle=circles.get(record.id, NO_CIRCLE),
        path=path,
        furthest_stage=_furthest(path),
        **_opted(ctx, u, {record.id: properties}, at_ms).get(record.id, NEVER),
    )
    return Case(record, facts, mapped.faults)


def _opted(ctx: Context, u: Unit, people: Mapping[int, Properties], until_ms: int | None = None) -> dict[int, OptedIn]:
    """The steps of double opt-ins by contact: those kept, and the turns of HubSpot's status, where it has one."""
    kept = opt_ins.of(u, ctx.portal_id, people, until_ms)
    waiting = [who for who, properties in people.items() if properties.get(STATUS)]
    turns = history.turns(u, ctx.portal_id, "contacts", waiting, STATUS, until_ms)
    return {
        who: {"opt_in": (*turned(turns.get(who, ())), *kept.get(who, ())), "kept_opt_in": kept.get(who, ())}
        for who in {*kept, *turns}
    }


def _furthest(path: Sequence[StageStep]) -> str | None:
    """The furthest stage of a path, the one it began in included; None without any step."""
    return furthest(*(stage for step in path for stage in (step.before, step.stage))) if path else None
