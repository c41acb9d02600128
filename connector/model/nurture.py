"""Where a contact stands in a nurture, and what advancing it gives. Values only.

Not here: advancing (``connector/rules/nurture/``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connector.model.judgement import Enrol, Hold, SetProperty

Ending = Literal["goal", "done", "silent", "declined", "left", "jumped", "interrupted", "published", "lost"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A mailing step that was carried out: when, how many mails of which class it stands for, what was offered."""

    at_ms: int
    step: str
    mails: int
    offers: tuple[str, ...] = ()
    message_class: str = "nurture"


@dataclass(frozen=True, slots=True)
class Place:
    """One stay of one contact in one nurture; it keeps to the version of the document it entered by.

    ``entry`` counts the contact's stays in this nurture from 1. ``taken`` counts the steps it went through, so that
    every effect has a cause of its own. ``since_ms`` is when it reached ``step``, ``heard_ms`` from when acts count as
    answers. A contact that is held out is moved along like everybody, without any effect.
    """

    contact_id: int
    nurture: str
    version: int
    entry: int
    entered_ms: int
    cause: str
    step: str
    since_ms: int
    heard_ms: int
    taken: int = 0
    held_out: bool = False
    sent: tuple[Sent, ...] = ()
    ended: Ending | None = None
    ended_ms: int | None = None
    why: str = ""

    @property
    def active(self) -> bool:
        return self.ended is None


NurtureDecision = Enrol | SetProperty


@dataclass(frozen=True, slots=True)
class Progress:
    """What advancing gives: all places of the contact, effects in their order, refusals with reasons, and the earliest
    instant at which time alone may change anything (None: never). ``passed`` names the steps gone through just now."""

    places: tuple[Place, ...]
    decisions: tuple[NurtureDecision, ...] = ()
    refusals: tuple[Hold, ...] = ()
    due_ms: int | None = None
    passed: tuple[tuple[str, str], ...] = ()
