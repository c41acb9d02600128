"""Data quality of one contact: how complete, how sound, how fresh, and by which keys it would be a duplicate. Pure.

All three are 0 to 100; None where nothing can be said. Work lists and the portal's own figures: ``reports/quality``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.model.judgement import Facts, Field, Known, Unknown
from connector.rules.mapping import ValueFault
from connector.rules.transforms.address import FREE_MAIL

DAY_MS: Final = 86_400_000
FRESH_DAYS: Final = 180
STALE_DAYS: Final = 720
EMPTY: Final = frozenset({"empty", "no company"})
NO_PLACE: Final = frozenset({"not mapped", "not in this portal"})


@dataclass(frozen=True, slots=True)
class Quality:
    """``empty`` are fields that have a place and no value, ``broken`` those whose value cannot be used.

    ``keys`` name what the contact is known by, as (kind, value): two contacts with one key in common are suspects.
    """

    completeness: int | None
    validity: int | None
    freshness: int
    age_days: int
    empty: tuple[str, ...]
    broken: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]


def quality(facts: Facts, faults: Sequence[ValueFault], names: Sequence[str], created_ms: int | None) -> Quality:
    """``names`` are the fields that count. Fresh is whoever did something, or came, within half a year."""
    here = {name: found for name in names if (found := facts.fields.get(name)) is not None and _has_a_place(found)}
    empty = tuple(name for name, found in here.items() if isinstance(found, Unknown) and found.why in EMPTY)
    filled = [name for name in here if name not in empty]
    broken = tuple(dict.fromkeys(fault.field for fault in faults))
    age = _age_days(facts, created_ms)
    return Quality(
        completeness=_percent(len(filled), len(here)),
        validity=_percent(len(filled) - sum(name in broken for name in filled), len(filled)),
        freshness=_freshness(age),
        age_days=age,
        empty=empty,
        broken=broken,
        keys=tuple(_keys(facts)),
    )


def _has_a_place(found: Field) -> bool:
    return isinstance(found, Known) or found.why not in NO_PLACE


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


def _age_days(facts: Facts, created_ms: int | None) -> int:
    """Days since the contact last did something of its own, or came."""
    own = max((act.at_ms for act in facts.activities if act.verdict == "human"), default=None)
    last = max((at for at in (own, created_ms) if at is not None), default=facts.now_ms)
    return max(0, facts.now_ms - last) // DAY_MS


def _freshness(age_days: int) -> int:
    """100 for half a year, then falling to 0 at two."""
    left = (STALE_DAYS - age_days) / (STALE_DAYS - FRESH_DAYS)
    return round(100 * min(1.0, max(0.0, left)))


def _keys(facts: Facts) -> list[tuple[str, str]]:
    """Telephone in E.164; name within the company's domain (free mail says nothing), else within the company's name."""
    known = {name: str(found.value) for name, found in facts.fields.items() if isinstance(found, Known)}
    keys = []
    if phone := known.get("phone"):
        keys.append(("phone", phone))
    name = _folded(f"{known.get('first_name', '')} {known.get('last_name', '')}")
    if name and known.get("first_name") and known.get("last_name"):
        domain = known.get("email_domain", "").casefold()
        where = domain if domain and domain not in FREE_MAIL else _folded(known.get("company_name", ""))
        keys += [("name", f"{name}@{where}")] if where else []
    return keys


_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _folded(text: str) -> str:
    return " ".join(text.casefold().translate(_FOLD).split())


@dataclass(frozen=True, slots=True)
class Shares:
    """The quality of a whole portal: how many contacts, and four shares of 1; None where nothing can be said."""

    total: int
    complete: float | None
    valid: float | None
    fresh: float | None
    unique: float | None


class Tally:
    """Contacts as they pass by, folded into the portal's shares. Keys are kept, contacts are not.

    ``suspects``: who shares a key with somebody else.
    """

    def __init__(self) -> None:
        self._sums = {"complete": [0, 0], "valid": [0, 0], "fresh": [0, 0]}
        self._first: dict[tuple[str, str], int] = {}
        self.suspects: set[int] = set()
        self._total = 0

    def see(self, who: int, one: Quality) -> None:
        self._total += 1
        for name, value in (("complete", one.completeness), ("valid", one.validity), ("fresh", one.freshness)):
            if value is not None:
                self._sums[name][0] += value
                self._sums[name][1] += 1
        for key in one.keys:
            if (other := self._first.setdefault(key, who)) != who:
                self.suspects |= {who, other}

    def shares(self) -> Shares:
        means = {name: round(total / times / 100, 4) if times else None for name, (total, times) in self._sums.items()}
        unique = round(1 - len(self.suspects) / self._total, 4) if self._total else None
        return Shares(self._total, means["complete"], means["valid"], means["fresh"], unique)
