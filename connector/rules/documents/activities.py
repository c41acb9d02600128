"""The ``activities`` document: which raw HubSpot event is which kind of activity, and which opens are machines.

Not here: applying it (``connector/rules/activities.py``), the kinds (``kinds.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator

from connector.rules.documents import wording
from connector.rules.documents.base import Check, Complaint, Document, Part, Problem
from connector.rules.documents.kinds import CATALOGUE, SYNONYMS, Phase, canonical

Source = Literal[
    "email_event", "form_submission", "page_view", "custom_event", "marketing_event", "call", "meeting", "note", "task",
    "email", "subscription",
]  # fmt: skip
Glob = Annotated[str, Field(min_length=1, max_length=200)]
Globs = tuple[Glob, ...]
_WIDE = frozenset({"*", "**", "*/*"})


class ActivityRule(Part):
    """One rule; all given conditions must hold, within a list one entry is enough. ``*`` stands for any text; upper and
    lower case are alike.

    ``forms`` match a form's name or its id, ``urls`` host and path, without scheme, query and anchor; a pattern that
    begins with ``/`` matches the path alone.
    """

    source: Source | tuple[Source, ...]
    types: Globs = ()
    forms: Globs = ()
    titles: Globs = ()
    urls: Globs = ()
    refs: Globs = ()
    kind: str
    asset: str = ""
    asset_from: Literal["", "title", "ref", "path"] = ""
    phase: Phase = ""
    depth: Annotated[int, Field(ge=0, le=4)] | None = None

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        found = canonical(value)
        if found is None:
            known = [*CATALOGUE, *SYNONYMS]
            raise Complaint(
                f'"{value}" is no kind of activity.', f"{wording.suggest(value, known, 'Kinds')} Own kinds: custom_…."
            )
        return found

    def sources(self) -> tuple[Source, ...]:
        return self.source if isinstance(self.source, tuple) else (self.source,)

    def conditions(self) -> tuple[Globs, ...]:
        return (self.types, self.forms, self.titles, self.urls, self.refs)

    def is_general(self) -> bool:
        """Whether the rule takes every event of its sources."""
        return all(not globs or _WIDE & set(globs) for globs in self.conditions())

    def problems(self) -> Iterator[Problem]:
        if self.asset and self.asset_from:
            yield Problem(("asset_from",), "`asset` and `asset_from` exclude each other.", "Keep one of them.")
        if self.forms and self.sources() != ("form_submission",):
            yield Problem(("forms",), "`forms` only match form submissions.", "Write `source: form_submission`.")
        if not self.sources():
            yield Problem(("source",), "The list of sources is empty.", "Name at least one.")


class Machines(Part):
    """Which opens and clicks were no human (P34). Rules of single events only: what one event itself gives away.

    ``filtered`` is what HubSpot's own filter said; a click sooner than ``seconds`` after the mail went out was a link
    scanner, one sooner than ``unsure_seconds`` may have been.
    """

    filtered: Literal["machine", "unsure", "human"] = "machine"
    user_agents: Globs = ()
    unsure_user_agents: Globs = ()
    seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    unsure_seconds: Annotated[int, Field(ge=0, le=3600)] = 0

    def problems(self) -> Iterator[Problem]:
        if self.unsure_seconds and self.unsure_seconds <= self.seconds:
            yield Problem(
                ("unsure_seconds",), "`unsure_seconds` must be longer than `seconds` to have an effect.", "Raise it."
            )


class ActivitiesDocument(Document):
    """The rules in order: the first that fits names the event; an event no rule fits keeps no kind."""

    rules: Annotated[tuple[ActivityRule, ...], Field(min_length=1)]
    machines: Machines = Machines()


def _unreachable(doc: ActivitiesDocument) -> Iterator[Problem]:
    """A rule behind one that takes every event of the same source never has a say."""
    taken: dict[str, int] = {}
    for at, rule in enumerate(doc.rules):
        blocked = [source for source in rule.sources() if source in taken]
        if blocked and len(blocked) == len(rule.sources()):
            first = taken[blocked[0]] + 1
            yield Problem(
                ("rules", at), f"This rule is never reached: rule {first} takes every {blocked[0]} already.",
                f"Move it before rule {first}.",
            )  # fmt: skip
        if rule.is_general():
            for source in rule.sources():
                taken.setdefault(source, at)


CHECKS: tuple[Check, ...] = (_unreachable,)
