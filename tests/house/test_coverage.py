"""``docs/coverage.md`` keeps its word: every row is there, and every file and test it names exists."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import NamedTuple

import pytest

from tests.house.code import HOUSE

PAGE = (HOUSE / "docs" / "coverage.md").read_text(encoding="utf-8")
STATES = {"works", "part", "open", "out"}


class Row(NamedTuple):
    """One line of the tables of rows."""

    row: str
    what: str
    state: str
    where: str
    proof: str


ROWS = [
    Row(*(cell.strip() for cell in line.split("|")[1:-1])) for line in PAGE.splitlines() if re.match(r"\| L\d", line)
]
PROOFS = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))
PATHS = sorted(set(re.findall(r"`([a-z_]+/[A-Za-z0-9_./-]+)`", PAGE)))


@lru_cache
def names_in(path: str) -> frozenset[str]:
    """``test_x`` and ``TestY::test_x`` of a module."""
    tree = ast.parse((HOUSE / path).read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(found)


def test_all_hundred_are_there_once_and_in_order() -> None:
    assert [one.row for one in ROWS] == [f"L{n}" for n in range(1, 101)]


@pytest.mark.parametrize("one", ROWS, ids=[one.row for one in ROWS])
def test_a_row_says_where_it_stands(one: Row) -> None:
    assert one.what
    assert one.state in STATES
    if one.state in ("works", "part"):
        assert re.search(r"`tests/[^`]+`", one.proof), "what works is proved"
        assert one.where
    else:
        assert not one.proof, "what is not built proves nothing"
    if one.state in ("part", "out"):
        assert len(one.where) > 20, "what is missing is said"


@pytest.mark.parametrize("path", PATHS)
def test_every_file_it_names_exists(path: str) -> None:
    assert (HOUSE / path).exists()


@pytest.mark.parametrize("proof", PROOFS)
def test_every_test_it_names_exists(proof: str) -> None:
    path, _, name = proof.partition("::")
    assert (HOUSE / path).is_file()
    if name:
        assert name in names_in(path)
    elif path.endswith(".yaml"):
        assert "case:" in (HOUSE / path).read_text(encoding="utf-8")
    else:
        assert names_in(path)
