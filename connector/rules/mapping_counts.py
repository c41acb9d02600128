"""Counting an edited mapping over many contacts: each distinct look of a row is worked out once. Pure.

A row depends on few properties, and most of them hold few different values. So a page of contacts is taken apart into
columns, and a row's effect is found for each distinct combination by the very functions that a single contact goes
through (``read_row``, ``write_back`` by way of ``Weigh``, ``MappingPreview``); the rest is looking up. A test holds
the counts against contact after contact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import add
from typing import Any, Final, NamedTuple

from connector.model.judgement import Decision, Field, Known
from connector.model.records import Properties
from connector.rules.documents.mapping import MappingDocument, Row
from connector.rules.mapping import NOT_MAPPED, CompiledMapping, CompiledRow, ValueFault, read_row
from connector.rules.mapping_preview import EFFECTS, MOVING, Effect, MappingPreview, read_effect, unread

REMEMBERED = 20_000
Counts = dict[Effect, int]
Weigh = Callable[[CompiledMapping, Mapping[str, Field], Properties], Mapping[str, Decision]]
"""Which decision a plan makes on each property that this mapping writes, given the fields and what HubSpot holds."""


class _Blank:
    """Why a column has no value at a place: never read, or no company to read from. Compared by identity."""


UNREAD: Final = _Blank()
NO_COMPANY: Final = _Blank()
Raw = str | _Blank | None
Key = tuple[Any, ...]


class Verdict(NamedTuple):
    """What one look of a row comes to: the effect, whether the field is known (1 or 0), whether something is odd."""

    effect: Effect
    known: int
    odd: int


Regions = Sequence[tuple[str, str]]
"""Contact by contact the region of its phone numbers: by the edited mapping, and by the published one."""


class Looks(NamedTuple):
    """A record as the mirror keeps it: the names that were read, and the values that are not empty."""

    names: frozenset[str]
    values: Mapping[str, str | None]


class Page:
    """Some contacts with their companies, to be read by column."""

    def __init__(self, ids: Sequence[int], contacts: Sequence[Looks], companies: Sequence[Looks | None]) -> None:
        self.ids = ids
        self._contacts = contacts
        self._companies = companies
        self._columns: dict[tuple[bool, str], list[Raw]] = {}
        self._values = [one.values for one in contacts]
        named = {id(one.names): one.names for one in contacts}
        self._alike = next(iter(named.values())) if len(named) == 1 else None  # nearly always: read by one mapping

    def column(self, of_company: bool, name: str) -> list[Raw]:
        """The values of one property, contact by contact."""
        found = self._columns.get((of_company, name))
        if found is None:
            found = self._columns[of_company, name] = self._read(of_company, name)
        return found

    def _read(self, of_company: bool, name: str) -> list[Raw]:
        if of_company:
            return [
                NO_COMPANY if one is None else one.values.get(name) if name in one.names else UNREAD
                for one in self._companies
            ]
        if self._alike is None:
            return [one.values.get(name) if name in one.names else UNREAD for one in self._contacts]
        if name not in self._alike:
            return [UNREAD] * len(self.ids)
        return [values.get(name) for values in self._values]


@dataclass(slots=True)
class RowCounts:
    """One row over all contacts: what it does to our field, and what to HubSpot's property."""

    reads: Counts | None
    writes: Counts | None

    def of(self, *effects: Effect) -> int:
        """How many contacts it does that to, in HubSpot where it writes, else in our field."""
        counts = self.writes or self.reads or {}
        return sum(counts.get(effect, 0) for effect in effects)

    @property
    def moves(self) -> int:
        return self.of(*MOVING)

    @property
    def broken(self) -> int:
        return self.of("fail", "conflict")


class _Task:
    """One row's way from columns to verdicts, with what it remembers."""

    def __init__(
        self, counts: Counts, places: Iterable[tuple[bool, str]], region: bool, judge: Callable[[Key, Weigh], Verdict]
    ) -> None:
        self.counts = counts
        self.places = tuple(dict.fromkeys(places))
        self.region = region
        self._judge = judge
        self._memory: dict[Key, Verdict] = {}

    def verdicts(self, page: Page, regions: Regions, weigh: Weigh, *, remember: bool) -> list[Verdict]:
        columns: list[Sequence[Any]] = [page.column(*place) for place in self.places]
        if self.region:
            columns.append(regions)
        keys: list[Key] = list(zip(*columns, strict=True)) if columns else [()] * len(page.ids)
        memory = self._memory if remember else {}
        for key in set(keys).difference(memory):
            memory[key] = self._judge(key, weigh)
        found = list(map(memory.__getitem__, keys))
        for verdict, number in Counter(found).items():
            self.counts[verdict.effect] += number
        if len(memory) > REMEMBERED:
            memory.clear()
        return found


class Counting:
    """Counts pages of contacts into the rows of one preview. ``gone``: what befalls fields that no row reads now.

    ``settled``: the counts of fields as the published mapping reads them, counted before. What both mappings read alike
    is then not counted again.
    """

    def __init__(self, preview: MappingPreview, settled: Mapping[str, Counts] | None = None) -> None:
        self._preview = preview
        self._settled = {name: n for name, n in (settled or {}).items() if name not in preview.moved}
        self.rows = [_none(row.reads(), row.writes() and row.where() == "contact") for row in preview.rows]
        self.gone: dict[str, Counts] = {name: _zero() for name in sorted(preview.old.keys() - preview.new.keys())}
        self.contacts = self.written = 0
        self._first: dict[int, int] = {}
        self._many: Counter[int] = Counter()
        self._oddest = (0, 0)
        self._countries: dict[Key, tuple[str, str]] = {}
        self._readers = []
        for at, row in preview.readers:
            if row.field in self._settled:
                self.rows[at].reads = dict(self._settled[row.field])
            else:
                self._readers.append(self._reader(row.field, self.rows[at].reads or {}))
        self._readers += [self._reader(name, counts) for name, counts in self.gone.items()]
        self._writers = [self._writer(row, self.rows[at].writes or {}) for at, row in preview.writers]

    def take(self, page: Page, weigh: Weigh, *, remember: bool = True) -> None:
        """Count a page. ``remember`` is for pages whose contacts ``weigh`` does not tell apart."""
        size = len(page.ids)
        regions = self._regions(page)
        known, odd, moving = [0] * size, [0] * size, [False] * size
        for task in self._readers:
            found = task.verdicts(page, regions, weigh, remember=remember)
            known = list(map(add, known, [one.known for one in found]))
            odd = list(map(add, odd, [one.odd for one in found]))
        for task in self._writers:
            found = task.verdicts(page, regions, weigh, remember=remember)
            moving = [was or one.effect in MOVING for was, one in zip(moving, found, strict=True)]
            odd = list(map(add, odd, [one.odd for one in found]))
        self.contacts += size
        self.written += sum(moving)
        self._remember(page.ids, known, odd)

    def _regions(self, page: Page) -> Regions:
        """The country of each contact, where a mapping reads one: it says how its phone numbers are read."""
        new, old = self._preview.new.get("country"), self._preview.old.get("country")
        places = _places(new, old)
        keys: list[Key] = list(zip(*(page.column(*place) for place in places), strict=True)) or [()] * len(page.ids)
        for key in set(keys).difference(self._countries):
            contact, company = _records(places, key)
            spoken = [
                _region(row, contact, company, locale) for row, locale in zip((new, old), self._locales, strict=True)
            ]
            self._countries[key] = (spoken[0], spoken[1])
        found = list(map(self._countries.__getitem__, keys))
        if len(self._countries) > REMEMBERED:
            self._countries.clear()
        return found

    @property
    def _locales(self) -> tuple[str, str]:
        return self._preview.after.locale.region, self._preview.before.locale.region

    def _remember(self, ids: Sequence[int], known: Sequence[int], odd: Sequence[int]) -> None:
        for contact, number in zip(ids, known, strict=True):
            self._first.setdefault(number, contact)
        self._many.update(known)
        most = max(odd, default=0)
        if most > self._oddest[0]:
            self._oddest = (most, ids[odd.index(most)])

    def worth_seeing(self) -> tuple[int, int, int]:
        """A contact with a middling number of known fields, one with the fewest, the oddest; 0 where there is none."""
        if not self._many:
            return 0, 0, 0
        half, seen = self._many.total() / 2, 0
        for number in sorted(self._many):
            seen += self._many[number]
            if seen >= half:
                return self._first[number], self._first[min(self._many)], self._oddest[1]
        raise AssertionError("half of the contacts lie somewhere")

    def _reader(self, field: str, counts: Counts) -> _Task:
        moved = field in self._preview.moved
        new = self._preview.new.get(field)
        old = self._preview.old.get(field) if moved else new

        def judge(key: Key, _weigh: Weigh) -> Verdict:
            contact, company = _records(task.places, key)
            region, before = key[-1] if task.region else ("", "")
            found = _read(new, contact, company, region)
            was = _read(old, contact, company, before) if moved else found
            effect = read_effect(found, was, never_read=unread(new, contact, company))
            return Verdict(effect, int(isinstance(found, Known)), int(effect == "fail"))

        task = _Task(counts, _places(new, old), _by_region(new) or _by_region(old), judge)
        return task

    def _writer(self, row: Row, counts: Counts) -> _Task:
        """A row that writes: its field by whichever row reads that, and what the property holds now."""
        new = self._preview.new.get(row.field)
        places = ((False, row.property), *_places(new))
        alone = _alone(self._preview.after, row)

        def judge(key: Key, weigh: Weigh) -> Verdict:
            contact, company = _records(task.places, key)
            fields = {row.field: _read(new, contact, company, key[-1][0] if task.region else "")}
            decision = weigh(alone, fields, contact).get(row.property)
            effect = self._preview.write_effect(row, fields, contact, decision)
            return Verdict(effect, 0, int(effect in ("fail", "conflict")))

        task = _Task(counts, places, _by_region(new), judge)
        return task


def _places(*rows: CompiledRow | None) -> tuple[tuple[bool, str], ...]:
    """The properties that these rows read."""
    return tuple(dict.fromkeys((source.of_company, source.property) for row in rows if row for source in row.sources))


def _by_region(row: CompiledRow | None) -> bool:
    return row is not None and any(source.by_region for source in row.sources)


def _records(
    places: Sequence[tuple[bool, str]], key: Key
) -> tuple[dict[str, str | None], dict[str, str | None] | None]:
    """A look as contact and company: what was never read is not in there."""
    contact: dict[str, str | None] = {}
    company: dict[str, str | None] | None = {}
    for (of_company, name), raw in zip(places, key, strict=False):
        if raw is NO_COMPANY:
            company = None
        elif raw is not UNREAD and of_company and company is not None:
            company[name] = raw
        elif raw is not UNREAD and not of_company:
            contact[name] = raw
    return contact, company


def _region(row: CompiledRow | None, contact: Properties, company: Properties | None, locale: str) -> str:
    found = _read(row, contact, company, locale)
    return str(found.value) if isinstance(found, Known) else locale


def _read(row: CompiledRow | None, contact: Properties, company: Properties | None, region: str) -> Field:
    faults: list[ValueFault] = []
    return NOT_MAPPED if row is None else read_row(row, contact, company, region, faults)


def _alone(mapping: CompiledMapping, row: Row) -> CompiledMapping:
    document = MappingDocument.model_construct(locale=mapping.document.locale, rows=(row,))
    return replace(mapping, document=document)


def _none(reads: bool, writes: bool) -> RowCounts:
    return RowCounts(_zero() if reads else None, _zero() if writes else None)


def _zero() -> Counts:
    return dict.fromkeys(EFFECTS, 0)
