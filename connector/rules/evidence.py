"""The evidence file of one contact: what it agreed to and withdrew, when, where that is known from, and what it lacks.

Not here: how far a double opt-in got (``opt_in.py``), and what follows from it, that is the gate (``gate.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from connector.model.judgement import Facts
from connector.rules.documents.consent import ConsentDocument
from connector.rules.opt_in import ECHOES, STATUS, double_opt_in, is_sign_up, opt_in_steps

WITHDRAWALS = frozenset({"newsletter_cancelled", "spam_reported"})


class Evidence(NamedTuple):
    """One entry: what it is about, what it says, when (None: HubSpot does not tell), where it is known from."""

    about: str
    says: str
    at_ms: int | None
    source: str


def evidence_file(facts: Facts, consent: ConsentDocument) -> tuple[Evidence, ...]:
    """All that is on record, the oldest first; what has no time stands at the end."""
    found = [*_acts(facts, consent), *_steps(facts, consent), *_findings(facts, consent)]
    return tuple(sorted(found, key=lambda one: (one.at_ms is None, one.at_ms or 0, one.about)))


def _acts(facts: Facts, consent: ConsentDocument) -> Iterator[Evidence]:
    for act in facts.activities:
        what = act.title or act.ref or act.kind
        if is_sign_up(act, consent):
            continue
        if act.source == "form_submission":
            yield Evidence("form", what, act.at_ms, act.source)
        elif act.kind in WITHDRAWALS or (act.source == "subscription" and act.type.upper() == "UNSUBSCRIBED"):
            yield Evidence("withdrawal", what, act.at_ms, act.source)


def _steps(facts: Facts, consent: ConsentDocument) -> Iterator[Evidence]:
    """The steps of double opt-ins, a request with the wording it was given to."""
    for one in opt_in_steps(facts, consent):
        about = "sign-up" if one.step == "requested" else "confirmation"
        says = f"{one.what} (wording {one.wording})" if one.wording else one.what
        yield Evidence(about, says, one.at_ms, STATUS if one.source in ECHOES else one.source)


def _findings(facts: Facts, consent: ConsentDocument) -> Iterator[Evidence]:
    """What HubSpot holds as a state, without a time."""
    said = facts.properties
    opt_in = double_opt_in(facts, consent)
    told = f"{opt_in.step}" + (f" ({opt_in.state})" if opt_in.state else "")
    yield Evidence("double opt-in", told, None, STATUS)
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
