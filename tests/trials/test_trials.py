"""Every trial at a twentieth of its size: it passes, or the README names it as one that does not, with the reason."""

from __future__ import annotations

import pytest

from tests.trials.harness import FAILED, PASSED, PATIENCE, README, claims, run
from tests.trials.registry import LONG, TRIALS

TWENTIETH = 0.05
CLAIMED = claims(README.read_text(encoding="utf-8"))


def cases() -> list:
    return [pytest.param(t, id=t.id, marks=[pytest.mark.long] if t.id in LONG else []) for t in TRIALS]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("trial", cases())
def test_what_the_readme_says_of_a_trial_is_so(trial):
    token = PATIENCE.set(6.0)
    outcome = run(trial, TWENTIETH, [1])
    PATIENCE.reset(token)
    _, verdict = CLAIMED.get(trial.id, ("", ""))
    if not outcome.passed and not outcome.runs:
        pytest.skip(outcome.note)
    if not outcome.passed and verdict.startswith(FAILED):
        pytest.xfail(f"named in the README: {verdict}")
    assert outcome.passed, f"{'the README calls it passed; ' if verdict.startswith(PASSED) else ''}{outcome.note}"
