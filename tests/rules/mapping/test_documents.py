"""Documents: all faults at once, each with its line, in plain words and with a remedy."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.presets import load_yaml
from connector.rules.documents import KINDS, parse_document
from connector.rules.documents.base import dump
from connector.rules.documents.mapping_words import sentence
from tests.rules.mapping.portal import cases, document, mapping, preset


def faults_of(kind, text):
    with pytest.raises(DocumentInvalid) as caught:
        document(kind, text)
    return caught.value.faults


MANY = """\
nam: x
locale: {languages: [de, english], date_order: DMI, time_zone: Europe/Berlinn}
rows:
  - field: emial
    property: email
  - field: phone
    property: Phone
    transforms:
      - trim
      - fone
      - {step: phone, regio: DE}
      - {step: splitt}
      - 3
  - {field: age, property: alter, mode: overwrite, fallbacks: [alter, Foo]}
  - {field: planned_use, property: x, direction: both, mode: overwrite,
     transforms: [strip_html], values: {a: 1, b: 1}}
"""


def test_all_faults_come_at_once_with_their_lines():
    found = [(fault.line, fault.path) for fault in faults_of("mapping", MANY)]
    assert found == [
        (1, "nam"),
        (2, "locale.date_order"),
        (4, "rows[1].field"),
        (7, "rows[2].property"),
        (10, "rows[2].transforms[2]"),
        (11, "rows[2].transforms[3].regio"),
        (12, "rows[2].transforms[4]"),
        (13, "rows[2].transforms[5]"),
        (14, "rows[3].fallbacks[1]"),
        (14, "rows[3].fallbacks[2]"),
        (14, "rows[3].mode"),
        (16, "rows[4].transforms[1]"),
        (16, "rows[4].values.b"),
    ]


def test_a_wrong_file_is_not_explained_key_by_key():
    faults = faults_of("mapping", "".join(f"key{number}: 1\n" for number in range(3_000)))
    assert faults[0].message == "2,501 more faults are not listed."
    assert len(faults) == 501
    assert all(fault.line for fault in faults[1:])


def test_every_fault_says_what_to_do():
    for fault in faults_of("mapping", MANY):
        assert fault.message.endswith((".", "?"))
        assert fault.remedy
        for jargon in ("Input", "str_", "type=", "pydantic", "Literal", "validation", "'"):
            assert jargon not in f"{fault.message} {fault.remedy}".replace("Leadwright's", "")


@pytest.mark.parametrize(("row", "message", "remedy"), cases("faults.yaml"))
def test_a_fault_in_plain_words(row, message, remedy):
    found = faults_of("mapping", f"rows:\n  - {row}\n")
    assert any(message in fault.message and remedy in fault.remedy for fault in found), [str(fault) for fault in found]
    assert {fault.line for fault in found} == {2}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{field: age, property: a}", "{field: age, property: b}"], '"age" is already read by row 1.'),
        (
            ["{field: age, property: a, direction: both, mode: overwrite}",
             "{field: planned_use, property: a, direction: write, mode: overwrite}"],
            '"a" is already written by row 1.',
        ),
    ],
)  # fmt: skip
def test_rows_that_contradict_each_other(rows, message):
    with pytest.raises(DocumentInvalid) as caught:
        mapping(*rows)
    assert [fault.message for fault in caught.value.faults] == [message]
    assert caught.value.faults[0].line == 4


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_what_is_no_set_of_keys_is_no_document(data):
    with pytest.raises(DocumentInvalid, match="set of keys"):
        parse_document("mapping", data, {}, "x.yaml")


def test_data_that_no_yaml_could_hold_is_refused():
    with pytest.raises(DocumentInvalid):
        parse_document("mapping", {"rows": object()}, {}, "x.yaml")
    with pytest.raises(DocumentInvalid):
        parse_document("mapping", {"name": "\ud800", "rows": []}, {}, "x.yaml")


def test_strict_types_nothing_is_guessed():
    """R04: `false` is no 0, `"5"` no 5, 5.0 no 5."""
    row = "rules:\n  - {source: note, kind: note, depth: %s}\n"
    for wrong in ("false", '"3"', "3.5", "5", "-1", "null, asset: 5"):
        assert faults_of("activities", row % wrong)


def test_an_unknown_kind_of_document_names_the_known_ones():
    with pytest.raises(ConfigError, match='Did you mean "mapping"'):
        parse_document("maping", {}, {}, "x.yaml")
    assert {"mapping", "activities"} <= set(KINDS)


@pytest.mark.parametrize(("kind", "name"), [("mapping", "german-b2b"), ("activities", "standard")])
def test_a_document_dumped_and_parsed_again_is_the_same(kind, name):
    doc = preset(kind, name)
    assert parse_document(kind, dump(doc), {}, "again") == doc


def test_a_place_without_line_takes_the_line_around_it():
    data, lines = load_yaml("rows:\n  - {field: age, property: x, mode: 5}\n", "x.yaml")
    only = {place: line for place, line in lines.items() if len(place) < 3}
    with pytest.raises(DocumentInvalid) as caught:
        parse_document("mapping", data, only, "x.yaml")
    assert caught.value.faults[0].line == 2


@pytest.mark.parametrize("case", cases("sentences.yaml"), ids=lambda case: case["row"])
def test_a_row_says_in_plain_words_what_it_does(case):
    (row,) = mapping(case["row"]).rows
    assert sentence(row, "en") == case["en"]
    assert sentence(row, "de") == case["de"]


def test_every_row_of_every_preset_has_a_sentence_in_both_languages():
    for name in ("standard-b2b", "german-b2b"):
        for row in preset("mapping", name).rows:
            assert row.property in sentence(row, "en")
            assert sentence(row, "de") != sentence(row, "en")
