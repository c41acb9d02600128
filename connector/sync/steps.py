"""Who took a step through the stages since the last judgement, and what caused it: the rules, sales, or the portal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.model.judgement import Judgement, StageStep
from connector.model.records import Properties
from connector.rules.sales import ANSWER, REASON
from connector.store import Unit, outbox, stages

LATELY_MS = 31 * 24 * 60 * 60 * 1000
STAGE_PROPERTIES = ("lifecyclestage", "leadwright_stage")
PORTAL = "portal"
RULE = "rule"


def keep_steps(
    u: Unit, portal_id: int, judged: Sequence[tuple[Properties, Judgement]], now_ms: int
) -> dict[int, StageStep]:
    """Book the steps of one chunk of judgements; call it before their receipts are kept. Gives the steps."""
    stage_of = {judgement.receipt.contact_id: judgement.receipt.stage for _, judgement in judged}
    before = stages.standing(u, portal_id, stage_of.keys())
    moved = {who for who, stage in before.items() if stage != stage_of[who]}
    if not moved:
        return {}
    ours = _written(u, portal_id, moved, now_ms)
    steps = {}
    for properties, judgement in judged:
        who, stage = judgement.receipt.contact_id, judgement.receipt.stage
        if who in moved:
            steps[who] = StageStep(now_ms, before[who], stage, _cause(stage, properties, ours.get(who, {})))
    stages.add(u, portal_id, steps)
    return steps


def _written(u: Unit, portal_id: int, contact_ids: set[int], now_ms: int) -> dict[int, dict[str, str]]:
    """The stages we wrote to these contacts of late: property → the last value."""
    found: dict[int, dict[str, str]] = {}
    for write in outbox.written_since(u, portal_id, contact_ids, now_ms - LATELY_MS):
        values = {name: write.properties[name] for name in STAGE_PROPERTIES if name in write.properties}
        found.setdefault(write.contact_id, {}).update(values)
    return found


def _cause(stage: str, properties: Properties, ours: Mapping[str, str]) -> str:
    """``sales:…`` when sales' answer asked for it, ``rule`` when we wrote the stage, else ``portal``."""
    answer, reason = properties.get(ANSWER) or "", properties.get(REASON) or ""
    if ours.get("leadwright_stage") != stage:
        return PORTAL
    if stage in ("recycled", "disqualified") and answer in ("rejected", "not_now"):
        return f"sales:{answer}" + (f":{reason}" if reason else "")
    if stage in ("sal", "sql"):
        return f"sales:{'accepted' if stage == 'sal' else 'checklist'}"
    return (
        RULE
        if ours.get("lifecyclestage", properties.get("lifecyclestage")) == properties.get("lifecyclestage")
        else PORTAL
    )
