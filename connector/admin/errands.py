"""A page that asked the portal's worker for something waits a few seconds for it, never longer.

Most plans are done within a second or two, and then the next page says what came of it; a large one goes on without
the page, which shows how it stands whenever it is loaded.
"""

from __future__ import annotations

from connector.admin import plain
from connector.admin.frame import Ask
from connector.sync import errands as kept
from connector.sync.errands import Errand, Kind

PATIENCE_SECONDS, STEP_SECONDS = 5.0, 0.25


def sent(ask: Ask, kind: Kind, what: str) -> Errand:
    """Put the errand down, wake the worker, and give it a few seconds."""
    asked = ask.frame.service.errand(ask.portal.name, kind, what, ask.who.name or ask.who.email)
    ask.frame.request_work(ask.portal.id, "errand")
    until = ask.frame.clock.monotonic() + PATIENCE_SECONDS
    now = standing(ask, kind) or asked
    while now.state in ("waiting", "working") and ask.frame.clock.monotonic() < until:
        ask.frame.clock.sleep(STEP_SECONDS)
        now = standing(ask, kind) or asked
    return now


def standing(ask: Ask, kind: Kind) -> Errand | None:
    """How the newest errand of that kind stands."""
    with ask.frame.store.view() as u:
        return kept.latest(u, ask.portal.id).get(kind)


def outcome(ask: Ask, errand: Errand) -> str:
    """What came of it, in a sentence or two."""
    if errand.state in ("waiting", "working"):
        return ask.t("It is being done; this may take minutes at HubSpot's limit. Load this page again to see how far.")
    if errand.state == "refused":
        message, remedy = plain.plainly_kept(ask.words, errand.reason, errand.message, errand.remedy)
        return f"{message} {remedy}".strip()
    told = errand.told
    if errand.kind == "apply":
        return _applied(ask, errand)
    if errand.kind == "undo":
        done = ask.t("{count} contacts have their old values again.", count=told.get("restored", 0))
        kept = told.get("kept", 0)
        more = ask.t("{count} were changed by somebody since and were left as they are.", count=kept) if kept else ""
        return f"{done} {more}".strip()
    return ask.t("The plan was made anew.")


def _applied(ask: Ask, errand: Errand) -> str:
    told = errand.told
    parts = [ask.t("{count} contacts were written.", count=told.get("written", 0))]
    for name, text in (
        ("enrolled", "{count} were enrolled."),
        ("given", "{count} notes were given to sales."), ("refused", "{count} were refused by HubSpot."),
        ("overtaken", "{count} were changed by somebody meanwhile and are judged anew."),
    ):  # fmt: skip
        if told.get(name):
            parts.append(ask.t(text, count=told[name]))
    return " ".join(parts)
