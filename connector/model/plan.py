"""What a plan is made of: the portal as rules see it, the limit on how many contacts it may touch, the plan itself.

Not here: making one (``connector/rules/plan.py``) and carrying it out (``connector/sync/``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.model.judgement import Change, Enrol, Hold


@dataclass(frozen=True, slots=True)
class PortalView:
    """What rules need to know of the portal. Keep one value per portal and run: judging prepares itself per value.

    ``lifecycle_options`` are (value, label, order) of ``lifecyclestage``; ``writable`` the contact properties that
    exist and are not read-only; ``workflows`` id → (name, enabled); ``property_types`` name → HubSpot type, if known.
    """

    live: bool = False
    lifecycle_options: tuple[tuple[str, str, int], ...] = ()
    writable: frozenset[str] = frozenset()
    has_provisioned: bool = False
    workflows: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    property_options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    property_types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlastLimit:
    """How many contacts a plan may touch unasked: ``percent`` of all, at least ``least``, at most ``contacts``."""

    contacts: int = 500
    percent: int = 5
    least: int = 25

    def of(self, live_contacts: int) -> int:
        return min(self.contacts, max(self.least, -(-live_contacts * self.percent // 100)))


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written and who would be enrolled: one value with a hash, made before anything happens.

    ``hash`` depends on the portal, the documents' versions and the effects, not on their order nor on the time.
    ``holds`` are the refusals with their reasons, ``held`` counts them by gate. ``calls`` is an estimate.
    """

    portal: str
    changes: tuple[Change, ...]
    enrolments: tuple[Enrol, ...]
    holds: tuple[Hold, ...]
    held: Mapping[str, int]
    judged: int
    calls: int
    contacts_touched: int
    limit: int
    over_limit: bool
    sentence: str
    new_mqls: tuple[int, ...]
    versions: Mapping[str, int]
    hash: str
