"""Single rows of a mapping's YAML are changed in place: whatever else a person wrote stays, comments first."""

from __future__ import annotations

import difflib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.presets import load_yaml, preset_text
from connector.sync.mapping_text import rewritten, written

TEXT = """\
# What this is for
name: ours   # as the client calls it
rows:
  # The person
  - {field: email, property: email, mode: identifier}   # never touched
  - field: city
    property: city          # as on the card
    # people write it oddly
    transforms: [collapse_spaces]
    values:
      ulm: Ulm      # twice
      muc: München
    fallbacks: [company.city]

  # Where it stands
  - {field: phone, property: phone}
"""


def rows(text: str) -> list:
    return load_yaml(text, "x")[0]["rows"]


def changes(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_nothing_asked_for_changes_nothing():
    assert rewritten(TEXT, {}) == TEXT
    assert rewritten(TEXT, {1: rows(TEXT)[1]}) == TEXT


def test_a_row_on_one_line_keeps_the_comment_behind_it():
    new = rewritten(TEXT, {0: {**rows(TEXT)[0], "mode": "never"}})
    assert "  - {field: email, property: email, mode: never}   # never touched\n" in new
    assert len(changes(TEXT, new)) == 2


def test_a_key_of_a_row_on_many_lines_is_changed_alone():
    new = rewritten(TEXT, {1: {**rows(TEXT)[1], "property": "ort"}})
    assert changes(TEXT, new) == [
        "-     property: city          # as on the card",
        "+     property: ort          # as on the card",
    ]


def test_a_list_of_pairs_is_changed_and_what_follows_stays():
    new = rewritten(TEXT, {1: {**rows(TEXT)[1], "values": {"ulm": "Ulm", "hh": "Hamburg"}}})
    assert rows(new)[1]["values"] == {"ulm": "Ulm", "hh": "Hamburg"}
    for kept in ("# people write it oddly", "# Where it stands", "# as on the card", "# The person"):
        assert kept in new


def test_keys_come_and_go():
    row = {**rows(TEXT)[1], "direction": "both", "mode": "overwrite"}
    del row["transforms"]
    new = rewritten(TEXT, {1: row})
    assert rows(new)[1] == row
    assert "    fallbacks: [company.city]\n    direction: both\n    mode: overwrite\n" in new
    assert "collapse_spaces" not in new


def test_rows_are_taken_out_and_put_at_the_end():
    new = rewritten(TEXT, {}, removed={1}, added=[{"field": "city", "property": "ort"}])
    assert [row["field"] for row in rows(new)] == ["email", "phone", "city"]
    assert new.endswith("  - {field: phone, property: phone}\n  - {field: city, property: ort}\n")
    assert "# Where it stands" in new


def test_the_last_row_without_an_end_of_line():
    bare = TEXT.rstrip("\n")
    new = rewritten(bare, {}, added=[{"field": "age", "property": "age"}])
    assert rows(new)[-1] == {"field": "age", "property": "age"}
    assert rows(rewritten(bare, {}, removed={2})) == rows(TEXT)[:2]


def test_a_text_that_cannot_be_mended_in_place_is_written_anew():
    data = load_yaml(TEXT, "x")[0]
    new = rewritten(json.dumps(data), {0: {**data["rows"][0], "mode": "never"}})
    assert load_yaml(new, "x")[0]["rows"][0]["mode"] == "never"
    assert load_yaml(new, "x")[0]["name"] == "ours"
    assert rows(rewritten("rows: []", {}, added=[{"field": "age", "property": "age"}])) == [
        {"field": "age", "property": "age"}
    ]


def test_the_first_key_of_a_row_may_go():
    row = {key: value for key, value in rows(TEXT)[1].items() if key != "field"}
    assert rows(rewritten(TEXT, {1: row}))[1] == row


@pytest.mark.parametrize(
    "value", ["ja", "yes", "on", "0731", "1.5", "12:30", "2026-01-01", "a: b", "#x", "null", "'", "ä"]
)
def test_texts_stay_texts(value):
    new = rewritten(TEXT, {0: {**rows(TEXT)[0], "values": {value: value}}})
    assert rows(new)[0]["values"] == {value: value}


MODELS = """\
rules:   # the main ones
  - {name: a, points: 5}   # low
models:
  - name: second   # another view
    rules:
      # quiet ones
      - {name: b, points: 1}
      - name: c
        points: 2   # so
  - {name: third, rules: [{name: d, points: 3}]}
"""


def test_any_list_of_a_document_is_changed_alone():
    second = ("models", 0, "rules")
    assert rewritten(MODELS, {0: {"name": "a", "points": 9}}, place=("rules",)) == MODELS.replace(
        "points: 5", "points: 9"
    )
    assert rewritten(MODELS, {1: {"name": "c", "points": 9}}, place=second) == MODELS.replace(
        "points: 2 ", "points: 9 "
    )
    longer = rewritten(MODELS, {}, added=[{"name": "e", "points": 4}], place=second)
    assert longer == MODELS.replace("# so\n", "# so\n      - {name: e, points: 4}\n")
    assert rewritten(MODELS, {}, place=second) == MODELS


def test_a_list_that_cannot_be_mended_in_place_is_written_anew():
    new = rewritten(MODELS, {0: {"name": "d", "points": 7}}, place=("models", 1, "rules"))
    data = load_yaml(new, "x")[0]
    assert data["models"][1]["rules"] == [{"name": "d", "points": 7}]
    assert (data["rules"], data["models"][0]) == (
        load_yaml(MODELS, "x")[0]["rules"],
        load_yaml(MODELS, "x")[0]["models"][0],
    )


WORDS = st.text("abcß :#{}[],'\"&*!|>-?\n\\", max_size=8)
ROW = st.fixed_dictionaries(
    {"field": WORDS, "property": WORDS},
    optional={
        "mode": WORDS,
        "values": st.dictionaries(WORDS, WORDS | st.integers(-5, 5) | st.booleans(), max_size=3),
        "fallbacks": st.lists(WORDS, max_size=3),
        "transforms": st.lists(WORDS | st.fixed_dictionaries({"step": WORDS, "region": WORDS}), max_size=2),
    },
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), text=st.sampled_from([TEXT, preset_text("mapping", "standard-b2b"), TEXT.rstrip()]))
def test_whatever_is_asked_for_is_what_is_read_again(data, text):
    """Odd words, many rows at once: never another document than the one that was meant."""
    before = rows(text)
    places = st.integers(0, len(before) - 1)
    changed = data.draw(st.dictionaries(places, ROW, max_size=4))
    removed = data.draw(st.sets(places, max_size=3))
    added = data.draw(st.lists(ROW, max_size=2))
    new = load_yaml(rewritten(text, changed, removed, added), "x")[0]
    wanted = [changed.get(at, row) for at, row in enumerate(before) if at not in removed] + added
    assert new == {**load_yaml(text, "x")[0], "rows": wanted}


def test_every_shipped_row_can_be_changed_without_losing_a_comment():
    text = preset_text("mapping", "german-b2b")
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    for at, row in enumerate(rows(text)):
        new = rewritten(text, {at: {**row, "property": "other"}})
        assert [line.strip() for line in new.splitlines() if line.strip().startswith("#")] == comments
        assert len(changes(text, new)) == 2


def test_a_document_written_anew_is_the_same_document():
    data = load_yaml(preset_text("mapping", "standard-b2b"), "x")[0]
    assert load_yaml(written(data), "x")[0] == data
