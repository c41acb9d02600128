"""One value on its way through a chain of steps, and what a chain makes of many values. Pure.

The steps are those of the compiled mapping (``Source.chain``), so that what is shown is what counts. Not here: where
values come from, and the words for what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from connector.rules.documents.mapping import OBJECTS, MappingDocument, ObjectName, Row
from connector.rules.mapping import Definitions, Source, compile_mapping, kind_of
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome, Value

Verdict = Literal["fine", "empty", "ambiguous", "failing"]
VERDICTS: tuple[Verdict, ...] = ("fine", "empty", "ambiguous", "failing")


@dataclass(frozen=True, slots=True)
class Passed:
    """One step: the value before it, and what it gave."""

    step: str
    before: Value
    after: Outcome

    @property
    def changed(self) -> bool:
        return type(self.before) is not type(self.after) or self.before != self.after


@dataclass(frozen=True, slots=True)
class Trace:
    """One value through the chain, up to the step that gave no value. ``passed`` holds that step last."""

    raw: str
    passed: tuple[Passed, ...]
    verdict: Verdict

    @property
    def result(self) -> Outcome:
        return self.passed[-1].after if self.passed else self.raw

    @property
    def reason(self) -> str:
        """Why there is no value; nothing where there is one."""
        found = self.result
        if isinstance(found, Nothing):
            return found.why
        return found.reason if isinstance(found, Ambiguous | Invalid) else ""


def source_of(
    row: Row, document: MappingDocument, known: Mapping[ObjectName, Definitions] | None = None
) -> Source | None:
    """The row's first property as the mapping reads it; None where the row reads nothing or the portal lacks it."""
    alone = MappingDocument.model_construct(locale=document.locale, rows=(row,))
    where = OBJECTS[row.where()]
    given = None if known is None else {where: list(known.get(where, {}).values())}
    rows = compile_mapping(alone, given).rows
    found = rows[0].sources if rows else ()
    return next((one for one in found if one.property == row.property), None)


def trace(source: Source, raw: str, locale: Locale) -> Trace:
    """The value before and after every step, as ``mapping.run`` takes them."""
    value: Value = raw
    passed: list[Passed] = []
    if not raw:
        return Trace(raw, (), "empty")
    for step in source.chain:
        after = step.apply(value, locale)
        passed.append(Passed(step.name, value, after))
        if isinstance(after, Nothing | Ambiguous | Invalid):
            break
        value = after
    return Trace(raw, tuple(passed), _verdict(passed[-1].after if passed else raw))


def _verdict(outcome: Outcome) -> Verdict:
    if isinstance(outcome, Nothing):
        return "empty"
    if isinstance(outcome, Ambiguous | Invalid):
        return "ambiguous" if kind_of(outcome) == "ambiguous" else "failing"
    return "fine"


def tally(traces: Iterable[tuple[Trace, int]]) -> dict[Verdict, int]:
    """How many records come to which verdict: each trace counts for all that hold its value."""
    told: dict[Verdict, int] = dict.fromkeys(VERDICTS, 0)
    for one, holders in traces:
        told[one.verdict] += holders
    return told
