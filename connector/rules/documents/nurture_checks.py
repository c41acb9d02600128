"""What only the whole ``workflows`` document can say: names that lead nowhere, and the questions a nurture must answer.

The questions are the planning checklist (six, and four more). A nurture that is switched off may leave them open; one
that is switched on may not, so it cannot be published. Not here: advice (``connector/rules/nurture/lint.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from connector.rules.documents import wording
from connector.rules.documents.base import Problem
from connector.rules.documents.conditions import Condition, too_deep, walk
from connector.rules.documents.nurture import (
    END,
    AwaitStep,
    BranchStep,
    EndStep,
    EnrolStep,
    JumpStep,
    LeaveStep,
    Nurture,
    Step,
    WaitStep,
)
from connector.rules.documents.shape import Place
from connector.rules.documents.workflows import WorkflowsDocument


class Open(NamedTuple):
    """A question that a nurture leaves open: which of the ten, where, and what is missing."""

    question: str
    place: Place
    message: str
    remedy: str


def checks(document: WorkflowsDocument) -> Iterator[Problem]:
    """Everything that keeps the document from being used."""
    for index, nurture in enumerate(document.nurtures):
        here: Place = ("nurtures", index)
        for problem in (*_names(document, nurture), *_conditions(nurture)):
            yield Problem((*here, *problem.place), problem.message, problem.remedy)
        if nurture.enabled:
            for one in (*questions(document, nurture), *endless(nurture)):
                yield Problem((*here, *one.place), one.message, one.remedy)


def _names(document: WorkflowsDocument, nurture: Nurture) -> Iterator[Problem]:
    """Names that lead nowhere. A draft may go on to a nurture that is still to be written."""
    nurtures = [one.name for one in document.nurtures]
    assets = [one.name for one in document.assets]
    named: list[tuple[Place, str, list[str], str]] = []
    for index, start in enumerate(nurture.starts):
        named += [(("starts", index, "about"), name, assets, "asset") for name in start.about]
    for index, leaving in enumerate(nurture.exits):
        named += [(("exits", index, "to"), leaving.to, nurtures, "nurture")] if leaving.to and nurture.enabled else []
    for index, step in enumerate(nurture.steps):
        here: Place = ("steps", index)
        if isinstance(step, EnrolStep | LeaveStep):
            named.append(((*here, "workflow"), step.workflow, [one.name for one in document.workflows], "workflow"))
            yield from _class(document, nurture, step, here)
        if isinstance(step, EnrolStep):
            named += [((*here, "offers", at), name, assets, "asset") for at, name in enumerate(step.offers)]
        if isinstance(step, AwaitStep):
            for at, answer in enumerate(step.answers):
                named += [((*here, "answers", at, "about"), name, assets, "asset") for name in answer.about]
        if isinstance(step, JumpStep) and nurture.enabled:
            named.append(((*here, "nurture"), step.nurture, nurtures, "nurture"))
    for place, name, known, what in named:
        if name not in known:
            yield Problem(place, f'There is no {what} "{name}".', wording.suggest(name, known, f"{what.title()}s"))


def _class(
    document: WorkflowsDocument, nurture: Nurture, step: EnrolStep | LeaveStep, here: Place
) -> Iterator[Problem]:
    """Newsletter, mailing and nurture must not be mixed: each has its own consent and its own cap."""
    for workflow in document.workflows:
        if workflow.name == step.workflow and workflow.message_class != nurture.message_class:
            message = f"The workflow sends {workflow.message_class} mails, the nurture is of class "
            remedy = "Use a workflow of the nurture's class, or change one of the two."
            yield Problem((*here, "workflow"), f"{message}{nurture.message_class}.", remedy)
        if workflow.name == step.workflow and workflow.on != "nurture" and isinstance(step, EnrolStep):
            message = "Every new MQL enters this workflow already; a nurture would enrol a second time."
            yield Problem((*here, "workflow"), message, "Write `on: nurture` at the workflow.")


def conditions_of(nurture: Nurture) -> Iterator[tuple[Place, Condition]]:
    """Every condition of a nurture, with its place."""
    for index, start in enumerate(nurture.starts):
        if start.when is not None:
            yield ("starts", index, "when"), start.when
    if nurture.unless is not None:
        yield ("unless",), nurture.unless
    if nurture.goal is not None and nurture.goal.when is not None:
        yield ("goal", "when"), nurture.goal.when
    for index, leaving in enumerate(nurture.exits):
        yield ("exits", index, "when"), leaving.when
    for index, step in enumerate(nurture.steps):
        if isinstance(step, BranchStep):
            for at, way in enumerate(step.ways):
                yield ("steps", index, "ways", at, "when"), way.when


def _conditions(nurture: Nurture) -> Iterator[Problem]:
    for place, condition in conditions_of(nurture):
        yield from (Problem((*place, *one.place), one.message, one.remedy) for one in too_deep(condition))
        if any(leaf.target is not None for leaf, _ in walk(condition)):
            message = "A persona's target has no place in a nurture."
            yield Problem(place, message, "Write the condition itself, or ask for `property: leadwright_grade`.")


def questions(document: WorkflowsDocument, nurture: Nurture) -> Iterator[Open]:
    """The ten planning questions that this nurture leaves open."""
    if not nurture.starts:
        yield Open("trigger", (), "Nothing says who enters (trigger).", "Add `starts:`.")
    if nurture.goal is None or not nurture.goal.measured_by:
        remedy = "Add `goal: {kind: qualify, measured_by: …}`."
        yield Open("measured", (), "Nothing says how it is measured.", remedy)
    mails = [(index, step) for index, step in enumerate(nurture.steps) if isinstance(step, EnrolStep)]
    if not mails or not any(step.mails for _, step in mails):
        yield Open("first mail", ("steps",), "It sends no mail (first mail, stages).", "Add a step `do: enrol`.")
    elif not any(step.offers for _, step in mails):
        yield Open("offer", ("steps", mails[0][0]), "No mail offers anything.", "Name `offers:` out of the assets.")
    for index, step in mails:
        if not step.label:
            message = "The step has no label (details of each stage)."
            yield Open("details", ("steps", index), message, "Add `label:`.")
        for at, name in enumerate(step.offers):
            yield from _of_offer(document, name, ("steps", index, "offers", at))
    yield from _of_gaps(nurture)
    yield from _of_ends(nurture)


def _of_offer(document: WorkflowsDocument, name: str, place: Place) -> Iterator[Open]:
    """Call to action, landing page and delivery of what is offered. Its effect on the score is its kind."""
    asset = next((one for one in document.assets if one.name == name), None)
    for key, what in (("call", "a call to action"), ("landing_page", "a landing page"), ("delivery", "a delivery")):
        if asset is not None and not getattr(asset, key):
            message = f'The offer "{asset.name}" has no answer to: {what}.'
            yield Open(what, place, message, f"Add `{key}:` to the asset.")


def _of_gaps(nurture: Nurture) -> Iterator[Open]:
    """Days until the next mail: between two mails something must wait."""
    for index, step in enumerate(nurture.steps):
        if not isinstance(step, EnrolStep) or not step.mails:
            continue
        for name in _reached(nurture, [nurture.resolve(step, step.then)], through=_passes):
            other = nurture.step(name)
            if isinstance(other, EnrolStep) and other.mails:
                message = f'The next mail ("{name}") follows at once.'
                yield Open("days until next mail", ("steps", index), message, "Put a step `do: wait` between.")


def _passes(step: Step) -> bool:
    """Whether a contact goes through the step without any time passing."""
    return not isinstance(step, WaitStep | AwaitStep | EnrolStep)


def _of_ends(nurture: Nurture) -> Iterator[Open]:
    last = nurture.steps[-1]
    if not isinstance(last, EndStep | JumpStep) and END in nurture.following(last):
        message = "Nothing says what happens after the last stage."
        yield Open(
            "after the last stage", ("steps", len(nurture.steps) - 1), message, "Close with `do: end` or `jump`."
        )


def endless(nurture: Nurture) -> Iterator[Open]:
    """Steps that lead back to themselves while no time passes."""
    for index, step in enumerate(nurture.steps):
        if not isinstance(step, WaitStep | AwaitStep) and step.name in _reached(
            nurture, nurture.following(step), through=_instant
        ):
            message = f'"{step.name}" leads back to itself without any delay.'
            yield Open("loop", ("steps", index), message, "Put a step `do: wait` into the loop.")


def _instant(step: Step) -> bool:
    return not isinstance(step, WaitStep | AwaitStep)


def _reached(nurture: Nurture, first: Iterable[str], through: Callable[[Step], bool]) -> frozenset[str]:
    """These steps and what follows, going on only through those that ``through`` lets pass."""
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name == END or name in found:
            continue
        found.add(name)
        step = nurture.step(name)
        if through(step):
            waiting.extend(nurture.following(step))
    return frozenset(found)
