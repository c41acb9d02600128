"""Rules that look at the order of acts (bursts, dwell, unopened mails …): asked contact by contact, by the rule itself.

Only who did anything of the rule's kinds is asked; all the others get one answer, that of somebody who did nothing.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from connector.model.judgement import Facts
from connector.rules.crowd.columns import Crowd
from connector.rules.crowd.deeds import Given, act_at, by_contact
from connector.rules.scoring.finding import Finding
from connector.rules.view import View


class Pattern(Protocol):
    """A compiled rule about acts of certain kinds."""

    kinds: tuple[str, ...]

    def find(self, view: View, persona: int, /) -> Finding: ...


def of_pattern(rule: Pattern, crowd: Crowd) -> Given:
    """The points of a compiled rule about a pattern of acts."""
    acts = crowd.acts
    idle, unsaid, _ = rule.find(View(Facts(0, crowd.now_ms, {}, missing_sources=crowd.missing_sources)), 0)
    points = np.full(len(crowd), idle.points if idle else 0, np.int64)
    unknown = np.full(len(crowd), unsaid is not None, np.bool_)
    places = acts.of_kinds(rule.kinds)
    for start, end in zip(*by_contact(acts.who[places]), strict=True):
        did = tuple(act_at(acts, place) for place in places[start:end].tolist())
        line, unsaid, _ = rule.find(View(Facts(0, crowd.now_ms, {}, {}, did, missing_sources=crowd.missing_sources)), 0)
        one = acts.who[places[start]]
        points[one], unknown[one] = line.points if line else 0, unsaid is not None
    return Given(points, unknown)
