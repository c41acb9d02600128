"""Data quality of a portal: four scores, and the work lists behind them. Nothing is changed; a list is a proposal.

The contacts come one by one with what the rules know of them (``rules/quality``); here they are only counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connector.reports.figures import Figure, Section, count, none
from connector.rules.quality import STALE_DAYS, Quality, Tally

RESEARCH = 25
"""How many contacts a day a person can look up by hand (L18)."""
MOST_GROUPS = 200


@dataclass(slots=True)
class Seen:
    """What is counted while the contacts pass by."""

    tally: Tally = field(default_factory=Tally)
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
        Section("quality", "snapshot", tuple(_scores(seen.tally))),
        Section("empty", "snapshot", tuple(_by_field(seen.empty, "empty"))),
        Section("broken", "snapshot", tuple(_by_field(seen.broken, "broken"))),
        Section("stale", "snapshot", (count("stale", seen.stale, days=STALE_DAYS),)),
        Section("duplicates", "snapshot", tuple(_duplicates(groups))),
        Section("research", "snapshot", (_research(seen.research),)),
    )  # fmt: skip


def _scores(tally: Tally) -> Iterator[Figure]:
    found = tally.shares()
    suspects = tuple(sorted(tally.suspects))
    yield _share("completeness", found.complete, found.total)
    yield _share("validity", found.valid, found.total)
    yield _share("freshness", found.fresh, found.total)
    yield _share("uniqueness", found.unique, found.total, suspects)


def _share(key: str, value: float | None, everybody: int, behind: tuple[int, ...] = ()) -> Figure:
    return none(key, "nobody", "share") if value is None else Figure(key, value, "share", behind, of=everybody)


def _see(seen: Seen, who: int, one: Quality, score: int, reachable: int) -> None:
    seen.tally.see(who, one)
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
