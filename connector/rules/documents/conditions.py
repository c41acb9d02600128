"""The condition tree that ``scoring`` and ``lifecycle`` share: leaves with one closed operator each, all / any / not.

Not here: what a condition answers for a contact (``connector/rules/conditions.py``). There are no expressions and no
functions: what is not in this table cannot be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from connector.rules.documents import wording
from connector.rules.documents.base import Complaint, Part, Problem
from connector.rules.documents.fields import FIELDS, LEVELS
from connector.rules.documents.sources import LEAD_SOURCE, unknown_sources
from connector.rules.patterns import fault_of

MAX_DEPTH = 5
MAX_CONDITIONS = 200
OPERATORS = (
    "is_set", "equals", "in", "not_in", "contains", "matches", "gt", "gte", "lt", "lte", "between",
    "at_least_level", "is_true", "before", "after", "within_next_months",
)  # fmt: skip
BRANCHES = ("all", "any", "not")
SUBJECTS = ("field", "property", "target", "did", "in_list")

Scalar = str | int | float | bool
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")]


class Condition(Part):
    """Either a branch (``all``, ``any``, ``not``) or a leaf: a subject with one operator.

    Subjects: ``field`` (canonical), ``property`` (HubSpot's own name), ``target`` (one of the persona's, without
    operator), ``did`` (activity kinds; with ``within_days`` and ``at_least``) and ``in_list`` (ids of HubSpot lists,
    any of them). An empty value answers *unknown*; only ``is_set`` answers yes or no for it. ``matches`` takes a
    pattern of RE2 and finds it anywhere in the value.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    field: Name | None = None
    property: Name | None = None
    target: Name | None = None
    did: tuple[Name, ...] | None = None
    in_list: tuple[Annotated[str, Field(pattern=r"^\d{1,18}$")], ...] | None = None
    is_set: bool | None = None
    equals: Scalar | None = None
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    not_in: tuple[Scalar, ...] | None = None
    contains: str | None = None
    matches: str | None = None
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None
    between: tuple[float, float] | None = None
    at_least_level: str | None = None
    is_true: bool | None = None
    before: str | None = None
    after: str | None = None
    within_next_months: Annotated[int, Field(ge=1, le=120)] | None = None
    within_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    at_least: Annotated[int, Field(ge=1, le=1000)] = 1

    @field_validator("field")
    @classmethod
    def _known_field(cls, value: str | None) -> str | None:
        if value is not None and value not in FIELDS:
            raise Complaint(f'"{value}" is no field.', wording.suggest(value, FIELDS, "Fields"))
        return value

    @field_validator("at_least_level")
    @classmethod
    def _known_level(cls, value: str | None) -> str | None:
        if value is not None and value not in LEVELS:
            raise Complaint(f'"{value}" is no level.', f"Levels from the top down: {', '.join(LEVELS)}.")
        return value

    @field_validator("matches")
    @classmethod
    def _known_pattern(cls, value: str | None) -> str | None:
        if value is not None and (fault := fault_of(value)):
            raise Complaint(fault, "Write it in RE2's words, for instance: ^(head|leiter)")
        return value

    def problems(self) -> Iterable[Problem]:
        said = self.said()
        heads = [name for name in (*BRANCHES, *SUBJECTS) if name in said]
        if len(heads) != 1:
            one_of = ", ".join((*BRANCHES, *SUBJECTS))
            yield Problem((), "A condition needs exactly one of these keys.", f"Write one of: {one_of}.")
            return
        if getattr(self, "not_" if heads[0] == "not" else heads[0]) is None:
            yield Problem((heads[0],), "Nothing stands here.", "Say what the condition looks at.")
            return
        yield from self._of_operators(heads[0], said)
        yield from self._of_values(said)

    def said(self) -> frozenset[str]:
        """The keys that the document spells out, as it spells them."""
        return frozenset({"not_": "not", "in_": "in"}.get(key, key) for key in self.model_fields_set)

    def operator(self) -> str:
        """The leaf's operator, '' when it has none."""
        return next((name for name in OPERATORS if name in self.said()), "")

    def children(self) -> tuple[Condition, ...]:
        inner = () if self.not_ is None else (self.not_,)
        return (*(self.all or ()), *(self.any or ()), *inner)

    def _of_operators(self, head: str, said: frozenset[str]) -> Iterator[Problem]:
        operators = [name for name in OPERATORS if name in said]
        wanted = 1 if head in ("field", "property") else 0
        if len(operators) != wanted:
            known = ", ".join(OPERATORS)
            what = "exactly one operator" if wanted else "no operator"
            yield Problem((), f"A condition on `{head}` takes {what}.", f"Operators: {known}." if wanted else "")
        if head != "did" and said & {"within_days", "at_least"}:
            yield Problem((), "`within_days` and `at_least` belong to `did`.", "Write `did: [e_book]` beside them.")
        if head in ("all", "any", "did", "in_list") and not getattr(self, head):
            yield Problem((head,), "The list is empty.", "Name at least one.")

    def _words(self) -> Iterator[tuple[tuple[str | int, ...], Scalar]]:
        """The words a value is compared with, each with its place."""
        if self.equals is not None:
            yield ("equals",), self.equals
        for key, given in (("in", self.in_), ("not_in", self.not_in)):
            yield from (((key, at), word) for at, word in enumerate(given or ()))

    def _of_values(self, said: frozenset[str]) -> Iterator[Problem]:
        for key in ("in", "not_in"):
            if key in said and not (self.in_ if key == "in" else self.not_in):
                yield Problem((key,), "The list is empty.", "Name at least one value.")
        if self.field == LEAD_SOURCE:
            yield from unknown_sources(self._words())
        if self.between is not None and self.between[0] > self.between[1]:
            yield Problem(("between",), "The first value is above the second.", "Write the lower one first.")
        for key, value in (("before", self.before), ("after", self.after)):
            if value is not None and not _is_day(value):
                yield Problem((key,), f'"{value}" is no date.', "Write 2027-03-31 or today.")


def walk(condition: Condition, depth: int = 1) -> Iterator[tuple[Condition, int]]:
    """The condition and everything under it, with its depth."""
    yield condition, depth
    for child in condition.children():
        yield from walk(child, depth + 1)


def too_deep(condition: Condition) -> Iterator[Problem]:
    if max(depth for _, depth in walk(condition)) > MAX_DEPTH:
        yield Problem((), f"The condition is nested deeper than {MAX_DEPTH}.", "Split it into several rules.")


def _is_day(text: str) -> bool:
    if text == "today":
        return True
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
