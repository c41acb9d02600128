"""Mapping and scoring rules out as a sheet, and a sheet in as a draft. Nothing is published from here.

A sheet is laid over the text that is published (or over the author's own draft): only what differs is changed, so that
comments and order stay. With a single fault nothing is kept; all faults are told, each at its cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connector.errors import ConfigError, DocumentInvalid, Fault
from connector.presets import load_yaml
from connector.rules.documents.wording import suggest
from connector.sheet import COMMA, Dialect, Line, Sheet, read_file, save, written
from connector.store import Unit, drafts
from connector.store.portals import PortalRow
from connector.sync import drafting, library
from connector.sync.mapping_text import Place, rewritten
from connector.sync.sheets.mapping import MAPPING
from connector.sync.sheets.scoring import ALWAYS, MODEL, RULE
from connector.sync.sheets.table import Laid, Table, cells_of, lay, used


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of document is laid out as a sheet. ``key``: where its list lies; ``named``: what a row is called."""

    table: Table
    key: str
    always: Sequence[str]
    needed: Sequence[str]


FORMS: Mapping[str, Form] = {
    "mapping": Form(MAPPING, "rows", tuple(MAPPING.columns), ("field", "property")),
    "scoring": Form(RULE, "rules", ALWAYS, ("name",)),
}
NO_ROWS = "no_rows"
_PLACE = re.compile(r"(?:models\[(\d+)\]\.)?(?:rows|rules)\[(\d+)\](?:\.([a-z_]+)(.*))?")
_ORIGIN = re.compile(r"(.+)_version_(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Group:
    """One list of rows in a document: the main one, or that of a further model."""

    model: str
    place: Place
    rows: list[dict[str, Any]]


# --- out ---------------------------------------------------------------------------------------------------------


def exported(
    u: Unit, row: PortalRow, kind: str, path: Path, *, dialect: Dialect = COMMA, draft_of: str | None = None
) -> dict[str, Any]:  # fmt: skip
    """Write the published rows of a kind, or those of an author's draft, into a file."""
    data, told = shown(u, row, kind, dialect=dialect, draft_of=draft_of)
    save(path, data)
    return {**told, "file": str(path)}


def shown(
    u: Unit, row: PortalRow, kind: str, *, dialect: Dialect = COMMA, draft_of: str | None = None
) -> tuple[bytes, dict[str, Any]]:
    """The published rows of a kind, or those of an author's draft, as a sheet, and what it is the sheet of."""
    body, version, revision = _body(u, row, kind, draft_of)
    rows = sum(len(group.rows) for group in _groups(kind, body))
    told = {"portal": row.name, "kind": kind, "version": version, "revision": revision, "rows": rows}
    return sheet_of(kind, body, dialect, f"{row.name} version {version}"), told


def sheet_of(kind: str, body: str, dialect: Dialect = COMMA, origin: str = "") -> bytes:
    """The rows of a document as a sheet. ``origin`` becomes the name of an empty column, which spreadsheets keep."""
    form, groups = FORMS[kind], _groups(kind, body)
    names = list(used(form.table, (row for group in groups for row in group.rows), form.always))
    columns = [*([MODEL] if len(groups) > 1 else []), *names, *filter(None, [origin])]
    lines = [{MODEL: group.model, **cells_of(form.table, row, dialect)} for group in groups for row in group.rows]
    return written(columns, lines, dialect)


def _body(u: Unit, row: PortalRow, kind: str, draft_of: str | None) -> tuple[str, int, int | None]:
    """The text a sheet belongs to, its version, and its saving when it is a draft."""
    if draft_of is not None:
        draft = drafting.own(u, row, kind, draft_of)
        return draft.body, draft.base, draft.revision
    shown = library.show(u, row, kind)
    return str(shown["body"]), int(shown["version"]), None


def _groups(kind: str, body: str) -> list[Group]:
    """The lists of a document, the main one first."""
    form, plain = FORMS[kind], _plain(kind, body)
    found = [Group("", (form.key,), plain.get(form.key))]
    models = plain.get("models") if kind == "scoring" else None
    for at, model in enumerate(models if isinstance(models, list) else ()):
        if isinstance(model, dict):
            found.append(Group(str(model.get("name", "")), ("models", at, form.key), model.get(form.key) or []))
    if not all(isinstance(one.rows, list) and all(isinstance(row, dict) for row in one.rows) for one in found):
        raise _no_rows(kind)
    return found


def _plain(kind: str, body: str) -> Any:
    try:
        data = load_yaml(body, kind)[0]
    except DocumentInvalid:  # its lines are those of the YAML, not of any sheet
        raise _no_rows(kind) from None
    return data if isinstance(data, dict) else {}


def _no_rows(kind: str) -> ConfigError:
    message = f"The {kind} document is no list of rows as it stands."
    return ConfigError(message, remedy="Mend its YAML first: config draft show.", reason=NO_ROWS)


# --- in ----------------------------------------------------------------------------------------------------------


def imported(
    u: Unit, row: PortalRow, kind: str, path: Path, author: str, *, revision: int | None, now_ms: int
) -> dict[str, Any]:  # fmt: skip
    """Lay the sheet in a file over a document, and keep it as a draft."""
    return taken_in(u, row, kind, read_file(path), author, revision=revision, now_ms=now_ms)


def taken_in(
    u: Unit, row: PortalRow, kind: str, sheet: Sheet, author: str, *, revision: int | None, now_ms: int
) -> dict[str, Any]:  # fmt: skip
    """Lay a sheet over the version it came from (with ``revision``: over the author's draft), and keep it as a draft.

    So the draft knows what it was begun from, and publishing is refused when another version was published since.
    """
    sheet, begun_from = _with_origin(sheet, row.name)
    body, version, _ = _body(u, row, kind, author if revision is not None else None)
    if revision is None and begun_from is not None:
        body, version = library.version_of(u, row, kind, begun_from).body, begun_from
    text, rows = laid_over(kind, body, sheet)
    told = {"portal": row.name, "kind": kind, "author": author, "file": sheet.file, "version": version, "rows": rows}
    if text == body:
        said = "The sheet says what the document says: nothing to save."
        return {**told, "revision": None, "overtaken": None, "text": said}
    saved = drafting.save_over(u, row, kind, author, text, revision=revision, now_ms=now_ms, begun_from=version)
    said = f"Your draft of {kind} is saved; nothing is published."
    return {**told, "revision": saved["revision"], "overtaken": saved["overtaken"], "text": said}


def taken_in_as_seen(
    u: Unit, row: PortalRow, kind: str, sheet: Sheet, author: str, *, seen: int, now_ms: int
) -> dict[str, Any]:  # fmt: skip
    """The same for whoever says which saving they saw (0: none yet), as pages and programs do: over the draft if it
    is open, else over the sheet's version. Another saving by now: refused, and nothing is lost."""
    found = drafts.of(u, row.id, kind, author)
    is_now = found.revision if found is not None else 0
    if is_now != seen:
        raise ConfigError(
            f"This draft is at saving {is_now} by now, and you looked at {seen}; the sheet was not laid over it.",
            remedy="Look at it again, then send the sheet once more.",
            reason=drafts.OVERTAKEN,
        )
    revision = seen if found is not None and found.open else None
    return taken_in(u, row, kind, sheet, author, revision=revision, now_ms=now_ms)


def _with_origin(sheet: Sheet, portal: str) -> tuple[Sheet, int | None]:
    """The sheet without the column that tells its origin, and the version it came from if that is this portal's."""
    for name in sheet.columns:
        if found := _ORIGIN.fullmatch(name):
            columns = tuple("" if one == name else one for one in sheet.columns)
            return replace(sheet, columns=columns), int(found[2]) if found[1] == portal.casefold() else None
    return sheet, None


def laid_over(kind: str, body: str, sheet: Sheet) -> tuple[str, list[dict[str, Any]]]:
    """The document with the sheet's rows in place of its own, and what became of which; ``DocumentInvalid`` with every
    fault at its cell, otherwise the text is sound."""
    form, groups = FORMS[kind], _groups(kind, body)
    faults = [*_head_faults(form, groups, sheet)]
    if faults:
        raise DocumentInvalid(faults)
    strays = [*_stray([group.model for group in groups], sheet)]
    faults += strays
    text, laids = body, dict[Place, Laid]()
    told: list[dict[str, Any]] = []
    for group in groups if MODEL in sheet.columns else groups[:1]:
        lines = [line for line in sheet.lines if line.cells.get(MODEL, "").strip() == group.model]
        laid = laids[group.place] = lay(form.table, group.rows, sheet, lines)
        faults += laid.faults
        told += _told(form, group, laid)
        if laid.anything:
            text = rewritten(text, laid.changed, laid.removed, laid.added, group.place)
    faulty = {line for laid in laids.values() for line in laid.faulty}
    for fault in library.faults_of(kind, text) if not strays else ():
        line, at_cell = _at_cell(fault, laids, sheet)
        faults += [at_cell] if line is None or line.row not in faulty else []
    if faults:
        raise DocumentInvalid(sorted(faults, key=lambda fault: fault.line))
    return text, told


def _head_faults(form: Form, groups: Sequence[Group], sheet: Sheet) -> Iterator[Fault]:
    if other := _of_another_kind(form, sheet):
        said = f"This is a sheet of the {other} document."
        yield sheet.fault(None, "", said, f"Take it there; a sheet for here names {', '.join(form.needed)}.")
        return
    known = [*form.table.columns, *([MODEL] if len(groups) > 1 else [])]
    for name in sheet.columns:
        if name and name not in known:
            yield sheet.fault(None, name, f'There is no column "{name}".', suggest(name, known, "Columns"))
    for name in form.needed:
        if name not in sheet.columns:
            yield sheet.fault(None, "", f'The column "{name}" is missing.', f"Name it in the first line: {name}.")
    if not sheet.lines:
        yield sheet.fault(
            None, "", "The sheet holds no rows.", "Export it once more; without rows nothing would be left."
        )


def _of_another_kind(form: Form, sheet: Sheet) -> str:
    """The kind whose sheet this is, when it has all that names a row there, more beside, and nothing of here."""
    if any(name in sheet.columns for name in form.needed):
        return ""
    for kind, one in FORMS.items():
        known = [name for name in sheet.columns if name in one.table.columns]
        if len(known) > len(one.needed) and all(name in known for name in one.needed):
            return kind
    return ""


def _stray(named: Sequence[str], sheet: Sheet) -> Iterator[Fault]:
    for line in sheet.lines:
        name = line.cells.get(MODEL, "").strip()
        if name not in named:
            known = ", ".join(filter(None, named)) or "none"
            remedy = f"Models: {known}; an empty cell is the main one."
            yield sheet.fault(line, MODEL, f'There is no further model "{name}".', remedy)


def _at_cell(fault: Fault, laids: Mapping[Place, Laid], sheet: Sheet) -> tuple[Line | None, Fault]:
    """The fault of a document at the cell that it came from; what came from no cell stays where it is."""
    found = _PLACE.match(fault.path)
    if found is None:
        return None, replace(fault, file=sheet.file, line=0)
    key = next(place for place in laids if place[0] != "models")[-1]
    laid = laids.get(("models", int(found[1]) - 1, key) if found[1] else (key,))
    if laid is None or int(found[2]) > len(laid.lines):
        return None, replace(fault, file=sheet.file, line=0)
    line, name = laid.lines[int(found[2]) - 1], found[3] or ""
    told = sheet.fault(line, name, fault.message, fault.remedy)
    deeper = found[4] or ""
    return line, replace(told, path=told.path.replace(name, name + deeper, 1) if deeper else told.path)


def _told(form: Form, group: Group, laid: Laid) -> Iterator[dict[str, Any]]:
    """What becomes of each row that does not stay as it is."""
    for at, row in enumerate(group.rows):
        if at in laid.removed:
            yield _change(form, group, row, "removed", ())
        elif at in laid.changed:
            new = laid.changed[at]
            keys = [key for key in {**row, **new} if row.get(key) != new.get(key) or (key in row) != (key in new)]
            yield _change(form, group, row, "changed", keys)
    for row in laid.added:
        yield _change(form, group, row, "added", ())


def _change(form: Form, group: Group, row: Mapping[str, Any], change: str, keys: Sequence[str]) -> dict[str, Any]:
    name = " ← ".join(str(row.get(key, "")) for key in form.needed)
    return {"model": group.model, "row": name, "change": change, "keys": list(keys)}
