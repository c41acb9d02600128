"""Mapping and scoring rules as a spreadsheet: down from the page, and up again into the person's draft.

What a sheet says and what is laid over what is ``sync/sheets``'; the draft it leads to has its page in ``documents``.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response

from connector.admin import sheet_words
from connector.admin.documents import BAD, BASE
from connector.admin.doors import Door
from connector.admin.drafts import numbers, overtaken, work_of
from connector.admin.frame import Ask
from connector.admin.plain import plainly
from connector.errors import ConfigError, DocumentInvalid, Fault, UnknownPortal
from connector.sheet import COMMA, SEMICOLON, USUAL, Sheet, read
from connector.store import drafts
from connector.sync import library
from connector.sync.sheets import documents as sheets

MOST_BYTES = USUAL.bytes + 100_000
"""The sheet, and the form around it."""
MOST_FAULTS = 500


def page(ask: Ask, kind: str) -> Response:
    """The ways down and the way up, on a page of their own."""
    return _page(ask, _kind_or_404(kind))


def _page(ask: Ask, kind: str, *, status: int = 200, error: str = "", faults: tuple[Fault, ...] = ()) -> Response:
    with ask.frame.store.view() as u:
        work = work_of(ask, u, kind)
    return ask.page(
        "document_sheet.html", status=status, work=work, error=error,
        faults=sheet_words.told(ask.words, faults[:MOST_FAULTS]), more=max(0, len(faults) - MOST_FAULTS),
    )  # fmt: skip


def _kind_or_404(kind: str) -> str:
    if kind not in sheets.FORMS:
        raise UnknownPortal("There is no sheet of such a document.")
    return kind


def download(ask: Ask, kind: str) -> Response:
    """The rows as the page shows them (the person's draft, else what is published) or, if asked, as published."""
    dialect = SEMICOLON if ask.args.get("marks") == "semicolon" else COMMA
    with ask.frame.store.view() as u:
        own = work_of(ask, u, _kind_or_404(kind)).draft
        whose = own.author if own is not None and ask.args.get("of") != "published" else None
        try:
            data, told = sheets.shown(u, ask.portal, kind, dialect=dialect, draft_of=whose)
        except ConfigError as fault:
            return _page(ask, kind, status=BAD, error=_why(ask, fault))
    which = f"version-{told['version']}" if whose is None else f"draft-{told['revision']}"
    answer = make_response(data)
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{ask.portal.name}-{kind}-{which}.csv"'
    return answer


def upload(ask: Ask, kind: str) -> Response:
    """Lay the sheet over the draft as it was seen, or over the version it came from; with one fault nothing is kept."""
    _kind_or_404(kind)
    file = ask.files.get("sheet")
    if file is None or not file.filename:
        return _page(ask, kind, status=BAD, error=ask.t("Choose a file first."))
    try:
        told, draft_id = _taken_in(ask, kind, read(file.stream.read(USUAL.bytes + 1), "sheet.csv"))
    except DocumentInvalid as invalid:
        return _page(ask, kind, status=BAD, faults=invalid.faults)
    except ConfigError as fault:
        return _page(ask, kind, status=BAD, error=_why(ask, fault))
    if told["revision"] is None:
        said = ask.t("The sheet says what stands here already; nothing was saved.")
        return ask.go(f"/documents/{kind}/sheet", said, portal=ask.portal.name)
    ask.book(
        ask.t("Saved a draft of {kind}", kind=kind),
        after=ask.t("{count} rows changed by a spreadsheet, saving {number}", count=len(told["rows"]),
                    number=told["revision"]),
    )  # fmt: skip
    return ask.go(f"/documents/{kind}/drafts/{draft_id}", _said(ask, told["rows"]), portal=ask.portal.name)


def _taken_in(ask: Ask, kind: str, sheet: Sheet) -> tuple[dict[str, Any], int]:
    """What became of the sheet, and the number of the draft it is in."""
    seen, now = numbers(ask.form)[1], ask.frame.clock.now_ms()
    with ask.frame.store.unit() as u:
        told = sheets.taken_in_as_seen(u, ask.portal, kind, sheet, ask.who.email, seen=seen, now_ms=now)
        draft = drafts.of(u, ask.portal.id, kind, ask.who.email)
    return told, draft.id if draft is not None else 0


def _said(ask: Ask, rows: list[dict[str, Any]]) -> str:
    many = {change: sum(one["change"] == change for one in rows) for change in ("changed", "added", "removed")}
    return ask.t(
        "The sheet is in your draft; nothing is published. "
        "Rows changed: {changed}, added: {added}, taken out: {removed}.",
        **many,
    )


def _why(ask: Ask, fault: ConfigError) -> str:
    """Why a sheet was not made or not taken in, and what to do on these pages."""
    if overtaken(fault):
        return ask.t(
            "Your draft was saved in another window since you loaded the page, so the sheet was not laid over it. "
            "Look at it, then choose the file once more."
        )
    if fault.reason == sheets.NO_ROWS:
        return ask.t("The document is no list of rows as it stands. Mend it as YAML first.")
    if fault.reason == library.NO_VERSION:
        return ask.t(
            "The name of the sheet's last column says that it came from a version this portal never had. "
            "Empty that cell to lay the sheet over what is published."
        )
    return " ".join(plainly(ask.words, fault)).strip()


DOORS = (
    Door("GET", f"{BASE}/<kind>/sheet", "analyst", page),
    Door("GET", f"{BASE}/<kind>/sheet.csv", "analyst", download),
    Door("POST", f"{BASE}/<kind>/sheet", "editor", upload, MOST_BYTES),
)
