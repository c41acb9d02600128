"""What the judging documents need to be read from a portal: fields, properties, kinds of activity, how far back."""

from __future__ import annotations

from collections.abc import Iterator

from connector.rules.compiled import Documents
from connector.rules.decide import ALL_PROPERTIES
from connector.rules.documents.conditions import Condition, walk
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.nurture import SetStep, WaitStep
from connector.rules.documents.nurture_checks import conditions_of as nurture_conditions
from connector.rules.documents.scoring import ScoringDocument, conditions_of, models_of
from connector.rules.documents.scoring_rules import (
    AssociationRule,
    InactivityRule,
    ListRule,
    Rule,
    UnopenedRule,
    VelocityRule,
)
from connector.rules.documents.workflows import WorkflowsDocument

GATE_PROPERTIES = frozenset(
    {
        "email", "lifecyclestage", "hs_email_optout", "hs_email_hard_bounce_reason_enum", "hs_email_bad_address",
        "hs_email_quarantined", "hs_marketable_status", "hs_emailconfirmationstatus", "hs_legal_basis",
    }
)  # fmt: skip


def fields_used(scoring: ScoringDocument) -> set[str]:
    """The canonical fields a scoring document looks at, or asks for."""
    return {leaf.field for leaf in _leaves(scoring) if leaf.field is not None} | set(scoring.ask)


def properties_used(documents: Documents) -> set[str]:
    """The HubSpot contact properties judging and its gates read by their own name; what fields need, mapping says."""
    named = {leaf.property for leaf in _all_leaves(documents) if leaf.property is not None}
    identity = {name for entries in documents.lifecycle.mql.identity.values() for name in entries if name not in FIELDS}
    subscriptions = {f"hs_email_optout_{one}" for ids in documents.consent.subscriptions.values() for one in ids}
    written = {one.property for one in documents.scoring.models if one.property}
    silence = {"createdate"} if any(isinstance(rule, InactivityRule) for rule in rules_of(documents.scoring)) else set()
    nurtures = set(_nurture_properties(documents))
    return nurtures | named | identity | subscriptions | written | silence | GATE_PROPERTIES | set(ALL_PROPERTIES)


def lifecycle_fields_used(documents: Documents) -> set[str]:
    """The canonical fields the gates look at."""
    identity = {name for entries in documents.lifecycle.mql.identity.values() for name in entries if name in FIELDS}
    found = {leaf.field for leaf in _gate_leaves(documents) if leaf.field is not None}
    return found | identity | {"email_domain", "email"}


def fields_that_count(documents: Documents) -> list[str]:
    """The canonical fields by which data quality is measured: what rules and gates ask for, and the telephone."""
    return sorted(fields_used(documents.scoring) | lifecycle_fields_used(documents) | {"phone"})


def activity_kinds_used(documents: Documents) -> set[str]:
    """The kinds of activity that rules and gates ask for."""
    kinds = set(documents.lifecycle.mql.depth.activities) | set(documents.lifecycle.career_activities)
    kinds |= set(documents.lifecycle.sql.contact)
    for rule in rules_of(documents.scoring):
        kinds.update(kinds_of(rule))
    return kinds | {kind for leaf in _all_leaves(documents) for kind in leaf.did or ()}


def lists_used(documents: Documents) -> frozenset[str]:
    """The HubSpot lists that rules, gates and nurtures ask who is on; only those are read."""
    ruled = {one for rule in rules_of(documents.scoring) if isinstance(rule, ListRule) for one in rule.lists}
    return frozenset(ruled | {one for leaf in _all_leaves(documents) for one in leaf.in_list or ()})


def lists_of_nurtures(workflows: WorkflowsDocument) -> frozenset[str]:
    """The HubSpot lists that the nurtures of this document ask who is on."""
    return frozenset(one for leaf in _nurture_leaves(workflows) for one in leaf.in_list or ())


def kinds_of(rule: Rule) -> tuple[str, ...]:
    """The kinds of activity that a rule names."""
    return (*rule.sent, *rule.opened) if isinstance(rule, UnopenedRule) else tuple(getattr(rule, "activities", ()))


def rules_of(scoring: ScoringDocument) -> Iterator[Rule]:
    """The enabled rules of all models."""
    yield from (rule for _, model in models_of(scoring) for rule in model.rules if rule.enabled)


def longest_window_days(scoring: ScoringDocument) -> int | None:
    """How many days back activities count at all; None when at least one rule looks back without end."""
    spans = [_span_of(rule) for rule in rules_of(scoring) if kinds_of(rule) or isinstance(rule, InactivityRule)]
    return None if None in spans else max((span for span in spans if span is not None), default=0)


def circle_of(scoring: ScoringDocument) -> frozenset[str]:
    """What must be read beside a contact: ``colleagues``, ``deals``, both or neither."""
    return frozenset(rule.of for rule in rules_of(scoring) if isinstance(rule, AssociationRule))


def colleague_kinds(scoring: ScoringDocument) -> frozenset[str]:
    """The kinds of activity that count when a colleague does them."""
    beside = (rule for rule in rules_of(scoring) if isinstance(rule, AssociationRule))
    return frozenset(kind for rule in beside for kind in rule.activities)


def _span_of(rule: Rule) -> int | None:
    if isinstance(rule, VelocityRule):
        return 2 * int(rule.window_days)
    span: int | None = getattr(rule, "within_days", None)
    return span


def _all_leaves(documents: Documents) -> Iterator[Condition]:
    yield from _leaves(documents.scoring)
    yield from _gate_leaves(documents)
    for rule in documents.routing.rules:
        yield from (leaf for leaf, _ in walk(rule.when))
    yield from _nurture_leaves(documents.workflows)


def _nurture_leaves(workflows: WorkflowsDocument) -> Iterator[Condition]:
    for nurture in workflows.nurtures:
        for _, condition in nurture_conditions(nurture):
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
    for _, model in models_of(scoring):
        on = {("rules", index, "when") for index, rule in enumerate(model.rules) if rule.enabled}
        for place, condition in conditions_of(model):
            if place[0] == "personas" or place in on:
                yield from (leaf for leaf, _ in walk(condition))


def _gate_leaves(documents: Documents) -> Iterator[Condition]:
    criteria = documents.lifecycle.mql.criteria
    sql = documents.lifecycle.sql.criteria
    whole = [one.when for one in (criteria.persona, criteria.function, criteria.region, criteria.problem)]
    whole += [one.when for one in (sql.problem, sql.timing, sql.authority, sql.budget)]
    whole += [one.when for one in documents.lifecycle.exclusions]
    for condition in whole:
        if condition is not None:
            yield from (leaf for leaf, _ in walk(condition))
