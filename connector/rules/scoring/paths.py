"""Looking at a model itself: the shortest ways to its threshold, and advice about what is sound but unwise.

Advice is shown, never enforced. Faults that refuse a document are found in ``connector/rules/documents/scoring.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from connector.rules.documents.base import Problem
from connector.rules.documents.conditions import walk
from connector.rules.documents.scoring import ScoringDocument
from connector.rules.documents.scoring_rules import ActivityRule, FamilyName, PropertyRule

SENSITIVE = frozenset({"age"})
CONVERTING = frozenset(
    {
        "white_paper",
        "e_book",
        "webinar_attended",
        "contact_request",
        "demo_request",
        "offer_request",
        "trial_request",
        "checklist",
        "data_sheet",
        "download",
    }
)
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


def advice(document: ScoringDocument, converting: Collection[str] = CONVERTING) -> tuple[Problem, ...]:
    """What to think about before publishing. ``converting`` are the activities of the lifecycle's depth gate."""
    return tuple(_advice(document, frozenset(converting)))


def _advice(document: ScoringDocument, converting: frozenset[str]) -> Iterator[Problem]:
    paths = shortest_paths_to_threshold(document)
    if not paths:
        message = f"Not even a full profile and {MOST_ACTS} acts reach the threshold of {document.threshold}."
        yield Problem(("threshold",), message, "Lower it, or give relevant acts more points.")
    elif not paths[0].acts:
        message = (
            f"A full profile alone has {paths[0].points} points and reaches the threshold of {document.threshold}."
        )
        yield Problem(("threshold",), message, "Raise it, or give the profile fewer points.")
    trivial = {rule.name for rule in _acts(document) if not converting & set(rule.activities)}
    for path in paths:
        if len(path.acts) == 1 and path.acts[0] in trivial:
            message = f'One "{path.acts[0]}" on top of a full profile reaches the threshold ({path.points} points).'
            yield Problem(("threshold",), message, "A slight act should not be enough: lower its points.")
    yield from _about_fields(document)


def _about_fields(document: ScoringDocument) -> Iterator[Problem]:
    for index, rule in enumerate(document.rules):
        if not isinstance(rule, PropertyRule) or not rule.enabled:
            continue
        targets = [one.targets.get(leaf.target or "") for one in document.personas for leaf, _ in walk(rule.when)]
        leaves = [leaf for top in (rule.when, *targets) if top is not None for leaf, _ in walk(top)]
        for field in sorted({leaf.field for leaf in leaves if leaf.field in SENSITIVE and leaf.field}):
            message = f'The rule "{rule.name}" judges people by {field}, which equal-treatment law restricts.'
            yield Problem(("rules", index), message, "Make sure you may, or write `enabled: false`.")


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
