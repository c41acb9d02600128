"""A sheet of people → a plan: what it would change of contacts that are in the mirror.

Each cell passes the steps of its mapping row, then the row's way back with its mode; what may not be written (taken
back by a person, frozen, refused by a rule of the portal) is held as in any other plan. The plan goes the ordinary way
through ``push``, with its gates and conflict rules. Nobody is created: who is not in the mirror is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from connector.errors import BlastRadiusExceeded, ConfigError, Fault
from connector.model.judgement import Decision, Hold, Known
from connector.model.plan import Plan
from connector.model.records import Properties
from connector.rules import plan as planning
from connector.rules.mapping import to_fields
from connector.sheet import Limits, Line, Sheet, read_file
from connector.store import Unit, definitions, emails, records
from connector.store.records import Record
from connector.store.values import normal_email
from connector.sync import telling
from connector.sync.context import Context, PushReport
from connector.sync.holding import Holding, frozen, mapped_back, taken_back, whole
from connector.sync.push import push
from connector.sync.react import portal_view, refuse_half_a_mirror
from connector.sync.sheets.columns import Asked, Columns, Unused, understood

ROOM = Limits(bytes=20_000_000, rows=100_000)
CHUNK = 500
LONGEST_ID = 18
Item = TypeVar("Item")
Decided = tuple[int, Properties, tuple[Decision, ...]]


@dataclass(slots=True)
class Compared:
    """What a sheet would do: its plan, who is not here, columns and cells that nothing is made of, each with its line.

    ``of_line``: contact → line, for the refusals of the plan. ``same``: contacts that are as the sheet says already.
    """

    sheet: Sheet
    unused: tuple[Unused, ...]
    unknown: list[tuple[Line, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    of_line: dict[int, Line] = field(default_factory=dict)
    same: int = 0


def compare(ctx: Context, path: Path) -> tuple[Plan, Compared]:
    """The plan of a sheet. ``DocumentInvalid`` or ConfigError when the sheet as a whole is of no use."""
    refuse_half_a_mirror(ctx)
    sheet, view = read_file(path, ROOM), portal_view(ctx)
    with ctx.store.view() as u:
        known = definitions.properties(u, ctx.portal_id, "contacts")
        live = records.count(u, ctx.portal_id, "contacts")
        columns = understood(sheet.columns, ctx.rulebook.mapping, known)
        _refuse_useless(columns, sheet)
        found = Compared(sheet, columns.unused)
        _find(ctx, u, columns, found)
        holding = whole(ctx, u, view, ctx.clock.now_ms(), patient=False)
        decided = list(_decided(ctx, u, columns.asked, found, holding))
    documents = ctx.rulebook.rules.documents
    plan = planning.plan_of(ctx.row.name, decided, documents, view, live_contacts=live)
    held = {one.contact_id for one in plan.holds}
    found.same = len({who for who, _, _ in decided} - {one.contact_id for one in plan.changes} - held)
    found.faults.sort(key=lambda fault: (fault.line, fault.path))
    return plan, found


def write(ctx: Context, plan: Plan, found: Compared, *, approved: bool) -> dict[str, Any]:
    """Carry the plan out by the way all plans go; ``approved``: its hash was named."""
    try:
        report = push(ctx, plan, approved=approved)
    except BlastRadiusExceeded as many:
        command = f"leadwright import {ctx.row.name} {found.sheet.file}"
        remedy = f"Read it: {command} --dry-run, then: {command} --hash {plan.hash}"
        raise BlastRadiusExceeded(many.message, remedy=remedy) from None
    return applied(ctx, report, plan, found)


def _refuse_useless(columns: Columns, sheet: Sheet) -> None:
    if not (columns.ident or columns.email):
        raise ConfigError(
            f"{sheet.file} does not say whom its lines are about.",
            remedy="Add a column `email` with their address, or `record_id` with HubSpot's record id.",
        )
    if not columns.asked:
        why = "; ".join(f"{one.column}: {one.why}. {one.remedy}" for one in columns.unused) or "there is none beside it"
        raise ConfigError(f"No column of {sheet.file} can be written: {why}", remedy="See the mapping document.")


# --- whom a line means -------------------------------------------------------------------------------------------


def _find(ctx: Context, u: Unit, columns: Columns, found: Compared) -> None:
    """Whom each line is about; lines about nobody here, about two, or about somebody twice are told."""
    meant: dict[int, list[Line]] = {}
    for lines in _chunks(found.sheet.lines):
        addresses = [line.cells[columns.email] for line in lines] if columns.email else []
        owners = emails.owners(u, ctx.portal_id, addresses)
        idents = {_ident(line, columns) for line in lines} - {None}
        here = records.get_many(u, ctx.portal_id, "contacts", [one for one in idents if one is not None])
        for line in lines:
            if who := _who(line, columns, owners, here, found):
                meant.setdefault(who, []).append(line)
    for who, lines in meant.items():
        if len(lines) == 1:
            found.of_line[who] = lines[0]
            continue
        numbers = ", ".join(str(line.number) for line in lines)
        for line in lines:
            message = f"Lines {numbers} are about one contact."
            remedy = "Keep one line for each; nothing is written of these."
            found.faults.append(found.sheet.fault(line, columns.ident or columns.email, message, remedy))


def _ident(line: Line, columns: Columns) -> int | None:
    text = line.cells.get(columns.ident, "").strip() if columns.ident else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else None


def _who(
    line: Line, columns: Columns, owners: dict[str, int], here: dict[int, Record], found: Compared
) -> int | None:  # fmt: skip
    """The contact a line is about, by its id, else by its address; if it says both, they must agree."""
    said = line.cells.get(columns.ident, "").strip() if columns.ident else ""
    address = line.cells.get(columns.email, "").strip() if columns.email else ""
    number = _ident(line, columns)
    record = here.get(number) if number is not None else None
    owner = owners.get(normal_email(address) or "") if address else None
    if said and number is None:
        remedy = "Write the digits that HubSpot shows; a spreadsheet may have made 1,2E+10 of them."
        found.faults.append(found.sheet.fault(line, columns.ident, f'"{said}" is no record id.', remedy))
        return None
    if not said and not address:
        remedy = "Write the e-mail address or the record id."
        key = columns.ident or columns.email
        found.faults.append(found.sheet.fault(line, key, "The line does not say whom it is about.", remedy))
        return None
    who = record.id if record is not None and not record.archived else None
    if said and address and who is not None and owner is not None and owner != who:
        remedy = "Correct one of the two."
        message = "Record id and e-mail address name two contacts."
        found.faults.append(found.sheet.fault(line, columns.ident, message, remedy))
        return None
    who = who if said else owner
    if who is None:
        found.unknown.append((line, said or address))
    return who


# --- what it says of them ----------------------------------------------------------------------------------------


def _decided(
    ctx: Context, u: Unit, asked: Sequence[Asked], found: Compared, holding: Holding
) -> Iterator[Decided]:  # fmt: skip
    for ids in _chunks(sorted(found.of_line)):
        here = records.get_many(u, ctx.portal_id, "contacts", ids)
        known = replace(
            holding, taken_back=taken_back(ctx, u, list(ids)), frozen=frozen(ctx, u, list(ids))
        )  # fmt: skip
        for who in ids:
            current = here[who].properties
            decisions = tuple(_of_line(ctx, who, current, asked, found, known))
            yield who, current, known.weigh(decisions)


def _of_line(
    ctx: Context, who: int, current: Properties, asked: Sequence[Asked], found: Compared, holding: Holding
) -> Iterator[Decision]:  # fmt: skip
    """What a line wants of its contact. An empty cell wants nothing."""
    line = found.of_line[who]
    country = to_fields(ctx.rulebook.mapping, current, None).fields["country"]
    region = str(country.value) if isinstance(country, Known) else ""
    for one in asked:
        cell = line.cells[one.column].strip()
        if not cell:
            continue
        value, fault = one.source.read(cell, region if one.source.by_region else "")
        if not isinstance(value, Known):
            why = fault.reason if fault is not None else f"says nothing for {one.row.field}: {value.why}"
            remedy = "Write it in another way, or map it under `values`."
            found.faults.append(found.sheet.fault(line, one.column, f'"{cell[:60]}" {why}.', remedy))
            continue
        if one.row.field == "country":
            region = str(value.value)
        if one.row.property not in current:
            why = f"{one.row.property} was not read yet, so nobody knows what would be overwritten"
            yield Hold(who, f"write:{one.row.property}", "unread", why, f"leadwright sync {ctx.row.name} --full")
            continue
        yield from mapped_back(one.mapping, who, current, {one.row.field: value}, holding.creatable)


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    yield from (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


# --- as documents ------------------------------------------------------------------------------------------------


def planned(ctx: Context, plan: Plan, found: Compared) -> dict[str, Any]:
    """What the sheet would change, as any plan is told, with what nothing is made of."""
    told = telling.planned(ctx, plan)
    for one in told["held"]:
        one["line"] = found.of_line[int(one["contact"])].number
    return {**told, **_left_over(plan, found)}


def applied(ctx: Context, report: PushReport, plan: Plan, found: Compared) -> dict[str, Any]:
    """A run that wrote what a sheet says."""
    told, beside = telling.applied(ctx, report, plan), _left_over(plan, found)
    return {**told, **beside, "ok": told["ok"] and beside["ok"]}


def _left_over(plan: Plan, found: Compared) -> dict[str, Any]:
    return {
        "file": found.sheet.file,
        "lines": len(found.sheet.lines),
        "found": len(found.of_line),
        "same": found.same,
        "unknown": [{"line": line.number, "who": who} for line, who in found.unknown],
        "unused": [{"column": one.column, "why": one.why, "remedy": one.remedy} for one in found.unused],
        "faults": [asdict(fault) for fault in found.faults],
        "ok": not (found.unknown or found.unused or found.faults or plan.holds),
    }
