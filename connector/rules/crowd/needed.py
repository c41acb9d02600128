"""What of a portal must be read as columns before a model can score its crowd, and whether columns are enough."""

from __future__ import annotations

from dataclasses import dataclass

from connector.rules.derived import ACTS, WORDED
from connector.rules.documents.conditions import walk
from connector.rules.documents.scoring import Model, conditions_of
from connector.rules.documents.scoring_rules import AssociationRule, DwellRule, InactivityRule, ListRule, UnopenedRule
from connector.rules.needs import kinds_of


@dataclass(frozen=True, slots=True)
class Needed:
    """Fields and properties by name, kinds of activity (None: every kind), those whose words are read too, lists."""

    fields: tuple[str, ...]
    properties: tuple[str, ...]
    kinds: tuple[str, ...] | None
    worded: tuple[str, ...]
    lists: tuple[str, ...] = ()


def needed(model: Model) -> Needed:
    """What the enabled rules and the personas of this model look at."""
    rules = [rule for rule in model.rules if rule.enabled]
    on = {("rules", index, "when") for index, rule in enumerate(model.rules) if rule.enabled}
    asked = [one for place, one in conditions_of(model) if place[0] == "personas" or place in on]
    leaves = [leaf for one in asked for leaf, _ in walk(one)]
    silent = [rule for rule in rules if isinstance(rule, InactivityRule)]
    kinds = {kind for rule in rules for kind in kinds_of(rule)}
    wordy = {
        kind
        for rule in rules
        if isinstance(rule, DwellRule | UnopenedRule) or getattr(rule, "match", None) is not None
        for kind in kinds_of(rule)
    }
    listed = {one for rule in rules if isinstance(rule, ListRule) for one in rule.lists}
    fields = {leaf.field for leaf in leaves if leaf.field is not None}
    for name in fields & ACTS.keys():
        kinds.update(ACTS[name])
        wordy.update(ACTS[name] if name in WORDED else ())
    came = {"createdate"} if silent else set()
    return Needed(
        fields=tuple(sorted(fields)),
        properties=tuple(sorted({leaf.property for leaf in leaves if leaf.property is not None} | came)),
        kinds=None if any(not rule.activities for rule in silent) else tuple(sorted(kinds)),
        worded=tuple(sorted(wordy)),
        lists=tuple(sorted(listed | {one for leaf in leaves for one in leaf.in_list or ()})),
    )


def scorable(model: Model) -> bool:
    """Whether columns are enough for this model: what stands beside a contact is not among them."""
    return not any(isinstance(rule, AssociationRule) and rule.enabled for rule in model.rules)
