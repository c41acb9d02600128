"""Rules that can never fire: conditions that contradict themselves, operators a field cannot answer, caps of nothing.

Only what is certain is said; a condition that merely seems unlikely is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from connector.rules.documents.conditions import Condition
from connector.rules.documents.fields import FIELDS, LEVELS
from connector.rules.documents.scoring import Model, conditions_of, models_of
from connector.rules.documents.scoring_rules import DwellRule
from connector.rules.documents.shape import Place
from connector.rules.lint.advice import Advice, Papers, gate_conditions
from connector.rules.values import word

NUMERIC: Final = ("gt", "gte", "lt", "lte", "between")
DATED: Final = ("before", "after", "within_next_months")
NUMBERS: Final = frozenset({"number"})
DATES: Final = frozenset({"date", "datetime"})
NO_NUMBER: Final = frozenset({"email", "phone", "country", "domain", "date", "datetime", "boolean", "multi", "level"})
NO_DATE: Final = frozenset({"email", "phone", "country", "domain", "boolean", "multi", "level"})


def never_fires(papers: Papers) -> Iterator[Advice]:
    for place, model in models_of(papers.scoring):
        yield from _conditions(place, model)
        yield from _bounds(place, model)
        yield from _rules(place, model)
    for where, name, condition in gate_conditions(papers):
        if why := impossible(condition):
            yield Advice("never", "lifecycle", where, f'"{name}" can never hold: {why}.', "Mend the condition.")


def impossible(condition: Condition) -> str:
    """Why the condition can never hold; '' when it can, as far as one can see."""
    if condition.all:
        return next(filter(None, map(impossible, condition.all)), "") or _together(condition.all)
    if condition.any:
        reasons = [impossible(child) for child in condition.any]
        return reasons[0] if all(reasons) else ""
    return "" if condition.children() else _alone(condition)


def _conditions(place: Place, model: Model) -> Iterator[Advice]:
    targets = {name: one for persona in model.personas for name, one in persona.targets.items()}
    for where, condition in conditions_of(model):
        at = (*place, *where)
        name = model.rules[int(where[1])].name if where[0] == "rules" else str(where[3])
        looked = targets.get(condition.target, condition) if condition.target else condition
        if (why := impossible(looked)) and looked is condition:
            yield Advice("never", "scoring", at, f'"{name}" can never hold: {why}.', "Mend the condition.")


def _bounds(place: Place, model: Model) -> Iterator[Advice]:
    """A family that may give nothing silences its rules."""
    silent = {family.name for family in model.families if family.cap == 0}
    for index, rule in enumerate(model.rules):
        if rule.enabled and rule.points > 0 and rule.family in silent:
            message = f'"{rule.name}" brings nothing: the family {rule.family} has a cap of 0.'
            yield Advice("never", "scoring", (*place, "rules", index), message, "Raise the cap or move the rule.")


def _rules(place: Place, model: Model) -> Iterator[Advice]:
    for index, rule in enumerate(model.rules):
        at = (*place, "rules", index)
        if not rule.enabled:
            continue
        if isinstance(rule, DwellRule) and not any("call" in kind or "mail" in kind for kind in rule.activities):
            message = (
                f'"{rule.name}" needs times on page, which HubSpot\'s page views do not tell: unknown until they do.'
            )
            yield Advice("never", "scoring", at, message, "Count visits with `kind: frequency` or `kind: burst`.")


def _alone(leaf: Condition) -> str:
    """What one leaf can never be, from the type of its field alone."""
    if leaf.field is None:
        return ""
    kind, operator = FIELDS[leaf.field].type, leaf.operator()
    if operator in NUMERIC and kind in NO_NUMBER:
        return f"{leaf.field} is no number"
    if operator in DATED and kind in NO_DATE | NUMBERS:
        return f"{leaf.field} is no date"
    if operator == "at_least_level" and kind not in ("level", "text"):
        return f"{leaf.field} is no level"
    if operator == "is_true" and kind in ("number", "date", "datetime", "country", "level"):
        return f"{leaf.field} is neither yes nor no"
    if kind == "level" and operator in ("equals", "in"):
        wanted = {word(one) for one in ((leaf.equals,) if operator == "equals" else leaf.in_ or ()) if one is not None}
        return "" if wanted & set(LEVELS) else f"{leaf.field} is never {', '.join(sorted(wanted))}"
    return ""


def _together(parts: Sequence[Condition]) -> str:
    """Whether leaves about one subject shut each other out."""
    subjects: dict[str, list[Condition]] = {}
    for one in parts:
        if not one.children() and (one.field or one.property):
            subjects.setdefault(one.field or f"property {one.property}", []).append(one)
    for subject, leaves in subjects.items():
        if why := _words(subject, leaves) or _numbers(subject, leaves) or _emptiness(subject, leaves):
            return why
    return ""


def _words(subject: str, leaves: Sequence[Condition]) -> str:
    several = (subject in FIELDS and FIELDS[subject].type == "multi") or subject not in FIELDS
    wanted: set[str] | None = None
    for leaf in leaves:
        values = (leaf.equals,) if leaf.equals is not None else leaf.in_
        if values is None:
            continue
        said = {word(one) for one in values}
        wanted = said if wanted is None else wanted & said
    shut = {word(one) for leaf in leaves for one in leaf.not_in or ()}
    if wanted is not None and ((not wanted and not several) or (wanted and wanted <= shut)):
        return f"no value of {subject} is all of that"
    return ""


def _numbers(subject: str, leaves: Sequence[Condition]) -> str:
    low, high, open_ends = float("-inf"), float("inf"), False
    for leaf in leaves:
        for at_least in (leaf.gt, leaf.gte, leaf.between[0] if leaf.between else None):
            low = low if at_least is None else max(low, at_least)
        for at_most in (leaf.lt, leaf.lte, leaf.between[1] if leaf.between else None):
            high = high if at_most is None else min(high, at_most)
        open_ends = open_ends or leaf.gt is not None or leaf.lt is not None
    return f"no number for {subject} is all of that" if low > high or (low == high and open_ends) else ""


def _emptiness(subject: str, leaves: Sequence[Condition]) -> str:
    empty = any(leaf.is_set is False for leaf in leaves)
    filled = any(leaf.is_set is not False for leaf in leaves)
    return f"{subject} cannot be empty and have a value" if empty and filled else ""
