"""Facts that rules may look at, and what judging them gives: receipt, gates, decisions, plan.

Everything here is a value. A field is ``Known`` or ``Unknown``, never a silent empty (promise 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connector.model.records import Activity

FieldValue = str | int | float | bool | tuple[str, ...]
Act = Literal["enrol", "leave", "join", "part"]
FAMILIES = ("demographic", "firmographic", "product_interest", "readiness", "engagement", "persona_fit")
STAGES = ("subscriber", "lead", "mql", "sal", "sql", "opportunity", "customer")
SIDE_STAGES = ("recycled", "disqualified")


@dataclass(frozen=True, slots=True)
class Known:
    """A canonical field's value with where it came from (HubSpot property) and since when (epoch ms, if known).

    ``told``: the portal does not hold it, a data provider told it; ``source`` then names provider and day.
    """

    value: FieldValue
    source: str = ""
    since_ms: int | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """No usable value; ``why``: ``empty``, ``not mapped``, ``ambiguous``, ``invalid``, ``no company`` …"""

    why: str = "empty"
    raw: str | None = None


Field = Known | Unknown


@dataclass(frozen=True, slots=True)
class Colleague:
    """Another live contact of the same company, with those of its activities that rules ask for, in time order."""

    contact_id: int
    activities: tuple[Activity, ...] = ()


DealState = Literal["open", "won", "lost", "unknown"]


@dataclass(frozen=True, slots=True)
class Circle:
    """What stands beside a contact. None: not read, with the reason in ``why`` or ``why_deals``; empty: there is none.

    ``deals`` are the states of the contact's deals; ``cut`` says that the company has more people than were read.
    """

    colleagues: tuple[Colleague, ...] | None = None
    deals: tuple[DealState, ...] | None = None
    why: str = "not read"
    cut: bool = False
    why_deals: str = "not read"


NO_CIRCLE = Circle()


@dataclass(frozen=True, slots=True)
class StageStep:
    """One step of a contact's way through the stages: from where to where, when it was seen, and what caused it."""

    at_ms: int
    before: str
    stage: str
    cause: str


OptInSource = Literal["form", "page", "subscription", "property", "seen"]


@dataclass(frozen=True, slots=True)
class OptInStep:
    """One of the two steps of a double opt-in: when, by what, in which wording ('' where that is not known).

    ``source``: a form, a page, a subscription, HubSpot's confirmation status turning (``property``), or that status
    as it was first seen (``seen``: asked for by then at the latest). ``what`` names it; ``before``: the status before.
    """

    at_ms: int
    step: Literal["requested", "confirmed"]
    source: OptInSource
    what: str
    before: str = ""
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything rules may look at for one contact at one instant ``now_ms``.

    ``fields`` are canonical contact and company fields; ``properties`` the raw HubSpot values of the contact;
    ``activities`` are in time order and none is later than ``now_ms``. ``complete`` says whether engagement was read;
    a source that is off stands in ``missing_sources`` and makes its rules unknown, not zero. ``lists`` says of
    each HubSpot list that was read whether the contact is on it; ``circle`` is who and what stands beside it. ``path``
    are the steps through the stages that were seen, oldest first; ``furthest_stage`` is the furthest of them.
    ``opt_in`` are steps of double opt-ins that no activity tells: those kept before (``kept_opt_in``), and turns of
    the status.
    """

    contact_id: int
    now_ms: int
    fields: Mapping[str, Field]
    properties: Mapping[str, str | None] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    stage: str | None = None
    furthest_stage: str | None = None
    missing_sources: frozenset[str] = frozenset()
    lists: Mapping[str, bool] = field(default_factory=dict)
    circle: Circle = NO_CIRCLE
    path: tuple[StageStep, ...] = ()
    opt_in: tuple[OptInStep, ...] = ()
    kept_opt_in: tuple[OptInStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt: which rule gave how many points, on what evidence, and why in words."""

    rule: str
    family: str
    points: int
    evidence: str
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class UnknownLine:
    """A rule that could not be decided: ``points`` it could have given and what is missing."""

    rule: str
    family: str
    points: int
    missing: str


@dataclass(frozen=True, slots=True)
class Gate:
    """One criterion of a decision: met, not met or unknown (None), with the reason and what would change it."""

    name: str
    met: bool | None
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """A realistic act that would bring points: for humans to read, and to write back as the next step."""

    rule: str
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """One of a model's thresholds: the score from which a contact is good enough for ``stage``."""

    stage: str
    points: int
    reached: bool


@dataclass(frozen=True, slots=True)
class PersonaMatch:
    """The persona that fits best: how many of its targets are met, not met and unknown."""

    name: str
    met: int
    failed: int
    unknown: int


@dataclass(frozen=True, slots=True)
class ModelScore:
    """What a further model says of the contact; a bill of its own, with the same promises as the receipt's."""

    name: str
    score: int
    fit: int
    engagement: int
    grade: str
    families: Mapping[str, int]
    lines: tuple[Line, ...]
    unknown: tuple[UnknownLine, ...]
    levels: tuple[Level, ...] = ()
    persona: PersonaMatch | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A score as a bill: ``sum(line.points) == score``; ``families`` are subtotals; ``fit + engagement == score``.

    ``models`` are the portal's further models; no stage moves by them.
    """

    contact_id: int
    at_ms: int
    model: str
    version: int
    score: int
    fit: int
    engagement: int
    grade: str
    families: Mapping[str, int]
    lines: tuple[Line, ...]
    unknown: tuple[UnknownLine, ...]
    stage: str
    gates: tuple[Gate, ...]
    next_steps: tuple[NextStep, ...]
    levels: tuple[Level, ...] = ()
    persona: PersonaMatch | None = None
    models: tuple[ModelScore, ...] = ()


@dataclass(frozen=True, slots=True)
class SetProperty:
    """Write one property of a contact. ``value`` as HubSpot wants it; '' clears."""

    contact_id: int
    property: str
    value: str
    cause: str


@dataclass(frozen=True, slots=True)
class MoveStage:
    """Move the lifecycle. ``backward`` needs two ordered requests: clear, then set (HubSpot reference)."""

    contact_id: int
    from_stage: str
    to_stage: str
    from_value: str
    to_value: str
    backward: bool
    cause: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """Enrol a contact in a HubSpot workflow. ``cause`` makes it happen once: same cause, same effect, never again.

    ``act``: enrol in the workflow or take out of it (``leave``), or put on a list or take off it (``join``, ``part``);
    then ``workflow_id`` is the list's.
    """

    contact_id: int
    email: str
    workflow: str
    workflow_id: str
    cause: str
    act: Act = "enrol"


@dataclass(frozen=True, slots=True)
class Hold:
    """A refusal with its reason: which effect the gate said no to, since when, and what would change it."""

    contact_id: int
    effect: str
    gate: str
    why: str
    remedy: str = ""


Decision = SetProperty | MoveStage | Enrol | Hold


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that judging one contact gives."""

    receipt: Receipt
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan does to one contact: property → (value in the portal now, value to be written)."""

    contact_id: int
    email: str
    properties: Mapping[str, tuple[str | None, str]]
    stage_reset: bool = False


OutboxState = Literal["planned", "sent", "confirmed", "refused", "dropped", "unknown"]


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One effect on its way: ``payload`` to send, ``before`` as booked for undo, ``sent_ms`` when it was asked."""

    id: int
    run_id: str
    contact_id: int
    kind: Literal["write", "enrol", "note"]
    cause: str
    payload: Mapping[str, Any]
    before: Mapping[str, str | None]
    state: OutboxState
    attempts: int = 0
    reason: str = ""
    sent_ms: int | None = None
