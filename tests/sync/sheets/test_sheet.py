"""CSV as spreadsheets write it: whatever they make of it is understood, or refused with the way out."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError, DocumentInvalid, Fault
from connector.sheet import (
    COMMA,
    SEMICOLON,
    Dialect,
    Limits,
    Misread,
    marked,
    number,
    number_text,
    read,
    read_file,
    save,
    truth,
    unmarked,
    whole_number,
    written,
)

TAB = Dialect("\t", ".")


def cells(text: str | bytes) -> list[dict[str, str]]:
    data = text.encode() if isinstance(text, str) else text
    return [dict(line.cells) for line in read(data, "x.csv").lines]


def faults(text: str | bytes, limits: Limits | None = None) -> tuple[Fault, ...]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(DocumentInvalid) as told:
        read(data, "x.csv", limits or Limits())
    assert all(fault.file == "x.csv" and fault.line for fault in told.value.faults)
    return told.value.faults


class TestHowSheetsAreWritten:
    """Other countries, other programs."""

    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("bom", ["", "\ufeff"])
    def test_any_separator_any_line_end_with_or_without_mark(self, mark: str, end: str, bom: str) -> None:
        text = bom + end.join([f"name{mark}points", f"Müller{mark}5", ""])
        assert cells(text) == [{"name": "Müller", "points": "5"}]

    def test_a_line_that_names_the_separator_is_none_of_the_rows(self) -> None:
        sheet = read(b"sep=;\r\na;b,c\r\n1;2\r\n", "x.csv")
        assert sheet.columns == ("a", "b,c")
        assert (sheet.lines[0].number, sheet.lines[0].row) == (3, 2)

    def test_semicolons_mean_decimal_commas(self) -> None:
        assert read(b"a;b\n", "x").dialect == SEMICOLON
        assert read(b"a,b\n", "x").dialect == COMMA
        assert read(b"a\n", "x").dialect == COMMA
        assert read(b"a\tb\n", "x").dialect == TAB

    def test_column_names_are_known_however_they_are_spelt(self) -> None:
        assert cells("Within Days, NAME\n5,x\n") == [{"within_days": "5", "name": "x"}]

    def test_a_separator_in_a_quoted_head_does_not_count(self) -> None:
        assert cells('"a;b;c",d\n1,2\n') == [{"a;b;c": "1", "d": "2"}]

    def test_blank_rows_and_columns_that_spreadsheets_leave_behind_are_nothing(self) -> None:
        text = "a;b;;\r\n;;;\r\n1;2;;\r\n;;;\r\n"
        assert cells(text) == [{"a": "1", "b": "2"}]
        assert read(text.encode(), "x").lines[0].row == 3

    def test_short_rows_are_filled_up(self) -> None:
        assert cells("a,b,c\n1\n") == [{"a": "1", "b": "", "c": ""}]

    def test_a_cell_of_several_lines_counts_as_one_row_and_several_lines(self) -> None:
        sheet = read(b'a,b\r\n"one\r\ntwo",2\r\n3,4\r\n', "x.csv")
        assert [(line.number, line.row) for line in sheet.lines] == [(2, 2), (4, 3)]
        assert sheet.lines[0].cells["a"] == "one\ntwo"

    def test_faults_name_line_and_cell(self) -> None:
        sheet = read(b'a,b\r\n"one\r\ntwo",2\r\n3,4\r\n', "x.csv")
        assert str(sheet.fault(sheet.lines[1], "b", "No.", "Do.")) == "x.csv:4: b (B3): No. Do."
        assert str(sheet.fault(sheet.lines[1], "c", "No.")) == "x.csv:4: c (row 3): No."
        assert str(sheet.fault(None, "a", "No.")) == "x.csv:1: a (A1): No."

    def test_columns_beyond_z_are_named_as_the_spreadsheet_does(self) -> None:
        names = [f"c{n}" for n in range(60)]
        sheet = read((",".join(names) + "\n" + ",".join("1" * 60)).encode(), "x")
        places = [sheet.fault(sheet.lines[0], f"c{at}", "").path for at in (0, 25, 26, 51, 52)]
        assert places == ["c0 (A2)", "c25 (Z2)", "c26 (AA2)", "c51 (AZ2)", "c52 (BA2)"]


class TestWhatIsNoSheet:
    """Refused as a whole, each with what to do."""

    @pytest.mark.parametrize(
        ("data", "message", "remedy", "line"),
        [
            ("name\nMüller\n".encode("latin-1"), "no UTF-8", "CSV UTF-8", 2),
            ("name\na\nb\nGröße\n".encode("cp1252"), "no UTF-8", "CSV UTF-8", 4),
            ("name\nx\n".encode("utf-16"), "UTF-16", "CSV UTF-8", 1),
            (b"name\nx\0y\n", "zero bytes", "Save the sheet as CSV", 2),
            (b"", "empty", "names the columns", 1),
            (b"\r\n\r\n", "empty", "names the columns", 1),
            (b'a,b\n1,2\n"open,3\n4,5\n', "Row 3 cannot be read", "quotation marks", 3),
            (b'a,b\n"x"y,2\n', "Row 2 cannot be read", "quotation marks", 2),
            (b"a,b,A\n1,2,3\n", '"a" stands here twice', "Remove one", 1),
            (b"a,b\n1,2,3\n", "under no column name", "Name the column", 2),
            (b"a,,b\n1,2,3\n", "under no column name", "empty the cell", 2),
        ],
    )
    def test_is_told_where_and_how_to_mend_it(self, data: bytes, message: str, remedy: str, line: int) -> None:
        (fault,) = faults(data)
        assert (message in fault.message, remedy in fault.remedy, fault.line) == (True, True, line)

    def test_a_large_file_is_refused_before_it_is_read_whole(self, tmp_path: Path) -> None:
        file = tmp_path / "x.csv"
        file.write_bytes(b"a\n" + b"1\n" * 100)
        with pytest.raises(DocumentInvalid, match=r"larger than 0.0001 MB. Split it"):
            read_file(file, Limits(bytes=100))

    def test_too_many_rows_are_refused(self) -> None:
        (fault,) = faults("a\n" + "1\n" * 11, Limits(rows=10))
        assert "more than 10 rows" in fault.message
        assert len(cells("a\n" + "1\n" * 10)) == 10

    def test_a_monstrous_cell_is_refused(self) -> None:
        (fault,) = faults("a,b\n1," + "x" * 60_000)
        assert (fault.path, "50,000 characters" in fault.message) == ("b (B2)", True)

    def test_all_stray_cells_are_told_at_once(self) -> None:
        assert [fault.path for fault in faults("a,a\n1,2,3\n4,5,6\n")] == ["a (A1)", "C2", "C3"]

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            read_file(tmp_path / "none.csv")


class TestCellsThatCouldRun:
    """Marked on the way out, unmarked on the way in."""

    @given(st.text(max_size=8) | st.from_regex(r"\A'{0,3}[=+\-@\t\r].{0,4}\Z"))
    def test_every_text_comes_back(self, text: str) -> None:
        assert unmarked(marked(text)) == text

    @given(st.text(max_size=8) | st.from_regex(r"\A'{0,3}[=+\-@\t\r].{0,4}\Z"))
    def test_none_runs(self, text: str) -> None:
        shown = marked(text)
        assert not shown.startswith(("=", "@", "\t", "\r"))
        if shown.startswith(("+", "-")):
            float(shown)

    @pytest.mark.parametrize(
        ("text", "shown"), [("=1", "'=1"), ("'=1", "''=1"), ("-15", "-15"), ("'tis", "'tis"), ("-1,5", "'-1,5")]
    )
    def test_only_what_must_be_is_marked(self, text: str, shown: str) -> None:
        assert marked(text) == shown


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5), st.sampled_from([COMMA, SEMICOLON, TAB]))
def test_a_sheet_comes_back_cell_for_cell(rows: list[tuple[str, str]], dialect: Dialect) -> None:
    data = written(("one", "two"), [{"one": one, "two": two} for one, two in rows], dialect)
    kept = [tuple(cell.replace("\r\n", "\n") for cell in row) for row in rows if any(cell.strip() for cell in row)]
    assert [(line["one"], line["two"]) for line in cells(data)] == kept


def test_what_is_written_is_opened_by_excel_with_its_umlauts() -> None:
    data = written(("ort",), [{"ort": "Köln"}])
    assert data == b"\xef\xbb\xbfort\r\nK\xc3\xb6ln\r\n"
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig")))) == [["ort"], ["Köln"]]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", b"x")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.csv", b"x")]
    with pytest.raises(ConfigError, match="cannot be written"):
        save(tmp_path / "no" / "a.csv", b"x")


def test_a_device_or_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save(pipe, b"age,5")
    assert os.read(reader, 100) == b"age,5"
    os.close(reader)
    assert pipe.is_fifo()


class TestNumbers:
    """As people and spreadsheets write them; what could be two numbers is none."""

    @pytest.mark.parametrize(
        ("cell", "dialect", "value"),
        [
            ("15", COMMA, 15), ("-15", COMMA, -15), ("0.6", COMMA, 0.6), ("0,6", COMMA, 0.6), ("0,6", SEMICOLON, 0.6),
            ("0.6", SEMICOLON, 0.6), ("1.234", COMMA, 1.234), ("1,234", SEMICOLON, 1.234), (" 7 ", COMMA, 7),
            ("1e3", COMMA, 1000.0), ("1,5E+05", SEMICOLON, 150_000.0), ("12345.678", SEMICOLON, 12345.678),
        ],
    )  # fmt: skip
    def test_are_understood(self, cell: str, dialect: Dialect, value: float) -> None:
        found = number(cell, dialect)
        assert (found, type(found)) == (value, type(value))

    @pytest.mark.parametrize(
        ("cell", "dialect", "remedy"),
        [
            ("1.500", SEMICOLON, "Write 1500 or 1,5000."), ("1,500", COMMA, "Write 1500 or 1.5000."),
            ("1.500.000", COMMA, "Write 1500000."), ("1,500,000", SEMICOLON, "Write 1500000."),
        ],
    )  # fmt: skip
    def test_a_thousand_or_a_fraction_is_not_guessed(self, cell: str, dialect: Dialect, remedy: str) -> None:
        with pytest.raises(Misread, match="a thousand or a fraction") as told:
            number(cell, dialect)
        assert told.value.remedy == remedy

    @pytest.mark.parametrize("cell", ["", "x", "1 000", "5 %", "--5", "1,2,3", "٣", "1_000", "inf", "nan", "0x1"])
    def test_others_are_none(self, cell: str) -> None:
        with pytest.raises(Misread, match="is no number"):
            number(cell, COMMA)

    def test_a_whole_number_may_have_grown_a_fraction_of_nothing(self) -> None:
        assert (whole_number("10,0", SEMICOLON), type(whole_number("10,0", SEMICOLON))) == (10, int)
        with pytest.raises(Misread, match="no whole number"):
            whole_number("10,5", SEMICOLON)

    @given(st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False))
    def test_what_is_written_is_read_back_in_every_dialect(self, value: float) -> None:
        for dialect in (COMMA, SEMICOLON):
            back = number(number_text(value, dialect), dialect)
            assert (back, type(back)) == (value, type(value))

    @pytest.mark.parametrize("cell", ["true", "TRUE", "WAHR", "ja", "yes", "1"])
    def test_yes_has_many_words(self, cell: str) -> None:
        assert truth(cell)

    @pytest.mark.parametrize("cell", ["false", "FALSCH", "nein", "no", "0"])
    def test_no_too(self, cell: str) -> None:
        assert not truth(cell)

    def test_what_is_neither_is_told(self) -> None:
        with pytest.raises(Misread, match="neither yes nor no"):
            truth("perhaps")
