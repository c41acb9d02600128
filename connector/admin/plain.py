"""The words that several pages share: a portal's state, runs, gates, stages, and errors without commands to type.

What flows and rules say is English, made of fixed phrases; ``rules/words`` knows their German.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connector.admin.words import Words
from connector.errors import ConnectorError, PortalUnavailable
from connector.reports.home import HomeRow
from connector.reports.overview import State
from connector.reports.wording import without_commands
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.sources import SOURCES
from connector.rules.words import Language, translate
from connector.store.portals import BY_HAND
from connector.store.runs import RunRow

STAGES = {
    "subscriber": "Subscriber", "lead": "Lead", "mql": "MQL", "sal": "SAL", "sql": "SQL", "opportunity": "Opportunity",
    "customer": "Customer", "recycled": "Recycled", "disqualified": "Disqualified",
}  # fmt: skip
FAMILIES = {
    "demographic": "Person", "firmographic": "Company", "product_interest": "Interest in the product",
    "readiness": "Readiness to buy", "engagement": "Engagement", "persona_fit": "Fits the ideal customer",
}  # fmt: skip
ENDINGS = {
    "goal": "reached its goal", "done": "went to the end", "silent": "fell silent", "declined": "no intent for now",
    "left": "left by an exit", "jumped": "went over to another nurture",
    "interrupted": "interrupted by another nurture", "published": "taken out when the document changed",
    "lost": "the version it came in by is gone",
}  # fmt: skip
SIDES = {
    "inbound": "{source} (inbound)", "outbound": "{source} (outbound)", "known": "{source} (known before)",
}  # fmt: skip
OPT_IN_SOURCES = {
    "form": "form", "page": "page", "subscription": "subscription", "property": "HubSpot's confirmation status",
    "seen": "HubSpot's confirmation status, first seen then",
}  # fmt: skip
OPT_IN_STATES = {
    "asked": ("warn", "not confirmed yet"), "lapsed": ("bad", "expired without a valid confirmation"),
    "confirmed": ("good", "confirmed"),
}  # fmt: skip
JUST_NOW_MS = 10_000
STATUS = re.compile(r"status (\d+)")
UNINSTALLED = "the app was uninstalled in HubSpot"  # what sync/renewing says of a grant that is gone
KINDS_OF_RUN = {"pull": "Sync", "apply": "Write-back", "verify": "Verification", "sync": "Sync"}
STATES_OF_RUN = {
    "running": "under way", "done": "done", "part": "done in part", "failed": "failed",
    "stood aside": "stood aside for live work",
}  # fmt: skip
# What an error means on a page: the sentence, and what to do there. Others speak for themselves.
MEANT: Mapping[str, tuple[str, str]] = {
    "token_rejected": (
        "HubSpot does not accept this token.",
        "Copy it once more from the private app in HubSpot, all of it, and see that the app was not deleted.",
    ),
    "unavailable": ("HubSpot does not answer at the moment.", "Try again in a minute; nothing was kept or changed."),
    "paused": ("This portal is paused.", "Resume it on its overview first."),
    "observe_mode": (
        "This portal is in observe mode: nothing is written.",
        "Leave observe mode on the overview first.",
    ),
    "plan_changed": (
        "The plan is no longer the one that was shown. Nothing was done.",
        "Here is the plan as it is now; look at it again.",
    ),
    "not_provisioned": (
        "HubSpot lacks the properties that scores are written to.",
        "Create them on the overview first.",
    ),
    "not_mirrored": (
        "This portal is not mirrored yet, or its first sync was cut off.",
        "Start a sync on the overview and wait until it is done.",
    ),
    "blast_radius": (
        "The plan touches more contacts than may be written unasked.",
        "Look at it and apply it yourself.",
    ),
    "errand_stands": ("This was asked for already and is not done yet.", "Wait until it is done."),
    "daily_limit": ("HubSpot's limit for today is used up.", "It goes on by itself after the portal's midnight."),
    "unknown_contact": ("There is no such contact here.", "It may have been deleted in HubSpot, or never mirrored."),
}


def plainly(w: Words, fault: ConnectorError) -> tuple[str, str]:
    """What went wrong, and what to do about it on these pages."""
    reason = "unavailable" if isinstance(fault, PortalUnavailable) else fault.reason
    return plainly_kept(w, reason, fault.message, fault.remedy)


def plainly_kept(w: Words, reason: str, message: str, remedy: str) -> tuple[str, str]:
    """The same for an error that was kept with its words."""
    if reason in MEANT:
        message, remedy = MEANT[reason]
    return w.t(without_commands(message)), w.t(without_commands(remedy))


def state_sentence(w: Words, state: State) -> str:
    """How a portal is, in one sentence, with what to do next on these pages."""
    if state.kind == "paused":
        return w.t("Paused: {why}.", why=why(w, state.why))
    if state.kind == "unread":
        return w.t("Connected, not mirrored yet.")
    if state.kind == "failed":
        return w.t("The last sync failed; what it read is kept.")
    if state.kind == "held":
        told = w.t("{count} contacts mirrored; nothing is written.", count=state.contacts)
        return f"{told} {why(w, state.why)}"
    if state.kind == "live":
        return w.t("{count} contacts mirrored; everything it shows is written back.", count=state.contacts)
    return w.t("{count} contacts mirrored; nothing is written (observe mode).", count=state.contacts)


def for_good(reason: str) -> bool:
    """Whether a pause ends only when the portal is connected again."""
    return UNINSTALLED in reason


def field(w: Words, name: str) -> str:
    """A canonical field by its label."""
    known = FIELDS.get(name)
    return known.label(w.language) if known else name


def why(w: Words, text: str) -> str:
    """A kept reason without commands, in this language where it is known."""
    plain = without_commands(text).rstrip(".")
    if UNINSTALLED in plain:
        return w.t("HubSpot lets us in no more: the app was uninstalled there, or its access was taken back")
    return w.t("by hand") if plain == BY_HAND else said(w, plain)


def provider_why(w: Words, text: str) -> str:
    """Why a data provider is left alone; the status it answered with is a value of the sentence."""
    status = STATUS.search(text)
    return w.t(STATUS.sub("status {status}", text), status=status[1]) if status else w.t(text)


def badge_of(state: State) -> tuple[str, str]:
    """The colour and the word of a portal's mode."""
    if state.mode == "paused":
        return "warn", "Paused"
    if state.kind in ("failed", "held"):
        return "bad", "Needs you"
    return ("good", "Live") if state.mode == "live" else ("info", "Observe mode")


def lag_sentence(w: Words, one: HomeRow, now_ms: int) -> str:
    """How far behind: the oldest waiting notice, else when everything was read last."""
    if one.waiting_since_ms is not None:
        return w.t("A notice waits, {ago}", ago=ago(w, one.waiting_since_ms, now_ms))
    return ago(w, one.synced_ms, now_ms) if one.synced_ms else w.t("never")


def ago(w: Words, at_ms: int | None, now_ms: int) -> str:
    """How long ago; what is seconds old is just now, whatever the clocks say."""
    return w.t("just now") if at_ms is not None and abs(now_ms - at_ms) < JUST_NOW_MS else w.ago(at_ms, now_ms)


def calls(w: Words, count: int) -> str:
    """A number of calls to HubSpot."""
    return w.t("1 call") if count == 1 else w.t("{count} calls", count=count)


def said(w: Words, text: str) -> str:
    """A phrase of the rules in this language."""
    language: Language = "de" if w.language == "de" else "en"
    return translate(w.t(text) if text else "", language)


def moment(w: Words, iso_text: str) -> str:
    """A moment as documents carry it, as the reader's time."""
    return w.when(round(datetime.fromisoformat(iso_text).timestamp() * 1000))


def stage(w: Words, name: str) -> str:
    return w.t(STAGES[name]) if name in STAGES else name or w.t("no stage")


def ending(w: Words, name: str) -> str:
    """How a stay in a nurture came to its end."""
    return w.t(ENDINGS[name])


def lead_source(w: Words, name: str) -> str:
    """A lead's source by its label, with its side."""
    one = SOURCES[name]
    return w.t(SIDES[one.side], source=one.label(w.language))


def opt_in_source(w: Words, name: str) -> str:
    """What a step of a sign-up is known from."""
    return w.t(OPT_IN_SOURCES[name])


def opt_in_state(w: Words, name: str) -> tuple[str, str]:
    """The badge and the word for how far a sign-up got."""
    kind, word = OPT_IN_STATES[name]
    return kind, w.t(word)


def family(w: Words, name: str) -> str:
    return w.t(FAMILIES[name]) if name in FAMILIES else name.replace("_", " ")


def effect(w: Words, name: str) -> str:
    """What a hold keeps back, as people say it."""
    kind, _, what = name.partition(":")
    if kind == "stage":
        return w.t("Becoming {stage}", stage=stage(w, what))
    if kind == "enrol":
        return w.t("Enrolment in {workflow}", workflow=what)
    if kind in ("set", "write"):
        return w.t("Writing {property}", property=what)
    return name


def run_title(w: Words, run: RunRow) -> str:
    return f"{w.t(KINDS_OF_RUN.get(run.kind, run.kind))} {run.number}"


def run_state(w: Words, run: RunRow) -> tuple[str, str]:
    """The badge and the word for how a run ended."""
    kind = {"done": "good", "failed": "bad", "part": "warn"}.get(run.state, "info")
    return kind, w.t(STATES_OF_RUN.get(run.state, run.state))


def run_counts(w: Words, run: RunRow) -> str:
    """What a run counted, as a sentence's worth of words."""
    return ", ".join(_counted(w, run)) or w.t("nothing to do")


def _counted(w: Words, run: RunRow) -> Iterator[str]:
    counts: Mapping[str, Any] = run.counts
    if run.kind == "apply":
        told = [
            ("{count} contacts written", "written"), ("{count} refused by HubSpot", "refused"),
            ("{count} changed by somebody meanwhile", "overtaken"), ("{count} enrolled", "enrolled"),
            ("{count} notes for sales", "given"),
            ("{count} calls", "calls"),
        ]  # fmt: skip
        yield from (_many(w, text, counts[name]) for text, name in told if counts.get(name))
        return
    named = [
        ("{count} contacts read", "contacts"), ("{count} companies read", "companies"), ("{count} deals read", "deals"),
    ]  # fmt: skip
    yield from (_many(w, text, counts[name]) for text, name in named if counts.get(name))
    rest = sum(n for name, n in counts.items() if isinstance(n, int) and name in ENGAGEMENT)
    if rest:
        yield _many(w, "{count} activities read", rest)


ONE = {
    "{count} contacts written": "1 contact written", "{count} calls": "1 call",
    "{count} contacts read": "1 contact read", "{count} companies read": "1 company read",
    "{count} deals read": "1 deal read",
    "{count} activities read": "1 activity read",
}  # fmt: skip


def _many(w: Words, text: str, count: int) -> str:
    return w.t(ONE[text]) if count == 1 and text in ONE else w.t(text, count=count)


ENGAGEMENT = frozenset(
    {"email_events", "forms", "page_views", "marketing_events", "subscriptions", "calls", "emails", "meetings", "notes",
     "tasks"}
)  # fmt: skip
