"""The runs of a portal, newest first, and taking back what a run wrote."""

from __future__ import annotations

from flask import Response

from connector.admin import errands, plain
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.errors import ConnectorError, UnknownPortal
from connector.store import outbox
from connector.store import runs as kept

UNPROCESSABLE = 422
PAGE = 50


def runs(ask: Ask) -> Response:
    """A page of runs."""
    before = ask.args.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 12 else None
    with ask.frame.store.view() as u:
        found = kept.recent(u, ask.portal.id, PAGE + 1, before=number)
    shown = found[:PAGE]
    older = shown[-1].number if len(found) > PAGE else None
    return ask.page(
        "runs.html", runs=shown, older=older, first=number is None, plain=plain, undoable=kept.undoable,
        errand=errands.standing(ask, "undo"), outcome=errands.outcome, now=ask.frame.clock.now_ms(),
    )  # fmt: skip


def before_undo(ask: Ask, run: str, *, error: tuple[str, str] | None = None, status: int = 200) -> Response:
    """How many contacts get their old values back, and what is not taken back."""
    with ask.frame.store.view() as u:
        found = kept.get(u, ask.portal.id, run)
        counts = outbox.counts(u, ask.portal.id, run)
    if found is None or found.kind != "apply":
        raise UnknownPortal("There is no such run.")
    return ask.page(
        "runs_undo.html",
        status=status,
        run=found,
        counts=counts,
        plain=plain,
        error=error,
        undoable=kept.undoable(found),
    )


def undo(ask: Ask, run: str) -> Response:
    """Have the worker take the run back, where HubSpot still holds what we wrote."""
    try:
        done = errands.sent(ask, "undo", run)
    except ConnectorError as fault:
        return before_undo(ask, run, error=plain.plainly(ask.words, fault), status=UNPROCESSABLE)
    told = errands.outcome(ask, done)
    ask.book(ask.t("Undid the run {run}", run=run), after=told)
    return ask.go("/runs", told, portal=ask.portal.name)


DOORS: tuple[Door, ...] = (
    Door("GET", "/portals/<portal>/runs", "analyst", runs),
    Door("GET", "/portals/<portal>/runs/<run>/undo", "admin", before_undo),
    Door("POST", "/portals/<portal>/runs/<run>/undo", "admin", undo),
)
