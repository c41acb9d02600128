"""The table of trials: how outcomes are counted, written, and held against what the README claims."""

from __future__ import annotations

import pytest

from tests.trials.__main__ import seeds_of
from tests.trials.harness import (
    BEGIN,
    END,
    FAILED,
    NOT_RUN,
    PASSED,
    README,
    Count,
    NotHere,
    Outcome,
    Trial,
    claims,
    line,
    merged,
    run,
    run_all,
    written,
)
from tests.trials.ordinary import proved_by
from tests.trials.registry import EVERY, LONG, ORDINARY

GOOD = Outcome(3, 40, 0, 0, 1.5, passed=True)
BAD = Outcome(1, 2, 7, 1, None, passed=False, note="7 differences | e.g. 12")
PAGE = f"# Ours\n\n{BEGIN}\nold\n{END}\n\nafter\n"


def trial(*outcomes: Outcome, name: str = "X01") -> Trial:
    left = list(outcomes)
    return Trial(name, "Something happens", lambda scale, seed: left.pop(0))


def not_here(scale: float, seed: int) -> Outcome:
    raise NotHere("no disk")


def test_ids_are_given_once_and_in_the_words_of_the_table():
    ids = [one.id for one in EVERY]
    assert len(set(ids)) == len(ids)
    assert all(one.title and "|" not in one.title for one in EVERY)
    assert set(ids) >= LONG


def test_seeds_are_added_up_and_one_that_fails_fails_them_all():
    outcome = run(trial(GOOD, BAD, GOOD), 1.0, [1, 2, 3])
    assert (outcome.runs, outcome.faults, outcome.lost, outcome.doubled) == (7, 82, 7, 1)
    assert (outcome.worst_seconds, outcome.passed, outcome.note) == (1.5, False, BAD.note)


def test_what_this_machine_cannot_do_is_neither_passed_nor_failed():
    outcome = run(Trial("X02", "x", not_here), 1.0, [1])
    assert (outcome.mark, outcome.note) == (NOT_RUN, "not run: no disk")


def test_a_row_says_what_was_missed_and_breaks_no_table():
    row = line(trial(), BAD)
    assert row.count("|") == 9
    assert row.endswith("| ✗ 7 differences / e.g. 12 |")


def test_the_table_replaces_the_one_between_the_markers_and_nothing_else():
    said: list[str] = []
    rows = run_all([trial(GOOD), trial(BAD, name="X03")], 0.5, [1], said.append)
    page = written(PAGE, rows, "how")
    assert page.startswith("# Ours\n")
    assert page.endswith("\n\nafter\n")
    assert "old" not in page
    assert len(said) == 2
    found = claims(page)
    assert found["X01"] == ("Something happens", PASSED)
    assert found["X03"][1].startswith(FAILED)
    assert written(page, rows, "how") == page


def test_a_readme_without_markers_claims_nothing_and_cannot_be_written():
    assert claims("# Ours") == {}
    with pytest.raises(ValueError, match="unpack"):
        written("# Ours", [], "how")


def test_the_readme_names_no_trial_that_is_not_there_and_leaves_none_out():
    found = claims(README.read_text(encoding="utf-8"))
    assert found.keys() - {one.id for one in EVERY} == set()
    if found:
        assert {one.id: one.title for one in EVERY} == {name: title for name, (title, _) in found.items()}
        assert all(verdict == PASSED or len(verdict) > 2 for _, verdict in found.values())


def test_a_row_measured_anew_takes_the_place_of_the_old_one_and_a_new_one_its_own():
    page = written(PAGE, [line(trial(name="S01"), GOOD), line(trial(name="S03"), GOOD)], "how")
    told = merged(page, [line(trial(name="S02"), BAD), line(trial(name="S03"), BAD)], ["S01", "S02", "S03"])
    assert list(claims(told)) == ["S01", "S02", "S03"]
    assert [verdict[:1] for _, verdict in claims(told).values()] == [PASSED, FAILED, FAILED]
    assert merged(told, [], ["S01", "S02", "S03"]) == told
    assert "after" in told


@pytest.mark.parametrize("trial", ORDINARY, ids=[one.id for one in ORDINARY])
def test_the_tests_that_prove_a_row_are_there(trial):
    for node in trial.act.nodes:
        path, _, name = node.partition("::")
        text = (README.parent / path).read_text(encoding="utf-8")
        assert not name or f"class {name}" in text or f"def {name}(" in text


def test_an_ordinary_test_is_counted_case_by_case(tmp_path):
    outcome = proved_by("tests/trials/test_harness.py::test_seeds_are_one_or_a_span")(1.0, 1)
    assert (outcome.runs, outcome.faults, outcome.passed) == (1, 2, True)
    assert not proved_by("tests/trials/test_harness.py::test_nobody_wrote")(1.0, 1).passed


@pytest.mark.parametrize(("text", "seeds"), [("7", [7]), ("1-3", [1, 2, 3])])
def test_seeds_are_one_or_a_span(text, seeds):
    assert seeds_of(text) == seeds


def test_a_bound_that_is_broken_is_named_with_its_number():
    count = Count(runs=1)
    count.most("calls", 4, 3)
    count.least("share", 0.9, 0.9)
    count.took(2)
    count.took(1)
    count.loses(["12.email: mirror 'a', portal 'b'"], 0)
    outcome = count.outcome()
    assert outcome.note == "calls: 4, at most 3; 1 differences, e.g. 12.email"
    assert (outcome.passed, outcome.lost, outcome.worst_seconds) == (False, 1, 2)
