"""The tables of the dry provider: the shipped one, the operator's own, and nothing else on the disk."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.model.enrichment import Found, NotFound
from connector.presets import answers_text, load_yaml
from connector.provider.table import table_of


def read(name, folder=None):
    return table_of(load_yaml(answers_text(name, folder), name)[0], name)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "enrichment").mkdir()
    (tmp_path / "outside.yaml").write_text("works.example: {size: 1}\n")
    return tmp_path


def test_the_shipped_table_answers():
    found = read("example").ask("works.example")
    assert isinstance(found, Found)
    assert found.body["size"] == {"employees": 1250, "revenue": 180_000_000}
    assert read("example").ask("nobody.example") == NotFound()


def test_the_operators_own_hides_the_shipped_one_and_may_be_json(folder):
    (folder / "enrichment" / "example.yaml").write_text('{"works.example": {"size": 7}}')
    assert read("example", folder).ask("works.example") == Found({"size": 7})
    assert isinstance(read("example", folder.parent).ask("studio.example"), Found)


@pytest.mark.parametrize("name", ["missing", "../outside", "/etc/passwd", "", "outside"])
def test_nothing_beside_the_tables_is_ever_read(folder, name):
    with pytest.raises(ConfigError, match="There is no table of answers"):
        read(name, folder)


def test_a_table_that_is_no_yaml_says_so(folder):
    (folder / "enrichment" / "mine.yaml").write_text("works.example: [")
    with pytest.raises(DocumentInvalid):
        read("mine", folder)
