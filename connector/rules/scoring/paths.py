"""Looking at a model itself: the shortest ways to its threshold. What is unwise about them says ``rules/lint/``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from connector.rules.documents.scoring import ScoringDocument
from connector.rules.documents.scoring_rules import ActivityRule, FamilyName, PropertyRule

MOST_ACTS = 6
WIDTH = 12


@dataclass(frozen=True, slots=True)
class PathToThreshold:
    """A smallest set of acts that reaches the threshold, alone or on top of a full profile."""

    acts: tuple[str, ...]
    points: int
    with_profile: bool


def shortest_paths_to_threshold(document: ScoringDocument, *, with_profile: bool = True) -> tuple[PathToThreshold, ...]:
    """All sets of as few acts as possible that reach the threshold, most points first; none when nothing does."""
    start = [rule for rule in document.rules if with_profile and isinstance(rule, PropertyRule) and _gives(rule)]
    acts = sorted(_acts(document), key=lambda rule: (-rule.points, rule.name))[:WIDTH]
    for size in range(MOST_ACTS + 1):
        found = [
            PathToThreshold(tuple(rule.name for rule in chosen), points, with_profile)
            for chosen in _choices(acts, size)
            if (points := _points(document, start, chosen)) >= document.threshold
        ]
        if found:
            return tuple(sorted(found, key=lambda path: (-path.points, path.acts)))
    return ()


def _acts(document: ScoringDocument) -> list[ActivityRule]:
    return [rule for rule in document.rules if isinstance(rule, ActivityRule) and _gives(rule)]


def _gives(rule: PropertyRule | ActivityRule) -> bool:
    return rule.enabled and rule.points > 0


def _choices(acts: Sequence[ActivityRule], size: int) -> Iterator[tuple[ActivityRule, ...]]:
    for chosen in combinations_with_replacement(acts, size):
        times = Counter(rule.name for rule in chosen)
        if all(times[rule.name] <= _most(rule) for rule in chosen):
            yield chosen


def _most(rule: ActivityRule) -> int:
    """How often the act can bring points at once."""
    if rule.counting == "once":
        return 1
    at_once = rule.max_per_window if rule.counting == "per_window" else MOST_ACTS
    return at_once if rule.cap is None else min(at_once, -(-rule.cap // rule.points))


def _points(document: ScoringDocument, start: Sequence[PropertyRule], chosen: Sequence[ActivityRule]) -> int:
    """What these rules give together, caps of rules, families and the whole applied."""
    families: Counter[FamilyName] = Counter()
    for rule in start:
        families[rule.family] += rule.points
    by_name = {rule.name: rule for rule in chosen}
    for name, times in Counter(rule.name for rule in chosen).items():
        rule_points = by_name[name].points * times
        cap = by_name[name].cap
        families[by_name[name].family] += rule_points if cap is None else min(rule_points, cap)
    caps = {family.name: family.cap for family in document.families if family.cap is not None}
    total = sum(min(points, caps.get(family, points)) for family, points in families.items())
    return total if document.cap is None else min(total, document.cap)
