"""What a compiled rule says about one contact, and what all compiled rules have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from connector.model.judgement import Line, UnknownLine
from connector.rules.documents.scoring_rules import FamilyName, Rule
from connector.rules.view import View

Finding = tuple[Line | None, UnknownLine | None, int]
"""A rule's line on the receipt, what it could not decide, and how many points one more act would bring."""

NOTHING: Final[Finding] = (None, None, 0)


class CompiledRule(Protocol):
    """A rule ready to be asked. ``profile`` tells who the contact is (fit) from what it did (engagement)."""

    name: str
    family: FamilyName
    label: str
    effort: int
    profile: bool

    def find(self, view: View, persona: int, /) -> Finding: ...

    def edges(self, view: View, persona: int, /) -> Iterator[int]: ...


def label_of(rule: Rule) -> str:
    return rule.label or rule.name.replace("_", " ").capitalize()
