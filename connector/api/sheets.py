"""Mapping and scoring rules as sheets: out as ``text/csv``, and in over the caller's draft. Other kinds have none.

What a sheet says and what is laid over what is ``sync/sheets``'.
"""

from __future__ import annotations

from connector.api.documents import ONE
from connector.api.drafts import DRAFT, Draft, answered, told_of
from connector.api.problems import nothing_there
from connector.api.routes import Answer, Call, Route
from connector.api.shapes import Csv, Flag, In, Out
from connector.sheet import COMMA, SEMICOLON, read
from connector.store import Unit, drafts
from connector.sync.sheets import documents as sheets


class Marks(In):
    """How the sheet is written: ``semicolon`` true for semicolons and decimal commas, as a German Excel opens it."""

    semicolon: Flag = False


class ChangedRow(Out):
    """A row that did not stay as it was: ``change`` is changed, added or removed; ``keys`` what changed of it."""

    model: str
    row: str
    change: str
    keys: list[str]


class DraftOfSheet(Draft):
    """The draft with the sheet laid over it, and what became of which row; without rows nothing was saved."""

    rows: list[ChangedRow]
    text: str


def get_sheet(call: Call) -> Answer:
    """What is published."""
    kind = _kind(call)
    with call.frame.store.view() as u:
        return _sheet(call, u, kind, None)


def get_draft_sheet(call: Call) -> Answer:
    """The caller's draft, or what is published where there is none; the ETag is the draft's revision."""
    kind = _kind(call)
    with call.frame.store.view() as u:
        own = drafts.of(u, call.portal.id, kind, call.caller.who)
        made = _sheet(call, u, kind, own.author if own is not None and own.open else None)
    return Answer(made.body, {**made.headers, "ETag": f'"{own.revision if own is not None else 0}"'})


def _sheet(call: Call, u: Unit, kind: str, whose: str | None) -> Answer:
    dialect = SEMICOLON if call.query.semicolon else COMMA
    data, told = sheets.shown(u, call.portal, kind, dialect=dialect, draft_of=whose)
    which = f"version-{told['version']}" if whose is None else f"draft-{told['revision']}"
    name = f"{call.portal.name}-{kind}-{which}.csv"
    return Answer(data, {"Content-Disposition": f'attachment; filename="{name}"'})


def _kind(call: Call) -> str:
    kind = call.parts["kind"]
    if kind not in sheets.FORMS:
        raise nothing_there()
    return kind


def save_draft_sheet(call: Call) -> Answer:
    """Lay the sheet over the draft as it was seen, or over the version it came from; with one fault nothing is kept."""
    seen, kind, row, who = call.revision, _kind(call), call.portal, call.caller.who
    sheet, now = read(call.body, "sheet.csv"), call.frame.clock.now_ms()
    with call.frame.store.unit() as u:
        told = sheets.taken_in_as_seen(u, row, kind, sheet, who, seen=seen, now_ms=now)
        if told["revision"] is not None:
            many = f"{len(told['rows'])} rows changed by a spreadsheet"
            call.book(u, f"Saved a draft of {kind}", after=f"{many}, saving {told['revision']}")
        return answered({**told_of(call, u), "rows": told["rows"], "text": told["text"]})


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{ONE}/sheet", "analyst", "The published rows as a sheet: mapping and scoring have one", get_sheet,
          Csv, query=Marks, faults=(409,)),
    Route("GET", f"{DRAFT}/sheet", "editor", "The rows of the caller's draft as a sheet", get_draft_sheet, Csv,
          query=Marks, etag=True, faults=(409,)),
    Route("PUT", f"{DRAFT}/sheet", "editor", "Lay a sheet over the draft that was seen", save_draft_sheet,
          DraftOfSheet, body=Csv, if_match=True, etag=True, faults=(409,)),
)  # fmt: skip
