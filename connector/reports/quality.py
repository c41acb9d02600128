"""Data quality of a portal: four scores, and the work lists behind them. Nothing is changed; a list is a proposal.

The contacts come one by one with what the rules know of them (``rules/quality``); here they are only counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import fmean

from connector.reports.figures import Figure, Section, count, none
from connector.rules.quality import STALE_DAYS, Quality

RESEARCH = 25
"""How many contacts a day a person can look up by hand (L18)."""
MOST_GROUPS = 200


@dataclass(slots=True)
class Seen:
    """What is counted while the contacts pass by."""

    all: list[int] = field(default_factory=list)
    complete: list[int] = field(default_factory=list)
    valid: list[int] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    empty: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    stale: list[int] = field(default_factory=list)
    by_key: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    research: list[tuple[int, int, int]] = field(default_factory=list)


def sections(found: Iterable[tuple[int, Quality, int, int]]) -> tuple[Section, ...]:
    """``found``: contact, its quality, its score, and the points it could still be given by what is not known."""
    seen = Seen()
    for who, one, score, reachable in found:
        _see(seen, who, one, score, reachable)
    groups = {key: ids for key, ids in seen.by_key.items() if len(ids) > 1}
    return (
        Section("quality", "snapshot", tuple(_scores(seen, groups))),
        Section("empty", "snapshot", tuple(_by_field(seen.empty, "empty"))),
        Section("broken", "snapshot", tuple(_by_field(seen.broken, "broken"))),
        Section("stale", "snapshot", (count("stale", seen.stale, days=STALE_DAYS),)),
        Section("duplicates", "snapshot", tuple(_duplicates(groups))),
        Section("research", "snapshot", (_research(seen.research),)),
    )  # fmt: skip


def _scores(seen: Seen, groups: dict[tuple[str, str], list[int]]) -> Iterator[Figure]:
    yield _mean("completeness", seen.complete, seen.all)
    yield _mean("validity", seen.valid, seen.all)
    yield _mean("freshness", seen.fresh, seen.all)
    yield _uniqueness(groups, seen.all)


def _see(seen: Seen, who: int, one: Quality, score: int, reachable: int) -> None:
    seen.all.append(who)
    seen.complete += [one.completeness] if one.completeness is not None else []
    seen.valid += [one.validity] if one.validity is not None else []
    seen.fresh.append(one.freshness)
    for name in one.empty:
        seen.empty[name].append(who)
    for name in one.broken:
        seen.broken[name].append(who)
    if one.age_days >= STALE_DAYS:
        seen.stale.append(who)
    for key in one.keys:
        seen.by_key[key].append(who)
    if reachable > 0:
        seen.research.append((-reachable - score, -score, who))


def _mean(key: str, values: list[int], everybody: list[int]) -> Figure:
    if not values:
        return none(key, "nobody", "share")
    return Figure(key, round(fmean(values) / 100, 4), "share", (), of=len(everybody))


def _uniqueness(groups: dict[tuple[str, str], list[int]], everybody: list[int]) -> Figure:
    """The share of contacts that share no key with another."""
    suspects = {who for ids in groups.values() for who in ids}
    if not everybody:
        return none("uniqueness", "nobody", "share")
    share = 1 - len(suspects) / len(everybody)
    return Figure("uniqueness", round(share, 4), "share", tuple(sorted(suspects)), of=len(everybody))


def _by_field(found: dict[str, list[int]], label: str) -> list[Figure]:
    order = Counter({name: len(ids) for name, ids in found.items()}).most_common()
    return [count(name, found[name], label, field=name) for name, _ in order]


def _duplicates(groups: dict[tuple[str, str], list[int]]) -> list[Figure]:
    """Suspects by the key they share; then the groups, the largest first. The key itself is personal and stays here."""
    kinds: dict[str, set[int]] = {"phone": set(), "name": set()}
    for (kind, _), ids in groups.items():
        kinds[kind].update(ids)
    figures = [count(kind, ids, f"same_{kind}") for kind, ids in kinds.items()]
    largest = sorted(groups.items(), key=lambda one: (-len(one[1]), min(one[1])))[:MOST_GROUPS]
    for number, ((kind, _), ids) in enumerate(largest, 1):
        figures.append(count(f"group_{number}", ids, f"group_{kind}", number=number))
    return figures


def _research(found: list[tuple[int, int, int]]) -> Figure:
    """Today's: whose score and what could still be added are highest together, no more than a person can do."""
    chosen = tuple(who for *_, who in sorted(found)[:RESEARCH])
    return Figure("research", len(chosen), "count", chosen, "research", {"most": RESEARCH})
