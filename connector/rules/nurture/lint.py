"""Advice on nurtures: what may be published and yet is unwise, and what a draft still lacks. Faults as data.

A ``fault`` keeps a nurture that is switched on from being published (``documents/nurture_checks.py`` refuses it), a
``warning`` does not. Not here: what a contact gets (``advance.py``), which also never offers the same thing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from connector.rules.documents.nurture import (
    END,
    PHASES,
    Asset,
    AwaitStep,
    BranchStep,
    EndStep,
    EnrolStep,
    JumpStep,
    Nurture,
)
from connector.rules.documents.nurture_checks import endless, questions
from connector.rules.documents.shape import Place
from connector.rules.documents.workflows import WorkflowsDocument
from connector.rules.nurture.worst_case import most_mails_in_a_week


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of advice: how grave, which check says so, where in the document, what is wrong, how to mend it."""

    level: Literal["fault", "warning"]
    check: str
    place: Place
    message: str
    remedy: str


def lint(document: WorkflowsDocument) -> tuple[Finding, ...]:
    """Everything there is to say, in the order of the document."""
    found: list[Finding] = []
    for index, nurture in enumerate(document.nurtures):
        here: Place = ("nurtures", index)
        found += [
            Finding("fault", one.question, (*here, *one.place), one.message, one.remedy)
            for one in (*questions(document, nurture), *endless(nurture))
        ]
        for check, place, message, remedy in (
            *_unreachable(nurture),
            *_never_over(nurture),
            *_offers(document, nurture),
            *_unsure(nurture),
            *_rush(document, nurture),
        ):
            found.append(Finding("warning", check, (*here, *place), message, remedy))
    found += _circles(document)
    return tuple(found)


Advice = tuple[str, Place, str, str]


def _reachable(nurture: Nurture, start: str) -> frozenset[str]:
    """The step and all that may come after it; ``end`` when the end may."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        if name != END:
            waiting.extend(nurture.following(nurture.step(name)))
    return frozenset(found)


def _unreachable(nurture: Nurture) -> Iterator[Advice]:
    reached = _reachable(nurture, nurture.steps[0].name)
    for index, step in enumerate(nurture.steps):
        if step.name not in reached:
            yield "unreachable", ("steps", index), f'No way leads to "{step.name}".', "Lead one there, or take it out."


def _never_over(nurture: Nurture) -> Iterator[Advice]:
    """Dead ends: places from which neither the end nor another nurture can be reached."""
    for index, step in enumerate(nurture.steps):
        onward = _reachable(nurture, step.name)
        over = END in onward or any(isinstance(nurture.step(name), EndStep | JumpStep) for name in onward - {END})
        if not over:
            ways_out = nurture.exits or (nurture.goal and nurture.goal.when)
            more = " but by the goal or an exit" if ways_out else ""
            message = f'Nobody ever gets out from "{step.name}"{more}.'
            yield "dead end", ("steps", index), message, "Lead one of the ways to `do: end`."


def _offers(document: WorkflowsDocument, nurture: Nurture) -> Iterator[Advice]:
    """What is offered: of the right phase, the phases in order, and nothing that the contact has already."""
    assets = {one.name: one for one in document.assets}
    offering = [
        (("steps", at, "offers", number), one, assets[name])
        for at, one in _mails(nurture)
        for number, name in enumerate(one.offers)
        if name in assets
    ]
    taken = {
        name for start in nurture.starts if start.did for name in start.about if _means_taking(start.did, assets, name)
    }
    for here, step, asset in offering:
        yield from _of_phase(nurture, asset, here)
        if asset.name in taken:
            message = f'Who took "{asset.name}" enters, and is offered it again.'
            yield "known content", here, message, "Offer something else."
        after = _reachable_after(nurture, step)
        for _, later, other in offering:
            if later.name not in after:
                continue
            if other.name == asset.name and later.name != step.name:
                message = f'"{asset.name}" is offered here and again by "{later.name}".'
                yield "known content", here, message, "Offer something else the second time."
            if _rank(other) < _rank(asset) and later.name != step.name:
                message = f'After "{asset.name}" ({asset.phase}) comes "{other.name}" ({other.phase}): a phase back.'
                yield "phase order", here, message, "Put them in the order TOFU, MOFU, BOFU."


def _mails(nurture: Nurture) -> list[tuple[int, EnrolStep]]:
    return [(index, step) for index, step in enumerate(nurture.steps) if isinstance(step, EnrolStep)]


def _means_taking(kinds: tuple[str, ...], assets: dict[str, Asset], name: str) -> bool:
    return name in assets and assets[name].kind in kinds


def _reachable_after(nurture: Nurture, step: EnrolStep) -> frozenset[str]:
    """What may come once this mail is out."""
    return _reachable(nurture, nurture.resolve(step, step.then))


def _rank(asset: Asset) -> int:
    phase = asset.phase or asset.natural_phase()
    return PHASES.index(phase) if phase in PHASES else len(PHASES)


def _of_phase(nurture: Nurture, asset: Asset, here: Place) -> Iterator[Advice]:
    natural, phase = asset.natural_phase(), asset.phase or asset.natural_phase()
    if not phase:
        yield "phase", here, f'The phase of "{asset.name}" is not known.', "Add `phase:` to the asset."
    elif natural and natural != phase:
        message = f'"{asset.name}" stands for {phase}, but a {asset.kind} is {natural} content.'
        yield "phase", here, message, "Change its phase or its kind, if one of them is wrong."
    if phase and nurture.phases and phase not in nurture.phases:
        message = f'"{asset.name}" is for {phase}, the nurture for {", ".join(nurture.phases)}.'
        yield "phase", here, message, "Offer what fits, or add the phase to `phases`."


def _unsure(nurture: Nurture) -> Iterator[Advice]:
    """Branches on values that may be empty, without a way for those of whom nobody knows."""
    for index, step in enumerate(nurture.steps):
        if isinstance(step, BranchStep) and step.unknown is None:
            message = f'"{step.name}" sends those of whom it is not known the way of those of whom it is not so.'
            yield "unknown", ("steps", index), message, "Add `unknown:`, or ask with `is_set` first."
        if isinstance(step, AwaitStep) and len({(answer.did, answer.about) for answer in step.answers}) < len(
            step.answers
        ):
            message = f'Two answers of "{step.name}" wait for the same act; the second never has a say.'
            yield "unreachable", ("steps", index, "answers"), message, "Tell them apart by `about`."


def _rush(document: WorkflowsDocument, nurture: Nurture) -> Iterator[Advice]:
    """More mails in the worst week than the cap lets through: those above it will be late."""
    worst = most_mails_in_a_week(document, nurture)
    cap = document.pace.per_week.get(nurture.message_class)
    most = min(one for one in (cap, nurture.per_week, 10_000) if one is not None)
    if worst > most:
        message = f"In the worst week a contact would get {worst} mails of it; the cap lets {most} through."
        yield "mails per week", ("steps",), message, "Put longer delays between the mails, or raise the cap."


def _circles(document: WorkflowsDocument) -> Iterator[Finding]:
    """Nurtures that lead to each other in a circle: each must let people come again for that to work."""
    leads = {one.name: _leads_to(one) for one in document.nurtures}
    for index, nurture in enumerate(document.nurtures):
        found: set[str] = set()
        waiting = list(leads[nurture.name])
        while waiting:
            name = waiting.pop()
            if name not in found and name in leads:
                found.add(name)
                waiting.extend(leads[name])
        if nurture.name in found and nurture.again is None:
            message = f'"{nurture.name}" leads back to itself by way of others, but nobody may enter it twice.'
            remedy = "Add `again:`, or end the circle."
            yield Finding("warning", "loop", ("nurtures", index), message, remedy)


def _leads_to(nurture: Nurture) -> set[str]:
    jumps = {step.nurture for step in nurture.steps if isinstance(step, JumpStep)}
    return jumps | {leaving.to for leaving in nurture.exits if leaving.to}
