"""Many contacts as columns: each distinct value once, and for each contact the number of its value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from connector.model.judgement import Facts, Field
from connector.model.records import Activity

T = TypeVar("T")
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

VERDICTS: Final = ("human", "unsure", "machine")
"""How sure it is that a person did it, in the order of the codes in ``Acts.verdict``."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One value for each contact: ``values[codes[i]]`` is that of contact ``i``."""

    codes: Ints
    values: Sequence[T]


@dataclass(frozen=True, slots=True)
class Words:
    """What an act says beside its kind and time; the same words are kept once."""

    ref: str = ""
    title: str = ""
    url: str = ""
    asset: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Acts:
    """What the contacts did, by contact and time. ``who`` is the place of the contact in the crowd.

    ``kind`` and ``words`` are codes of ``kinds`` and ``said``; ``verdict`` is a code of ``VERDICTS``. ``at_ms``: epoch.
    Without slots: what is found out about all acts once, most rules ask.
    """

    who: Ints
    at_ms: Ints
    kind: Ints
    verdict: Ints
    words: Ints
    kinds: Sequence[str]
    said: Sequence[Words]

    def of_kinds(self, kinds: Collection[str]) -> Ints:
        """The places of the acts of these kinds, by contact and time as all acts are."""
        order, ends = self._by_kind
        parts = [order[ends[code] : ends[code + 1]] for code, kind in enumerate(self.kinds) if kind in kinds]
        if len(parts) == 1:
            return parts[0]
        # Each part is in order: a stable sort merges them.
        return np.sort(np.concatenate(parts), kind="stable") if parts else order[:0]

    @cached_property
    def _by_kind(self) -> tuple[Ints, Ints]:
        """All places kind by kind, and where each kind begins."""
        narrow = self.kind.astype(np.uint16 if len(self.kinds) > 255 else np.uint8)  # sorted by counting
        counts = np.bincount(self.kind, minlength=len(self.kinds))
        return np.argsort(narrow, kind="stable"), np.concatenate([[0], np.cumsum(counts)])


@dataclass(frozen=True, slots=True)
class Crowd:
    """Contacts at one instant. ``fields`` and ``properties`` hold what the model names; None: not in the record.

    A property that a record does not have at all is told apart from an empty one by ``ABSENT``. ``lists``: who is on
    those lists that the model names and that were read.
    """

    ids: Ints
    now_ms: int
    fields: Mapping[str, Column[Field]]
    properties: Mapping[str, Column[str | None]]
    acts: Acts
    missing_sources: frozenset[str] = frozenset()
    lists: Mapping[str, Column[bool | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


ABSENT: Final = "\0absent"


def column(values: Sequence[T]) -> Column[T]:
    """A column of these values; equal ones get one code."""
    known: dict[tuple[type, T], int] = {}
    codes = np.fromiter(
        (known.setdefault((value.__class__, value), len(known)) for value in values), np.int64, len(values)
    )
    return Column(codes, [value for _, value in known])


def crowd_of(people: Sequence[Facts]) -> Crowd:
    """These contacts as columns; all at the instant of the first."""
    fields = sorted({name for one in people for name in one.fields})
    properties = sorted({name for one in people for name in one.properties})
    lists = sorted({name for one in people for name in one.lists})
    return Crowd(
        ids=np.array([one.contact_id for one in people], np.int64),
        now_ms=people[0].now_ms,
        fields={name: _of_field([one.fields.get(name) for one in people]) for name in fields},
        properties={name: column([one.properties.get(name, ABSENT) for one in people]) for name in properties},
        acts=_acts(people),
        missing_sources=people[0].missing_sources,
        lists={name: column([one.lists.get(name) for one in people]) for name in lists},
    )


def _of_field(values: Sequence[Field | None]) -> Column[Field]:
    known: dict[object, int] = {}
    kept: list[Field] = []
    codes = np.zeros(len(values), np.int64)
    for place, value in enumerate(values):
        said = getattr(value, "value", None)
        key = (value.__class__, said.__class__, value)
        if key not in known:
            known[key] = len(kept)
            kept.append(value)  # type: ignore[arg-type]
        codes[place] = known[key]
    return Column(codes, kept)


def _acts(people: Sequence[Facts]) -> Acts:
    every = [(place, act) for place, one in enumerate(people) for act in one.activities]
    kinds: dict[str, int] = {}
    said: dict[object, int] = {}
    words: list[Words] = []
    for _, act in every:
        kinds.setdefault(act.kind, len(kinds))
        if (key := _key(act)) not in said:
            said[key] = len(words)
            words.append(Words(act.ref, act.title, act.url, act.asset, act.detail))

    def ints(values: Sequence[int]) -> Ints:
        return np.array(values, np.int64)

    return Acts(
        who=ints([place for place, _ in every]),
        at_ms=ints([act.at_ms for _, act in every]),
        kind=ints([kinds[act.kind] for _, act in every]),
        verdict=ints([VERDICTS.index(act.verdict) for _, act in every]),
        words=ints([said[_key(act)] for _, act in every]),
        kinds=list(kinds),
        said=words,
    )


def _key(act: Activity) -> object:
    return act.ref, act.title, act.url, act.asset, tuple(sorted(act.detail.items()))
