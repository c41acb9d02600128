"""The table of figures: where it is pasted, and what a partial run leaves as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.ground import Figure
from tests.bench.table import keep, kept, pasted, table

README = "# Title\n\n<!-- figures -->\n| old |\n<!-- /figures -->\n\nafter\n"
ROW = Figure("First mirror", "≤ 18 s", "17.0 s", True)


def test_the_table_replaces_what_stood_between_the_markers_and_nothing_else() -> None:
    assert pasted(README, table([ROW])) == (
        "# Title\n\n<!-- figures -->\n| Figure | To reach | Measured | |\n|---|---|---|---|\n"
        "| First mirror | ≤ 18 s | 17.0 s | ✓ |\n<!-- /figures -->\n\nafter\n"
    )


def test_pasting_twice_is_pasting_once() -> None:
    once = pasted(README, table([ROW]))
    assert pasted(once, table([ROW])) == once


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(SystemExit, match="figures"):
        pasted("# Title\n", table([ROW]))


def test_rows_measured_before_are_kept_for_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "var" / "bench.json"
    assert kept(file) == {}
    keep(file, {"mirror": [ROW]})
    assert kept(file) == {"mirror": [ROW]}
