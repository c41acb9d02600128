"""The mapping editor: what goes from HubSpot into which field and back, row by row, with what it does beside it.

Saving makes a draft of the person's own; trying out, publishing and history are pages of ``documents``. Everything is
one form, so that no row can get lost; a saving that would overwrite another window's is refused with both texts shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response, jsonify, render_template

from connector.admin.documents import BAD, conflict
from connector.admin.doors import Door
from connector.admin.drafts import Work, counted, key_of, numbers, overtaken, work_of
from connector.admin.frame import Ask
from connector.admin.mapping_form import carried, filled
from connector.admin.mapping_rows import RowPage, count_words, row_pages
from connector.admin.waiting import Task, waiting
from connector.errors import ConfigError, ConnectorError, DocumentInvalid, Fault, UnknownContact
from connector.presets import load_yaml
from connector.rules.documents.fields import FIELDS
from connector.rules.mapping_suggest import Suggestion
from connector.rules.step_menu import menu
from connector.store import definitions, documents, records
from connector.store.drafts import Draft
from connector.sync import drafting, library, previewing
from connector.sync.explaining import find
from connector.sync.mapping_text import rewritten

KIND = "mapping"
AT_ONCE = 3000
"""Up to so many contacts are counted while the page is made; more are counted when somebody asks."""


@dataclass(slots=True)
class Sheet:
    """Everything the page shows of one text."""

    text: str
    faults: Sequence[Fault] = ()
    rows: list[RowPage] = field(default_factory=list)
    people: Sequence[previewing.Person] = ()
    overview: previewing.Overview | None = None
    counting: bool = False
    unreadable: bool = False
    looked_for: str = ""


def editor(ask: Ask) -> Response:
    """The rows of the person's draft, or of what is published."""
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
    return _page(ask, work, work.text)


def _page(
    ask: Ask, work: Work, text: str, *, status: int = 200, typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    sheet = _sheet(ask, text, typed)
    show = ask.args.get("show", "")
    with ask.frame.store.view() as u:
        known = previewing.known_to(u, ask.portal.id)
        read_ms = definitions.read_ms(u, ask.portal.id, "properties:contacts")
        sides = drafting.sides(u, ask.portal, work.draft) if work.draft is not None else None
    hidden = {row.at for row in sheet.rows if _hides(show, row)} if not errors else set()
    return ask.page(
        "mapping.html", status=status, work=work, sheet=sheet, known=known, read_ms=read_ms, sides=sides, show=show,
        hidden=hidden, errors=errors or {}, typed=typed or {}, fields=FIELDS, menu=menu(),
        contact=ask.args.get("contact", ""), now_ms=ask.frame.clock.now_ms(), may_edit=ask.may("editor"),
    )  # fmt: skip


def _hides(show: str, row: RowPage) -> bool:
    return (show == "differences" and not row.moving) or (show == "broken" and not row.broken)


def plain_rows(text: str) -> list[dict[str, Any]]:
    """The rows as they are written; ``DocumentInvalid`` for a text that holds none."""
    data = load_yaml(text, KIND)[0]
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DocumentInvalid([Fault(KIND, 1, "rows", "There are no rows that could be shown.", "Edit it as YAML.")])
    return [dict(row) for row in rows if isinstance(row, dict)]


def _sheet(ask: Ask, text: str, typed: Mapping[str, str] | None) -> Sheet:
    try:
        plain = plain_rows(text)
    except DocumentInvalid as invalid:
        return Sheet(text, invalid.faults, unreadable=True)
    with ask.frame.store.view() as u:
        known = previewing.known_to(u, ask.portal.id)
    sheet = Sheet(text, library.faults_of(KIND, text))
    if sheet.faults:
        sheet.rows = row_pages(ask, plain, (), known, (), sheet.faults, typed)
        return sheet
    task = _counts(ask, text)
    sheet.overview = task.result if task is not None and task.over.is_set() and task.fault is None else None
    sheet.counting = sheet.overview is None
    with ask.frame.service.looking(ask.portal.name) as ctx:
        after = previewing.edited(ctx, text)
        sheet.people = _people(ask, ctx, after, sheet)
    sheet.rows = row_pages(ask, plain, after.document.rows, known, sheet.people, (), typed)
    for row, counts in zip(sheet.rows, sheet.overview.rows if sheet.overview is not None else (), strict=False):
        row.counts = count_words(ask, counts)
        row.moving, row.broken = row.moving or counts.moves > 0, row.broken or counts.broken > 0
    return sheet


def _people(ask: Ask, ctx: Any, after: Any, sheet: Sheet) -> list[previewing.Person]:
    """The typical, the emptiest and the oddest contact, and whoever was looked up."""
    told = sheet.overview
    three = (told.typical, told.emptiest, told.oddest) if told is not None else previewing.worth_seeing(ctx, after)
    wanted = list(zip(("typical", "emptiest", "oddest"), three, strict=True))
    try:
        return previewing.people(ctx, after, wanted, ask.args.get("contact", ""))
    except UnknownContact:
        sheet.looked_for = ask.t("There is no such contact in the mirror.")
        return previewing.people(ctx, after, wanted)


def _counts(ask: Ask, text: str, *, begin: bool = False) -> Task | None:
    """The counting over everybody: begun at once where that is quick or asked for, else looked up."""
    room, key = waiting(ask.frame.store), key_of(ask, "counts", KIND, text)
    frame, name = ask.frame, ask.portal.name
    with frame.store.view() as u:
        quick = records.count(u, ask.portal.id, "contacts") <= AT_ONCE

    with frame.store.view() as u:
        published = previewing.published_text(u, ask.portal.id).body
    before = room.known(key_of(ask, "counts", KIND, published))

    def work(task: Task) -> previewing.Overview:
        with frame.service.looking(name) as ctx:
            settled = before.result if before is not None else None
            return previewing.overview(replace(ctx, progress=task), previewing.edited(ctx, text), settled)

    if begin or quick or ask.args.get("counts"):
        return room.ask(key, work)
    return room.known(key)


def counts(ask: Ask) -> Response:
    """The counts for a page that did not wait: how far they are, or each row's words."""
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
    if library.faults_of(KIND, work.text):
        return jsonify({"state": "none"})
    task = _counts(ask, work.text, begin=True)
    if task is None or not task.over.is_set():
        done = ask.words.number(task.done if task is not None else 0)
        return jsonify({"state": "running", "text": ask.t("Counting: {done} contacts so far.", done=done)})
    if task.fault is not None:
        return jsonify({"state": "failed", "text": f"{task.fault.message} {task.fault.remedy}"})
    rows = [[list(one) for one in count_words(ask, row)] for row in task.result.rows]
    return jsonify({"state": "done", "text": totals(ask, task.result), "rows": rows})


def totals(ask: Ask, told: previewing.Overview) -> str:
    """One sentence over all rows."""
    everybody = counted(ask, told.contacts, "1 contact counted", "{count} contacts counted")
    writes = counted(ask, told.written, "1 would be written to HubSpot", "{count} would be written to HubSpot")
    return f"{everybody}: {writes} ({counted(ask, told.calls, '1 call', '{count} calls')})."


def save(ask: Ask) -> Response:
    """Keep the form as a draft. What cannot be read, or would save over another window's, stays on the page."""
    base, seen = numbers(ask.form)
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
        start = documents.get(u, ask.portal.id, KIND, base)
    if work.seen != seen:
        return _clash(ask, work)
    text = work.text if work.draft is not None else start.body if start is not None else work.text
    told = filled(plain_rows(text), ask.form)
    if told.errors:
        return _page(ask, work, text, status=BAD, typed=ask.form, errors=told.errors)
    if not told.anything:
        return ask.go("/mapping", ask.t("Nothing was changed."), portal=ask.portal.name)
    mended = rewritten(text, told.changed, told.removed, told.added)
    try:
        draft = _save(ask, mended, work.draft.base if work.draft is not None else base, seen)
    except ConfigError as fault:
        if not overtaken(fault):
            raise
        return _clash(ask, work)
    size = len(told.changed) + len(told.removed) + len(told.added)
    ask.book(
        ask.t("Saved a draft of {kind}", kind=KIND),
        after=ask.t("{count} rows changed, saving {number}", count=size, number=draft.revision),
    )
    return ask.go("/mapping", ask.t("The draft is saved; nothing changes for anybody yet."), portal=ask.portal.name)


def _save(ask: Ask, text: str, base: int, seen: int) -> Draft:
    now = ask.frame.clock.now_ms()
    with ask.frame.store.unit() as u:
        return drafting.save(u, ask.portal, KIND, ask.who.email, text, base=base, seen=seen, now_ms=now)


def _clash(ask: Ask, work: Work) -> Response:
    """Another window was faster: this one's changes carried onto what it saved, both to be looked at as text."""
    with ask.frame.store.view() as u:
        now = work_of(ask, u, KIND)
    told = carried(plain_rows(now.text), ask.form)
    if told.errors:
        return _page(ask, work, now.text, status=BAD, typed=ask.form, errors=told.errors)
    return conflict(ask, KIND, rewritten(now.text, told.changed, told.removed, told.added))


def preview(ask: Ask) -> Response:
    """What the form as it stands would do to the people shown, for a page that asks while somebody types."""
    base, _ = numbers(ask.form)
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
        start = documents.get(u, ask.portal.id, KIND, base)
    text = work.text if work.draft is not None or start is None else start.body
    told = filled(plain_rows(text), ask.form)
    if told.errors:
        return jsonify({"errors": told.errors})
    mended = rewritten(text, told.changed, (), told.added)
    if faults := library.faults_of(KIND, mended):
        return jsonify({"errors": {"": f"{faults[0].path}: {faults[0].message} {faults[0].remedy}"}})
    sheet = Sheet(mended)
    with ask.frame.service.looking(ask.portal.name) as ctx:
        after = previewing.edited(ctx, mended)
        people = _people(ask, ctx, after, sheet)
        with ask.frame.store.view() as u:
            known = previewing.known_to(u, ask.portal.id)
        rows = row_pages(ask, plain_rows(mended), after.document.rows, known, people, ())
    shown = {
        str(row.at): render_template("admin/mapping_people.html", ask=ask, t=ask.words.t, w=ask.words, row=row)
        for row in rows
        if row.at in told.changed
    }
    return jsonify({"rows": shown})


def look(ask: Ask) -> Response:
    """Find a contact by id or e-mail and show it beside every row; the address holds its number alone."""
    said = ask.form.get("who", "").strip()
    with ask.frame.service.looking(ask.portal.name) as ctx, ask.frame.store.view() as u:
        try:
            found = find(ctx, u, said).id if said else 0
        except UnknownContact:
            return ask.go("/mapping", ask.t("There is no such contact in the mirror."), portal=ask.portal.name)
    return ask.go(f"/mapping?contact={found}" if found else "/mapping", portal=ask.portal.name)


def properties(ask: Ask) -> Response:
    """Read the portal's properties again, so that new ones can be chosen and changed ones are seen."""
    try:
        told = ask.frame.service.properties_again(ask.portal.name)
    except ConnectorError as fault:
        return ask.go("/mapping", f"{fault.message} {fault.remedy}".strip(), portal=ask.portal.name)
    said = ask.t("{count} properties were read from HubSpot.", count=told["read"])
    return ask.go("/mapping", said, portal=ask.portal.name)


def suggest(ask: Ask) -> Response:
    """Properties that could feed a field, each with its evidence. None is taken by itself."""
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
    found: tuple[Suggestion, ...] = ()
    if not library.faults_of(KIND, work.text):
        with ask.frame.service.looking(ask.portal.name) as ctx:
            found = previewing.suggested(ctx, work.text)
    taken = {str(row.get("field")) for row in plain_rows(work.text)} if not work.faults else set()
    return ask.page("mapping_suggestions.html", work=work, found=found, fields=FIELDS, taken=taken)


def add(ask: Ask) -> Response:
    """Take a suggestion into the draft: as a row of its own, or behind the property that feeds the field already."""
    name, source = ask.form.get("field", ""), ask.form.get("property", "")
    base, seen = numbers(ask.form)
    with ask.frame.store.view() as u:
        work = work_of(ask, u, KIND)
    if name not in FIELDS:
        raise ConfigError(ask.t("There is no such field."), remedy=ask.t("Choose one of the suggestions."))
    rows = plain_rows(work.text)
    at = next((n for n, row in enumerate(rows) if row.get("field") == name and row.get("direction") != "write"), None)
    if at is None:
        text = rewritten(work.text, {}, (), [{"field": name, "property": source}])
    else:
        behind = [*(rows[at].get("fallbacks") or ()), source]
        text = rewritten(work.text, {at: {**rows[at], "fallbacks": behind}})
    if faults := library.faults_of(KIND, text):
        raise ConfigError(faults[0].message, remedy=faults[0].remedy)
    _save(ask, text, work.draft.base if work.draft is not None else base, seen)
    ask.book(ask.t("Saved a draft of {kind}", kind=KIND), after=f"{source} → {name}")
    said = ask.t("{property} now feeds {field} in your draft.", property=source, field=name)
    return ask.go("/mapping", said, portal=ask.portal.name)


BASE = "/portals/<portal>/mapping"
DOORS = (
    Door("GET", BASE, "analyst", editor),
    Door("POST", BASE, "editor", save),
    Door("GET", f"{BASE}/counts", "analyst", counts),
    Door("POST", f"{BASE}/preview", "editor", preview),
    Door("POST", f"{BASE}/look", "analyst", look),
    Door("POST", f"{BASE}/properties", "editor", properties),
    Door("GET", f"{BASE}/suggestions", "analyst", suggest),
    Door("POST", f"{BASE}/add", "editor", add),
)
