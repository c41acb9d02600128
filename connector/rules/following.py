"""Where sales' answer takes a contact, as decisions: at most one move, and what goes with it.

Not here: what the answer means (``sales.py``), the way to MQL (``decide.py``). Which direction a move has in the portal
is settled here too, since only a move backwards needs two requests.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.model.judgement import Decision, Facts, Hold, MoveStage, Receipt, SetProperty
from connector.model.plan import PortalView
from connector.rules.compiled import Compiled
from connector.rules.gate import gate
from connector.rules.lifecycle import Standing
from connector.rules.sales import ANSWER, NOT_BEFORE, REASON, Step


def follow(
    receipt: Receipt, standing: Standing, facts: Facts, compiled: Compiled, portal: PortalView
) -> tuple[str, list[Decision]] | None:
    """The stage after sales' step with its decisions; None when sales asks for nothing."""
    step = compiled.machine.sales.step(facts, receipt.stage, receipt.gates)
    if step is None:
        return None
    decisions: list[Decision] = []
    move = _into_portal(step, receipt.stage, standing, facts, compiled, portal)
    if move is not None:
        held = gate(move, facts, compiled.documents, portal)
        if held is not None:
            return receipt.stage, [held]
        decisions.append(move)
    if step.stage == "recycled" and not facts.properties.get(NOT_BEFORE):
        until = compiled.machine.sales.not_before(facts)
        decisions.append(_write(facts, NOT_BEFORE, until, step.cause, compiled, portal))
    return step.stage, decisions


def start_afresh(facts: Facts, compiled: Compiled, portal: PortalView) -> Iterator[Decision]:
    """Who becomes an MQL anew gets a new answer: the old one is cleared, since it would count again."""
    for name in (ANSWER, REASON, NOT_BEFORE):
        if facts.properties.get(name):
            yield _write(facts, name, "", "stage:mql:afresh", compiled, portal)


def is_backward(portal: PortalView, from_value: str, to_value: str) -> bool:
    """Whether the portal would refuse the step unless the stage is cleared first (HubSpot docs: lifecycle stages)."""
    orders = {value: order for value, _, order in portal.lifecycle_options}
    return from_value in orders and to_value in orders and orders[to_value] < orders[from_value]


def _into_portal(
    step: Step, before: str, standing: Standing, facts: Facts, compiled: Compiled, portal: PortalView
) -> MoveStage | None:
    """What HubSpot's own stage has to do with it: nothing where the stage has no value there."""
    values = compiled.machine.values
    value = values[step.stage]
    if not value and step.stage == "recycled" and compiled.documents.lifecycle.recycle.portal_stage == "lead":
        value = values["lead"]
    if not value or value == standing.value:
        return None
    who, backward = facts.contact_id, is_backward(portal, standing.value, value)
    return MoveStage(who, before, step.stage, standing.value, value, backward, f"stage:{who}:{step.stage}:{step.cause}")


def _write(
    facts: Facts, name: str, value: str, cause: str, compiled: Compiled, portal: PortalView
) -> SetProperty | Hold:
    write = SetProperty(facts.contact_id, name, value, cause)
    return gate(write, facts, compiled.documents, portal) or write
