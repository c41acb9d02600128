"""``python -m tests.trials [--only O01,S07] [--scale 0.05] [--seeds 1-20] [--write-readme]``: the table of trials."""

from __future__ import annotations

import argparse
import sys

from tests.trials.harness import HEAD, README, run_all, written
from tests.trials.quiet import quiet
from tests.trials.registry import TRIALS


def seeds_of(text: str) -> list[int]:
    """``7`` or ``1-20``."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("--only", default="", help="ids, comma-separated")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size, 0.05 what CI runs")
    parser.add_argument("--seeds", type=seeds_of, default=[1], help="7 or 1-20")
    parser.add_argument("--write-readme", action="store_true", help="put the table into the README (all trials only)")
    options = parser.parse_args()
    wanted = set(filter(None, options.only.split(",")))
    if unknown := wanted - {trial.id for trial in TRIALS}:
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    if wanted and options.write_readme:
        parser.error("--write-readme takes a run of all trials")
    print("\n".join(HEAD), flush=True)
    with quiet():
        chosen = [trial for trial in TRIALS if not wanted or trial.id in wanted]
        rows = run_all(chosen, options.scale, options.seeds, lambda row: print(row, flush=True))
    if options.write_readme:
        how = f"`make trials` at {options.scale:g} of the full size, seeds {options.seeds[0]} to {options.seeds[-1]}:"
        README.write_text(written(README.read_text(encoding="utf-8"), rows, how), encoding="utf-8")
    return 0 if all("✗" not in row for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
