"""What the judging documents need to be read from a portal: fields, properties, kinds of activity, how far back."""

from __future__ import annotations

from collections.abc import Iterator

from connector.rules.compiled import Documents
from connector.rules.decide import ALL_PROPERTIES
from connector.rules.documents.conditions import Condition, walk
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.nurture import SetStep, WaitStep
from connector.rules.documents.nurture_checks import conditions_of
from connector.rules.documents.scoring import ActivityRule, PropertyRule, ScoringDocument, UnopenedRule

GATE_PROPERTIES = frozenset(
    {
        "email", "lifecyclestage", "hs_email_optout", "hs_email_hard_bounce_reason_enum", "hs_email_bad_address",
        "hs_email_quarantined", "hs_marketable_status", "hs_emailconfirmationstatus", "hs_legal_basis",
    }
)  # fmt: skip


def fields_used(scoring: ScoringDocument) -> set[str]:
    """The canonical fields a scoring document looks at."""
    return {leaf.field for leaf in _leaves(scoring) if leaf.field is not None}


def properties_used(documents: Documents) -> set[str]:
    """The HubSpot contact properties judging and its gates read by their own name; what fields need, mapping says."""
    named = {leaf.property for leaf in _all_leaves(documents) if leaf.property is not None}
    identity = {name for entries in documents.lifecycle.mql.identity.values() for name in entries if name not in FIELDS}
    subscriptions = {f"hs_email_optout_{one}" for ids in documents.consent.subscriptions.values() for one in ids}
    nurtures = set(_nurture_properties(documents))
    return named | identity | subscriptions | nurtures | GATE_PROPERTIES | set(ALL_PROPERTIES)


def lifecycle_fields_used(documents: Documents) -> set[str]:
    """The canonical fields the gates look at."""
    identity = {name for entries in documents.lifecycle.mql.identity.values() for name in entries if name in FIELDS}
    found = {leaf.field for leaf in _criteria_leaves(documents) if leaf.field is not None}
    return found | identity | {"email_domain", "email"}


def activity_kinds_used(documents: Documents) -> set[str]:
    """The kinds of activity that rules and gates ask for."""
    kinds = set(documents.lifecycle.mql.depth.activities) | set(documents.lifecycle.career_activities)
    for rule in documents.scoring.rules:
        if isinstance(rule, ActivityRule):
            kinds.update(rule.activities)
        elif isinstance(rule, UnopenedRule):
            kinds.update(rule.sent, rule.opened)
    return kinds | {kind for leaf in _all_leaves(documents) for kind in leaf.did or ()}


def longest_window_days(scoring: ScoringDocument) -> int | None:
    """How many days back activities count at all; None when at least one rule looks back without end."""
    spans = [rule.within_days for rule in scoring.rules if rule.enabled and not isinstance(rule, PropertyRule)]
    return None if None in spans else max((span for span in spans if span is not None), default=0)


def _all_leaves(documents: Documents) -> Iterator[Condition]:
    yield from _leaves(documents.scoring)
    yield from _criteria_leaves(documents)
    yield from _nurture_leaves(documents)


def _nurture_leaves(documents: Documents) -> Iterator[Condition]:
    for nurture in documents.workflows.nurtures:
        for _, condition in conditions_of(nurture):
            yield from (leaf for leaf, _ in walk(condition))


def _nurture_properties(documents: Documents) -> Iterator[str]:
    """What nurtures look at, write, or listen for by its own name, apart from their conditions."""
    yield from (one.property for one in documents.workflows.workflows if one.property is not None)
    for nurture in documents.workflows.nurtures:
        moments = [start.moment for start in nurture.starts]
        for step in nurture.steps:
            if isinstance(step, SetStep):
                yield step.property
            moments += [step.before, step.after] if isinstance(step, WaitStep) else []
        yield from (one.property for one in moments if one is not None and one.property is not None)


def _leaves(scoring: ScoringDocument) -> Iterator[Condition]:
    whole = [rule.when for rule in scoring.rules if isinstance(rule, PropertyRule) and rule.enabled]
    whole.extend(condition for persona in scoring.personas for condition in persona.targets.values())
    for condition in whole:
        yield from (leaf for leaf, _ in walk(condition))


def _criteria_leaves(documents: Documents) -> Iterator[Condition]:
    criteria = documents.lifecycle.mql.criteria
    for one in (criteria.persona, criteria.function, criteria.region, criteria.problem):
        if one.when is not None:
            yield from (leaf for leaf, _ in walk(one.when))
