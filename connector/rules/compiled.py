"""The judging documents of a portal together, and what they become when compiled: once per version, not per contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.model.judgement import Facts
from connector.model.plan import PortalView
from connector.rules.derived import Basis
from connector.rules.documents.consent import ConsentDocument
from connector.rules.documents.lifecycle import LifecycleDocument
from connector.rules.documents.routing import RoutingDocument
from connector.rules.documents.scoring import ScoringDocument
from connector.rules.documents.workflows import WorkflowsDocument
from connector.rules.first_interest import topics_of
from connector.rules.lifecycle import Ground, Machine
from connector.rules.profiling import Profiling
from connector.rules.scoring.tally import Model
from connector.rules.view import View

DOCUMENT_KINDS = ("scoring", "lifecycle", "routing", "workflows", "consent")


@dataclass(frozen=True, slots=True)
class Documents:
    """The published documents of a portal that judging reads, with their versions by kind (1 where none is given)."""

    scoring: ScoringDocument
    lifecycle: LifecycleDocument
    workflows: WorkflowsDocument
    consent: ConsentDocument
    versions: Mapping[str, int] = field(default_factory=dict)
    routing: RoutingDocument = field(default_factory=RoutingDocument)

    def version(self, kind: str) -> int:
        return self.versions.get(kind, 1)


class Compiled:
    """Documents ready to judge with. Holds memories of answers, but no state that could change one."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.model = Model(documents.scoring, documents.lifecycle.mql.threshold)
        self.others = tuple((one.name, one.property, Model(one)) for one in documents.scoring.models)
        scoring = documents.scoring
        self.machine = Machine(
            documents.lifecycle, scoring.threshold, self.model.targets, calibrated=scoring.calibrated
        )
        self.name = scoring.name
        self.version = documents.version("scoring")
        self.cause = f"judged:{self.name}@{self.version}"
        self.language = scoring.language
        self.profiling = Profiling(scoring)
        self.workflows = tuple(one for one in documents.workflows.workflows if one.enabled)
        self.basis = Basis(topics_of(documents.workflows.assets), documents.lifecycle.portal_values.customer)
        self._ground = Ground(PortalView())
        self._view: View | None = None

    def view(self, facts: Facts) -> View:
        """What rules look through at these facts; the same one as long as the same facts are asked about."""
        view = self._view
        if view is None or view.facts is not facts:
            view = self._view = View(facts)
        return view

    def ground(self, portal: PortalView) -> Ground:
        """What was worked out for this portal's view so far."""
        if self._ground.portal is not portal:
            self._ground = Ground(portal)
        return self._ground


def compile_documents(documents: Documents) -> Compiled:
    """Documents ready to judge with; keep the result for as long as the documents are in force."""
    return Compiled(documents)
