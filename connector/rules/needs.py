"""What the judging documents need to be read from a portal: fields, properties, kinds of activity, how far back."""

from __future__ import annotations

from collections.abc import Iterator

from connector.rules.compiled import Documents
from connector.rules.decide import ALL_PROPERTIES
from connector.rules.documents.conditions import Condition, walk
from connector.rules.documents.fields import FIELDS
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
    return named | identity | subscriptions | GATE_PROPERTIES | set(ALL_PROPERTIES)


def lifecycle_fields_used(documents: Documents) -> set[str]:
    """The canonical fields the gates look at."""
    identity = {name for entries in documents.lifecycle.mql.identity.values() for name in entries if name in FIELDS}
    found = {leaf.field for leaf in _criteria_leaves(documents) if leaf.field is not None}
    return found | identity | {"email_domain", "email"}


def activity_kinds_used(documents: Documents) -> set[str]:
    """The kinds of activity that rules and gates ask for."""
    kinds = set(documents.lifecycle.mql.depth.activities) | set(documents.lifecycle.career_activities)
    kinds |= set(documents.lifecycle.sql.contact)
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
    for rule in documents.routing.rules:
        yield from (leaf for leaf, _ in walk(rule.when))


def _leaves(scoring: ScoringDocument) -> Iterator[Condition]:
    whole = [rule.when for rule in scoring.rules if isinstance(rule, PropertyRule) and rule.enabled]
    whole.extend(condition for persona in scoring.personas for condition in persona.targets.values())
    for condition in whole:
        yield from (leaf for leaf, _ in walk(condition))


def _criteria_leaves(documents: Documents) -> Iterator[Condition]:
    criteria = documents.lifecycle.mql.criteria
    sql = documents.lifecycle.sql.criteria
    asked = [one.when for one in (criteria.persona, criteria.function, criteria.region, criteria.problem)]
    asked += [one.when for one in (sql.problem, sql.timing, sql.authority, sql.budget)]
    for condition in asked:
        if condition is not None:
            yield from (leaf for leaf, _ in walk(condition))
