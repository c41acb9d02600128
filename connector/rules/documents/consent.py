"""The ``consent`` document: who must not be mailed, beyond what HubSpot itself says, and how long things are kept.

Not here: the gate (``connector/rules/gate.py``). The most restrictive side wins; nothing here can loosen an opt-out, a
hard bounce, a bad address or a quarantine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document, Part
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


class ConsentDocument(Document):
    """What a mail needs.

    ``double_opt_in``: ``when_used`` holds contacts whose confirmation is pending, ``required`` all that are not
    confirmed, ``ignored`` neither. ``subscriptions`` names HubSpot's subscription ids for each class of message: who
    left one of them gets no message of that class. ``confirm_within_days``: a sign-up not confirmed by then lapses.
    ``legal_basis`` names, for a class of message, the bases that allow it, as HubSpot calls them; a class that is not
    named needs none of its own. ``marketable_only``: HubSpot mails marketing contacts alone.
    """

    version_label: Annotated[str, Field(max_length=80)] = ""
    marketable_only: bool = True
    double_opt_in: Literal["ignored", "when_used", "required"] = "when_used"
    confirm_within_days: Annotated[int, Field(ge=1, le=365)] = 30
    legal_basis_required: bool = False
    legal_basis: Mapping[MessageClass, Annotated[tuple[Basis, ...], Field(min_length=1)]] = {}
    subscriptions: Mapping[MessageClass, tuple[SubscriptionId, ...]] = {}
    retention: Retention = Retention()
