"""Out and in again: the document stays as it was, letter by letter, and another one becomes the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.presets import load_yaml, preset_text
from connector.rules.documents.base import dump
from connector.sheet import COMMA, SEMICOLON, Dialect, read
from connector.sync.rulebook import parse_text
from connector.sync.sheets.documents import laid_over, sheet_of
from connector.sync.sheets.scoring import RULE, RULES
from tests.sync.sheets.paper import mappings, scorings, spelt

dialects = st.sampled_from([COMMA, SEMICOLON])
generous = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def there_and_back(kind: str, text: str, dialect: Dialect) -> None:
    assert laid_over(kind, text, read(sheet_of(kind, text, dialect), "x.csv")) == (text, [])


@generous
@given(scorings(), dialects)
def test_scoring_comes_back_as_it_was(text: str, dialect: Dialect) -> None:
    there_and_back("scoring", text, dialect)


@generous
@given(mappings(), dialects)
def test_a_mapping_comes_back_as_it_was(text: str, dialect: Dialect) -> None:
    there_and_back("mapping", text, dialect)


@generous
@given(scorings(), dialects, st.booleans())
def test_other_rules_become_the_same(text: str, dialect: Dialect, block: bool) -> None:
    data: Any = load_yaml(text, "x")[0]
    for model in (data, *data.get("models", ())):
        model["rules"] = [{"name": "gone", "kind": "list", "family": "engagement", "points": 1, "lists": ["1"]}]
    became("scoring", spelt(data, block=block), text, dialect)


@generous
@given(mappings(), dialects, st.booleans())
def test_other_rows_become_the_same(text: str, dialect: Dialect, block: bool) -> None:
    data: Any = load_yaml(text, "x")[0]
    data["rows"] = [{"field": "website", "property": "gone"}, {"field": "city", "property": "gone_too"}]
    became("mapping", spelt(data, block=block), text, dialect)


def became(kind: str, base: str, text: str, dialect: Dialect) -> None:
    made, _ = laid_over(kind, base, read(sheet_of(kind, text, dialect), "x.csv"))
    assert _in_any_order(dump(parse_text(kind, made, "made"))) == _in_any_order(dump(parse_text(kind, text, "x")))


def _in_any_order(data: Any) -> Any:
    return {**data, "rows": sorted(map(repr, data["rows"]))} if "rows" in data else data


@pytest.mark.parametrize(
    ("kind", "preset"),
    [("mapping", "standard-b2b"), ("mapping", "german-b2b"), ("scoring", "standard-b2b"), ("scoring", "buying-intent")],
)
@pytest.mark.parametrize("dialect", [COMMA, SEMICOLON], ids=["comma", "semicolon"])
class TestWhatIsShipped:
    """The presets, in the hands of spreadsheets."""

    def test_comes_back_as_it_was(self, kind: str, preset: str, dialect: Dialect) -> None:
        there_and_back(kind, preset_text(kind, preset), dialect)

    def test_a_sorted_sheet_changes_nothing(self, kind: str, preset: str, dialect: Dialect) -> None:
        text = preset_text(kind, preset)
        head, *rows = sheet_of(kind, text, dialect).decode("utf-8-sig").splitlines(keepends=True)
        assert laid_over(kind, text, read((head + "".join(sorted(rows))).encode(), "x.csv")) == (text, [])

    def test_what_excel_makes_of_yes_and_no_changes_nothing(self, kind: str, preset: str, dialect: Dialect) -> None:
        text, mark = preset_text(kind, preset), dialect.delimiter
        sheet = sheet_of(kind, text, dialect).decode("utf-8-sig")
        for ours, theirs in (("true", "WAHR"), ("false", "FALSCH"), ("5", "5,0" if mark == ";" else "5.0")):
            sheet = sheet.replace(f"{mark}{ours}{mark}", f"{mark}{theirs}{mark}")
        assert laid_over(kind, text, read(sheet.encode(), "x.csv")) == (text, [])

    def test_a_sheet_of_some_columns_says_nothing_of_the_others(self, kind: str, preset: str, dialect: Dialect) -> None:
        text = preset_text(kind, preset)
        keys = ("field", "property") if kind == "mapping" else ("name", "points")
        data: Any = load_yaml(text, "x")[0]
        rows = data["rows" if kind == "mapping" else "rules"]
        sheet = "\n".join(
            dialect.delimiter.join(str(row[key]) for key in keys) for row in ({k: k for k in keys}, *rows)
        )
        assert laid_over(kind, text, read(sheet.encode(), "x.csv")) == (text, [])


def test_every_key_of_every_kind_of_rule_has_its_column() -> None:
    keys = {key for rule in RULES.values() for key in rule.model_fields}
    assert keys - set(RULE.columns) == set()
