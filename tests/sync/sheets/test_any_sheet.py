"""Whatever stands in a sheet: it is a sound document or a list of faults at their cells, and never anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import ConfigError, DocumentInvalid, Fault
from connector.model.judgement import Hold, Known, SetProperty
from connector.model.records import PropertyDefinition, PropertyOption
from connector.presets import preset_text
from connector.rules.documents.mapping import MappingDocument
from connector.rules.mapping import compile_mapping
from connector.sheet import COMMA, SEMICOLON, Sheet, read, written
from connector.sync.holding import mapped_back
from connector.sync.rulebook import parse_text
from connector.sync.sheets.columns import understood
from connector.sync.sheets.documents import laid_over, sheet_of

DOCUMENTS = [
    ("mapping", preset_text("mapping", "german-b2b")), ("scoring", preset_text("scoring", "buying-intent")),
    ("scoring", preset_text("scoring", "standard-b2b")),
]  # fmt: skip
ODD = [
    "", " ", "none", "[]", "{}", "{", "x", "0", "-1", "1,5", "1.500", "WAHR", "nein", "a, b", "a: b", "a: [", "- x",
    "'=1", "trim, phone: {region: DE}", "phone: 5", "[[", "city is set", "age between 1 and 2", "in list x",
    "age between 2 and 1", "{all: []}", "target nobody", "half-life 5 days", "after 9 days 5 %, after 3 days 9 %",
    "property", "activity", "list", "overwrite", "both", "email", "mail_opened", "contact", "company", "9" * 30,
    "ä\nb", '"', "2027-02-30", "null", "~",
]  # fmt: skip
CELLS = st.sampled_from(ODD) | st.text(max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.sampled_from([COMMA, SEMICOLON]), st.data())
def test_a_document_is_sound_or_every_fault_has_its_place(paper: tuple[str, str], dialect: Any, data: Any) -> None:
    kind, text = paper
    sheet = read(sheet_of(kind, text, dialect), "x.csv")
    rows = [dict(line.cells) for line in sheet.lines]
    for _ in range(data.draw(st.integers(1, 4))):
        row = data.draw(st.sampled_from(rows))
        row[data.draw(st.sampled_from(sheet.columns))] = data.draw(CELLS)
    csv = written(sheet.columns, rows, dialect)
    try:
        made, _ = laid_over(kind, text, read(csv, "x.csv"))
    except DocumentInvalid as invalid:
        last = len(csv.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
        for fault in invalid.faults:
            assert fault.file == "x.csv"
            assert 0 <= fault.line <= last
            assert fault.message
        return
    parse_text(kind, made, "made")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text('a,;"\n\r\t=\0\ufeffé', max_size=40).map(str.encode))
def test_any_bytes_are_a_sheet_or_told(data: bytes) -> None:
    found = _read_or_told(data)
    if isinstance(found, Sheet):
        assert all(set(line.cells) <= set(found.columns) and line.row >= 2 for line in found.lines)
        return
    assert all(fault.file == "x.csv" and fault.line and fault.message and fault.remedy for fault in found)


def _read_or_told(data: bytes) -> Sheet | tuple[Fault, ...]:
    try:
        return read(data, "x.csv")
    except DocumentInvalid as invalid:
        return invalid.faults


@pytest.mark.parametrize(("kind", "text"), DOCUMENTS)
def test_a_draft_that_is_no_list_of_rows_takes_no_sheet(kind: str, text: str) -> None:
    sheet = read(sheet_of(kind, text), "x.csv")
    for broken in ("name: x\n", "[]\n", "rows: {a: b}\nrules: 5\n", "rows: [1]\nrules: [x]\n"):
        with pytest.raises(ConfigError, match="is no list of rows as it stands"):
            laid_over(kind, broken, sheet)


ROWS: list[dict[str, Any]] = [
    {"field": "phone", "property": "phone", "transforms": ["phone"]}, {"field": "age", "property": "alter"},
    {"field": "position", "property": "jobtitle", "values": {"Chef": "CEO"}, "unknown": "hold"},
    {"field": "planned_purchase_date", "property": "kauf"}, {"field": "has_budget", "property": "budget"},
    {"field": "interests", "property": "themen", "unknown": "create_option"}, {"field": "country", "property": "land"},
    {"field": "city", "property": "ort", "mode": "fill_if_empty"},
]  # fmt: skip
TYPES = {"alter": "number", "kauf": "date", "budget": "bool", "themen": "enumeration"}
KNOWN = {
    row["property"]: PropertyDefinition(
        "contacts", row["property"], row["property"], TYPES.get(row["property"], "string"), "checkbox",
        options=(PropertyOption("a", "A", 0), PropertyOption("b", "B", 1)) if row["property"] == "themen" else (),
    )
    for row in ROWS
}  # fmt: skip
MAPPING = compile_mapping(
    MappingDocument.model_validate(
        {"locale": {"languages": ["de"], "region": "DE"},
         "rows": [{"direction": "both", "mode": "overwrite", **row} for row in ROWS]}, strict=False,
    ),
    {"contacts": KNOWN.values()},
)  # fmt: skip
ASKED = understood(["id", *(row["field"] for row in ROWS)], MAPPING, KNOWN).asked
WORDS = [
    "0731 123456", "+41 44 668 18 00", "1.234,5", "12", "CEO", "Chef", "Rat", "31.12.2026", "03/04/2026", "2026-12-31",
    "ja", "nein", "a;b", "a;c", ";a", "Schweiz", "DE", "=1+1", "  Ulm ", "true",
]  # fmt: skip
SAID = st.text(max_size=12) | st.sampled_from(WORDS)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ASKED), SAID, st.none() | SAID)
def test_what_a_cell_says_is_written_once_and_then_it_stands(one: Any, cell: str, now: str | None) -> None:
    """A second import of the same sheet writes nothing: whatever was written is read as what the cell says."""
    current = {name: (now if name == one.row.property else None) for name in KNOWN}

    def decided() -> list[SetProperty | Hold]:
        value, fault = one.source.read(cell.strip(), "DE") if cell.strip() else (None, None)
        assert (fault is None) or not isinstance(value, Known)
        if not isinstance(value, Known):
            return []
        return list(mapped_back(one.mapping, 1, current, {one.row.field: value}, frozenset({"themen"})))

    first = decided()
    assert len(first) <= 1
    for decision in first:
        if isinstance(decision, Hold):
            assert decision.effect == f"write:{one.row.property}"
            assert decision.why
            return
        assert decision.property == one.row.property
        assert decision.value != (now or "")
        assert not (one.row.mode == "fill_if_empty" and now)
        current[decision.property] = decision.value
        assert decided() == []
