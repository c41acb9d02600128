"""CSV at the edge, as spreadsheets write it: bytes → lines of cells with their places, and back; no cell can run.

A cell that begins with ``= + - @``, a tab or a carriage return gets a leading ``'`` (OWASP: CSV injection); plain
numbers such as -15 stay numbers. Read with ``read``, a sheet loses those marks again.

Not here: what a column means (``connector/sync/sheets``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.errors import ConfigError, DocumentInvalid, Fault
from connector.files import whole

STARTERS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
LONGEST_CELL = 50_000
SAVE_AGAIN = "In Excel: Save as, “CSV UTF-8 (comma delimited)”; in LibreOffice: the character set “Unicode (UTF-8)”."
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", re.ASCII)
_SEPARATOR = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
_TRUE = frozenset({"true", "wahr", "yes", "ja", "1"})
_FALSE = frozenset({"false", "falsch", "no", "nein", "0"})


class Misread(ConfigError):
    """A cell does not say what its column wants; whoever knows the place makes a fault of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a sheet may be."""

    bytes: int = 2_000_000
    rows: int = 5_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written: what stands between cells, and the decimal mark."""

    delimiter: str = ","
    decimal: str = "."


COMMA, SEMICOLON = Dialect(), Dialect(";", ",")
USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet. ``number`` counts the file's lines, ``row`` the spreadsheet's rows, both from 1."""

    number: int
    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was read. ``columns`` are their names in small letters, as they stand; '' is a nameless one."""

    file: str
    dialect: Dialect
    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    def fault(self, line: Line | None, column: str, message: str, remedy: str = "") -> Fault:
        """A fault at a cell, by its column and its place in the spreadsheet; without a line, in the head."""
        row, number = (line.row, line.number) if line is not None else (1, 1)
        place = f"{_letters(self.columns.index(column))}{row}" if column in self.columns else f"row {row}"
        return Fault(self.file, number, f"{column} ({place})" if column else place, message, remedy)


def safe(cell: str) -> str:
    """The cell, disarmed where a spreadsheet would take it for a formula."""
    return f"'{cell}" if _runs(cell) else cell


def marked(cell: str) -> str:
    """The cell, disarmed so that ``unmarked`` gives it back: a text that only looks disarmed gets a mark as well."""
    return f"'{cell}" if _runs(cell.lstrip("'")) else cell


def unmarked(cell: str) -> str:
    """The cell without the mark that kept it from running."""
    return cell[1:] if cell.startswith("'") and _runs(cell.lstrip("'")) else cell


def _runs(cell: str) -> bool:
    return cell.startswith(STARTERS) and not PLAIN_NUMBER.fullmatch(cell)


# --- out ---------------------------------------------------------------------------------------------------------


def written(columns: Sequence[str], rows: Iterable[Mapping[str, str]], dialect: Dialect = COMMA) -> bytes:
    """The sheet as UTF-8 with the mark by which Excel knows it, and Windows line ends."""
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=dialect.delimiter)
    table.writerow([marked(name) for name in columns])
    table.writerows([marked(row.get(name, "")) for name in columns] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def save(path: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    try:
        with whole(path) as out:
            out.write(data)
    except OSError:
        raise ConfigError(f"{path} cannot be written.", remedy="Check the folder and its room.") from None


# --- in ----------------------------------------------------------------------------------------------------------


def read_file(path: Path, limits: Limits = USUAL) -> Sheet:
    """The sheet in a file; ``DocumentInvalid`` with all that is wrong about it as a sheet."""
    try:
        with path.open("rb") as file:
            data = file.read(limits.bytes + 1)
    except OSError:
        raise ConfigError(f"{path} cannot be read.", remedy="Check the path and the file.") from None
    return read(data, str(path), limits)


def read(data: bytes, file: str, limits: Limits = USUAL) -> Sheet:
    """The sheet in these bytes: UTF-8 with or without mark, split by comma, semicolon or tab, any line ends."""
    if len(data) > limits.bytes:
        megabytes = f"{limits.bytes / 1_000_000:g} MB"
        raise _whole(file, f"The file is larger than {megabytes}.", "Split it, or remove columns that are not needed.")
    text = _text(data, file)
    found = _SEPARATOR.match(text)
    delimiter = found[1] if found else _delimiter(text)
    start = found.end() if found else 0
    records = _records(text[start:], delimiter, file, 1 if found else 0, limits)
    if not records:
        raise _whole(file, "The file is empty.", "The first line names the columns.")
    (_, _, head), *body = records
    columns = tuple("_".join(unmarked(name).strip().casefold().split()) for name in head)
    while columns and not columns[-1]:
        columns = columns[:-1]
    decimal = "," if delimiter == ";" else "."
    sheet = Sheet(file, Dialect(delimiter, decimal), columns, tuple(_line(columns, *one) for one in body))
    if faults := [*_head_faults(sheet), *_stray(sheet, body)]:
        raise DocumentInvalid(faults)
    return sheet


def _whole(file: str, message: str, remedy: str, line: int = 1) -> DocumentInvalid:
    return DocumentInvalid([Fault(file, line, "", message, remedy)])


def _text(data: bytes, file: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _whole(file, "The file is UTF-16 text.", SAVE_AGAIN)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise _whole(file, "The file is no UTF-8 text, perhaps Windows or Latin-1.", SAVE_AGAIN, line) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _whole(file, "The file holds zero bytes, as no text does.", "Save the sheet as CSV.", line)
    return text


def _delimiter(text: str) -> str:
    """What splits the first line into most cells; a comma when nothing does."""

    def cells(mark: str) -> int:
        reader = csv.reader(io.StringIO(text[:LONGEST_CELL], newline=""), delimiter=mark)
        try:
            return len(next(reader, []))
        except csv.Error:
            return 0

    return max((",", ";", "\t"), key=cells)


def _records(text: str, delimiter: str, file: str, skipped: int, limits: Limits) -> list[tuple[int, int, list[str]]]:
    """(line of the file, row of the spreadsheet, cells) of every row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, int, list[str]]] = []
    row, line = 0, skipped + 1
    try:
        for row, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                found.append((line, row, cells))
            if len(found) > limits.rows + 1:
                raise _whole(file, f"The sheet has more than {limits.rows:,} rows.", "Split it.", line)
            line = skipped + reader.line_num + 1
    except csv.Error as fault:
        message = f"Row {row + 1} cannot be read as CSV: {fault}."
        raise _whole(file, message, "Mind the quotation marks: inside a quoted cell they stand twice.", line) from None
    return found


def _line(columns: Sequence[str], number: int, row: int, cells: Sequence[str]) -> Line:
    texts = [unmarked(cell).replace("\r\n", "\n") for cell in cells] + [""] * len(columns)
    return Line(number, row, {name: text for name, text in zip(columns, texts, strict=False) if name})


def _head_faults(sheet: Sheet) -> list[Fault]:
    names = [name for name in sheet.columns if name]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return [sheet.fault(None, name, f'The column "{name}" stands here twice.', "Remove one of them.") for name in twice]


def _stray(sheet: Sheet, body: Sequence[tuple[int, int, list[str]]]) -> list[Fault]:
    """Cells that stand under no name, or reach too far, and cells nobody meant to be so long."""
    found = []
    for number, row, cells in body:
        for at, cell in enumerate(cells):
            name = sheet.columns[at] if at < len(sheet.columns) else ""
            place = f"{_letters(at)}{row}"
            if cell.strip() and not name:
                message, remedy = "This cell stands under no column name.", "Name the column, or empty the cell."
                found.append(Fault(sheet.file, number, place, message, remedy))
            elif len(cell) > LONGEST_CELL:
                message = f"The cell holds more than {LONGEST_CELL:,} characters."
                found.append(Fault(sheet.file, number, f"{name} ({place})", message, "Shorten it."))
    return found


def _letters(at: int) -> str:
    """The spreadsheet's name of a column: A … Z, AA …"""
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


# --- what cells say ----------------------------------------------------------------------------------------------


def number(cell: str, dialect: Dialect) -> int | float:
    """A number as the spreadsheet writes it, ``0.6`` or ``0,6``; what could be a thousand or a fraction is refused."""
    text = cell.strip()
    grouped = _GROUPED.fullmatch(text)
    if grouped and (grouped[1] != dialect.decimal or text.count(grouped[1]) > 1):
        plain, fraction = text.replace(grouped[1], ""), text.replace(grouped[1], dialect.decimal) + "0"
        remedy = f"Write {plain}{'' if text.count(grouped[1]) > 1 else f' or {fraction}'}."
        raise Misread(f'"{text}" may be a thousand or a fraction.', remedy=remedy)
    if not _NUMBER.fullmatch(text):
        raise Misread(f'"{text}" is no number.', remedy="Write digits only, for instance 15 or -15.")
    return int(text) if text.lstrip("+-").isdigit() else float(text.replace(",", "."))


def whole_number(cell: str, dialect: Dialect) -> int:
    """A whole number; ``10,0`` is one too."""
    found = number(cell, dialect)
    if found != int(found):
        raise Misread(f'"{cell.strip()}" is no whole number.', remedy="Write it without a fraction.")
    return int(found)


def number_text(value: float, dialect: Dialect) -> str:
    """A number as the spreadsheet of that dialect reads it, never one that could be a thousand."""
    return repr(value).replace(".", dialect.decimal)


def truth(cell: str) -> bool:
    """Yes or no, in the words of spreadsheets and people."""
    word = cell.strip().casefold()
    if word not in _TRUE | _FALSE:
        raise Misread(f'"{cell.strip()}" is neither yes nor no.', remedy="Write true or false.")
    return word in _TRUE
