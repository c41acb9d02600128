"""``Stretch`` → ``Crowd``: what a model looks at of many contacts, read by the portal's mapping.

The same facts as ``facts.py`` gives one by one; each distinct value is read once, however many stretches it is in.
Not here: where a stretch comes from (``stretches.py``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import numpy as np

from connector.model.enrichment import Told
from connector.model.judgement import Field, Known
from connector.model.records import Activity, Properties
from connector.rules.crowd import packing
from connector.rules.crowd.columns import ABSENT, Acts, Column, Crowd, Ints, column
from connector.rules.crowd.deeds import act_at, numbered
from connector.rules.crowd.needed import Needed, needed
from connector.rules.crowd.stretch import Stretch, until
from connector.rules.derived import ACTS, derived
from connector.rules.documents.scoring import Model
from connector.rules.mapping import NOT_MAPPED, CompiledRow, read_row
from connector.store import Unit, memberships
from connector.sync.context import Context
from connector.sync.pull import off_sources
from connector.sync.stretches import STRETCH, stretches_of
from connector.sync.told import told_of

COUNTRY: Final = "country"
REMEMBERED = 50_000
"""Distinct values that are remembered of a column; from there on it begins anew."""
T = TypeVar("T")


def crowds_of(ctx: Context, model: Model, now_ms: int, stretch: int = STRETCH) -> Iterator[Crowd]:
    """Everybody, about ``stretch`` contacts at a time in the order of their ids, with what this model looks at."""
    reading = Reading(ctx, needed(model), now_ms)
    for one in stretches_of(ctx.store, ctx.portal_id, reading.columns, stretch):
        with ctx.store.view() as u:
            crowd = reading.crowd(u, one)
        yield crowd


def columns_of(ctx: Context, model: Model) -> frozenset[str]:
    """The columns of a stretch that this model is scored from."""
    return Reading(ctx, needed(model), ctx.clock.now_ms()).columns


class Values(Generic[T]):
    """Values that stretches have in common, each with one number. ``list`` grows; a full one is left for another."""

    def __init__(self) -> None:
        self.list: list[T] = []
        self._known: dict[Hashable, int] = {}

    def room(self) -> None:
        """Begin anew when there are too many: to be asked before the numbers of a stretch are given."""
        if len(self.list) > REMEMBERED:
            self.list, self._known = [], {}

    def find(self, key: Hashable) -> int | None:
        return self._known.get(key)

    def add(self, key: Hashable, value: T) -> int:
        self.list.append(value)
        self._known[key] = len(self.list) - 1
        return len(self.list) - 1


class Reading:
    """How one model looks at the stretches of one portal at one instant."""

    def __init__(self, ctx: Context, wanted: Needed, now_ms: int) -> None:
        mapping = ctx.rulebook.mapping
        self._ctx, self._wanted, self._now_ms = ctx, wanted, now_ms
        self._off, self._basis = off_sources(ctx), ctx.rulebook.rules.basis
        self._rows = [row for row in mapping.rows if row.field in wanted.fields]
        self._country = next((row for row in mapping.rows if row.field == COUNTRY and self._regional()), None)
        self._looked_at = self._rows if self._country is None else [*self._rows, self._country]
        self._answered = any(row.answered for row in self._looked_at)
        self._fields: dict[str, Values[Field]] = {row.field: Values() for row in mapping.rows}
        self._properties: dict[str, Values[str | None]] = {name: Values() for name in wanted.properties}
        self.columns = self._columns()

    def _regional(self) -> bool:
        """Whether any field is read by the country of the contact: telephone numbers are."""
        return any(source.by_region for row in self._rows for source in row.sources)

    def _columns(self) -> frozenset[str]:
        """The columns of a stretch that this takes."""
        sources = [source for row in self._looked_at for source in row.sources]
        contact = {source.property for source in sources if not source.of_company}
        company = {source.property for source in sources if source.of_company}
        contact.update(*(self._basis.properties(name) for name in self._wanted.fields if name in ACTS))
        contact.update(self._wanted.properties)
        if self._answered:
            contact.add("email")
            company.add("domain")
        return packing.names(contact, company, self._wanted.worded)

    def crowd(self, u: Unit, stretch: Stretch) -> Crowd:
        """The stretch as this model looks at it."""
        acts = until(stretch.acts, self._now_ms)
        fields = self._read(u, stretch)
        return Crowd(
            ids=stretch.ids,
            now_ms=self._now_ms,
            fields=fields | self._derived(stretch, fields, acts),
            properties={name: _shared(values, stretch.contact[name]) for name, values in self._properties.items()},
            acts=acts,
            missing_sources=self._off,
            lists=self._lists(u, stretch.ids),
        )

    def _lists(self, u: Unit, ids: Ints) -> dict[str, Column[bool | None]]:
        """Who is on those lists that are known."""
        portal = self._ctx.portal_id
        known = sorted(memberships.known(u, portal) & set(self._wanted.lists)) if self._wanted.lists else []
        members = {one: memberships.between(u, portal, one, int(ids[0]), int(ids[-1])) for one in known}
        return {
            one: Column(np.isin(ids, np.array(on, np.int64)).astype(np.int64), [False, True])
            for one, on in members.items()
        }

    def _read(self, u: Unit, stretch: Stretch) -> dict[str, Column[Field]]:
        home = self._ctx.rulebook.mapping.locale.region
        regions, told = Column(np.zeros(len(stretch), np.int64), [home]), self._told(u, stretch)
        if self._country is not None:
            country = self._field(self._country, stretch, regions, told)
            said = [str(one.value) if isinstance(one, Known) else home for one in country.values]
            regions = Column(country.codes, said)
        return {row.field: self._field(row, stretch, regions, told) for row in self._rows}

    def _field(
        self, row: CompiledRow, stretch: Stretch, regions: Column[str], told: Sequence[Told | None]
    ) -> Column[Field]:
        """One field of everybody: worked out once for each way in which its properties are filled."""
        keys: list[Column[Any]] = [
            (stretch.company if one.of_company else stretch.contact)[one.property] for one in row.sources
        ]
        if any(source.by_region for source in row.sources):
            keys.append(regions)
        if row.only_company or not keys:
            keys.append(Column(stretch.has_company.astype(np.int64), [False, True]))
        if row.answered is not None:
            path = row.answered.path
            keys.append(column([(one.values.get(path), one.at_ms) if one is not None else None for one in told]))
        values = self._fields[row.field]
        values.room()
        places, which = _ways(keys)
        codes = []
        for place in places:
            key = tuple(one.values[one.codes[place]] for one in keys)
            code = values.find(key)
            if code is None:
                contact, company = _sources(row, stretch, place)
                region = regions.values[regions.codes[place]]
                answer = told[place] if row.answered is not None else None
                code = values.add(key, read_row(row, contact, company, region, [], answer))
            codes.append(code)
        return Column(np.array(codes, np.int64)[which], values.list)

    def _derived(self, stretch: Stretch, fields: Mapping[str, Column[Field]], acts: Acts) -> dict[str, Column[Field]]:
        """The fields that are worked out of others and of acts, by the function that works out each contact's own."""
        return {
            name: self._worked_out(name, stretch, fields.get(name), acts)
            for name in self._wanted.fields
            if name in ACTS
        }

    def _worked_out(self, name: str, stretch: Stretch, mapped: Column[Field] | None, acts: Acts) -> Column[Field]:
        did, names = _did(acts, ACTS[name]), self._basis.properties(name)
        found = []
        for place in range(len(stretch)):
            said = mapped.values[mapped.codes[place]] if mapped is not None else NOT_MAPPED
            values = _values(stretch, names, place)
            found.append(derived(name, said, values, did.get(place, ()), self._off, self._basis))
        return column(found)

    def _told(self, u: Unit, stretch: Stretch) -> Sequence[Told | None]:
        """What a provider said of each contact's company; looked up only where a field may come from it."""
        if not self._answered:
            return ()
        domains = stretch.company["domain"]
        people = [
            (
                ident,
                _values(stretch, ("email",), place),
                {"domain": domains.values[domains.codes[place]]} if has else None,
            )
            for place, (ident, has) in enumerate(zip(stretch.ids.tolist(), stretch.has_company.tolist(), strict=True))
        ]
        found = told_of(u, self._ctx.portal_id, self._ctx.rulebook.mapping, people)
        return [found.get(ident) for ident, _, _ in people]


def _values(stretch: Stretch, names: Sequence[str], place: int) -> Properties:
    """Properties of one contact, as far as they were ever read of it."""
    said = ((name, stretch.contact[name]) for name in names)
    found = {name: column.values[column.codes[place]] for name, column in said}
    return {name: value for name, value in found.items() if value != ABSENT}


def _sources(row: CompiledRow, stretch: Stretch, place: int) -> tuple[Properties, Properties | None]:
    """What a row reads of one contact and of its company."""
    contact = _values(stretch, [one.property for one in row.sources if not one.of_company], place)
    if not stretch.has_company[place]:
        return contact, None
    said = ((one.property, stretch.company[one.property]) for one in row.sources if one.of_company)
    return contact, {name: column.values[column.codes[place]] for name, column in said}


def _did(acts: Acts, kinds: Sequence[str]) -> dict[int, list[Activity]]:
    """By place of the contact its acts of these kinds."""
    did: dict[int, list[Activity]] = {}
    for place in acts.of_kinds(kinds).tolist():
        did.setdefault(int(acts.who[place]), []).append(act_at(acts, place))
    return did


def _ways(keys: Sequence[Column[Any]]) -> tuple[list[int], Ints]:
    """A place for each way in which these columns are filled together, and for each place the number of its way."""
    together = np.zeros(len(keys[0].codes), np.int64)
    for one in keys:
        # Numbered anew each time, so that the product with the next column always fits.
        _, together = numbered(together * len(one.values) + one.codes)
    place_of = np.zeros(int(together.max()) + 1 if len(together) else 0, np.int64)
    place_of[together] = np.arange(len(together))
    return place_of.tolist(), together


def _shared(values: Values[T], column: Column[T]) -> Column[T]:
    """The column by numbers that all stretches have in common."""
    values.room()
    codes = [code if (code := values.find(one)) is not None else values.add(one, one) for one in column.values]
    return Column(np.array(codes, np.int64)[column.codes], values.list)
