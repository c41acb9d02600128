"""From a receipt to what is to be done: properties to write, a stage to move, workflows to enrol in, or a hold.

Also the properties write-back needs in the portal. Only what differs from the portal's values is decided. The stamp
``leadwright_updated_at`` is no decision: the push adds it to a write that happens anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from connector.model.judgement import (
    SIDE_STAGES,
    STAGES,
    Decision,
    Enrol,
    Facts,
    Gate,
    Hold,
    MoveStage,
    Receipt,
    SetProperty,
)
from connector.model.plan import PortalView
from connector.rules.compiled import Compiled
from connector.rules.following import follow, is_backward, start_afresh
from connector.rules.gate import gate, may_write
from connector.rules.lifecycle import BEFORE_MQL, UNKNOWN_STAGE, Standing
from connector.rules.profiling import NEXT_FIELD
from connector.rules.sales import SALES_PROPERTIES
from connector.rules.sales import definitions as sales_definitions
from connector.rules.words import Language, say, shorten, strongest, translate

GROUP: Final = ("leadwright", "Leadwright")
STAMP: Final = "leadwright_updated_at"
NUMBERS: Final = frozenset({"leadwright_score", "leadwright_fit", "leadwright_engagement"})
WRITTEN: Final = (
    "leadwright_score", "leadwright_grade", "leadwright_fit", "leadwright_engagement", "leadwright_reasons",
    "leadwright_stage", "leadwright_next_step",
)  # fmt: skip
ALL_PROPERTIES: Final = (*WRITTEN, NEXT_FIELD, *SALES_PROPERTIES, STAMP)
ROOM: Final = 255
STAGE_LABELS: Final = {
    "subscriber": "Subscriber", "lead": "Lead", "mql": "MQL", "sal": "SAL", "sql": "SQL", "opportunity": "Opportunity",
    "customer": "Customer", "recycled": "Recycled", "disqualified": "Disqualified",
}  # fmt: skip
RISING: Final = BEFORE_MQL | {"disqualified", "recycled"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?")


def decide(
    receipt: Receipt, standing: Standing, facts: Facts, compiled: Compiled, portal: PortalView
) -> tuple[Decision, ...]:
    """Everything that follows from a receipt, in the order of its doing."""
    decisions: list[Decision] = []
    stage = receipt.stage
    blocking = compiled.machine.blocking(receipt.gates)
    followed = follow(receipt, standing, facts, compiled, portal)
    if followed is not None:
        stage, steps = followed
        decisions += steps
    elif stage in RISING and receipt.score >= compiled.machine.threshold:
        stage = _rise(stage, standing, blocking, facts, compiled, portal, decisions)
    elif stage == "mql" and _falls(receipt, compiled):
        stage = _fall(standing, facts, compiled, portal, decisions)
    elif stage == UNKNOWN_STAGE:
        decisions.append(Hold(facts.contact_id, "stage:mql", "stage", standing.gate.why, standing.gate.remedy))
    _write(receipt, stage, blocking, facts, compiled, portal, decisions)
    if NEXT_FIELD in portal.writable:  # a portal that was provisioned before there was such a property lacks nothing
        decisions.extend(_next_field(receipt, facts, compiled, portal))
    if compiled.others:
        decisions.extend(_further_scores(receipt, facts, compiled, portal))
    return tuple(decisions)


def _next_field(receipt: Receipt, facts: Facts, compiled: Compiled, portal: PortalView) -> Iterator[Decision]:
    """Which field to ask for next, for the portal's forms and workflows."""
    name = compiled.profiling.next_field(facts, receipt.next_steps)
    if (facts.properties.get(NEXT_FIELD) or "") != name:
        write = SetProperty(facts.contact_id, NEXT_FIELD, name, compiled.cause)
        yield gate(write, facts, compiled.documents, portal) or write


def _further_scores(receipt: Receipt, facts: Facts, compiled: Compiled, portal: PortalView) -> Iterator[Decision]:
    """The scores of further models, for those that name a property of the portal."""
    for (name, prop, _), one in zip(compiled.others, receipt.models, strict=True):
        if prop is None or same_value(prop, facts.properties.get(prop), str(one.score), {prop: "number"}):
            continue
        write = SetProperty(facts.contact_id, prop, str(one.score), f"model:{name}@{compiled.version}")
        yield gate(write, facts, compiled.documents, portal) or write


def wanted(receipt: Receipt, stage: str, blocking: Gate | None, language: Language) -> tuple[str, ...]:
    """The values of ``WRITTEN``, in its order."""
    return (
        str(receipt.score),
        receipt.grade,
        str(receipt.fit),
        str(receipt.engagement),
        strongest(receipt.lines, language, room=ROOM),
        stage if stage != UNKNOWN_STAGE else "",
        _next_step(receipt, stage, blocking, language),
    )


def provisioned_properties() -> tuple[tuple[str, str], list[dict[str, Any]]]:
    """The property group (name, label) and the definitions that write-back needs, as HubSpot's API wants them."""
    grades = _options((grade, grade) for grade in "ABCD")
    stages = _options((stage, STAGE_LABELS[stage]) for stage in (*STAGES, *SIDE_STAGES))
    rows: list[tuple[str, str, str, str, str, list[dict[str, Any]]]] = [
        ("leadwright_score", "Leadwright score", "number", "number", "Fit and engagement together.", []),
        ("leadwright_grade", "Leadwright grade", "enumeration", "select", "How well the contact fits, A to D.", grades),
        ("leadwright_fit", "Leadwright fit", "number", "number", "Points for who the contact is.", []),
        ("leadwright_engagement", "Leadwright engagement", "number", "number", "Points for what it did.", []),
        ("leadwright_reasons", "Leadwright reasons", "string", "textarea", "The three strongest reasons.", []),
        ("leadwright_stage", "Leadwright stage", "enumeration", "select", "The stage Leadwright sees.", stages),
        ("leadwright_next_step", "Leadwright next step", "string", "text", "What would bring it further.", []),
        (NEXT_FIELD, "Leadwright next field", "string", "text", "The field to ask the contact for next.", []),
        *[
            (one.name, one.label, one.type, one.field_type, one.description, _options(one.options.items()))
            for one in sales_definitions()
        ],
        (STAMP, "Leadwright updated at", "datetime", "date", "When Leadwright last wrote.", []),
    ]
    return GROUP, [_definition(*row) for row in rows]


def same_value(name: str, current: str | None, new: str | None, types: Mapping[str, str] | None = None) -> bool:
    """Whether writing ``new`` would change nothing: null is '', numbers by value, date-times by instant."""
    if (current or "") == (new or ""):
        return True
    if not current or not new:
        return False
    kind = "number" if name in NUMBERS else (types or {}).get(name, "datetime" if name == STAMP else "")
    if kind == "number":
        return bool(_NUMBER.fullmatch(current) and _NUMBER.fullmatch(new)) and float(current) == float(new)
    if kind == "datetime":
        return (instant := _instant(current)) is not None and instant == _instant(new)
    return False


def _rise(
    stage: str, standing: Standing, blocking: Gate | None, facts: Facts, compiled: Compiled, portal: PortalView,
    decisions: list[Decision],
) -> str:  # fmt: skip
    """Lead → MQL with its enrolments, or the hold; gives the stage after it."""
    who = facts.contact_id
    if blocking is not None:
        decisions.append(Hold(who, "stage:mql", blocking.name, blocking.why, blocking.remedy))
        return stage
    backward = stage == "recycled" and is_backward(portal, standing.value, compiled.machine.values["mql"])
    move = _move(who, stage, "mql", standing, compiled, f"stage:{who}:mql", backward=backward)
    if held := gate(move, facts, compiled.documents, portal):
        decisions.append(held)
        return stage
    if move.to_value != move.from_value:  # a recycled contact may be an MQL in the portal's eyes still
        decisions.append(move)
    decisions.extend(start_afresh(facts, compiled, portal))
    for workflow in compiled.workflows:
        if workflow.on != "new_mql":
            continue
        cause = f"enrol:{workflow.name}:{who}:mql"
        enrol = Enrol(who, facts.properties.get("email") or "", workflow.name, workflow.workflow_id, cause)
        decisions.append(gate(enrol, facts, compiled.documents, portal) or enrol)
    return "mql"


def _move(
    who: int, start: str, end: str, standing: Standing, compiled: Compiled, cause: str, *, backward: bool = False
) -> MoveStage:
    return MoveStage(who, start, end, standing.value, compiled.machine.values[end], backward, cause)


def _falls(receipt: Receipt, compiled: Compiled) -> bool:
    below = compiled.documents.lifecycle.fall_back_below
    return below is not None and receipt.score < below


def _fall(standing: Standing, facts: Facts, compiled: Compiled, portal: PortalView, decisions: list[Decision]) -> str:
    """MQL → lead, where the document allows it; the portal needs two requests for it (clear, then set)."""
    who = facts.contact_id
    move = _move(who, "mql", "lead", standing, compiled, f"stage:{who}:lead:back", backward=True)
    held = gate(move, facts, compiled.documents, portal)
    decisions.append(held or move)
    return "mql" if held else "lead"


def _write(
    receipt: Receipt, stage: str, blocking: Gate | None, facts: Facts, compiled: Compiled, portal: PortalView,
    decisions: list[Decision],
) -> None:  # fmt: skip
    values = wanted(receipt, stage, blocking, compiled.language)
    current = facts.properties
    writable = portal.writable if portal.has_provisioned else frozenset()
    for name, value in zip(WRITTEN, values, strict=True):
        said = current.get(name)
        if said == value or (not said and not value) or (said and same_value(name, said, value)):
            continue
        if name == "leadwright_stage" and stage == UNKNOWN_STAGE:
            continue
        if name not in writable and (refusal := may_write(name, portal)):
            every = "leadwright" if refusal[0] == "provisioned" else name
            decisions.append(Hold(facts.contact_id, f"set:{every}", *refusal))
            if every == "leadwright":
                return
            continue
        decisions.append(SetProperty(facts.contact_id, name, value, compiled.cause))


def _next_step(receipt: Receipt, stage: str, blocking: Gate | None, language: Language) -> str:
    if stage not in BEFORE_MQL | {"recycled"} or blocking is None:
        return ""
    if blocking.name == "threshold":
        step = receipt.next_steps[0].text if receipt.next_steps else ""
        text = say("step_short", short=blocking.remedy.partition(" ")[0], step=step) if step else blocking.remedy
    else:
        text = blocking.remedy or blocking.why
    return shorten(translate(text, language), ROOM)


def _options(pairs: Iterator[tuple[str, str]] | Any) -> list[dict[str, Any]]:
    return [{"value": value, "label": label, "displayOrder": order} for order, (value, label) in enumerate(pairs)]


def _definition(
    name: str, label: str, kind: str, field_type: str, description: str, options: list[dict[str, Any]]
) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "name": name, "label": label, "type": kind, "fieldType": field_type, "groupName": GROUP[0],
        "description": description, "formField": False,
    }  # fmt: skip
    return {**definition, "options": options} if options else definition


def _instant(text: str) -> int | None:
    """Epoch milliseconds of a date-time as HubSpot sends it: digits, or ISO with zone."""
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else round(moment.timestamp() * 1000)
