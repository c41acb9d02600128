"""What every flow gets: one portal's seams and documents, wired by ``connector.service`` and by tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.clock import Clock
from connector.engine.yielding import GiveWay, keep_going
from connector.model.enrichment import Provider
from connector.portal.gateway import NO_CALLS, CallCounts, Portal
from connector.progress import Progress, Silent
from connector.rules.documents.enrichment import Enrichment
from connector.store import Store
from connector.store.front import Front
from connector.store.portals import PortalRow
from connector.sync.rulebook import Rulebook

Fingerprints = Callable[[str, str], tuple[bytes, ...]]


Providers = Callable[[Enrichment], Provider]


def no_providers(spec: Enrichment) -> Provider:  # noqa: ARG001 - the shape of what a desk lays ready
    """Without a desk nobody can be asked."""
    raise LookupError("This flow was wired without providers.")


def no_fingerprints(text: str, context: str) -> tuple[bytes, ...]:  # noqa: ARG001 - the shape of a vault's method
    """Without a vault nothing can be compared, and nothing of it is kept."""
    raise LookupError("This flow was wired without a vault.")


@dataclass(frozen=True, slots=True)
class Context:
    """One portal at work: where it is mirrored (``store``), how it is reached (``portal``), what judges it.

    ``front``, ``fingerprints`` and ``journal`` are what an erasure needs beside: raw deliveries, keyed hashes (the key
    stays with the vault), and the file that outlives the database.
    """

    store: Store
    portal: Portal
    row: PortalRow
    rulebook: Rulebook
    clock: Clock
    progress: Progress = field(default_factory=Silent)
    front: Front | None = None
    fingerprints: Fingerprints = no_fingerprints
    journal: Path | None = None
    calls_before: CallCounts = NO_CALLS
    give_way: GiveWay = keep_going
    providers: Providers = no_providers

    def calls(self) -> CallCounts:
        """Requests this flow has sent; the portal itself may have been open for longer."""
        return self.portal.calls().since(self.calls_before)

    @property
    def portal_id(self) -> int:
        """Our own id of the portal; every query carries it."""
        return self.row.id


@dataclass(slots=True)
class StreamReport:
    """What one stream of a pull did. ``off`` says why it was not read at all.

    ``moved`` names the records that are new or other than before; a large fill names but a few of them.
    """

    stream: str
    read: int = 0
    created: int = 0
    changed: int = 0
    deleted: int = 0
    merged: int = 0
    calls: int = 0
    seconds: float = 0.0
    off: str | None = None
    full: bool = False
    moved: set[int] = field(default_factory=set)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PushReport:
    """What a run did: contacts written, refusals with their reason, enrolments, notes and tasks given to sales,
    and the read-back.

    ``overtaken`` are contacts whom a person changed between plan and write: not written, judged anew.
    """

    run_id: str
    plan_hash: str
    written: int = 0
    dropped: int = 0
    enrolled: int = 0
    given: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    overtaken: list[tuple[int, str]] = field(default_factory=list)
    checked: int = 0
    equal: int = 0
    calls: int = 0
    seconds: float = 0.0
    first_ms: int = 0
    last_answer_ms: int = 0
    sent: list[int] = field(default_factory=list)
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
