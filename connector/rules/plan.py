"""Making a plan out of judgements: only real changes, what they cost, whether they are too many, and a hash over them.

Not here: deciding (``decide.py``) and doing (``connector/sync/``). The plan's type is in ``connector/model/plan.py``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from connector.model.judgement import Change, Decision, Enrol, Hold, Judgement, MoveStage, SetProperty
from connector.model.plan import BlastLimit, Plan, PortalView
from connector.rules.compiled import DOCUMENT_KINDS, Documents
from connector.rules.decide import same_value
from connector.rules.sales import AT_ONCE, HANDED_OVER

BATCH = 100
DEFAULT_LIMIT = BlastLimit()


@dataclass(slots=True)
class _Draft:
    """What has been gathered so far."""

    changes: list[Change] = field(default_factory=list)
    enrolments: list[Enrol] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    new_mqls: list[int] = field(default_factory=list)
    judged: int = 0

    def touched(self) -> set[int]:
        return {one.contact_id for one in self.changes} | {one.contact_id for one in self.enrolments}


def make_plan(
    portal_name: str,
    judgements: Iterable[tuple[Mapping[str, str | None], Judgement]],
    documents: Documents,
    portal: PortalView,
    *,
    live_contacts: int,
    limit: BlastLimit = DEFAULT_LIMIT,
) -> Plan:
    """The plan for these judgements, each with the contact's property values in the portal now."""
    decided = ((one.receipt.contact_id, current, one.decisions) for current, one in judgements)
    return plan_of(portal_name, decided, documents, portal, live_contacts=live_contacts, limit=limit)


def plan_of(
    portal_name: str,
    decided: Iterable[tuple[int, Mapping[str, str | None], Sequence[Decision]]],
    documents: Documents,
    portal: PortalView,
    *,
    live_contacts: int,
    limit: BlastLimit = DEFAULT_LIMIT,
) -> Plan:
    """The plan for what was decided of contacts, wherever it comes from; each with its property values now."""
    draft = _Draft()
    for contact_id, current, decisions in decided:
        _take(draft, contact_id, current, decisions, portal)
    draft.changes.sort(key=_who)
    draft.enrolments.sort(key=lambda one: (one.contact_id, one.cause))
    draft.holds.sort(key=lambda one: (one.contact_id, one.effect, one.gate))
    touched, bound = len(draft.touched()), limit.of(live_contacts)
    versions = {kind: documents.version(kind) for kind in DOCUMENT_KINDS}
    return Plan(
        portal=portal_name,
        changes=tuple(draft.changes),
        enrolments=tuple(draft.enrolments),
        holds=tuple(draft.holds),
        held=dict(sorted(Counter(one.gate for one in draft.holds).items())),
        judged=draft.judged,
        calls=_calls(draft) + (handed_over(draft.changes) if documents.routing.package != "none" else 0),
        contacts_touched=touched,
        limit=bound,
        over_limit=touched > bound,
        sentence=_sentence(touched, bound, live_contacts, limit),
        new_mqls=tuple(sorted(draft.new_mqls)),
        versions=versions,
        hash=plan_hash(portal_name, versions, draft.changes, draft.enrolments),
    )


def plan_hash(
    portal_name: str, versions: Mapping[str, int], changes: Iterable[Change], enrolments: Iterable[Enrol]
) -> str:
    """sha256 over portal, document versions and effects; neither their order nor the time of making matters."""
    digest = sha256(_canonical({"portal": portal_name, "versions": dict(versions)}))
    for line in sorted(_effects(changes, enrolments)):
        digest.update(b"\n" + line)
    return digest.hexdigest()


def _take(
    draft: _Draft,
    contact_id: int,
    current: Mapping[str, str | None],
    decisions: Sequence[Decision],
    portal: PortalView,
) -> None:
    draft.judged += 1
    new: dict[str, tuple[str | None, str]] = {}
    reset = False
    for decision in decisions:
        if isinstance(decision, SetProperty):
            _change(new, decision.property, decision.value, current, portal)
        elif isinstance(decision, MoveStage):
            if _change(new, "lifecyclestage", decision.to_value, current, portal):
                reset = decision.backward
                draft.new_mqls.extend([decision.contact_id] if decision.to_stage == "mql" else ())
        elif isinstance(decision, Enrol):
            draft.enrolments.append(decision)
        else:
            draft.holds.append(decision)
    if new:
        draft.changes.append(Change(contact_id, current.get("email") or "", new, reset))


def _change(
    new: dict[str, tuple[str | None, str]], name: str, value: str, current: Mapping[str, str | None], portal: PortalView
) -> bool:
    before = current.get(name)
    if same_value(name, before, value, portal.property_types):
        return False
    new[name] = (before, value)
    return True


def handed_over(changes: Iterable[Change]) -> int:
    """How many of these contacts are handed over to sales."""
    return sum(one.properties.get(HANDED_OVER, ("", ""))[1] == AT_ONCE for one in changes)


def _calls(draft: _Draft) -> int:
    """One call per 100 changed contacts, per 100 stages to be cleared first, and per enrolment."""
    resets = sum(1 for one in draft.changes if one.stage_reset)
    return -(-len(draft.changes) // BATCH) + -(-resets // BATCH) + len(draft.enrolments)


SOON = " A small portal comes to that soon, after an outage or an import for instance."


def _sentence(touched: int, bound: int, live_contacts: int, limit: BlastLimit) -> str:
    if touched <= bound:
        return ""
    return (
        f"The plan touches {touched} of {live_contacts} contacts; without being asked for by its hash, a run may touch "
        f"{bound} ({limit.percent} % of the portal, at least {limit.least}, at most {limit.contacts})."
        f"{SOON if bound == limit.least else ''}"
    )


def _effects(changes: Iterable[Change], enrolments: Iterable[Enrol]) -> Iterator[bytes]:
    for one in changes:
        values = {name: [before or "", after] for name, (before, after) in one.properties.items()}
        yield _canonical(["write", one.contact_id, values, one.stage_reset])
    for enrol in enrolments:
        yield _canonical([enrol.act, enrol.contact_id, enrol.email, enrol.workflow, enrol.workflow_id, enrol.cause])


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _who(change: Change) -> int:
    return change.contact_id
