"""Advancing one contact: its places in all nurtures as they are at ``facts.now_ms``, and what is to be done for that.

Those inside go first, the highest priority ahead: goal, exits, then step by step as far as it goes. Then whoever a
start calls enters, as long as there is room. Advancing twice at one instant changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connector.model.judgement import Facts, Hold
from connector.model.nurture import Ending, NurtureDecision, Place, Progress, Sent
from connector.rules.documents.nurture import END
from connector.rules.nurture.graph import Book, Graph
from connector.rules.nurture.starts import against, fired, may_come
from connector.rules.nurture.steps import Go, Over, Stay, Walk, take
from connector.rules.view import View

MOST_STEPS = 100
MOST_JUMPS = 10


def advance(facts: Facts, places: Sequence[Place], book: Book, done: Mapping[str, int] | None = None) -> Progress:
    """The contact's places now, the effects that are asked for, refusals with reasons, and when time changes anything.

    ``done``: causes of enrolments that have happened, each with when; until its cause is there, a step asks again.
    """
    return _Advance(facts, places, book, done or {}).run()


class _Advance:
    """One contact at one instant."""

    def __init__(self, facts: Facts, places: Sequence[Place], book: Book, done: Mapping[str, int]) -> None:
        self.done = done
        self.asked: list[Sent] = []
        self.view = View(facts)
        self.now = facts.now_ms
        self.book = book
        self.places = list(places)
        self.decisions: list[NurtureDecision] = []
        self.refusals: list[Hold] = []
        self.edges: list[int] = []
        self.passed: list[tuple[str, str]] = []
        self.jumps = 0

    def run(self) -> Progress:
        for place in sorted((one for one in self.places if one.active), key=self._rank):
            self._follow(place)
        for graph in self.book.current:
            self._admit(graph)
        due = min((edge for edge in self.edges if edge > self.now), default=None)
        return Progress(tuple(self.places), tuple(self.decisions), tuple(self.refusals), due, tuple(self.passed))

    def _rank(self, place: Place) -> tuple[int, str]:
        graph = self.book.graph(place.nurture, place.version)
        return (-graph.nurture.priority if graph else 0, place.nurture)

    def _follow(self, place: Place) -> None:
        """As far as it goes now; whom another nurture has just interrupted goes no further."""
        if not any(one is place for one in self.places):
            return
        graph = self.book.graph(place.nurture, place.version)
        if graph is None or (place.step not in graph.steps and place.step != END):
            self._end(place, Over("lost", "the version it entered by is gone"))
            return
        if over := self._way_out(graph):
            self._end(place, over)
            return
        others = tuple(one for one in self.places if one is not place)
        walk = Walk(self.view, self.book, graph, place, others, self.done, self.asked)
        outcome = self._walk(walk)
        self.decisions += walk.decisions
        self.refusals += walk.refusals
        self._put(place, walk.place)
        if isinstance(outcome, Over):
            self._end(walk.place, outcome)
        elif outcome.due_ms is not None:
            self.edges.append(outcome.due_ms)

    def _walk(self, walk: Walk) -> Stay | Over:
        for _ in range(MOST_STEPS):
            if walk.place.step == END:
                return Over("done")
            outcome = take(walk)
            if not isinstance(outcome, Stay):
                self.passed.append((walk.graph.name, walk.place.step))
            if not isinstance(outcome, Go):
                return outcome
            here, step = walk.place, walk.graph.steps[walk.place.step]
            walk.place = replace(
                here,
                step=walk.graph.nurture.resolve(step, outcome.target),
                since_ms=max(outcome.at_ms, here.since_ms),
                heard_ms=here.heard_ms if outcome.heard_ms is None else outcome.heard_ms,
                taken=here.taken + 1,
            )
        return Stay(self.now + 1)

    def _way_out(self, graph: Graph) -> Over | None:
        """The goal, or the first exit whose condition holds."""
        questions = [graph.goal, *(question for _, question in graph.exits)]
        self.edges += [edge for one in questions if one is not None for edge in one.edges(self.view)]
        if graph.goal is not None and graph.goal.ask(self.view):
            return Over("goal")
        for leaving, question in graph.exits:
            if question.ask(self.view):
                return Over(leaving.ended, leaving.name, leaving.to or "")
        return None

    def _end(self, place: Place, over: Over) -> None:
        self._put(place, replace(place, ended=over.ended, ended_ms=self.now, why=over.why))
        if over.to and self.jumps < MOST_JUMPS:
            self.jumps += 1
            graph = self.book.newest(over.to)
            label = self.book.labels.get(place.nurture, place.nurture)
            if graph is None:
                self._refuse(over.to, "switched_off", "The nurture it should go on to is switched off", "Switch it on")
            else:
                self._let_in(graph, f"on from {label}")

    def _admit(self, graph: Graph) -> None:
        stays = self._stays(graph)
        if any(one.active for one in stays):
            return
        allowed, from_ms = may_come(graph, stays)
        if not allowed or (from_ms is not None and from_ms > self.now):
            self.edges += [from_ms] if from_ms is not None else []
            return
        cause = ""
        for one in fired(graph, self.view, self.book, stays[-1] if stays else None):
            cause = cause or one.cause
            self.edges += [one.due_ms] if one.due_ms is not None else []
        if cause:
            self._let_in(graph, cause)

    def _let_in(self, graph: Graph, cause: str) -> None:
        """Into the nurture, unless something speaks against it; then a few steps at once."""
        stays = self._stays(graph)
        allowed, from_ms = may_come(graph, stays)
        if not allowed or (from_ms or 0) > self.now:
            self._refuse(graph.name, "again", "The contact was in this nurture already", "Allow it with `again`")
            return
        if refusal := against(graph, self.view, self.book):
            self._refuse(graph.name, *refusal)
            self.edges += list(graph.unless.edges(self.view)) if graph.unless is not None else []
            return
        if not self._make_room(graph):
            return
        who = self.view.facts.contact_id
        out = graph.holds_out(self.book.key, who)
        place = Place(
            who, graph.name, graph.version, len(stays) + 1, self.now, cause, graph.first, self.now, self.now,
            held_out=out,
        )  # fmt: skip
        self.places.append(place)
        self._follow(place)

    def _make_room(self, graph: Graph) -> bool:
        """Whether one more nurture may run for this contact; one that interrupts ends the least important."""
        running = sorted(self._running(), key=self._rank)
        if len(running) < self.book.documents.workflows.pace.at_once:
            return True
        least = running[-1]
        if graph.nurture.interrupts and -self._rank(least)[0] < graph.nurture.priority:
            self._end(least, Over("interrupted", f"by {self.book.labels.get(graph.name, graph.name)}"))
            return True
        inside = self.book.labels.get(least.nurture, least.nurture)
        why = f"The contact is in {inside}; not more at once"
        self._refuse(graph.name, "one_at_a_time", why, "Wait until it is over, or raise `at_once`")
        return False

    def _running(self) -> Iterator[Place]:
        return (one for one in self.places if one.active)

    def _stays(self, graph: Graph) -> list[Place]:
        return sorted((one for one in self.places if one.nurture == graph.name), key=lambda one: one.entry)

    def _put(self, old: Place, new: Place) -> None:
        self.places[next(index for index, one in enumerate(self.places) if one is old)] = new

    def _refuse(self, name: str, gate: str, why: str, remedy: str) -> None:
        self.refusals.append(Hold(self.view.facts.contact_id, f"nurture:{name}", gate, why, remedy))


def ending_words(ended: Ending) -> str:
    """How an ending is called on screens."""
    return _ENDINGS[ended]


_ENDINGS: dict[Ending, str] = {
    "goal": "goal reached", "done": "gone through", "silent": "no reaction", "declined": "declined", "left": "left",
    "jumped": "went on to another", "interrupted": "interrupted", "published": "taken out at publishing",
    "lost": "version gone",
}  # fmt: skip
