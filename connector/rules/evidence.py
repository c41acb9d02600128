"""The evidence file of one contact: what it agreed to and withdrew, when, where that is known from, and what it lacks.

Double opt-in is two steps: a sign-up (a form or a subscription, with its time) and its confirmation (HubSpot's own
finding). An unconfirmed sign-up lapses. Not here: what follows from it, that is the gate (``gate.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from connector.model.judgement import Facts
from connector.model.records import Activity
from connector.rules.documents.consent import ConsentDocument
from connector.rules.view import DAY, day_text

CONFIRMED = frozenset(
    {
        "Confirmed", "User clicked confirmation", "HubSpot Rep. marked confirmed", "Customer marked confirmed",
        "Confirmed from previous behavior", "Confirmed due to form",
    }
)  # fmt: skip
SIGN_UPS = frozenset({"newsletter_subscribed"})
WITHDRAWALS = frozenset({"newsletter_cancelled", "spam_reported"})
OptInStep = Literal["none", "asked", "confirmed", "lapsed"]


class Evidence(NamedTuple):
    """One entry: what it is about, what it says, when (None: HubSpot does not tell), where it is known from."""

    about: str
    says: str
    at_ms: int | None
    source: str


class OptIn(NamedTuple):
    """How far a double opt-in got. ``asked_ms``: the sign-up it rests on, None when that is not on record."""

    step: OptInStep
    asked_ms: int | None
    state: str

    @property
    def asked_on(self) -> str:
        return day_text(self.asked_ms) if self.asked_ms is not None else "unknown date"


def double_opt_in(facts: Facts, within_days: int) -> OptIn:
    """Where the contact stands between signing up and confirming. What lapsed only a new sign-up can mend."""
    state = (facts.properties.get("hs_emailconfirmationstatus") or "").strip()
    asked = [act.at_ms for act in facts.activities if _is_sign_up(act)]
    latest = max(asked, default=None)
    if state in CONFIRMED:
        return OptIn("confirmed", latest, state)
    if not state and latest is None:
        return OptIn("none", None, state)
    lapsed = latest is not None and facts.now_ms - latest > within_days * DAY
    return OptIn("lapsed" if lapsed else "asked", latest, state)


def evidence_file(facts: Facts, consent: ConsentDocument) -> tuple[Evidence, ...]:
    """All that is on record, the oldest first; what has no time stands at the end."""
    found = [*_acts(facts), *_findings(facts, consent)]
    return tuple(sorted(found, key=lambda one: (one.at_ms is None, one.at_ms or 0, one.about)))


def _is_sign_up(act: Activity) -> bool:
    return act.kind in SIGN_UPS or (act.source == "subscription" and act.type.upper() == "SUBSCRIBED")


def _acts(facts: Facts) -> Iterator[Evidence]:
    for act in facts.activities:
        what = act.title or act.ref or act.kind
        if _is_sign_up(act):
            yield Evidence("sign-up", what, act.at_ms, act.source)
        elif act.source == "form_submission":
            yield Evidence("form", what, act.at_ms, act.source)
        elif act.kind in WITHDRAWALS or (act.source == "subscription" and act.type.upper() == "UNSUBSCRIBED"):
            yield Evidence("withdrawal", what, act.at_ms, act.source)


def _findings(facts: Facts, consent: ConsentDocument) -> Iterator[Evidence]:
    """What HubSpot holds as a state, without a time."""
    said = facts.properties
    opt_in = double_opt_in(facts, consent.confirm_within_days)
    told = f"{opt_in.step}" + (f" ({opt_in.state})" if opt_in.state else "")
    yield Evidence("double opt-in", told, None, "hs_emailconfirmationstatus")
    yield Evidence("legal basis", said.get("hs_legal_basis") or "none on record", None, "hs_legal_basis")
    if "hs_email_optout" in said:
        yield Evidence("all e-mail", _left(said["hs_email_optout"]), None, "hs_email_optout")
    else:
        yield Evidence("all e-mail", "not read", None, "hs_email_optout")
    for kind, subscriptions in consent.subscriptions.items():
        for one in subscriptions:
            name = f"hs_email_optout_{one}"
            yield Evidence(f"{kind} mails", _left(said[name]) if name in said else "not read", None, name)


def _left(value: str | None) -> str:
    return "opted out" if (value or "").strip().casefold() == "true" else "not opted out"
