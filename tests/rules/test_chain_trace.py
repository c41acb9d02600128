"""A chain shown step by step: what the last step gives is what the mapping gives, and counts are of contacts."""

from __future__ import annotations

import pytest

from connector.model.judgement import Known, Unknown
from connector.rules.chain_trace import source_of, tally, trace
from connector.rules.documents.mapping import LocaleSpec, MappingDocument, Row
from connector.rules.mapping import compile_mapping, locale_of, to_fields
from connector.rules.transforms.base import Ambiguous, Invalid, Nothing

LOCALE = LocaleSpec(languages=("de",), region="DE", time_zone="Europe/Berlin")
ROWS = {
    "phone": Row(field="phone", property="phone"),
    "country": Row(field="country", property="country", transforms=("collapse_spaces",)),
    "city": Row(field="city", property="city", transforms=("title_case", "upper")),
    "email": Row(field="email", property="email", transforms=("lower",)),
    "mapped": Row(field="city", property="city", values={"hh": "Hamburg"}, unknown="hold"),
    "dropped": Row(field="city", property="city", values={"hh": "Hamburg"}, unknown="drop"),
}
VALUES = [
    "", "  ", "0731 / 123-456", "Deutschland", "Korea", "xx", "anna VON berg", "HH", "Anna@Firma.EXAMPLE", "no mail",
    "12", "03.04.2026", "ja", "<b>Ulm</b>", "ß", "\u200b",
]  # fmt: skip


def document(row: Row) -> MappingDocument:
    return MappingDocument.model_construct(locale=LOCALE, rows=(row,))


@pytest.mark.parametrize("raw", VALUES)
@pytest.mark.parametrize("name", ROWS)
def test_the_last_step_gives_what_the_mapping_gives(name, raw):
    row = ROWS[name]
    told = trace(source_of(row, document(row)), raw, locale_of(LOCALE))
    mapped = to_fields(compile_mapping(document(row)), {row.property: raw}, None)
    found = mapped.fields[row.field]
    if told.verdict == "fine":
        assert isinstance(found, Known)
        assert (type(found.value), found.value) == (type(told.result), told.result)
    else:
        assert isinstance(found, Unknown)
        assert {"empty": not mapped.faults}.get(told.verdict, bool(mapped.faults))
        assert told.verdict == "empty" or mapped.faults[0].reason == told.reason
        assert told.verdict != "ambiguous" or found.why == "ambiguous"


def test_every_step_stands_between_the_one_before_and_the_one_after():
    row = ROWS["city"]
    told = trace(source_of(row, document(row)), " anna VON berg ", locale_of(LOCALE))
    assert [one.step for one in told.passed] == ["trim", "title_case", "upper", "shape"]
    assert told.passed[0].before == " anna VON berg "
    for left, right in zip(told.passed, told.passed[1:], strict=False):
        assert left.after == right.before
    assert told.result == "ANNA VON BERG"
    assert [one.changed for one in told.passed] == [True, True, True, False]


def test_the_step_that_fails_is_the_last_one_told():
    row = ROWS["country"]
    source = source_of(row, document(row))
    failing = trace(source, "xx", locale_of(LOCALE))
    assert failing.passed[-1].step == "country"
    assert isinstance(failing.result, Invalid)
    assert failing.passed[-1].before == "xx"
    assert failing.reason == "is no country's name or code"
    torn = trace(source, "Korea", locale_of(LOCALE))
    assert torn.verdict == "ambiguous"
    assert isinstance(torn.result, Ambiguous)
    assert trace(source, "  ", locale_of(LOCALE)).verdict == "empty"
    assert isinstance(trace(source, "  ", locale_of(LOCALE)).result, Nothing)


def test_counts_are_of_contacts_not_of_values():
    row = ROWS["country"]
    values = [("Deutschland", 40), ("Korea", 3), ("xx", 2), ("", 5)]
    source = source_of(row, document(row))
    told = tally((trace(source, raw, locale_of(LOCALE)), holders) for raw, holders in values)
    assert told == {"fine": 40, "empty": 5, "ambiguous": 3, "failing": 2}


def test_a_row_that_only_writes_has_no_chain():
    row = Row(field="city", property="city", direction="write", mode="overwrite")
    assert source_of(row, document(row)) is None


def test_a_property_the_portal_lacks_has_no_chain():
    row = ROWS["city"]
    assert source_of(row, document(row), {"contacts": {}}) is None
