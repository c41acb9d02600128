"""Facts of a stretch of contacts as they are mirrored, column by column: before any mapping, whatever the model.

Not here: fields (``connector/sync/crowds.py`` reads them by the mapping), the bytes of a column (``packing.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from connector.rules.crowd.columns import Acts, Column, Flags, Ints, Words

T = TypeVar("T")
Texts = Column[str | None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Living contacts in the order of their ids. ``contact`` and ``company`` are properties by name.

    None: empty; a property that was never read of a contact is ``ABSENT``. ``has_company``: whether one counts for it.
    """

    ids: Ints
    contact: Mapping[str, Texts]
    company: Mapping[str, Texts]
    has_company: Flags
    acts: Acts

    def __len__(self) -> int:
        return len(self.ids)


def laid_over(old: Stretch, new: Stretch, changed: Iterable[int]) -> Stretch:
    """``old``, and whoever changed since as ``new`` has it; who is not there is gone. Both have the same columns."""
    stays = ~np.isin(old.ids, np.fromiter(changed, np.int64))
    ids = np.concatenate([old.ids[stays], new.ids])
    order = np.argsort(ids, kind="stable")
    return Stretch(
        ids[order],
        {name: _joined(column, new.contact[name], stays, order) for name, column in old.contact.items()},
        {name: _joined(column, new.company[name], stays, order) for name, column in old.company.items()},
        np.concatenate([old.has_company[stays], new.has_company])[order],
        _acts(old.acts, new.acts, stays, order),
    )


def _joined(old: Column[T], new: Column[T], stays: Flags, order: Ints) -> Column[T]:
    codes = np.concatenate([old.codes[stays], new.codes.astype(np.int64) + len(old.values)])
    return Column(codes[order], [*old.values, *new.values])


def _acts(old: Acts, new: Acts, stays: Flags, order: Ints) -> Acts:
    """Both one's acts by contact and time: those of one contact are all of the one or all of the other."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    left = np.cumsum(stays) - 1
    mine = stays[old.who]
    who = np.concatenate([place[left[old.who[mine]]], place[new.who + int(stays.sum())]])
    by_contact = np.argsort(who, kind="stable")
    kinds = list(dict.fromkeys([*old.kinds, *new.kinds]))

    def together(one: Ints, other: Ints) -> Ints:
        return np.concatenate([one[mine], other])[by_contact]

    return Acts(
        who[by_contact],
        together(old.at_ms, new.at_ms),
        together(_recoded(old, kinds), _recoded(new, kinds)),
        together(old.verdict, new.verdict),
        together(old.words, new.words + len(old.said)),
        kinds=kinds,
        said=[*old.said, *new.said],
    )


def _recoded(acts: Acts, kinds: Sequence[str]) -> Ints:
    return np.array([kinds.index(kind) for kind in acts.kinds], np.int64)[acts.kind] if len(acts.kind) else acts.kind


def said_by(acts: Acts, worded: Mapping[str, tuple[Ints, Sequence[Words]]]) -> Acts:
    """The acts with the words of these kinds: for each act of a kind, in order, the place of its words."""
    words = np.zeros(len(acts.kind), np.int64)
    said = [Words()]
    for kind, (codes, theirs) in worded.items():
        if kind in acts.kinds:
            words[acts.kind == acts.kinds.index(kind)] = codes.astype(np.int64) + len(said)
            said += theirs
    return Acts(acts.who, acts.at_ms, acts.kind, acts.verdict, words, kinds=acts.kinds, said=said)


def words_of(acts: Acts, kind: str) -> tuple[Ints, list[Words]]:
    """What the acts of one kind say, as ``said_by`` takes it."""
    codes = acts.words[acts.kind == acts.kinds.index(kind)] if kind in acts.kinds else acts.words[:0]
    used, places = np.unique(codes, return_inverse=True)
    return places.astype(np.int64), [acts.said[one] for one in used.tolist()]


def until(acts: Acts, now_ms: int) -> Acts:
    """Without what is still to come."""
    if not len(acts.at_ms) or int(acts.at_ms.max()) <= now_ms:
        return acts
    past = acts.at_ms <= now_ms
    who, at_ms, kind, verdict, words = (
        one[past] for one in (acts.who, acts.at_ms, acts.kind, acts.verdict, acts.words)
    )
    return Acts(who, at_ms, kind, verdict, words, kinds=acts.kinds, said=acts.said)
