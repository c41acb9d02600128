"""Who enters a nurture: which start has fired, and what speaks against it.

Not here: what happens inside (``steps.py``). Nobody enters who must not be mailed; a start whose act is long past has
no effect any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from connector.model.judgement import Enrol
from connector.model.nurture import Place
from connector.rules.conditions import Question
from connector.rules.documents.nurture import EnrolStep, Start
from connector.rules.gate import Refusal, may_mail
from connector.rules.nurture import acts
from connector.rules.nurture.calendar import MIDNIGHT
from connector.rules.nurture.graph import Book, Graph
from connector.rules.view import DAY, View


class Fired(NamedTuple):
    """Why a contact enters, or (without a cause) when time alone may make it."""

    cause: str
    due_ms: int | None = None


def fired(graph: Graph, view: View, book: Book, last: Place | None) -> Iterator[Fired]:
    """What each start says, those of an earlier stay left out."""
    since = -1 if last is None else last.entered_ms
    for start, question in graph.starts:
        if start.did is not None:
            yield from _by_act(graph, view, start, since)
        elif question is not None:
            yield from _by_condition(question, view)
        elif start.silent_days is not None:
            yield from _by_silence(view, start.silent_days, since)
        else:
            yield from _by_moment(view, book, start, since)


def _by_act(graph: Graph, view: View, start: Start, since: int) -> Iterator[Fired]:
    young = view.now - start.within_days * DAY
    for act in acts.did(view, start.did or (), start.about, graph.assets, max(young, since + 1)):
        yield Fired(f"{act.kind} at {act.at_ms}")
        return


def _by_condition(question: Question, view: View) -> Iterator[Fired]:
    if question.ask(view):
        yield Fired("the condition holds")
    yield from (Fired("", edge) for edge in question.edges(view))


def _by_silence(view: View, days: int, since: int) -> Iterator[Fired]:
    """Silence of somebody who once did something; each silence counts once."""
    last_act = acts.last_human(view)
    if last_act is None or last_act <= since:
        return
    over = last_act + days * DAY
    yield Fired(f"silent for {days} days") if over <= view.now else Fired("", over)


def _by_moment(view: View, book: Book, start: Start, since: int) -> Iterator[Fired]:
    moment = start.moment
    day = acts.day_of(view, moment) if moment is not None else None
    if day is None:
        return
    begin = day - timedelta(days=start.days_before) if start.days_before else day + timedelta(days=start.days_after)
    close = day + timedelta(days=1) if start.days_before else begin + timedelta(days=start.within_days)
    opens, closes = book.calendar.instant(begin, MIDNIGHT), book.calendar.instant(close, MIDNIGHT)
    if view.now < opens:
        yield Fired("", opens)
    elif view.now < closes and since < opens:
        yield Fired(f"{day.isoformat()} is near" if start.days_before else f"{day.isoformat()} is over")


def may_come(graph: Graph, stays: Sequence[Place]) -> tuple[bool, int | None]:
    """Whether the contact may come (again), and from when on if only time speaks against it."""
    if not stays:
        return True, None
    again, last = graph.nurture.again, stays[-1]
    if again is None or len(stays) >= again.most or last.ended_ms is None:
        return False, None
    return True, last.ended_ms + again.after_days * DAY


def against(graph: Graph, view: View, book: Book) -> Refusal | None:
    """What keeps the contact out: an exception, that it would be out again at once, or that it must not be mailed."""
    if graph.unless is not None and graph.unless.ask(view):
        reason = graph.unless.answer(view).evidence
        return "unless", f"The nurture leaves this contact out ({reason})", "Change `unless` in the document"
    if graph.goal is not None and graph.goal.ask(view):
        return "goal", "The contact has reached the goal already", ""
    for leaving, question in graph.exits:
        if question.ask(view):
            return "exit", f"The contact would leave at once ({leaving.name})", "Change `exits` in the document"
    mails = next((one for one in graph.nurture.steps if isinstance(one, EnrolStep)), None)
    workflow = mails.workflow if mails else ""
    email = view.properties.get("email") or ""
    return may_mail(Enrol(view.facts.contact_id, email, workflow, "", ""), view.facts, book.documents)
