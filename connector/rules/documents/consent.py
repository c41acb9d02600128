"""The ``consent`` document: who must not be mailed, beyond what HubSpot itself says, and how long things are kept.

Not here: the gate (``connector/rules/gate.py``). The most restrictive side wins; nothing here can loosen an opt-out, a
hard bounce, a bad address or a quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document, Part, Problem
from connector.rules.documents.nurture import is_day
from connector.rules.documents.workflows import MessageClass

SubscriptionId = Annotated[str, Field(pattern=r"^\d+$")]

Basis = Annotated[str, Field(min_length=1, max_length=200)]
Days = Annotated[int, Field(ge=1, le=3660)]
Months = Annotated[int, Field(ge=1, le=120)]


class Retention(Part):
    """How long things are kept before the nightly run lets go of them (GDPR Art. 5(1)(e)).

    ``inbox_days``: raw deliveries and notices that were sorted and done; ``held_days``: those that could not be;
    ``event_months``: what contacts did, events without a person, how values changed; ``audit_months``: decisions, score
    history, runs, writes; ``plan_days``: plans as shown; ``usage_months``: calls a day; ``flip_days``: values that
    changed to and fro. Erasures and enrolments that happened are kept for good: they keep both from happening again.
    """

    inbox_days: Days = 30
    held_days: Days = 30
    event_months: Months = 25
    audit_months: Months = 24
    plan_days: Days = 30
    usage_months: Months = 24
    flip_days: Days = 1


class Wording(Part):
    """A text that people agree to, by its version: from which day on (UTC), and which forms show it (id or name).

    A form that is named asks for consent: who sends it off has signed up. A wording without forms is that of all
    sign-ups that no other wording is about.
    """

    version: Annotated[str, Field(min_length=1, max_length=80)]
    since: str
    forms: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()

    def problems(self) -> Iterable[Problem]:
        if not is_day(self.since):
            yield Problem(("since",), f'"{self.since}" is no date.', "Write 2026-01-01.")

    def shown_by(self, names: Iterable[str]) -> bool:
        """Whether one of these is a form that shows it."""
        asked = {name.casefold() for name in names if name}
        return any(form.casefold() in asked for form in self.forms)


class ConsentDocument(Document):
    """What a mail needs.

    ``double_opt_in``: ``when_used`` holds contacts whose confirmation is pending, ``required`` all that are not
    confirmed, ``ignored`` neither. ``subscriptions`` names HubSpot's subscription ids for each class of message: who
    left one of them gets no message of that class. ``confirm_within_days``: a sign-up not confirmed by then lapses.
    ``legal_basis`` names, for a class of message, the bases that allow it, as HubSpot calls them; a class that is not
    named needs none of its own. ``marketable_only``: HubSpot mails marketing contacts alone. ``wordings``: the texts
    that people agree to, so that each sign-up keeps the version it was given to.
    """

    version_label: Annotated[str, Field(max_length=80)] = ""
    marketable_only: bool = True
    double_opt_in: Literal["ignored", "when_used", "required"] = "when_used"
    confirm_within_days: Annotated[int, Field(ge=1, le=365)] = 30
    legal_basis_required: bool = False
    legal_basis: Mapping[MessageClass, Annotated[tuple[Basis, ...], Field(min_length=1)]] = {}
    subscriptions: Mapping[MessageClass, tuple[SubscriptionId, ...]] = {}
    wordings: tuple[Wording, ...] = ()
    retention: Retention = Retention()

    def problems(self) -> Iterable[Problem]:
        seen: set[tuple[str, str]] = set()
        for index, one in enumerate(self.wordings):
            for form in {form.casefold() for form in one.forms} or {""}:
                if (one.since, form) in seen:
                    where = f"for {form}" if form else "for all sign-ups"
                    message = f"Two wordings begin on {one.since} {where}."
                    yield Problem(("wordings", index, "since"), message, "Keep one of them, or change its day.")
                seen.add((one.since, form))

    def asks_by(self, *names: str) -> bool:
        """Whether a form of that id or name asks for consent."""
        return any(one.shown_by(names) for one in self.wordings)

    def wording_at(self, at_ms: int, forms: Iterable[str] = ()) -> str:
        """The version in force then, that of the form before that of all; '' where none is named."""
        names, day = tuple(forms), datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
        begun = sorted((one for one in self.wordings if one.since <= day), key=lambda one: one.since)
        shown = [one for one in begun if one.shown_by(names)] or [one for one in begun if not one.forms]
        return shown[-1].version if shown else ""
