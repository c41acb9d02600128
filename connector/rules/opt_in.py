"""Double opt-in as two steps: a request and its confirmation, each with its time, its source and the wording.

    nothing ─▶ asked ─▶ confirmed
                 └────▶ lapsed, after ``confirm_within_days``; only a new request leads on from here

Read off what the mirror holds: sign-ups by forms, pages and subscriptions, turns of HubSpot's confirmation status, and
the steps kept before (the only trace once old history was let go of). Not here: what follows from it (``gate.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from connector.model.judgement import Facts, OptInSource, OptInStep
from connector.model.records import Activity
from connector.rules.documents.consent import ConsentDocument
from connector.rules.view import DAY, day_text
from connector.rules.words import say

STATUS = "hs_emailconfirmationstatus"
CONFIRMED = frozenset(
    {
        "Confirmed", "User clicked confirmation", "HubSpot Rep. marked confirmed", "Customer marked confirmed",
        "Confirmed from previous behavior", "Confirmed due to form",
    }
)  # fmt: skip
SIGN_UPS = frozenset({"newsletter_subscribed"})
ECHOES = frozenset({"property", "seen"})
_SOURCES: dict[str, OptInSource] = {"form_submission": "form", "subscription": "subscription"}
Standing = Literal["none", "asked", "confirmed", "lapsed"]
Turn = tuple[int, str | None, str | None]


class OptIn(NamedTuple):
    """How far a double opt-in got. ``request`` and ``confirmation``: the steps it rests on, None when not on record.

    ``expires_ms``: until when the request can be confirmed, or could have been; None without a known request.
    """

    step: Standing
    request: OptInStep | None
    confirmation: OptInStep | None
    state: str
    expires_ms: int | None


def is_sign_up(act: Activity, consent: ConsentDocument) -> bool:
    """Whether the contact asked to be mailed by it: newsletter sign-ups, and the forms that show a wording."""
    if act.kind in SIGN_UPS or (act.source == "subscription" and act.type.upper() == "SUBSCRIBED"):
        return True
    return act.source == "form_submission" and consent.asks_by(act.ref, act.title)


def turned(turns: Iterable[Turn]) -> Iterator[OptInStep]:
    """The steps that HubSpot's confirmation status took: (when, before, after) of each change, in time order."""
    for at_ms, before, after in turns:
        was, now = (before or "").strip(), (after or "").strip()
        if now in CONFIRMED and was not in CONFIRMED:
            yield OptInStep(at_ms, "confirmed", "property", now, was)
        elif now and now not in CONFIRMED and (not was or was in CONFIRMED):
            yield OptInStep(at_ms, "requested", "property", now, was)


def opt_in_steps(facts: Facts, consent: ConsentDocument) -> tuple[OptInStep, ...]:
    """Every step on record, the oldest first. What was kept stands as it was kept, the wording above all."""
    found = {(one.at_ms, one.step, one.source): one for one in _of_acts(facts, consent)}
    found |= {(one.at_ms, one.step, one.source): one for one in facts.opt_in}
    return tuple(one for _, one in sorted(found.items()))


def double_opt_in(facts: Facts, consent: ConsentDocument) -> OptIn:
    """Where the contact stands between asking and confirming. What lapsed only a new request can mend."""
    steps = opt_in_steps(facts, consent)
    state = (facts.properties.get(STATUS) or "").strip()
    within = consent.confirm_within_days * DAY
    if state in CONFIRMED:
        return _confirmed(steps, state, within)
    latest = _request(steps)
    if not state and latest is None:
        return OptIn("none", None, None, state, None)
    expires = latest.at_ms + within if latest else None
    lapsed = expires is not None and facts.now_ms > expires
    return OptIn("lapsed" if lapsed else "asked", latest, None, state, expires)


def new_steps(facts: Facts, consent: ConsentDocument) -> tuple[OptInStep, ...]:
    """The steps that are not kept yet. A confirmation that is waited for without any known request counts from now on:
    it was asked for at the latest when that was first seen."""
    known = {(one.at_ms, one.step, one.source) for one in facts.kept_opt_in}
    steps = opt_in_steps(facts, consent)
    state = (facts.properties.get(STATUS) or "").strip()
    if state and state not in CONFIRMED and _request(steps) is None:
        steps = (*steps, OptInStep(facts.now_ms, "requested", "seen", state))
    return tuple(one for one in steps if (one.at_ms, one.step, one.source) not in known)


def missing_step(opt_in: OptIn) -> tuple[str, str]:
    """Which step is missing, and what would mend it, in words."""
    request = opt_in.request
    if opt_in.step == "none":
        return say("opt_in_none"), "The contact signs up and confirms it"
    if request is None:
        return say("opt_in_unknown"), "The contact confirms it by mail"
    day, way = day_text(request.at_ms), _way(request)
    if opt_in.step == "asked":
        return say("opt_in_asked", day=day, way=way), "The contact confirms it by mail"
    until = day_text(opt_in.expires_ms or 0)
    if opt_in.confirmation is None:
        return say("opt_in_lapsed", day=day, way=way, until=until), "A new sign-up"
    then = day_text(opt_in.confirmation.at_ms)
    return say("opt_in_late", day=day, way=way, until=until, then=then), "A new sign-up"


def _way(step: OptInStep) -> str:
    return say(f"opt_in_{step.source}", name=step.what)


def _of_acts(facts: Facts, consent: ConsentDocument) -> Iterator[OptInStep]:
    for act in facts.activities:
        if is_sign_up(act, consent):
            source = _SOURCES.get(act.source, "page")
            wording = consent.wording_at(act.at_ms, (act.ref, act.title) if source == "form" else ())
            yield OptInStep(act.at_ms, "requested", source, act.title or act.ref or act.kind, wording=wording)


def _confirmed(steps: tuple[OptInStep, ...], state: str, within: int) -> OptIn:
    """Confirmed, unless HubSpot was seen to wait for longer than a request stands and nobody asked anew.

    A status that turned from nothing to confirmed waited for nobody, and one without a known time is believed.
    """
    confirmation = next((one for one in reversed(steps) if one.step == "confirmed"), None)
    if confirmation is None:
        return OptIn("confirmed", _request(steps), None, state, None)
    request = _request(one for one in steps if one.at_ms <= confirmation.at_ms)
    asked_anew = any(one.step == "requested" and one.at_ms > confirmation.at_ms for one in steps)
    expires = request.at_ms + within if request else None
    late = expires is not None and confirmation.at_ms > expires and bool(confirmation.before)
    return OptIn("lapsed" if late and not asked_anew else "confirmed", request, confirmation, state, expires)


def _request(steps: Iterable[OptInStep]) -> OptInStep | None:
    """The latest request. Where HubSpot's status only echoes a sign-up of that day, the sign-up itself."""
    asked = [one for one in steps if one.step == "requested"]
    own = [one for one in asked if one.source not in ECHOES]
    if asked and own and asked[-1].at_ms - own[-1].at_ms <= DAY:
        return own[-1]
    return asked[-1] if asked else None
