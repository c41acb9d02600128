"""What a condition answers for one contact: yes, no or unknown (None), in the logic of Kleene.

A condition is turned into a ``Probe`` once per document; a probe remembers its answers per value, which changes nothing
but the time it takes. Not here: the shape of conditions in a document (``connector/rules/documents/conditions.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from connector.model.judgement import FieldValue, Known, Unknown
from connector.rules import values
from connector.rules.documents.conditions import Condition, walk
from connector.rules.documents.fields import LEVELS
from connector.rules.patterns import pattern
from connector.rules.view import DAY, Answer, View, sources_of

Test = Callable[[View], bool | None]
Operator = Callable[[FieldValue, int], bool | None]
T = TypeVar("T")
MEMO = 5_000
UNREAD = "list not read: "


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf ready to be asked. ``edges`` gives the instants at which time alone may change its answer."""

    condition: Condition
    test: Test

    @property
    def subject(self) -> str:
        one = self.condition
        return one.field or one.property or ", ".join(one.did or one.in_list or ())

    @property
    def timed(self) -> bool:
        one = self.condition
        return one.within_next_months is not None or "today" in (one.before, one.after)


class Question:
    """A whole condition, compiled: ``ask`` gives the verdict, ``answer`` also why, ``edges`` when it may change."""

    __slots__ = ("ask", "deeds", "fields", "leaves", "listed", "properties", "timed")

    def __init__(self, condition: Condition) -> None:
        self.leaves = tuple(_leaf(one) for one, _ in walk(condition) if not one.children())
        tests = iter(self.leaves)
        self.ask = _tree(condition, tests)
        self.fields = _unique(leaf.condition.field for leaf in self.leaves)
        self.properties = _unique(leaf.condition.property for leaf in self.leaves)
        self.deeds = tuple(leaf for leaf in self.leaves if leaf.condition.did)
        self.listed = tuple(leaf for leaf in self.leaves if leaf.condition.in_list)
        self.timed = any(leaf.timed for leaf in self.leaves)

    def answer(self, view: View) -> Answer:
        verdict = self.ask(view)
        missing = "" if verdict is not None else "; ".join(_unique(_missing(leaf, view) for leaf in self.leaves))
        return Answer(verdict, missing, "; ".join(_unique(_evidence(leaf, view) for leaf in self.leaves)))

    def edges(self, view: View) -> Iterator[int]:
        for leaf in self.leaves:
            if leaf.timed:
                yield from _day_edges(leaf, view)
            elif leaf.condition.did and leaf.condition.within_days:
                span = leaf.condition.within_days * DAY
                yield from (one.at_ms + span for one in view.did(leaf.condition.did) if one.at_ms + span > view.now)


class Probe(Generic[T]):
    """A question whose answer becomes a value of ``T`` (a line, a gate …), remembered per looked-at values."""

    __slots__ = ("_build", "_memo", "_single", "question")

    def __init__(self, question: Question, build: Callable[[Answer], T]) -> None:
        self.question = question
        self._build = build
        self._memo: dict[object, T] = {}
        alone = len(question.fields) == 1 and not (
            question.properties or question.deeds or question.listed or question.timed
        )
        self._single = question.fields[0] if alone else None

    def look(self, view: View) -> T:
        if self._single is not None:
            found = view.fields.get(self._single)
            key: object = (found.value.__class__, found.value, found.source) if type(found) is Known else found
        else:
            key = self._key(view)
        result = self._memo.get(key)
        if result is None:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            result = self._memo[key] = self._build(self.question.answer(view))
        return result

    def _key(self, view: View) -> object:
        question = self.question
        key: list[object] = [view.day if question.timed else 0]
        for name in question.fields:
            found = view.fields.get(name)
            key.append((found.value.__class__, found.value, found.source) if type(found) is Known else found)
        if question.properties:
            key.extend(view.properties.get(name, False) for name in question.properties)
        if question.deeds:
            key.extend(deed.test(view) for deed in question.deeds)
            key.append(view.missing)
        if question.listed:
            key.extend(view.facts.lists.get(one) for leaf in question.listed for one in leaf.condition.in_list or ())
        return tuple(key)


class TargetProbe(Generic[T]):
    """A probe of one persona target alone: builds on the answer that the persona has already given."""

    __slots__ = ("_build", "_memo", "_target", "question")

    def __init__(self, target: str, question: Question, build: Callable[[Answer], T]) -> None:
        self._target = target
        self._build = build
        self._memo: dict[Answer, T] = {}
        self.question = question

    def look(self, view: View) -> T:
        answer = view.answers[self._target]
        result = self._memo.get(answer)
        if result is None:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            result = self._memo[answer] = self._build(answer)
        return result


def probe(
    condition: Condition, targets: Mapping[str, Condition], build: Callable[[Answer], T]
) -> Probe[T] | TargetProbe[T]:
    """The cheapest probe for a condition as one persona understands it."""
    question = Question(resolve(condition, targets))
    if condition.target is not None and condition.target in targets:
        return TargetProbe(condition.target, question, build)
    return Probe(question, build)


def kleene_all(answers: Iterable[bool | None]) -> bool | None:
    result: bool | None = True
    for one in answers:
        if one is False:
            return False
        if one is None:
            result = None
    return result


def kleene_any(answers: Iterable[bool | None]) -> bool | None:
    result: bool | None = False
    for one in answers:
        if one:
            return True
        if one is None:
            result = None
    return result


def resolve(condition: Condition, targets: Mapping[str, Condition]) -> Condition:
    """The condition with every ``target`` replaced by the persona's own; a target the persona lacks stays."""
    if condition.target is not None:
        return targets.get(condition.target, condition)
    if not condition.children():
        return condition
    update: dict[str, object] = {}
    if condition.not_ is not None:
        update["not_"] = resolve(condition.not_, targets)
    for key in ("all", "any"):
        if children := getattr(condition, key):
            update[key] = tuple(resolve(child, targets) for child in children)
    return condition.model_copy(update=update)


def _tree(condition: Condition, leaves: Iterator[Leaf]) -> Test:
    """In the order of ``walk``, so that each leaf meets its own place."""
    if not condition.children():
        return next(leaves).test
    tests = tuple(_tree(child, leaves) for child in condition.children())
    if condition.not_ is not None:
        return lambda view: None if (said := tests[0](view)) is None else not said
    join = kleene_all if condition.all else kleene_any
    return lambda view: join(test(view) for test in tests)


def _leaf(condition: Condition) -> Leaf:
    if condition.did:
        return Leaf(condition, _did(condition))
    if condition.in_list:
        listed = condition.in_list
        return Leaf(condition, lambda view: on_any(view, listed))
    if condition.target is not None:
        return Leaf(condition, lambda _: None)
    if condition.is_set is not None:
        return Leaf(condition, _is_set(condition, condition.is_set))
    operator = _operator(condition)
    if condition.field is not None:
        return Leaf(condition, _on_field(condition.field, operator))
    return Leaf(condition, _on_property(str(condition.property), operator))


def _on_field(name: str, operator: Operator) -> Test:
    def test(view: View) -> bool | None:
        found = view.fields.get(name)
        return operator(found.value, view.day) if isinstance(found, Known) else None

    return test


def _on_property(name: str, operator: Operator) -> Test:
    def test(view: View) -> bool | None:
        value = view.properties.get(name)
        return operator(value, view.day) if value else None

    return test


def _is_set(condition: Condition, wanted: bool) -> Test:
    """Empty is an answer here; not mapped, ambiguous or invalid is still unknown."""

    def of_field(view: View) -> bool | None:
        found = view.fields.get(str(condition.field))
        if isinstance(found, Known):
            return wanted
        return not wanted if found is not None and found.why == "empty" else None

    def of_property(view: View) -> bool | None:
        if condition.property not in view.properties:
            return None
        return bool(view.properties[str(condition.property)]) is wanted

    return of_field if condition.field is not None else of_property


def _did(condition: Condition) -> Test:
    kinds, least = condition.did or (), condition.at_least
    sources = sources_of(kinds)
    span = (condition.within_days or 0) * DAY

    def test(view: View) -> bool | None:
        since = view.now - span if span else None
        found = [a for a in view.did(kinds) if a.verdict == "human" and (since is None or a.at_ms > since)]
        if len(found) >= least:
            return True
        return None if sources & view.missing else False

    return test


def on_any(view: View, wanted: Iterable[str]) -> bool | None:
    """Whether the contact is on any of these lists; unknown where it is on none that was read and one was not."""
    return kleene_any(view.facts.lists.get(one) for one in wanted)


def unread(view: View, wanted: Iterable[str]) -> str:
    """Which of these lists were not read."""
    return UNREAD + ", ".join(one for one in wanted if one not in view.facts.lists)


def unread_of(missing: str) -> Iterator[str]:
    """The lists that what is missing to a rule names as not read."""
    for part in missing.split("; "):
        if part.startswith(UNREAD):
            yield from part.removeprefix(UNREAD).split(", ")


def _operator(condition: Condition) -> Operator:
    name = condition.operator()
    if name in ("gt", "gte", "lt", "lte", "between"):
        return _numeric(condition, name)
    if name in ("before", "after", "within_next_months"):
        return _dated(condition, name)
    if name == "at_least_level":
        return _level(str(condition.at_least_level))
    if name == "is_true":
        wanted = condition.is_true
        return lambda value, _: None if (said := values.boolean(value)) is None else said is wanted
    return _worded(condition, name)


def _worded(condition: Condition, name: str) -> Operator:
    if name == "contains":
        part = str(condition.contains).strip().casefold()
        return lambda value, _: any(part in one for one in values.words(value))
    if name == "matches":
        found = pattern(str(condition.matches)).found_in
        return lambda value, _: any(found(one) for one in _texts(value))
    given = (condition.equals,) if name == "equals" else condition.in_ or condition.not_in or ()
    wanted = frozenset(values.word(one) for one in given if one is not None)
    if name == "not_in":
        return lambda value, _: wanted.isdisjoint(values.words(value))
    return lambda value, _: not wanted.isdisjoint(values.words(value))


def _texts(value: FieldValue) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (values.plain(value),)


def _numeric(condition: Condition, name: str) -> Operator:
    low, high = condition.between or (0.0, 0.0)
    bound = float(getattr(condition, name)) if name != "between" else 0.0
    compare: Callable[[float], bool] = {
        "gt": lambda said: said > bound,
        "gte": lambda said: said >= bound,
        "lt": lambda said: said < bound,
        "lte": lambda said: said <= bound,
        "between": lambda said: low <= said <= high,
    }[name]
    return lambda value, _: None if (said := values.number(value)) is None else compare(said)


_RANKS = {level: rank for rank, level in enumerate(reversed(LEVELS))}


def _level(least: str) -> Operator:
    """A word that is none of the levels cannot be placed, hence unknown."""
    bar = _RANKS[least]

    def operator(value: FieldValue, _: int) -> bool | None:
        ranks = [_RANKS[one] for one in values.words(value) if one in _RANKS]
        return max(ranks) >= bar if ranks else None

    return operator


def _dated(condition: Condition, name: str) -> Operator:
    if name == "within_next_months":
        months = condition.within_next_months or 0
        return lambda value, today: _near(values.day(value), today, months)
    text = str(condition.before if name == "before" else condition.after)
    fixed = None if text == "today" else values.day(text)
    sign = 1 if name == "after" else -1

    def operator(value: FieldValue, today: int) -> bool | None:
        said = values.day(value)
        return None if said is None else (said - (today if fixed is None else fixed)) * sign > 0

    return operator


def _near(said: int | None, today: int, months: int) -> bool | None:
    return None if said is None else today <= said <= values.plus_months(today, months)


def _day_edges(leaf: Leaf, view: View) -> Iterator[int]:
    """Midnights (UTC) after now at which the answer about a date can turn."""
    said = _value(leaf.condition, view)
    days = None if said is None else values.day(said)
    if days is None or abs(days) > 600_000:
        return
    turns = {days, days + 1}
    if leaf.condition.within_next_months is not None:
        turns.add(values.first_day_within(days, leaf.condition.within_next_months))
    yield from (turn * DAY for turn in turns if turn * DAY > view.now)


def _value(condition: Condition, view: View) -> FieldValue | None:
    if condition.field is not None:
        found = view.fields.get(condition.field)
        return found.value if isinstance(found, Known) else None
    return view.properties.get(str(condition.property)) or None


def _missing(leaf: Leaf, view: View) -> str:
    if leaf.test(view) is not None:
        return ""
    if leaf.condition.did:
        return f"source off: {', '.join(sorted(sources_of(leaf.condition.did) & view.missing))}"
    if leaf.condition.in_list:
        return unread(view, leaf.condition.in_list)
    if leaf.condition.target is not None:
        return f"{leaf.condition.target}: the persona has no such target"
    if _value(leaf.condition, view) is not None:
        return f"{leaf.subject}: not usable"
    found = view.fields.get(leaf.condition.field) if leaf.condition.field else None
    return f"{leaf.subject}: {found.why if isinstance(found, Unknown) else _absent(leaf.condition)}"


def _absent(condition: Condition) -> str:
    return "not mapped" if condition.field else "empty"


def _evidence(leaf: Leaf, view: View) -> str:
    if leaf.condition.did:
        return ", ".join(leaf.condition.did)
    if leaf.condition.in_list:
        return f"list {', '.join(leaf.condition.in_list)}"
    value = _value(leaf.condition, view)
    if value is None:
        return ""
    text = ", ".join(value) if isinstance(value, tuple) else values.plain(value)
    found = view.fields.get(leaf.condition.field) if leaf.condition.field else None
    source = found.source if isinstance(found, Known) and found.source not in ("", leaf.subject) else ""
    return f"{leaf.subject}={text}" + (f" (from {source})" if source else "")


def _unique(items: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
