"""One step of one contact: what it asks for now, and whether the contact stays, goes on or is done.

Not here: the way from step to step (``advance.py``), who enters (``starts.py``). A mailing step passes the gate, the
cap of mails and the quiet hours; while one of them says no, the contact stays where it is, with the reason. A step with
an effect asks for it until it has happened: a value stands in the portal, a cause is among those that are ``done``. So
nothing is lost between deciding and doing, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from typing import NamedTuple

from connector.model.judgement import Act, Enrol, Hold, Known, SetProperty
from connector.model.nurture import Ending, NurtureDecision, Place, Sent
from connector.model.records import Activity
from connector.rules.decide import same_value
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.nurture import (
    Answer,
    AwaitStep,
    BranchStep,
    EnrolStep,
    JumpStep,
    LeaveStep,
    SetStep,
    Target,
    WaitStep,
)
from connector.rules.documents.workflows import Workflow
from connector.rules.gate import Refusal, gate, may_mail, may_write
from connector.rules.nurture import acts
from connector.rules.nurture.graph import Book, Graph
from connector.rules.view import DAY, View, sources_of

WEEK = 7 * DAY


class Stay(NamedTuple):
    """Not yet; ``due_ms`` is when time alone changes that (None: only new facts do)."""

    due_ms: int | None


class Go(NamedTuple):
    """On to the target, as of ``at_ms``; acts from ``heard_ms`` on are answers, if that changes."""

    target: Target
    at_ms: int
    heard_ms: int | None = None


class Over(NamedTuple):
    """The end of the stay, and the nurture that follows, if any."""

    ended: Ending
    why: str = ""
    to: str = ""


Outcome = Stay | Go | Over


@dataclass(slots=True)
class Walk:
    """One stay being advanced: what is known, what was decided so far. ``others`` are the contact's other stays,
    ``done`` the causes whose effects have happened, each with when, ``asked`` the mails that are on their way."""

    view: View
    book: Book
    graph: Graph
    place: Place
    others: tuple[Place, ...]
    done: Mapping[str, int]
    asked: list[Sent] = field(default_factory=list)
    decisions: list[NurtureDecision] = field(default_factory=list)
    refusals: list[Hold] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.view.now

    @property
    def email(self) -> str:
        return self.view.properties.get("email") or ""

    def cause(self) -> str:
        """The same for the same visit to the same step, however often it is worked out; never the same twice."""
        here = self.place
        return f"nurture:{here.nurture}:{here.step}:{here.contact_id}:{here.entry}.{here.taken}"

    def refuse(self, refusal: Refusal) -> Stay:
        effect = f"nurture:{self.place.nurture}:{self.place.step}"
        self.refusals.append(Hold(self.place.contact_id, effect, *refusal))
        return Stay(None)


def take(walk: Walk) -> Outcome:
    """What the step the contact stands on gives now."""
    step = walk.graph.steps[walk.place.step]
    if isinstance(step, EnrolStep):
        return _enrol(walk, step)
    if isinstance(step, WaitStep):
        return _wait(walk, step)
    if isinstance(step, AwaitStep):
        return _await(walk, step)
    if isinstance(step, BranchStep):
        return _branch(walk, step)
    if isinstance(step, SetStep):
        return _set(walk, step)
    if isinstance(step, LeaveStep):
        return _leave(walk, step)
    if isinstance(step, JumpStep):
        return Over("jumped", f"on to {walk.book.labels.get(step.nurture, step.nurture)}", step.nurture)
    return Over(step.ended, step.label)


def _enrol(walk: Walk, step: EnrolStep) -> Outcome:
    if (happened := walk.done.get(walk.cause())) is not None:
        return _sent(walk, step, happened)
    stays = (walk.place, *walk.others)
    if step.offers and all(acts.has(walk.view, stays, walk.graph.assets[name]) for name in step.offers):
        return Go(step.known or step.then, walk.now)
    lacking = [name for name in step.needs if not isinstance(walk.view.fields.get(name), Known)]
    if lacking and step.lacking:
        return Go(step.lacking, walk.now)
    if walk.place.held_out:
        return Go(step.then, walk.now, walk.now)
    workflow = walk.graph.workflows[step.workflow]
    if workflow.by == "property" and walk.view.properties.get(str(workflow.property)) == _key(walk):
        return _sent(walk, step, walk.now)
    if lacking:
        names = ", ".join(FIELDS[name].en for name in lacking)
        return walk.refuse(("needs", f"The mail needs what is not known: {names}", f"Find out: {names}"))
    entering = _entering(walk, workflow)
    if refusal := _against(walk, workflow, entering):
        return walk.refuse(refusal)
    if step.mails and (later := _later(walk, step)):
        return later
    walk.decisions.append(entering)
    walk.asked.append(_mail(walk, step, walk.now))
    return Stay(None)


def _sent(walk: Walk, step: EnrolStep, at_ms: int) -> Go:
    walk.place = replace(walk.place, sent=(*walk.place.sent, _mail(walk, step, at_ms)))
    return Go(step.then, at_ms, at_ms)


def _mail(walk: Walk, step: EnrolStep, at_ms: int) -> Sent:
    return Sent(at_ms, step.name, step.mails, step.offers, walk.graph.nurture.message_class)


def _later(walk: Walk, step: EnrolStep) -> Stay | None:
    """The cap of mails and the quiet hours: when to look again, None if the mail may go out now."""
    calendar = walk.book.calendar
    if (free := _free(walk, step)) > walk.now:
        why = "The contact had as many mails within seven days as it may have; the next is free on "
        walk.refuse(("frequency_cap", f"{why}{calendar.local(free):%Y-%m-%d}", "Wait, or raise per_week"))
        return Stay(calendar.next_open(free))
    opens = calendar.next_open(walk.now)
    return Stay(opens) if opens > walk.now else None


def _against(walk: Walk, workflow: Workflow, entering: NurtureDecision) -> Refusal | None:
    """What speaks against entering this workflow: itself, then the person."""
    documents, portal, facts = walk.book.documents, walk.book.portal, walk.view.facts
    if not workflow.enabled:
        return "workflow", f"{workflow.label or workflow.name} is switched off", "Switch it on in the document"
    if workflow.by == "list" and not workflow.list_id:
        return "workflow", "No list named yet", "Name the list_id in the workflows document"
    if held := gate(entering, facts, documents, portal):
        return held.gate, held.why, held.remedy
    return may_mail(_enrolment(walk, workflow, "enrol"), facts, documents)


def _entering(walk: Walk, workflow: Workflow) -> NurtureDecision:
    if workflow.by == "property":
        return SetProperty(walk.place.contact_id, str(workflow.property), _key(walk), walk.cause())
    return _enrolment(walk, workflow, "join" if workflow.by == "list" else "enrol")


def _enrolment(walk: Walk, workflow: Workflow, act: Act) -> Enrol:
    ident = workflow.list_id if workflow.by == "list" else workflow.workflow_id
    return Enrol(walk.place.contact_id, walk.email, workflow.name, ident, walk.cause(), act)


def _key(walk: Walk) -> str:
    """The value a workflow listens to: another one at each visit, and it names nobody."""
    here = walk.place
    return f"{here.nurture}:{here.step}:{here.entry}.{here.taken}"


def _free(walk: Walk, step: EnrolStep) -> int:
    """From when the caps leave room for this step's mails; now, if they do already."""
    kind = walk.graph.nurture.message_class
    own = walk.place.sent
    others = [*walk.asked, *(one for place in walk.others for one in place.sent)]
    every = [one for one in others if one.message_class == kind]
    portal = walk.book.documents.workflows.pace.per_week.get(kind)
    return max(
        _room(walk.now, step.mails, (*own, *every), portal),
        _room(walk.now, step.mails, own, walk.graph.nurture.per_week),
    )


def _room(now: int, mails: int, sent: Iterable[Sent], most: int | None) -> int:
    if most is None:
        return now
    lately = sorted((one.at_ms, one.mails) for one in sent if one.at_ms > now - WEEK)
    total, free = sum(number for _, number in lately), now
    for at_ms, number in lately:
        if total + mails <= most:
            break
        total, free = total - number, at_ms + WEEK
    return free


def _wait(walk: Walk, step: WaitStep) -> Outcome:
    moment = step.before or step.after
    calendar = walk.book.calendar
    if moment is None:
        base = walk.place.entered_ms if step.anchor == "start" else walk.place.since_ms
        until = calendar.plus(base, step.days, step.hours, working=step.working_days, at=step.at)
    else:
        day = acts.day_of(walk.view, moment)
        if day is None:
            return Go(step.unknown or step.then, walk.now)
        clock = time.fromisoformat(step.at or "00:00")
        until = calendar.plus(calendar.instant(day, clock), -step.days if step.before else step.days, step.hours)
        if until < walk.place.since_ms:
            return Go(step.passed or step.then, walk.place.since_ms)
    return Go(step.then, max(until, walk.place.since_ms)) if until <= walk.now else Stay(until)


def _await(walk: Walk, step: AwaitStep) -> Outcome:
    base = walk.place.entered_ms if step.anchor == "start" else walk.place.since_ms
    deadline = walk.book.calendar.plus(base, step.days)
    found = min(
        ((act.at_ms, index, one.then) for index, one in enumerate(step.answers) for act in _answers(walk, one)),
        key=lambda row: row[:2],
        default=None,
    )
    if found is not None and found[0] <= deadline:
        return Go(found[2], max(found[0], walk.place.since_ms), found[0] + 1)
    if walk.now < deadline:
        return Stay(deadline)
    off = frozenset().union(*(sources_of(one.did) for one in step.answers)) & walk.view.missing
    if off:
        why = f"Nobody can know whether it answered: not read are {', '.join(sorted(off))}"
        return walk.refuse(("source_off", why, "Run: leadwright portal check"))
    return Go(step.silent, max(deadline, walk.place.since_ms))


def _answers(walk: Walk, answer: Answer) -> list[Activity]:
    return list(acts.did(walk.view, answer.did, answer.about, walk.graph.assets, walk.place.heard_ms))[:1]


def _branch(walk: Walk, step: BranchStep) -> Outcome:
    unsure = False
    for way, question in walk.graph.ways[step.name]:
        said = question.ask(walk.view)
        if said:
            return Go(way.then, walk.now)
        unsure = unsure or said is None
    return Go(step.unknown if unsure and step.unknown else step.otherwise, walk.now)


def _set(walk: Walk, step: SetStep) -> Outcome:
    if walk.place.held_out:
        return Go(step.then, walk.now)
    if refusal := may_write(step.property, walk.book.portal):
        return walk.refuse(refusal)
    value = step.value if step.value is not None else _taken(walk, step) or step.fallback
    if same_value(step.property, walk.view.properties.get(step.property), value, walk.book.portal.property_types):
        return Go(step.then, walk.now)
    walk.decisions.append(SetProperty(walk.place.contact_id, step.property, value, walk.cause()))
    return Stay(None)


def _taken(walk: Walk, step: SetStep) -> str:
    if step.field is not None:
        return acts.text_of(walk.view, step.field)
    if step.take == "last_asset":
        return acts.last_asset(walk.view)
    if step.take == "first_interest":
        return acts.first_interest(walk.view)
    offered = [name for one in walk.place.sent for name in one.offers]
    asset = walk.graph.assets.get(offered[-1]) if offered else None
    return (asset.label or asset.name) if asset else ""


def _leave(walk: Walk, step: LeaveStep) -> Outcome:
    """Leaving needs nobody's consent; out of what has no id nobody can be taken."""
    workflow = walk.graph.workflows[step.workflow]
    leaving = _leaving(walk, workflow)
    if walk.place.held_out or leaving is None or walk.cause() in walk.done:
        return Go(step.then, walk.now)
    walk.decisions.append(leaving)
    return Stay(None)


def _leaving(walk: Walk, workflow: Workflow) -> NurtureDecision | None:
    if workflow.by == "property":
        set_now = walk.view.properties.get(str(workflow.property))
        return SetProperty(walk.place.contact_id, str(workflow.property), "", walk.cause()) if set_now else None
    leaving = _enrolment(walk, workflow, "part" if workflow.by == "list" else "leave")
    return leaving if leaving.workflow_id else None
