"""Trials whose proof is an ordinary test: run as such, in a process of their own, and counted for the table.

They are part of every test run already, so `test_trials` leaves them out; `python -m tests.trials` runs them again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from tests.trials.harness import Count, NotHere, Outcome

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 900


def proved_by(*nodes: str) -> Callable[[float, int], Outcome]:
    """A trial that is these tests. ``faults`` is how many cases there are; each that fails is named in the note."""

    def act(scale: float, seed: int) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="leadwright-trial-") as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-q", f"--junitxml={report}", *nodes]
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=LONGEST_S, check=False)
            cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
        return counted(cases)

    act.nodes = nodes  # type: ignore[attr-defined]
    return act


def counted(cases: list[ElementTree.Element]) -> Outcome:
    """What came of the cases of a report."""
    count = Count(runs=1)
    skipped = [one for one in cases if one.find("skipped") is not None]
    if cases and len(skipped) == len(cases):
        raise NotHere("its tests were skipped here")
    count.must(bool(cases), "no test was found")
    count.faults = len(cases) - len(skipped)
    for one in cases:
        if one.find("failure") is not None or one.find("error") is not None:
            count.must(False, str(one.get("name")))
    return count.outcome()
