"""Mirror → ``Crowd``: the portal's living contacts as columns, a stretch at a time.

The same facts as ``facts.py`` gives one by one, as far as a model looks at them; each distinct value is read once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import orjson

from connector.model.enrichment import Told
from connector.model.judgement import Field, Known
from connector.model.records import Activity, Properties
from connector.rules.crowd.columns import ABSENT, VERDICTS, Acts, Column, Crowd, Ints, Words
from connector.rules.crowd.deeds import act_of
from connector.rules.crowd.needed import Needed, needed
from connector.rules.derived import ACTS, derived
from connector.rules.documents.scoring import Model
from connector.rules.first_interest import Topics
from connector.rules.mapping import NOT_MAPPED, CompiledRow, read_row
from connector.store import Unit, associations, crowds, memberships
from connector.store.crowds import Packed, People
from connector.sync.context import Context
from connector.sync.pull import off_sources
from connector.sync.told import told_of

STRETCH = 10_000
COUNTRY = "country"


def crowds_of(ctx: Context, model: Model, now_ms: int, stretch: int = STRETCH) -> Iterator[Crowd]:
    """Everybody, ``stretch`` contacts at a time in the order of their ids, with what this model looks at."""
    wanted, off = needed(model), off_sources(ctx)
    with ctx.store.view() as u:
        known = sorted(memberships.known(u, ctx.portal_id) & set(wanted.lists))
        kinds = wanted.kinds if wanted.kinds is not None else crowds.kinds(u, ctx.portal_id)
    after: int | None = 0
    while after is not None:
        with ctx.store.view() as u:
            people = crowds.people(u, ctx.portal_id, after, stretch)
            if not people.ids:
                return
            acts = _acts(u, ctx.portal_id, people, now_ms, kinds, wanted)
            fields = _fields(ctx, u, wanted, people)
            crowd = Crowd(
                ids=np.array(people.ids, np.int64),
                now_ms=now_ms,
                fields=fields | _derived(ctx, wanted, people, fields, acts, off),
                properties={name: _property(name, people) for name in wanted.properties},
                acts=acts,
                missing_sources=off,
                lists={one: _on(u, ctx.portal_id, one, people) for one in known},
            )
        # The view is closed by now: what its reader writes meanwhile would pile up in the log of an open one.
        yield crowd
        after = people.ids[-1] if len(people.ids) == stretch else None


def _on(u: Unit, portal_id: int, list_id: str, people: People) -> Column[bool | None]:
    """Who of these is on a list that is known."""
    members = memberships.between(u, portal_id, list_id, people.ids[0], people.ids[-1])
    return Column(np.isin(np.array(people.ids, np.int64), np.array(members, np.int64)).astype(np.int64), [False, True])


def _property(name: str, people: People) -> Column[str | None]:
    values = [one.get(name) for one in people.values]
    # Only where something is missing does it matter whether it was read at all.
    held = [
        value if value is not None else None if name in read else ABSENT
        for value, read in zip(values, people.read, strict=True)
    ]
    codes, first = _codes(held)
    return Column(codes, [held[place] for place in first])


def _codes(keys: Iterable[Hashable]) -> tuple[Ints, list[int]]:
    """Equal keys get one code; the place where each was met first."""
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(key, len(known)) for key in keys], np.int64)
    _, first = np.unique(codes, return_index=True)
    return codes, first.tolist()


def _fields(ctx: Context, u: Unit, wanted: Needed, people: People) -> dict[str, Column[Field]]:
    mapping = ctx.rulebook.mapping
    rows = [row for row in mapping.rows if row.field in wanted.fields]
    country = next((row for row in mapping.rows if row.field == COUNTRY and _regional(rows)), None)
    companies = _companies(ctx, u, rows if country is None else [*rows, country], people)
    home: Sequence[str] = [mapping.locale.region] * len(people.ids)
    regions = home if country is None else _regions(_field(country, people, companies, home), mapping.locale.region)
    told = _told(ctx, u, rows, people, companies)
    return {row.field: _field(row, people, companies, regions, told) for row in rows}


def _derived(
    ctx: Context, wanted: Needed, people: People, fields: Mapping[str, Column[Field]], acts: Acts, off: frozenset[str]
) -> dict[str, Column[Field]]:
    """The fields that are worked out of others and of acts, by the function that works out each contact's own."""
    return {
        name: _worked_out(name, people, fields.get(name), acts, off, ctx.rulebook.rules.topics)
        for name in wanted.fields
        if name in ACTS
    }


def _worked_out(
    name: str, people: People, mapped: Column[Field] | None, acts: Acts, off: frozenset[str], topics: Topics
) -> Column[Field]:
    did: dict[int, list[Activity]] = {}
    for i in np.flatnonzero(np.array([kind in ACTS[name] for kind in acts.kinds], np.bool_)[acts.kind]).tolist():
        act = act_of(acts, int(acts.words[i]), int(acts.at_ms[i]), acts.kinds[acts.kind[i]], VERDICTS[acts.verdict[i]])
        did.setdefault(int(acts.who[i]), []).append(act)
    found = []
    for place, values in enumerate(people.values):
        said = mapped.values[mapped.codes[place]] if mapped is not None else NOT_MAPPED
        found.append(derived(name, said, values, did.get(place, ()), off, topics))
    codes, first = _codes((one.__class__, one) for one in found)
    return Column(codes, [found[place] for place in first])


def _told(
    ctx: Context, u: Unit, rows: Iterable[CompiledRow], people: People, companies: Sequence[Properties | None]
) -> Sequence[Told | None]:
    """What a provider said of each contact's company; looked up only where a field may come from it."""
    if not any(row.answered for row in rows):
        return [None] * len(people.ids)
    found = told_of(u, ctx.portal_id, ctx.rulebook.mapping, zip(people.ids, people.values, companies, strict=True))
    return [found.get(one) for one in people.ids]


def _regional(rows: Iterable[CompiledRow]) -> bool:
    """Whether any of these fields is read by the country of the contact: telephone numbers are."""
    return any(source.by_region for row in rows for source in row.sources)


def _regions(country: Column[Field], home: str) -> list[str]:
    said = [str(one.value) if isinstance(one, Known) else home for one in country.values]
    return [said[code] for code in country.codes]


def _field(
    row: CompiledRow,
    people: People,
    companies: Sequence[Properties | None],
    regions: Sequence[str],
    told: Sequence[Told | None] = (),
) -> Column[Field]:
    """One field of everybody: worked out once for each way in which its properties are filled."""
    parts: list[Sequence[Hashable]] = []
    for source in row.sources:
        name = source.property
        if source.of_company:
            parts.append([one.get(name) if one is not None else None for one in companies])
        else:
            parts.append([one.get(name) for one in people.values])
    if any(source.by_region for source in row.sources):
        parts.append(regions)
    if row.only_company:
        parts.append([one is None for one in companies])
    answered = row.answered
    if answered is not None:
        parts.append([(one.values.get(answered.path), one.at_ms) if one is not None else None for one in told])
    codes, first = _codes(
        parts[0] if len(parts) == 1 else zip(*parts, strict=True) if parts else [None] * len(people.ids)
    )
    found = [
        read_row(row, people.values[at], companies[at], regions[at], [], told[at] if answered else None) for at in first
    ]
    return Column(codes, found)


def _companies(ctx: Context, u: Unit, rows: Iterable[CompiledRow], people: People) -> Sequence[Properties | None]:
    """The company that counts for each contact; read only where a field looks at it."""
    if not any(row.answered or any(source.of_company for source in row.sources) for row in rows):
        return [None] * len(people.ids)
    company_of = associations.companies_of(u, ctx.portal_id, people.ids)
    companies = crowds.companies(u, ctx.portal_id, sorted(set(company_of.values())))
    return [companies.get(company_of.get(one, 0)) for one in people.ids]


def _acts(u: Unit, portal_id: int, people: People, now_ms: int, kinds: Sequence[str], wanted: Needed) -> Acts:
    ids = np.array(people.ids, np.int64)
    packed = crowds.acts(u, portal_id, (people.ids[0], people.ids[-1]), now_ms, kinds, wanted.worded)
    contact = np.repeat(packed.ids, packed.counts)
    # Acts of those who are gone or merged are nobody's here.
    who = np.searchsorted(ids, contact)
    mine = ids[np.minimum(who, len(ids) - 1)] == contact
    order = np.arange(len(who)) if _in_order(who, packed.at_ms) else np.lexsort((packed.at_ms, who))
    order = order[mine[order]]
    words, said = _words(packed, kinds, wanted.worded)
    return Acts(
        who[order], packed.at_ms[order], packed.kind[order], packed.verdict[order], words[order],
        kinds=kinds, said=said,
    )  # fmt: skip


def _words(packed: Packed, kinds: Sequence[str], worded: Sequence[str]) -> tuple[Ints, list[Words]]:
    """The code of what each act says, and what the codes stand for; 0 for acts whose words nobody asks for."""
    codes, first = _codes(map(tuple, packed.said))
    told = (packed.said[place] for place in first)
    said = [Words(ref, title, url, asset, orjson.loads(detail)) for ref, title, url, asset, detail in told]
    words = np.zeros(len(packed.kind), np.int64)
    words[np.isin(packed.kind, [place for place, kind in enumerate(kinds) if kind in worded])] = codes + 1
    return words, [Words(), *said]


def _in_order(who: Ints, at_ms: Ints) -> bool:
    """Whether acts come by contact and time, as the key of their table has them; no database has to promise it."""
    later = (who[1:] == who[:-1]) & (at_ms[1:] >= at_ms[:-1])
    return bool(np.all(later | (who[1:] > who[:-1])))
