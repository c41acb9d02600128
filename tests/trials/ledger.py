"""The twin's truth held against ours: what is lost, what was done twice."""

from __future__ import annotations

from collections import Counter

from connector.twin import Twin
from tests.journeys.steps import wrong
from tests.rig import Rig


def lost(r: Rig, names: set[str] | None = None) -> list[str]:
    """Where mirror and portal differ, value by value; by default in every property the mirror holds."""
    return wrong(r, names)


def enrolled_again(twin: Twin) -> int:
    """Enrolments the portal was asked for more often than once for the same contact and workflow."""
    asked = Counter((e.workflow_id, e.contact_id) for e in twin.ledger.enrolments)
    return sum(times - 1 for times in asked.values())


def written_again(twin: Twin, name: str = "leadwright_score") -> int:
    """Times the API set a property to the very value it had set it to before."""
    set_to = Counter((e.object_id, e.after) for e in twin.ledger.effects if e.name == name and e.after)
    return sum(times - 1 for times in set_to.values())
