"""Every path of every shipped nurture, as a consultant can read it: ``cases/*.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.model.judgement import Known, Unknown
from connector.presets import load_yaml
from connector.rules.nurture.graph import Graph
from tests.rules.nurture.build import Course, book, causes, presets

FOLDER = Path(__file__).parent / "cases"
CASES: list[tuple[str, dict[str, Any]]] = [
    (file.stem, case)
    for file in sorted(FOLDER.glob("*.yaml"))
    for case in load_yaml(file.read_text(encoding="utf-8"), file.name)[0]  # type: ignore[union-attr]
]


def course_of(name: str, case: dict[str, Any]) -> Course:
    names = [name, *case.get("with", [])]
    course = Course(book(presets(*names)), start=case.get("start", "2026-11-02 10:00"))
    course.properties.update(case.get("contact", {}))
    known = {key: tuple(said) if isinstance(said, list) else said for key, said in case.get("fields", {}).items()}
    course.fields.update({key: Known(said, key) for key, said in known.items()})
    if case.get("nameless"):
        course.fields.update(first_name=Unknown("empty"), last_name=Unknown("empty"))
    changes: dict[int, dict[str, str]] = {}
    for one in case.get("happens", []):
        if "did" in one:
            course.did(one["did"], one.get("about", ""), one["day"], one.get("at"), one.get("verdict", "human"))
        else:
            changes[course.at(one["day"], one.get("at"))] = one["set"]
    for at_ms in sorted(changes):
        course.run(day_float(course, at_ms - 1))
        course.now = at_ms
        course.properties.update(changes[at_ms])
        course.look()
    return course.run(case["days"])


def day_float(course: Course, at_ms: int) -> float:
    return (at_ms - course.at(0)) / 86_400_000


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case['case']}" for name, case in CASES])
def test_case(name: str, case: dict[str, Any]) -> None:
    course = course_of(name, case)
    assert course.told() == case["expect"]
    assert course.endings() == case["ends"]
    if "held_by" in case:
        assert course.gates() == case["held_by"]
    assert len(set(causes(course))) == len(course.log)


def test_every_shipped_nurture_has_cases() -> None:
    from_files = {name for name, _ in CASES}
    assert from_files == {"welcome", "topic", "wake-up", "event", "follow-up", "seo", "post-purchase"}


def test_every_step_of_every_shipped_nurture_is_passed_in_some_case() -> None:
    """No path without a case: each step of each nurture is reached by the cases of its file."""
    passed: dict[str, set[str]] = {}
    for name, case in CASES:
        course = course_of(name, case)
        graph = course.book.graph(name.replace("-", "_"), 1)
        assert graph is not None
        passed.setdefault(graph.name, set()).update(step for nurture, step in course.trail if nurture == graph.name)
    every = {name: {step.name for step in _graph(name).nurture.steps} for name in passed}
    assert {name: every[name] - steps for name, steps in passed.items()} == {name: set() for name in every}


def _graph(name: str) -> Graph:
    return book(presets(name.replace("_", "-"), "topic" if name != "topic" else "seo")).versions[name, 1]
