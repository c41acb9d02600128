"""``python -m tests.bench [--small] [--only …] [--write-readme]``: the figures, as the table the README quotes.

Leadwright runs as its users run it: a process of its own for each command. The twin runs in this process, with
HubSpot's limits (190 calls in 10 s) and latencies (80 ms a list call). Rows are kept in ``var/bench.json`` from run to
run.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import figures, judging, live, pages, table, webhooks
from tests.bench.ground import Figure

KEPT = Path("var/bench.json")
README = Path("README.md")
Run = Callable[[int], Iterator[Figure]]

# In the order of the table; each is given what a size is divided by.
RUNS: dict[str, Run] = {
    "mirror": lambda by: figures.first_mirror(50_000 // by, "bucket"),
    "rolling": lambda by: figures.first_mirror(50_000 // by, "rolling"),
    "increment": lambda by: figures.increment(50_000 // by),
    "memory": lambda by: figures.memory(1_000_000 // by),
    "crowd": lambda by: figures.crowd(40_000 // by),
    "write": lambda by: figures.write_back(5_000 // by),
    "judging": lambda by: judging.recomputation(10_000 // by),
    "pages": lambda by: pages.pages(100_000 // by),
    "webhooks": lambda by: webhooks.figures(5.0 / by),
    "live": lambda by: live.figures(60.0 / by),
    "help": lambda _: figures.help_time(),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--small", action="store_true", help="a tenth of each size; nothing is kept")
    parser.add_argument("--only", default="", help=f"some of {','.join(RUNS)}")
    parser.add_argument("--write-readme", action="store_true", help="paste all rows kept so far into README.md")
    options = parser.parse_args()
    chosen = [name for name in options.only.split(",") if name] or list(RUNS)
    if strange := [name for name in chosen if name not in RUNS]:
        parser.error(f"there is no figure {', '.join(strange)}; there are {', '.join(RUNS)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the first figure", flush=True)
    measured = {} if options.small else table.kept(KEPT)
    for name in chosen:
        measured[name] = []
        for figure in RUNS[name](10 if options.small else 1):
            measured[name].append(figure)
            print(figure.row(), flush=True)
        if not options.small:
            table.keep(KEPT, measured)
    if options.write_readme:
        rows = [row for name in RUNS for row in measured.get(name, ())]
        README.write_text(table.pasted(README.read_text("utf-8"), table.table(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
