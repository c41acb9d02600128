"""Mirror → ``Stretch``: the portal's living contacts as they are kept as columns, brought up to date on the way.

Columns that are there are laid under whoever changed since, who is read from the rows. Where they are missing, or many
changed, a stretch is read from the rows and kept anew. The last contacts, too few for a stretch, always come from the
rows; so small portals keep nothing. Not here: what a model makes of them (``crowds.py``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from connector.rules.crowd import packing
from connector.rules.crowd.columns import ABSENT, Acts, Ints, Words, column
from connector.rules.crowd.packing import COMPANY, CONTACT, WORDS
from connector.rules.crowd.stretch import Stretch, Texts, laid_over
from connector.store import Store, Unit, associations, crowds, stretches
from connector.store.crowds import Packed, People, Whom
from connector.store.stretches import Reach
from connector.store.unit import FOR_EVER

STRETCH = 10_000


@dataclass(frozen=True, slots=True)
class _Next:
    """The next contacts: from where to where; ``announced``: their columns may be there; ``keep``: they should be."""

    reach: Reach
    announced: bool
    keep: bool

    @property
    def more(self) -> bool:
        """Whether anybody may come behind them."""
        return self.reach.last_id < FOR_EVER


def stretches_of(
    store: Store, portal_id: int, wanted: frozenset[str], size: int = STRETCH, most: int = STRETCH // 20
) -> Iterator[Stretch]:
    """Everybody, about ``size`` contacts at a time in the order of their ids, with at least the columns ``wanted``.

    A stretch of which more than ``most`` have changed is made anew.
    """
    after: int | None = 0
    while after is not None:
        with store.view() as u:
            coming = _next(u, portal_id, after, size)
            found = _from_columns(u, portal_id, coming, wanted, most) if coming.announced else None
            if found is None and not coming.keep:
                found = _from_rows(u, portal_id, coming.reach, wanted)
        # The view is closed by now: what its reader writes meanwhile would pile up in the log of an open one.
        if found is None:
            found = _made_anew(store, portal_id, coming.reach, wanted)
        if len(found):
            yield found
        after = coming.reach.last_id if coming.more else None


def _next(u: Unit, portal_id: int, after: int, size: int) -> _Next:
    following = stretches.following(u, portal_id, after)
    if following is not None and following.after_id == after:
        return _Next(following, announced=True, keep=True)
    until = following.after_id if following is not None else None
    last, many = stretches.end_of(u, portal_id, after, until, size)
    if many == size and last is not None:
        return _Next(Reach(after, last), announced=False, keep=True)
    if until is not None:  # a gap between two stretches
        return _Next(Reach(after, until), announced=False, keep=True)
    return _Next(Reach(after, FOR_EVER), announced=False, keep=False)


def _from_columns(u: Unit, portal_id: int, coming: _Next, wanted: frozenset[str], most: int) -> Stretch | None:
    """From the columns that are kept, if all are there and no more than so many have changed since."""
    held = stretches.columns(u, portal_id, coming.reach, wanted)
    if held.keys() != wanted:
        return None
    changed = stretches.changed(u, portal_id, coming.reach)
    if len(changed) > most:
        return None
    old = packing.unpacked(held)
    return laid_over(old, _from_rows(u, portal_id, list(changed), wanted), changed) if changed else old


def _made_anew(store: Store, portal_id: int, reach: Reach, wanted: frozenset[str]) -> Stretch:
    """From the rows, and kept, with all columns that other stretches have."""
    with store.unit() as u:
        token = stretches.announce(u, portal_id, reach)
    with store.view() as u:
        names = wanted | stretches.names(u, portal_id)
        seen = stretches.changed(u, portal_id, reach)
        made = _from_rows(u, portal_id, reach, names)
    bodies = packing.packed(made, packing.named(names, WORDS))
    with store.unit() as u:
        stretches.keep(u, portal_id, reach, token, bodies, seen)
    return made


def _from_rows(u: Unit, portal_id: int, whom: Whom, names: frozenset[str]) -> Stretch:
    people = crowds.people(u, portal_id, whom)
    companies, has_company = _companies(u, portal_id, people, packing.named(names, COMPANY))
    return Stretch(
        np.array(people.ids, np.int64),
        {name: _property(name, people) for name in packing.named(names, CONTACT)},
        companies,
        has_company,
        _acts(crowds.acts(u, portal_id, whom, packing.named(names, WORDS)), people, packing.named(names, WORDS)),
    )


def _property(name: str, people: People) -> Texts:
    values = [one.get(name) for one in people.values]
    # Only where something is missing does it matter whether it was read at all.
    return column(
        [
            value if value is not None else None if name in read else ABSENT
            for value, read in zip(values, people.read, strict=True)
        ]
    )


def _companies(
    u: Unit, portal_id: int, people: People, names: Sequence[str]
) -> tuple[dict[str, Texts], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Properties of the company that counts for each contact, and whether there is one."""
    company_of = associations.companies_of(u, portal_id, people.ids)
    companies = crowds.companies(u, portal_id, sorted(set(company_of.values())))
    theirs = [companies.get(company_of.get(one, 0)) for one in people.ids]
    columns = {name: column([one.get(name) if one is not None else None for one in theirs]) for name in names}
    return columns, np.array([one is not None for one in theirs], np.bool_)


def _acts(packed: Packed, people: People, worded: Sequence[str]) -> Acts:
    ids = np.array(people.ids, np.int64)
    contact = np.repeat(packed.ids, packed.counts)
    # Acts of those who are gone or merged are nobody's here.
    who = np.searchsorted(ids, contact)
    mine = ids[np.minimum(who, len(ids) - 1)] == contact if len(ids) else np.zeros(len(who), np.bool_)
    order = np.arange(len(who)) if _in_order(who, packed.at_ms) else np.lexsort((packed.at_ms, who))
    order = order[mine[order]]
    words, said = _words(packed, worded)
    return Acts(
        who[order], packed.at_ms[order], packed.kind[order], packed.verdict[order], words[order],
        kinds=packed.kinds, said=said,
    )  # fmt: skip


def _words(packed: Packed, worded: Sequence[str]) -> tuple[Ints, list[Words]]:
    """The code of what each act says, and what the codes stand for; 0 for acts whose words nobody asks for."""
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(tuple(one), len(known)) for one in packed.said], np.int64)
    told: list[list[str]] = [list(one) for one in known]  # type: ignore[call-overload]
    said = [Words(ref, title, url, asset, orjson.loads(detail)) for ref, title, url, asset, detail in told]
    words = np.zeros(len(packed.kind), np.int64)
    words[np.isin(packed.kind, [place for place, kind in enumerate(packed.kinds) if kind in worded])] = codes + 1
    return words, [Words(), *said]


def _in_order(who: Ints, at_ms: Ints) -> bool:
    """Whether acts come by contact and time, as the key of their table has them; no database has to promise it."""
    later = (who[1:] == who[:-1]) & (at_ms[1:] >= at_ms[:-1])
    return bool(np.all(later | (who[1:] > who[:-1])))
