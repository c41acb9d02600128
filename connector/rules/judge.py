"""Judging one contact: facts and documents in, receipt and decisions out. Pure; the clock is in the facts."""

from __future__ import annotations

from connector.model.judgement import Facts, Judgement, Receipt
from connector.model.plan import PortalView
from connector.rules.compiled import Compiled
from connector.rules.decide import decide
from connector.rules.scoring.tally import further


def judge(facts: Facts, compiled: Compiled, portal: PortalView) -> Judgement:
    """The receipt of this contact at ``facts.now_ms`` and what follows from it."""
    view = compiled.view(facts)
    persona = compiled.model.personas.best(view)
    tally = compiled.model.tally(view, persona.index)
    standing, gates = compiled.machine.gates(view, tally.score, persona, compiled.ground(portal))
    receipt = Receipt(
        facts.contact_id,
        facts.now_ms,
        compiled.name,
        compiled.version,
        tally.score,
        tally.fit,
        tally.engagement,
        tally.grade,
        tally.families,
        tally.lines,
        tally.unknown,
        standing.stage,
        gates,
        tally.steps,
        compiled.model.levels(tally.score),
        persona.match,
        tuple([further(model, name, view) for name, _, model in compiled.others]) if compiled.others else (),
    )
    return Judgement(receipt, decide(receipt, standing, facts, compiled, portal))


def next_change_ms(facts: Facts, compiled: Compiled) -> int | None:
    """The earliest instant after now at which time alone can change the judgement; None when it never can.

    Until then the judgement of the same facts stays the same, except for its ``at_ms``.
    """
    view = compiled.view(facts)
    persona = compiled.model.personas.best(view).index
    edges = [
        *compiled.model.personas.edges(view),
        *compiled.model.edges(view, persona),
        *compiled.machine.edges(view, persona),
    ]
    for _, _, model in compiled.others:
        edges += model.personas.edges(view)
        edges += model.edges(view, model.personas.best(view).index)
    return min((edge for edge in edges if edge > facts.now_ms), default=None)
