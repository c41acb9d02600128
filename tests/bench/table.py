"""The figures as a table: kept from run to run, so that one can be measured again, and pasted into the README."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tests.bench.ground import Figure

HEAD = ("| Figure | To reach | Measured | |", "|---|---|---|---|")
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def kept(file: Path) -> dict[str, list[Figure]]:
    """What was measured before, by the name of its run."""
    if not file.exists():
        return {}
    return {name: [Figure(**row) for row in rows] for name, rows in json.loads(file.read_text("utf-8")).items()}


def keep(file: Path, measured: dict[str, list[Figure]]) -> None:
    file.parent.mkdir(exist_ok=True)
    plain = {name: [asdict(row) for row in rows] for name, rows in measured.items()}
    file.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(rows: Iterable[Figure]) -> str:
    return "\n".join([*HEAD, *(row.row() for row in rows)]) + "\n"


def pasted(readme: str, made: str) -> str:
    """The README with the table between its markers; whatever stood there goes."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md has no {BEGIN} … {END} to write between.")
    return f"{before}{BEGIN}\n{made}{END}{after}"
