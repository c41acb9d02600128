"""The writers: what goes in comes out, no cell runs, and memory does not grow with the rows."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.reports import parquet
from connector.reports.csv_table import safe
from connector.reports.export import save, stream
from connector.reports.spool import as_text, flatten

Row = dict[str, Any]
WORDS = st.text(max_size=20)
NAMES = st.text("abcdefgh123", min_size=1, max_size=8)
VALUES = st.none() | WORDS | st.booleans() | st.integers(-(2**53), 2**53)
ROWS = st.lists(
    st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, st.none() | WORDS, max_size=3), max_size=4), max_size=6
)


def written(rows: list[Row], kind: str) -> bytes:
    out = io.BytesIO()
    assert stream(iter(rows), kind, out) == len(rows)
    return out.getvalue()


@given(ROWS)
def test_json_lines_give_every_row_back(rows: list[Row]) -> None:
    assert [orjson.loads(line) for line in written(rows, "jsonl").splitlines()] == rows


@given(ROWS)
def test_a_json_array_gives_every_row_back(rows: list[Row]) -> None:
    assert orjson.loads(written(rows, "json")) == rows


@given(ROWS)
def test_csv_gives_every_cell_back_and_none_runs(rows: list[Row]) -> None:
    text = written(rows, "csv").decode("utf-8")
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    columns = {name for row in rows for name in flatten(row)}
    if not columns:
        assert text.strip() == ""
        return
    for row, back in zip(rows, table, strict=False):
        flat = flatten(row)
        for name in columns:
            assert back[name] == safe(as_text(flat.get(name)))


@settings(deadline=None)  # the first Parquet file of a process loads its library
@given(ROWS)
def test_parquet_gives_every_value_back(rows: list[Row]) -> None:
    table = pq.read_table(io.BytesIO(written(rows, "parquet"))).to_pylist()
    for row, back in zip(rows, table, strict=False):
        for name, value in flatten(row).items():
            assert back[name] in (value, as_text(value))


class TestCellsThatCouldRun:
    """A spreadsheet takes some beginnings for a formula."""

    @pytest.mark.parametrize(
        "cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=", "-", "+49 30 1234", "-15%"]
    )
    def test_are_disarmed(self, cell: str) -> None:
        assert safe(cell) == f"'{cell}"

    @pytest.mark.parametrize("cell", ["-15", "-15.5", "+3", "-1e5", "+4930123456", "", "a=b", "1-2", "'=1", "Ω"])
    def test_others_stay(self, cell: str) -> None:
        assert safe(cell) == cell

    @given(WORDS)
    def test_no_cell_begins_like_a_formula_unless_it_is_a_number(self, cell: str) -> None:
        shown = safe(cell)
        if shown.startswith(("=", "@", "\t", "\r")):
            pytest.fail(repr(shown))
        if shown.startswith(("+", "-")):
            float(shown)

    def test_a_column_name_too(self) -> None:
        assert written([{"=x": 1}], "csv") == b"'=x\r\n1\r\n"


def test_nested_values_become_dotted_columns() -> None:
    assert flatten({"id": 1, "properties": {"email": "a", "more": {"deep": [1]}}}) == {
        "id": 1, "properties.email": "a", "properties.more.deep": [1],
    }  # fmt: skip


def test_rows_need_not_agree_on_their_columns() -> None:
    rows = [{"id": 1, "properties": {"b": "x"}}, {"id": 2, "name": "n", "properties": {"a": "y"}}]
    assert written(rows, "csv").decode().splitlines() == ["id,name,properties.a,properties.b", "1,,,x", "2,n,y,"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (True, "true"), (False, "false"), (["a", "b"], "a;b"), ([{"x": 1}], '[{"x":1}]'), (1.5, "1.5")],
)
def test_cells(value: object, cell: str) -> None:
    assert as_text(value) == cell


class TestParquetTypes:
    """One kind of value gives its own type; mixed ones become text rather than a fault."""

    @pytest.mark.parametrize(
        ("values", "kind", "back"),
        [
            ([1, None, 3], "int64", [1, None, 3]),
            ([1, 2.5], "double", [1.0, 2.5]),
            ([True, None], "bool", [True, None]),
            (["a", 1, True], "string", ["a", "1", "true"]),
            ([["a"], None, [1]], "list<element: string>", [["a"], None, ["1"]]),
            ([None, None], "string", [None, None]),
        ],
    )
    def test_of_a_column(self, values: list[object], kind: str, back: list[object]) -> None:
        table = pq.read_table(io.BytesIO(written([{"x": value} for value in values], "parquet")))
        assert str(table.schema.field("x").type) == kind
        assert table.column("x").to_pylist() == back

    def test_of_nothing_at_all(self) -> None:
        assert pq.read_table(io.BytesIO(written([], "parquet"))).num_rows == 0

    def test_rows_come_in_groups(self) -> None:
        many = [{"id": number} for number in range(parquet.ROW_GROUP + 1)]
        assert pq.ParquetFile(io.BytesIO(written(many, "parquet"))).num_row_groups == 2


def _plenty(count: int) -> Iterator[Row]:
    return ({"id": n, "properties": {"email": f"p{n}@example.com", "text": "x" * 200}} for n in range(count))


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, kind: str) -> None:
    save(_plenty(100), kind, tmp_path / "warm")
    tracemalloc.start()
    save(_plenty(60_000), kind, tmp_path / "many")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16_000_000  # the rows themselves are 17 MB of text and several times that as objects


def test_a_file_comes_whole_or_not_at_all(tmp_path: Path) -> None:
    def breaks() -> Iterator[Row]:
        yield {"id": 1}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(breaks(), "csv", tmp_path / "new" / "c.csv")
    assert list((tmp_path / "new").iterdir()) == []
