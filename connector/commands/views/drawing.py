"""The house style: one console, quiet tables, marks that do not lean on colour, and text that cannot draw by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from connector.commands.words import clean

NARROW, WIDE = 100, 120
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def console() -> Console:
    """A console for stdout: 100 columns in a pipe, at most 120 on a terminal, colour only where it is wanted.

    rich itself honours NO_COLOR and drops colour when stdout is no terminal.
    """
    stream = sys.stdout
    if not (stream.encoding or "").lower().startswith("utf"):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    made = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = NARROW
    made.width = min(made.width, WIDE)
    return made


def text(value: object, style: str = "") -> Text:
    return Text(clean(value), style=style)


def lines(*parts: str | Text) -> None:
    """Print the parts that say something, one below the other. Not folded: a command shown can be copied whole."""
    out = console()
    for part in parts:
        if part:
            out.print(part if isinstance(part, Text) else text(part), soft_wrap=True)


def blank() -> None:
    console().print()


def table(*columns: str, right: Sequence[str] = (), title: str = "") -> Table:
    """A table without a cage: a line under the head, figures to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title or None, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def one_line(made: Table, **widths: int) -> Table:
    """Keep the named columns on one line, cut with … at their width."""
    for column in made.columns:
        if str(column.header) in widths:
            column.no_wrap, column.overflow = True, "ellipsis"
            column.max_width = widths[str(column.header)]
    return made


def fill(into: Table, rows: Iterable[Sequence[object]]) -> Table:
    for row in rows:
        into.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
    return into


def boxed(body: Text | Table, title: str, good: bool | None = True) -> Panel:
    """A frame for what may be shown to somebody else, such as a certificate."""
    style = MARKS[good][1]
    return Panel(body, title=text(title, "bold"), title_align="left", border_style=style, padding=(1, 2), expand=False)


def mark(met: bool | None) -> Text:
    """✓, ✗ or ?: readable without colour."""
    sign, style = MARKS[met]
    return Text(sign, style=f"bold {style}")
