"""The linter of documents: what is sound but unwise, all of it at once, each with its place and what to do about it.

Advice is shown, never enforced; faults that refuse a document are found where its model is (``rules/documents/``).
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.errors import Fault
from connector.rules.documents.base import Lines, Problem, line_of
from connector.rules.documents.wording import path_text
from connector.rules.lint.advice import Advice, Papers
from connector.rules.lint.loops import loops
from connector.rules.lint.names import sensitive, strange_names
from connector.rules.lint.never import never_fires
from connector.rules.lint.thresholds import Answer, answers, threshold_advice

CHECKS = (threshold_advice, sensitive, loops, never_fires, strange_names)


def lint(papers: Papers) -> tuple[Advice, ...]:
    """All advice about these documents together, by kind of document and place."""
    found = [one for check in CHECKS for one in check(papers)]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.kind, path_text(one.place))))


def as_faults(advice: tuple[Advice, ...], kind: str, lines: Lines, file: str) -> list[Fault]:
    """The advice about one document with file and line, in the order of the file."""
    mine = [one for one in advice if one.kind == kind]
    found = [Fault(file, line_of(one.place, lines), path_text(one.place), one.message, one.remedy) for one in mine]
    return sorted(found, key=lambda fault: (fault.line, fault.path))


def as_problems(advice: tuple[Advice, ...]) -> Mapping[str, tuple[Problem, ...]]:
    """The advice by kind of document, for screens that mark the places themselves."""
    kinds = dict.fromkeys(one.kind for one in advice)
    return {kind: tuple(Problem(a.place, a.message, a.remedy) for a in advice if a.kind == kind) for kind in kinds}


__all__ = ["Advice", "Answer", "Papers", "answers", "as_faults", "as_problems", "lint"]
