"""One list of a document (rows, rules) as lines of a sheet, and lines laid over the list they came from.

A cell that says what the way out would have written leaves its key as it is written in the document; so a sheet that
nobody changed changes nothing, whatever a spreadsheet made of ``true`` and of decimal marks. The columns themselves:
``mapping`` and ``scoring`` beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from connector.errors import Fault
from connector.sheet import Dialect, Line, Misread, Sheet, number, number_text, truth, whole_number
from connector.sync.sheets import words

Row = dict[str, Any]
ABSENT = object()
"""What a key has by default where the row cannot have it, or must say it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a key of the row, as text and back."""

    name: str
    show: Callable[[Any, Dialect], str]
    read: Callable[[str, Dialect], Any]


class Table(Protocol):
    """The columns of one kind of row. ``marks``: how rows are recognised, the surest way first."""

    columns: Mapping[str, Column]
    marks: Sequence[tuple[str, ...]]

    def default(self, row: Mapping[str, Any], name: str) -> Any:
        """What a key has when the row does not say it; ABSENT where there is no such thing."""


def column(name: str, kind: str) -> Column:
    """A column of one of the usual kinds."""
    show, read = _KINDS[kind]
    return Column(name, show, read)


def _plain(value: Any, _dialect: Dialect) -> str:
    return str(value)


_KINDS: Mapping[str, tuple[Callable[[Any, Dialect], str], Callable[[str, Dialect], Any]]] = {
    "word": (_plain, lambda cell, _: cell.strip()),
    "text": (_plain, lambda cell, _: cell),
    "whole": (number_text, whole_number),
    "number": (number_text, number),
    "truth": (lambda value, _: "true" if value else "false", lambda cell, _: truth(cell)),
    "names": (lambda value, _: words.names_text(value), lambda cell, _: words.read_names(cell)),
    "pairs": (lambda value, _: words.pairs_text(value), lambda cell, _: words.read_pairs(cell)),
    "steps": (lambda value, _: words.steps_text(value), lambda cell, _: words.read_steps(cell)),
    "decay": (lambda value, _: words.decay_text(value), lambda cell, _: words.read_decay(cell)),
    "condition": (words.condition_text, words.read_condition),
}


# --- out ---------------------------------------------------------------------------------------------------------


def cells_of(table: Table, row: Mapping[str, Any], dialect: Dialect) -> dict[str, str]:
    """A row as the cells of its line: what it says, else what holds without its saying so."""
    return {name: _cell(table, row, one, dialect) for name, one in table.columns.items()}


def _cell(table: Table, row: Mapping[str, Any], one: Column, dialect: Dialect) -> str:
    default = table.default(row, one.name)
    value = row.get(one.name, default)
    if value is ABSENT:
        return ""
    if value is None:
        return "" if default is None or default is ABSENT else words.NONE
    if value in ((), [], {}, "") and words.same(value, default):
        return ""
    return one.show(value, dialect)


# --- in ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Laid:
    """Lines laid over a list: rows that differ, rows to go, rows to come, and which line each row came from."""

    changed: dict[int, Row] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    added: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    faulty: set[int] = field(default_factory=set)

    @property
    def anything(self) -> bool:
        return bool(self.changed or self.removed or self.added)


def lay(table: Table, rows: Sequence[Row], sheet: Sheet, lines: Sequence[Line]) -> Laid:
    """What these lines ask for, against the rows as they stand. Rows keep their order, whatever the sheet's."""
    laid = Laid()
    shown = [cells_of(table, row, sheet.dialect) for row in rows]
    meant = _matched(table, shown, sheet, lines)
    for at, row in enumerate(rows):
        line = meant.get(at)
        if line is None:
            laid.removed.add(at)
            continue
        new = _read(table, row, shown[at], sheet, line, laid)
        laid.lines.append(line)
        if not words.same(new, row) or list(new) != list(row):
            laid.changed[at] = new
    taken = {line.row for line in meant.values()}
    for line in lines:
        if line.row not in taken:
            laid.added.append(_read(table, {}, {}, sheet, line, laid))
            laid.lines.append(line)
    return laid


def _matched(
    table: Table, shown: Sequence[Mapping[str, str]], sheet: Sheet, lines: Sequence[Line]
) -> dict[int, Line]:  # fmt: skip
    """Which line is which row: those that say the very same first, then those that share a mark, in order."""
    names = [name for name in sheet.columns if name in table.columns]
    meant: dict[int, Line] = {}
    free = list(lines)
    for mark in (tuple(names), *table.marks):
        waiting: dict[tuple[str, ...], list[Line]] = {}
        for line in free:
            waiting.setdefault(_mark(line.cells, mark), []).append(line)
        for at, cells in enumerate(shown):
            if at not in meant and (found := waiting.get(_mark(cells, mark))):
                meant[at] = found.pop(0)
        taken = {line.row for line in meant.values()}
        free = [line for line in free if line.row not in taken]
    return meant


def _mark(cells: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(cells.get(name, "").strip() for name in names)


def _read(table: Table, row: Row, before: Mapping[str, str], sheet: Sheet, line: Line, laid: Laid) -> Row:
    """The row as its line wants it. A cell that cannot be read is told, and its key stays."""
    new = dict(row)
    for name, one in table.columns.items():
        said = line.cells.get(name)
        if said is None or (row and said.strip() == before[name].strip()):
            continue
        try:
            _put(table, new, one, said, sheet.dialect)
        except Misread as fault:
            laid.faults.append(sheet.fault(line, name, fault.message, fault.remedy))
            laid.faulty.add(line.row)
    return new


def _put(table: Table, row: Row, one: Column, said: str, dialect: Dialect) -> None:
    """Set a key, or take it out where the cell is empty or says what holds anyway."""
    default = table.default(row, one.name)
    if not said.strip():
        row.pop(one.name, None)
        return
    if said.strip() == words.NONE and default not in (None, ABSENT) and one.name in ("floor", "cap"):
        row[one.name] = None
        return
    value = one.read(said, dialect)
    if words.same(value, row.get(one.name, default)):
        return
    if words.same(value, default):
        row.pop(one.name, None)
    else:
        row[one.name] = value


def used(table: Table, rows: Iterable[Mapping[str, Any]], always: Sequence[str]) -> Iterator[str]:
    """The columns that are always shown, and those that some row has a word for."""
    said = {name for row in rows for name in row}
    yield from (name for name in table.columns if name in always or name in said)
