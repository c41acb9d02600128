"""``python -m tests.trials [--only O01,S07] [--scale 0.05] [--seeds 1-20] [--write-readme]``: the table of trials."""

from __future__ import annotations

import argparse
import sys

from tests.trials.harness import HEAD, README, merged, run_all, written
from tests.trials.quiet import quiet
from tests.trials.registry import EVERY


def seeds_of(text: str) -> list[int]:
    """``7`` or ``1-20``."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("--only", default="", help="ids, comma-separated")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size, 0.05 what CI runs")
    parser.add_argument("--seeds", type=seeds_of, default=[1], help="7 or 1-20")
    parser.add_argument("--write-readme", action="store_true", help="put the rows into the README's table")
    options = parser.parse_args()
    wanted = set(filter(None, options.only.split(",")))
    if unknown := wanted - {trial.id for trial in EVERY}:
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    print("\n".join(HEAD), flush=True)
    with quiet():
        chosen = [trial for trial in EVERY if not wanted or trial.id in wanted]
        rows = run_all(chosen, options.scale, options.seeds, lambda row: print(row, flush=True))
    if options.write_readme:
        page = README.read_text(encoding="utf-8")
        if wanted:
            README.write_text(merged(page, rows, [trial.id for trial in EVERY]), encoding="utf-8")
            return 0 if all("✗" not in row for row in rows) else 1
        how = f"`make trials` at {options.scale:g} of the full size, seeds {options.seeds[0]} to {options.seeds[-1]}:"
        README.write_text(written(page, rows, how), encoding="utf-8")
    return 0 if all("✗" not in row for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
