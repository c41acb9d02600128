"""What lies ahead of one contact: the cheapest ways to its next threshold; what would make its score fall, and when.

Both are found by judging: a way is the contact with a few imagined acts or answers added, a fall is the same contact
some time later. Nothing here guesses what a rule would give. Costs many judgements: for one contact that somebody asks
about, never for a whole portal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Final

from connector.model.judgement import Facts, Line
from connector.model.plan import PortalView
from connector.model.records import Activity
from connector.rules.compiled import Compiled
from connector.rules.documents.kinds import CATALOGUE
from connector.rules.documents.scoring_rules import Match
from connector.rules.judge import next_change_ms
from connector.rules.scoring.acts import an_act
from connector.rules.scoring.behaviour import EFFORT
from connector.rules.scoring.finding import CompiledRule
from connector.rules.scoring.tally import Tally
from connector.rules.view import DAY, View

ACTING: Final = frozenset({"activity", "burst", "velocity", "dwell", "frequency"})
MOST_WAYS: Final = 3
MOST_ACTS: Final = 6
MOST_LOOKS: Final = 600
CHOICES: Final = 10
AHEAD_DAYS: Final = 400
MOST_TURNS: Final = 500
MOST_FALLS: Final = 5


@dataclass(frozen=True, slots=True)
class Way:
    """Some acts or answers that together reach the next threshold; ``points`` is the score then."""

    acts: tuple[str, ...]
    points: int
    effort: int


@dataclass(frozen=True, slots=True)
class Fall:
    """The score falls by time alone; ``loses`` are the stages it is no longer good enough for."""

    at_ms: int
    before: int
    after: int
    rules: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Risk:
    """An act that would take points at once."""

    act: str
    points: int
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What lies ahead. ``stage`` and ``short`` are the next threshold and how far it is; '' when all are reached."""

    stage: str
    short: int
    ways: tuple[Way, ...]
    falls: tuple[Fall, ...]
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    """One thing that could happen: an act, or an answer to what is unknown."""

    label: str
    effort: int
    act: Activity | None = None
    line: Line | None = None


def outlook(facts: Facts, compiled: Compiled, portal: PortalView) -> Outlook:
    """The outlook of a contact as it stands at ``facts.now_ms``."""
    tally = _tally(facts, compiled)
    ahead = next((bar for bar in compiled.model.bars if _still_ahead(facts, compiled, portal, bar, tally.score)), None)
    stage, bar = ahead or ("", 0)
    found = tuple(_ways(facts, compiled, portal, stage, bar)) if ahead else ()
    return Outlook(stage, max(bar - tally.score, 0), found, falls(facts, compiled), risks(facts, compiled))


def falls(facts: Facts, compiled: Compiled) -> tuple[Fall, ...]:
    """When the score falls if nothing happens from now on, for a year and a month; the nearest ones, and each loss of
    a threshold."""
    end = facts.now_ms + AHEAD_DAYS * DAY
    before, found = _tally(facts, compiled), list[Fall]()
    for _ in range(MOST_TURNS):
        turn = next_change_ms(facts, compiled)
        if turn is None or turn > end:
            break
        facts = replace(facts, now_ms=turn)
        after = _tally(facts, compiled)
        if after.score < before.score:
            loses = _lost(compiled, before.score, after.score)
            found.append(Fall(turn, before.score, after.score, _changed(before.lines, after.lines), loses))
        before = after
    near = set(found[:MOST_FALLS])
    return tuple(one for one in found if one in near or one.loses)


def risks(facts: Facts, compiled: Compiled) -> tuple[Risk, ...]:
    """The acts that would take points now, the dearest first."""
    score, found = _tally(facts, compiled).score, []
    for label, act in _acts(compiled, facts.now_ms, gaining=False):
        after = _tally(_with(facts, (act,)), compiled).score
        if after < score:
            found.append(Risk(label, after - score, _lost(compiled, score, after)))
    return tuple(sorted(found, key=lambda one: (one.points, one.act)))


def _still_ahead(facts: Facts, compiled: Compiled, portal: PortalView, bar: tuple[str, int], score: int) -> bool:
    """Whether the threshold is not reached, or that of MQL is but nothing deep was done."""
    return score < bar[1] or (bar[0] == "mql" and _score(facts, compiled, portal, (), "mql") is None)


def _ways(facts: Facts, compiled: Compiled, portal: PortalView, stage: str, bar: int) -> Iterator[Way]:
    """Sets of things that could happen, the least effort first, until some reach the threshold (and MQL's depth)."""
    choices = _choices(facts, compiled)
    waiting: list[tuple[int, int, tuple[int, ...]]] = [(one.effort, 1, (at,)) for at, one in enumerate(choices)]
    waiting.sort()
    looks = ways = 0
    while waiting and looks < MOST_LOOKS and ways < MOST_WAYS:
        effort, size, picked = heappop(waiting)
        looks += 1
        chosen = [choices[at] for at in picked]
        score = _score(facts, compiled, portal, chosen, stage)
        if score is not None and score >= bar:
            ways += 1
            yield Way(tuple(one.label for one in chosen), score, effort)
        elif size < MOST_ACTS:
            for at in range(picked[-1], len(choices)):
                if choices[at].line is None or at not in picked:
                    heappush(waiting, (effort + choices[at].effort, size + 1, (*picked, at)))


def _score(facts: Facts, compiled: Compiled, portal: PortalView, chosen: Sequence[_Choice], stage: str) -> int | None:
    """The score after all that; None when it is no way to MQL since no act among it all is deep enough."""
    acts = tuple(one.act for one in chosen if one.act is not None)
    answers = [one.line for one in chosen if one.line is not None]
    then = _with(facts, acts)
    view = View(then)
    persona = compiled.model.personas.best(view)
    tally = compiled.model.tally(view, persona.index)
    score = compiled.model.total([*tally.lines, *answers])
    if stage == "mql":
        _, gates = compiled.machine.gates(view, score, persona, compiled.ground(portal))
        if any(gate.name == "depth" and gate.met is False for gate in gates):
            return None
    return score


def _choices(facts: Facts, compiled: Compiled) -> list[_Choice]:
    """What could happen and would bring points, the most points for the effort first; and an act that is deep."""
    view = View(facts)
    persona = compiled.model.personas.best(view).index
    now = facts.now_ms
    kinds = {rule.name: kinds for rule, kinds in _kinds(compiled)}
    found: list[tuple[float, _Choice]] = []
    for rule in compiled.model.rules:
        _, unknown, room = rule.find(view, persona)
        if not room:
            continue
        if rule.name in kinds:
            act = an_act(_best_kind(compiled, kinds[rule.name]), now, _match_of(compiled, rule.name))
            found.append((-room / rule.effort, _Choice(rule.label, rule.effort, act=act)))
        elif unknown is not None:
            line = Line(rule.name, rule.family, room, "answered", "answered")
            found.append((-room / rule.effort, _Choice(rule.label, rule.effort, line=line)))
    found.sort(key=lambda one: (one[0], one[1].label))
    choices = [one for _, one in found[:CHOICES]]
    return [*choices, *_deep(compiled, choices, now)]


def _deep(compiled: Compiled, choices: Sequence[_Choice], now: int) -> Iterator[_Choice]:
    """A converting act, should none of the choices be one."""
    deep = compiled.documents.lifecycle.mql.depth.activities
    if not any(one.act is not None and one.act.kind in deep for one in choices):
        kind = min(deep, key=lambda one: (EFFORT.get(one, 3), one))
        label = CATALOGUE[kind].label(compiled.language) if kind in CATALOGUE else kind
        yield _Choice(label, EFFORT.get(kind, 3), act=an_act(kind, now))


def _acts(compiled: Compiled, now: int, *, gaining: bool) -> Iterator[tuple[str, Activity]]:
    points = {rule.name: rule.points for rule in compiled.model.document.rules}
    for rule, kinds in _kinds(compiled):
        if (points[rule.name] > 0) is gaining:
            yield rule.label, an_act(kinds[0], now, _match_of(compiled, rule.name))


def _kinds(compiled: Compiled) -> Iterator[tuple[CompiledRule, tuple[str, ...]]]:
    """The rules about the contact's own acts, with their kinds; unopened mails and silence are none."""
    acting = {rule.name for rule in compiled.model.document.rules if rule.kind in ACTING}
    for rule in compiled.model.rules:
        if rule.name in acting:
            yield rule, tuple(getattr(rule, "kinds", ()))


def _match_of(compiled: Compiled, name: str) -> Match | None:
    return next((getattr(rule, "match", None) for rule in compiled.model.document.rules if rule.name == name), None)


def _best_kind(compiled: Compiled, kinds: Sequence[str]) -> str:
    """A converting kind if there is one: it opens the depth gate, too."""
    deep = compiled.documents.lifecycle.mql.depth.activities
    return next((kind for kind in kinds if kind in deep), kinds[0])


def _with(facts: Facts, acts: tuple[Activity, ...]) -> Facts:
    mine = [replace(act, contact_id=facts.contact_id, id=f"imagined-{at}") for at, act in enumerate(acts)]
    return replace(facts, activities=(*facts.activities, *mine)) if mine else facts


def _tally(facts: Facts, compiled: Compiled) -> Tally:
    view = View(facts)
    return compiled.model.tally(view, compiled.model.personas.best(view).index)


def _lost(compiled: Compiled, before: int, after: int) -> tuple[str, ...]:
    return tuple(stage for stage, points in compiled.model.bars if after < points <= before)


def _changed(before: Sequence[Line], after: Sequence[Line]) -> tuple[str, ...]:
    """The rules that gave more before."""
    then = {line.rule: line.points for line in after}
    had = {line.rule: line.points for line in before}
    return tuple(rule for rule in dict.fromkeys([*had, *then]) if then.get(rule, 0) < had.get(rule, 0))
