"""What an edited mapping would do to everybody in the mirror, before it is published: counts a row, and a few people.

The mirror is walked in chunks, in constant memory, with a view of its own for each chunk. Every contact goes the way of
the real run: ``to_fields``, ``write_back`` and ``Holding.weigh`` as ``react`` calls them; only judging is left out,
which ``dry_run`` does. Nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from connector.errors import ConfigError
from connector.model.judgement import Decision, Field
from connector.model.records import Properties, PropertyDefinition
from connector.rules.documents.mapping import MappingDocument, ObjectName
from connector.rules.mapping import CompiledMapping, compile_mapping, to_fields
from connector.rules.mapping_counts import Counting, Counts, Looks, Page, RowCounts
from connector.rules.mapping_preview import MappingPreview, Seen, by_property
from connector.rules.mapping_suggest import Suggestion, suggestions
from connector.store import Unit, associations, definitions, documents, records
from connector.store.records import Record
from connector.sync.context import Context
from connector.sync.explaining import find
from connector.sync.holding import Holding, frozen, mapped_back, taken_back, whole
from connector.sync.react import portal_view
from connector.sync.rulebook import parse_text

CHUNK = 2000
SAMPLE = 120
GLANCE = 60


@dataclass(frozen=True, slots=True)
class Overview:
    """All rows over all contacts. ``gone``: fields that no row reads any more; ``written``: contacts of whom at least
    one property would be written; ``typical``, ``emptiest`` and ``oddest`` are contacts worth looking at."""

    rows: Sequence[RowCounts]
    gone: Mapping[str, Counts]
    contacts: int
    written: int
    typical: int
    emptiest: int
    oddest: int
    at_ms: int

    @property
    def calls(self) -> int:
        """Calls to write that back: a hundred contacts each."""
        return -(-self.written // 100)


@dataclass(frozen=True, slots=True)
class Person:
    """One contact before an edited mapping. ``why``: typical, emptiest, oddest or asked."""

    why: str
    id: int
    email: str
    name: str
    rows: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a preview works with: both mappings, and what stands against a write."""

    ctx: Context
    preview: MappingPreview
    holding: Holding


def edited(ctx: Context, text: str) -> CompiledMapping:
    """A draft of the mapping, compiled with the portal's own definitions as the published one is."""
    with ctx.store.view() as u:
        known = known_to(u, ctx.portal_id)
    document: MappingDocument = parse_text("mapping", text, "draft")
    return compile_mapping(
        document, {kind: some.values() for kind, some in known.items()} if known["contacts"] else None
    )


def bench(ctx: Context, after: CompiledMapping) -> _Bench:
    """Lay ready what every contact is held against."""
    before = ctx.rulebook.mapping
    if after.document == before.document:
        after = before
    ctx = replace(ctx, rulebook=replace(ctx.rulebook, mapping=after))
    view = portal_view(ctx)
    with ctx.store.view() as u:
        holding = whole(ctx, u, view, ctx.clock.now_ms(), patient=False)
    return _Bench(ctx, MappingPreview(before, after), holding)


def overview(ctx: Context, after: CompiledMapping, published: Overview | None = None) -> Overview:
    """Count every row over every living contact, and find the three who are worth looking at.

    ``published``: the overview of the published mapping, made a little before. With it only what the edit moves is
    counted; typical and emptiest are the same as there, and the oddest unless the edit makes an odder one.
    """
    b = bench(ctx, after)
    settled = _settled(ctx.rulebook.mapping, published)
    counting = Counting(b.preview, settled)
    with ctx.store.view() as u:
        ctx.progress.start("preview", records.count(u, ctx.portal_id, "contacts"))
    last: int | None = 0
    while last is not None:
        with ctx.store.view() as u:
            last = _count_page(b, u, counting, last)
        ctx.progress.advance("preview", CHUNK)
    ctx.progress.finish("preview")
    worth = counting.worth_seeing()
    if published is not None:
        worth = (published.typical, published.emptiest, worth[2] or published.oddest)
    return Overview(
        counting.rows, counting.gone, counting.contacts, counting.written, *worth, at_ms=ctx.clock.now_ms()
    )  # fmt: skip


def _settled(before: CompiledMapping, told: Overview | None) -> dict[str, Counts]:
    rows = zip(before.document.rows, told.rows, strict=True) if told is not None else ()
    return {row.field: counts.reads for row, counts in rows if counts.reads is not None}


def _count_page(b: _Bench, u: Unit, counting: Counting, after_id: int) -> int | None:
    """Count the next contacts; the id to go on after. Those of whom a person took something back, or of whom something
    is frozen, are weighed one by one."""
    ctx = b.ctx
    rows = next(records.stream_raw(u, ctx.portal_id, "contacts", chunk=CHUNK, after_id=after_id), [])
    ids = [row[0] for row in rows]
    company_of = associations.companies_of(u, ctx.portal_id, ids)
    some = records.stream_raw(u, ctx.portal_id, "companies", ids=sorted(set(company_of.values())))
    companies = {row[0]: Looks(frozenset(row[2]), orjson.loads(row[3])) for page in some for row in page}
    names = {read: frozenset(read) for read in {row[2] for row in rows}}
    special = _special(b, u, ids)
    plain: list[tuple[int, Looks, Looks | None]] = []
    for number, _, read, text in rows:
        one = (number, Looks(names[read], orjson.loads(text)), companies.get(company_of.get(number, 0)))
        if number in special:
            counting.take(_page([one]), _Scales(b, special[number], number), remember=False)
        else:
            plain.append(one)
    if plain:
        counting.take(_page(plain), _Scales(b, b.holding))
    return ids[-1] if len(ids) == CHUNK else None


def _page(some: Sequence[tuple[int, Looks, Looks | None]]) -> Page:
    return Page([one[0] for one in some], [one[1] for one in some], [one[2] for one in some])


def _special(b: _Bench, u: Unit, ids: list[int]) -> dict[int, Holding]:
    """The contacts with a history of their own, each with what stands against its writes."""
    if not b.preview.writers:
        return {}
    holding = replace(b.holding, taken_back=taken_back(b.ctx, u, ids), frozen=frozen(b.ctx, u, ids))
    return dict.fromkeys({contact for contact, _ in (*holding.taken_back, *holding.frozen)}, holding)


@dataclass(frozen=True, slots=True)
class _Scales:
    """What a plan would decide on mapped properties, given the fields and what HubSpot holds now."""

    bench: _Bench
    holding: Holding
    contact: int = 0

    def __call__(
        self, mapping: CompiledMapping, fields: Mapping[str, Field], current: Properties
    ) -> Mapping[str, Decision]:
        asked = tuple(mapped_back(mapping, self.contact, current, fields, self.bench.holding.creatable))
        return by_property(self.holding.weigh(asked)) if asked else {}


def _held(b: _Bench, u: Unit, page: Sequence[Record]) -> Iterator[tuple[Record, Properties | None, Holding]]:
    """Each contact with its company and with what people said of its values before."""
    ids, ctx = [record.id for record in page], b.ctx
    company_of = associations.companies_of(u, ctx.portal_id, ids)
    some = records.stream(u, ctx.portal_id, "companies", ids=sorted(set(company_of.values())))
    companies = {r.id: r.properties for chunk in some for r in chunk}
    special = _special(b, u, ids)
    for record in page:
        yield record, companies.get(company_of.get(record.id, 0)), special.get(record.id, b.holding)


def listed(ctx: Context, text: str) -> list[dict[str, Any]]:
    """Each row of an edited mapping with its counts, as plain data."""
    after = edited(ctx, text)
    counted = overview(ctx, after)
    rows = [
        {
            "row": at + 1,
            "field": row.field,
            "property": row.property,
            "object": row.where(),
            "reads": {effect: number for effect, number in (counts.reads or {}).items() if number},
            "writes": {effect: number for effect, number in (counts.writes or {}).items() if number},
        }
        for at, (row, counts) in enumerate(zip(after.document.rows, counted.rows, strict=True))
    ]
    gone = [
        {
            "row": 0,
            "field": name,
            "property": "",
            "object": "",
            "reads": {k: n for k, n in counts.items() if n},
            "writes": {},
        }
        for name, counts in counted.gone.items()
    ]
    return rows + gone


def suggested(ctx: Context, text: str) -> tuple[Suggestion, ...]:
    """Properties that could feed a field, by a sample of contacts as the published mapping reads them."""
    document: MappingDocument = parse_text("mapping", text, "draft")
    with ctx.store.view() as u:
        ids = records.sample(u, ctx.portal_id, "contacts", SAMPLE, seed=1)
        page = [record for some in records.stream(u, ctx.portal_id, "contacts", ids=ids) for record in some]
        known = known_to(u, ctx.portal_id)["contacts"]
        company_of = associations.companies_of(u, ctx.portal_id, ids)
        some = records.stream(u, ctx.portal_id, "companies", ids=sorted(set(company_of.values())))
        companies = {r.id: r.properties for chunk in some for r in chunk}
    people = [
        (r.properties, to_fields(ctx.rulebook.mapping, r.properties, companies.get(company_of.get(r.id, 0))).fields)
        for r in page
    ]
    return suggestions(document, known, people)


def worth_seeing(ctx: Context, after: CompiledMapping) -> tuple[int, int, int]:
    """Three contacts out of a sample, for a page that cannot wait until everybody was counted."""
    b = bench(ctx, after)
    counting = Counting(b.preview)
    with ctx.store.view() as u:
        ids = records.spread(u, ctx.portal_id, "contacts", GLANCE)
        pages = records.stream(u, ctx.portal_id, "contacts", ids=ids)
        everyone = [record for page in pages for record in page]
        for record, company, holding in _held(b, u, everyone):
            one = (record.id, _looks(record.properties), _looks(company) if company is not None else None)
            counting.take(_page([one]), _Scales(b, holding, record.id))
    return counting.worth_seeing()


def _looks(properties: Properties) -> Looks:
    return Looks(frozenset(properties), properties)


def people(ctx: Context, after: CompiledMapping, wanted: Iterable[tuple[str, int]], asked: str = "") -> list[Person]:
    """These contacts row by row, and whoever was asked for by id or e-mail; each once. Who is gone is left out."""
    b = bench(ctx, after)
    told: dict[int, str] = {}
    with ctx.store.view() as u:
        if asked.strip():
            told[find(ctx, u, asked).id] = "asked"
        for why, contact in wanted:
            if contact:
                told.setdefault(contact, why)
        page = [r for chunk in records.stream(u, ctx.portal_id, "contacts", ids=list(told)) for r in chunk]
        shown = {
            record.id: _person(b, told[record.id], record, company, holding)
            for record, company, holding in _held(b, u, page)
        }
    return [shown[contact] for contact in told if contact in shown]


def _person(b: _Bench, why: str, record: Record, company: Properties | None, holding: Holding) -> Person:
    _, fields, _ = b.preview.fields(record.properties, company)
    decisions: Mapping[str, Decision] = {}
    if b.preview.writers:
        decisions = _Scales(b, holding, record.id)(b.preview.after, fields, record.properties)
    rows = b.preview.seen(record.properties, company, decisions)
    names = [record.properties.get(part) or "" for part in ("firstname", "lastname")]
    return Person(why, record.id, record.email or "", " ".join(part for part in names if part), rows)


def known_to(u: Unit, portal_id: int) -> dict[ObjectName, Mapping[str, PropertyDefinition]]:
    """The portal's properties as they were read last, by kind of record."""
    kinds: tuple[ObjectName, ...] = ("contacts", "companies")
    return {kind: definitions.properties(u, portal_id, kind) for kind in kinds}


def published_text(u: Unit, portal_id: int) -> documents.DocumentRow:
    """The mapping in force."""
    found = documents.current(u, portal_id, "mapping")
    if found is None:
        raise ConfigError("There is no published mapping.", remedy="Publish one: leadwright config publish.")
    return found
