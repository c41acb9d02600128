"""What stands against a decision besides the rules: a person took it back, the portal refused it, it is frozen.

The rules judge a contact from its facts alone; here their decisions meet what happened before. Whatever may not be
carried out becomes a ``Hold`` with its reason. Judging itself is in ``connector/rules``; sending, in ``push``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.clock import iso
from connector.model.judgement import Decision, Enrol, Field, Hold, Judgement, MoveStage, OutboxEntry, SetProperty
from connector.model.plan import PortalView
from connector.model.records import Properties
from connector.rules.decide import same_value
from connector.rules.gate import effect_name, gate
from connector.rules.judge import judge
from connector.rules.mapping import CompiledMapping
from connector.rules.validation import Rules, broken, rules_of
from connector.rules.write_back import write_back
from connector.store import Unit, cursors, flips, outbox, undone
from connector.store.flips import Frozen
from connector.store.undone import Undone
from connector.sync.context import Context
from connector.sync.facts import Case
from connector.sync.options import creatable

DAY_MS = 24 * 60 * 60 * 1000
STAGE = "lifecyclestage"
Refusals = Mapping[tuple[int, str, str], str]


@dataclass(frozen=True, slots=True)
class Holding:
    """What one plan knows of the past: ``taken_back`` and ``frozen`` of one chunk of contacts, the rest of them all.

    ``refused`` are values that are not to be sent again yet, ``enrol_again`` refused enrolments that are to be tried,
    ``creatable`` drop-downs that may get new options, ``requires`` the portal's own rules for values.
    """

    portal: str
    view: PortalView
    refused: Refusals = field(default_factory=dict)
    enrol_again: Mapping[int, Sequence[OutboxEntry]] = field(default_factory=dict)
    enrol_later: frozenset[str] = frozenset()
    creatable: frozenset[str] = frozenset()
    requires: Rules = field(default_factory=dict)
    taken_back: Mapping[tuple[int, str], Undone] = field(default_factory=dict)
    frozen: Mapping[tuple[int, str], Frozen] = field(default_factory=dict)

    def weigh(self, decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
        """The decisions with those that may not be carried out turned into holds."""
        weighed = [self._weighed(decision) for decision in decisions]
        stage = next((d for d in weighed if isinstance(d, Hold) and d.effect == f"write:{STAGE}"), None)
        if stage is not None:  # who may not become an MQL is not enrolled as one
            weighed = [self._with_stage(d, stage) if isinstance(d, Enrol) and of_mql(d.cause) else d for d in weighed]
        return tuple(weighed)

    def _weighed(self, decision: Decision) -> Decision:
        if isinstance(decision, Enrol) and decision.cause in self.enrol_later:
            told = "HubSpot refused the enrolment within a day"
            return Hold(
                decision.contact_id, effect_name(decision), "refused", told, "Mend it in HubSpot; retried daily"
            )
        if isinstance(decision, MoveStage):
            who = decision.contact_id
            return self._frozen(who, STAGE) or self._taken_back(who, STAGE, decision.to_value) or decision
        if not isinstance(decision, SetProperty):
            return decision
        who, name, value = decision.contact_id, decision.property, decision.value
        held = self._frozen(who, name) or self._taken_back(who, name, value) or self._unwritable(who, name, value)
        return held or decision

    def _frozen(self, contact_id: int, name: str) -> Hold | None:
        """Two writers kept turning it: nobody of us writes it until a person has looked (P24)."""
        one = self.frozen.get((contact_id, name))
        if one is None:
            return None
        why = f"Two writers kept turning {name} since {iso(one.since_ms)[:16]}: {one.writers}"
        remedy = f"Stop one of them, then: leadwright held retry {self.portal} --frozen"
        return Hold(contact_id, f"write:{name}", "frozen", why, remedy)

    def _taken_back(self, contact_id: int, name: str, value: str) -> Hold | None:
        """A person took this very value back: written again only when the rule gives another, or they allow it."""
        undo = self.taken_back.get((contact_id, name))
        if undo is None or not same_value(name, undo.value, value, self.view.property_types):
            return None
        why = f"Somebody took this value of {name} back on {iso(undo.at_ms)[:10]} (run {undo.run_id})"
        allow = f"leadwright undo {self.portal} {undo.run_id} --release"
        remedy = f"The rule gives another value, or: {allow}, then leadwright apply {self.portal} --hash of the plan"
        return Hold(contact_id, f"write:{name}", "undone", why, remedy)

    def _unwritable(self, contact_id: int, name: str, value: str) -> Hold | None:
        """What the portal would refuse: a value it refused today already, an option that its drop-down lacks."""
        if not value:
            return None
        why = self.refused.get((contact_id, name, value))
        if why is not None:
            told = f"HubSpot refused it: {why}"
            return Hold(contact_id, f"write:{name}", "refused", told, "Mend it in HubSpot; retried daily")
        if why := broken(self.requires, name, value):
            return Hold(contact_id, f"write:{name}", "portal_rule", why, f"Change the rule of {name} in HubSpot")
        options = self.view.property_options.get(name)
        if (
            options is None
            or name in self.creatable
            or {part for part in value.split(";") if part} <= {*options}
            or self.view.property_types.get(name) != "enumeration"
        ):
            return None
        lacks = f"The drop-down of {name} lacks the option it needs"
        return Hold(contact_id, f"write:{name}", "option", lacks, "Add the option in HubSpot")

    @staticmethod
    def _with_stage(enrol: Enrol, stage: Hold) -> Hold:
        return Hold(enrol.contact_id, f"enrol:{enrol.workflow}", stage.gate, stage.why, stage.remedy)


def whole(ctx: Context, u: Unit, view: PortalView, now_ms: int, *, patient: bool) -> Holding:
    """What a plan must know of the whole portal. ``patient``: what was refused within a day is left alone."""
    every = outbox.refused_enrolments(u, ctx.portal_id)
    again = outbox.refused_enrolments(u, ctx.portal_id, now_ms - DAY_MS) if patient else every
    due = {entry.id for entries in again.values() for entry in entries}
    later = frozenset(e.cause for entries in every.values() for e in entries if e.id not in due)
    rules = rules_of(cursors.get(u, ctx.portal_id, "requirements"))
    refused = refusals(ctx, u, now_ms) if patient else {}
    return Holding(ctx.row.name, view, refused, again, later, creatable(ctx), rules)


def refusals(ctx: Context, u: Unit, now_ms: int) -> Refusals:
    """What the portal refused within a day: asked again tomorrow, or at once when the value is another one."""
    return {
        (entry.contact_id, name, value): entry.reason
        for entry in outbox.refused_since(u, ctx.portal_id, now_ms - DAY_MS)
        for name, value in entry.payload["properties"].items()
        if f"{name}: " in entry.reason
    }


def verdict(ctx: Context, case: Case, holding: Holding) -> Judgement:
    """One contact judged, with what the mapping writes back of its fields, less what may not be carried out."""
    found = judge(case.facts, ctx.rulebook.rules, holding.view)
    decisions = found.decisions
    if ctx.rulebook.writes_fields:
        decisions = (
            *decisions,
            *mapped_back(
                ctx.rulebook.mapping, case.record.id, case.record.properties, case.facts.fields, holding.creatable
            ),
        )
    if found.receipt.stage == "mql" and case.record.id in holding.enrol_again:
        decisions = (*decisions, *_enrol_again(ctx, case, holding))
    return Judgement(found.receipt, holding.weigh(decisions))


def mapped_back(
    mapping: CompiledMapping,
    contact_id: int,
    current: Properties,
    fields: Mapping[str, Field],
    creatable: frozenset[str],
) -> Iterator[SetProperty | Hold]:
    """Canonical fields on their way to the properties that the ``mapping`` document lets us write."""
    writes = write_back(mapping, fields, current)
    lacking = {option.property for option in writes.options} - creatable
    for name, value in writes.properties.items():
        if name in lacking:
            why = f"The drop-down of {name} lacks this option, and its options are not ours to create"
            yield Hold(contact_id, f"write:{name}", "option", why, "Add it in HubSpot")
        else:
            yield SetProperty(contact_id, name, value, "mapping")
    for held in writes.held:
        yield Hold(contact_id, f"write:{held.property}", "mapping", held.reason, held.remedy)


def _enrol_again(ctx: Context, case: Case, holding: Holding) -> Iterator[Enrol | Hold]:
    """Enrolments that the portal refused and that are due again, for who still is an MQL and may be mailed."""
    rules, email = ctx.rulebook.rules, case.record.properties.get("email") or ""
    named = {workflow.name: workflow.workflow_id for workflow in rules.workflows}
    for entry in holding.enrol_again[case.record.id]:
        name = entry.cause.split(":")[1]
        if name in named and of_mql(entry.cause):
            enrol = Enrol(case.record.id, email, name, named[name], entry.cause)
            yield gate(enrol, case.facts, rules.documents, holding.view) or enrol


def of_mql(cause: str) -> bool:
    """Whether an enrolment is that of a new MQL, not a nurture's, which asks for its own again."""
    return cause.startswith("enrol:")


def taken_back(ctx: Context, u: Unit, contact_ids: list[int]) -> Mapping[tuple[int, str], Undone]:
    """What people took back of these contacts."""
    return undone.of(u, ctx.portal_id, contact_ids)


def frozen(ctx: Context, u: Unit, contact_ids: list[int]) -> Mapping[tuple[int, str], Frozen]:
    """What is frozen of these contacts."""
    return {(one.contact_id, one.property): one for one in flips.frozen(u, ctx.portal_id, contact_ids)}
