"""Associations between records and their type ids (hubspot-api.md 9). Changing one never touches a record."""

from __future__ import annotations

from functools import lru_cache

from connector.twin.definitions import ONE_OF
from connector.twin.errors import JSON, refused

UNLABELED = {
    ("contacts", "companies"): 279, ("companies", "contacts"): 280, ("deals", "contacts"): 3, ("contacts", "deals"): 4,
    ("deals", "companies"): 341, ("companies", "deals"): 342, ("contacts", "emails"): 197, ("emails", "contacts"): 198,
    ("contacts", "calls"): 193, ("calls", "contacts"): 194, ("contacts", "meetings"): 199,
    ("meetings", "contacts"): 200,
    ("contacts", "notes"): 201, ("notes", "contacts"): 202, ("contacts", "tasks"): 203, ("tasks", "contacts"): 204,
    ("companies", "calls"): 181, ("calls", "companies"): 182, ("companies", "emails"): 185,
    ("emails", "companies"): 186,
    ("companies", "meetings"): 187, ("meetings", "companies"): 188, ("companies", "notes"): 189,
    ("notes", "companies"): 190, ("companies", "tasks"): 191, ("tasks", "companies"): 192, ("deals", "calls"): 205,
    ("calls", "deals"): 206, ("deals", "emails"): 209, ("emails", "deals"): 210, ("deals", "meetings"): 211,
    ("meetings", "deals"): 212, ("deals", "notes"): 213, ("notes", "deals"): 214, ("deals", "tasks"): 215,
    ("tasks", "deals"): 216,
}  # fmt: skip
PRIMARY = {
    ("contacts", "companies"): 1, ("companies", "contacts"): 2, ("deals", "companies"): 5, ("companies", "deals"): 6,
}  # fmt: skip
MIRROR = {279: 280, 1: 2, 3: 4, 341: 342, 5: 6} | {280: 279, 2: 1, 4: 3, 342: 341, 6: 5}
MIRROR |= {UNLABELED[pair]: UNLABELED[pair[::-1]] for pair in UNLABELED}

Pair = tuple[str, str]
Types = tuple[int, ...]


class Links:
    """Both directions of every association."""

    def __init__(self) -> None:
        self._of: dict[Pair, dict[int, dict[int, Types]]] = {}
        self.labels: dict[Pair, dict[int, str]] = {}
        self._next_label = 1
        self._mirror = dict(MIRROR)

    def of(self, kind: str, record_id: int, other: str) -> dict[int, Types]:
        """Associated ids with their type ids, by ascending id."""
        return self._of.get((kind, other), {}).get(record_id, {})

    def known_types(self, pair: Pair) -> set[int]:
        known = {UNLABELED[pair]} if pair in UNLABELED else set()
        if pair in PRIMARY:
            known.add(PRIMARY[pair])
        return known | set(self.labels.get(pair, {}))

    def check(self, pair: Pair, type_id: int) -> None:
        if type_id not in self.known_types(pair):
            raise refused(
                f"Association type {type_id} is not valid between {pair[0]} and {pair[1]}",
                subCategory="crm.associations.INVALID_ASSOCIATION_TYPE",
                context={"type": [str(type_id)], "fromObjectType": [pair[0]], "toObjectType": [pair[1]]},
            )

    def add(self, kind: str, record_id: int, other: str, other_id: int, types: Types = ()) -> bool:
        """Associate both ways; the unlabeled type always comes along. True when something changed."""
        pair = (kind, other)
        if pair not in UNLABELED:
            raise refused(
                f"{kind} cannot be associated with {other}", subCategory="crm.associations.INVALID_ASSOCIATION_TYPE"
            )
        wanted = dict.fromkeys((UNLABELED[pair], *types))
        before = self.of(kind, record_id, other).get(other_id, ())
        merged = tuple(dict.fromkeys((*before, *wanted)))
        if merged == before:
            return False
        self._put(pair, record_id, other_id, merged)
        self._put(pair[::-1], other_id, record_id, tuple(self._mirror.get(t, t) for t in merged))
        return True

    def _put(self, pair: Pair, left: int, right: int, types: Types) -> None:
        self._of.setdefault(pair, {}).setdefault(left, {})[right] = types

    def make_primary(self, contact_id: int, company_id: int, kind: str = "contacts") -> bool:
        """One primary company a record: the mark moves."""
        mark = PRIMARY[(kind, "companies")]
        for other_id, types in list(self.of(kind, contact_id, "companies").items()):
            if mark in types and other_id != company_id:
                self.unlabel(kind, contact_id, "companies", other_id, (mark,))
        return self.add(kind, contact_id, "companies", company_id, (mark,))

    def primary_company(self, record_id: int, kind: str = "contacts") -> int | None:
        mark = PRIMARY[(kind, "companies")]
        return next((cid for cid, types in self.of(kind, record_id, "companies").items() if mark in types), None)

    def unlabel(self, kind: str, record_id: int, other: str, other_id: int, types: Types) -> None:
        kept = tuple(t for t in self.of(kind, record_id, other).get(other_id, ()) if t not in types)
        self.remove(kind, record_id, other, other_id)
        if kept:
            self.add(kind, record_id, other, other_id, kept)

    def remove(self, kind: str, record_id: int, other: str, other_id: int) -> bool:
        """Remove with all labels, both ways. True when there was one."""
        gone = self._of.get((kind, other), {}).get(record_id, {}).pop(other_id, None)
        self._of.get((other, kind), {}).get(other_id, {}).pop(record_id, None)
        return gone is not None

    def everything(self, kind: str, record_id: int) -> list[tuple[str, int, Types]]:
        return [
            (other, other_id, types)
            for (left, other), rows in self._of.items()
            if left == kind
            for other_id, types in rows.get(record_id, {}).items()
        ]

    def move(self, kind: str, old: int, new: int) -> None:
        """Hand all associations of one record to another (a merge); a primary company is not overruled."""
        for other, other_id, types in self.everything(kind, old):
            mark = PRIMARY.get((kind, other))
            taken = mark is not None and self.primary_company(new, kind) is not None
            self.remove(kind, old, other, other_id)
            self.add(kind, new, other, other_id, tuple(t for t in types if not (taken and t == mark)))

    def drop(self, kind: str, record_id: int) -> None:
        for other, other_id, _ in self.everything(kind, record_id):
            self.remove(kind, record_id, other, other_id)

    def describe(self, pair: Pair, types: Types) -> list[JSON]:
        """As v4 reads them out."""
        rows: list[JSON] = []
        for type_id in sorted(types):
            own = self.labels.get(pair, {}).get(type_id)
            label = own or ("Primary" if PRIMARY.get(pair) == type_id else None)
            rows.append({"category": "USER_DEFINED" if own else "HUBSPOT_DEFINED", "typeId": type_id, "label": label})
        return rows

    def define_label(self, pair: Pair, label: str) -> list[tuple[Pair, int]]:
        made = []
        for each in (pair, pair[::-1]):
            self.labels.setdefault(each, {})[self._next_label + 100] = label
            made.append((each, self._next_label + 100))
            self._next_label += 1
        self._mirror[made[0][1]], self._mirror[made[1][1]] = made[1][1], made[0][1]
        return made

    def names(self, pair: Pair, types: Types) -> tuple[str, ...]:
        """The string types of v3: ``contact_to_company`` and ``contact_to_company_unlabeled``."""
        return _names(pair, tuple(types))


@lru_cache(maxsize=1024)
def _names(pair: Pair, types: Types) -> tuple[str, ...]:
    base = f"{ONE_OF[pair[0]]}_to_{ONE_OF[pair[1]]}"
    named = {PRIMARY.get(pair): base, UNLABELED.get(pair): f"{base}_unlabeled" if pair in PRIMARY else base}
    return tuple(named.get(type_id, base) for type_id in sorted(types))
