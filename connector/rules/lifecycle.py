"""Stages and gates: where a contact stands, and what speaks for and against its becoming an MQL.

    subscriber ─▶ lead ─▶ MQL ─▶ SAL ─▶ SQL ─▶ opportunity ─▶ customer      beside them: recycled, disqualified

Here is the way to MQL; what sales' answer does behind it, and the way back, is in ``sales.py``. What a move does to the
portal is decided in ``decide.py``. Every gate is on every receipt, also when nothing is to be decided; those of the SQL
checklist for whom sales has in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from connector.model.judgement import SIDE_STAGES, STAGES, Gate, Known
from connector.model.plan import PortalView
from connector.rules.conditions import probe
from connector.rules.documents.conditions import Condition
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.lifecycle import CRITERIA, Criterion, Exclusion, LifecycleDocument
from connector.rules.persona import PersonaFit
from connector.rules.sales import ANSWER, SQL_GATES, Sales, recycled_ms
from connector.rules.view import DAY, Answer, View, sources_of

UNKNOWN_STAGE = "unknown"
BEFORE_MQL = frozenset({"subscriber", "lead"})
RANK: Mapping[str, int] = {stage: index for index, stage in enumerate(STAGES)}
PASSIVE = frozenset(
    {"mail_sent", "mail_delivered", "mail_bounced", "spam_reported", "sales_mail", "call_attempted", "note", "task"}
)
TITLES = {
    "persona": "Fits the persona",
    "function": "Right function",
    "region": "Region fits",
    "problem": "Has a problem we can solve",
}
SAID = {True: "yes", False: "no", None: "unknown"}


class Standing(NamedTuple):
    """Where a contact stands: our stage, the portal's value, and the gate that says whether it can move on to MQL."""

    stage: str
    value: str
    gate: Gate


def _told(stage: str) -> str:
    """A stage within a sentence: MQL, SAL and SQL are written in capitals."""
    return stage.upper() if stage in ("mql", "sal", "sql") else stage


class Ground:
    """What a machine has worked out for one portal: standings by what it saw. A memory, no state."""

    __slots__ = ("labels", "orders", "portal", "standings")

    def __init__(self, portal: PortalView) -> None:
        self.portal = portal
        self.labels = {value: label for value, label, _ in portal.lifecycle_options}
        self.orders = {value: order for value, _, order in portal.lifecycle_options}
        self.standings: dict[tuple[str | None, str | None, str | None, bool], Standing] = {}


class Machine:
    """A lifecycle document, compiled."""

    def __init__(
        self,
        document: LifecycleDocument,
        threshold: int,
        targets: Sequence[Mapping[str, Condition]],
        *,
        calibrated: bool,
    ) -> None:
        self.document = document
        self.sales = Sales(document)
        self.threshold = document.mql.threshold or threshold
        self._uncalibrated = "" if calibrated else ", uncalibrated"
        self.values = {stage: getattr(document.portal_values, stage) for stage in (*STAGES, *SIDE_STAGES)}
        self._stages = {value: stage for stage, value in self.values.items() if value}
        self._homes = _homes(self.values)
        self._identity = tuple((name, _reader(entries)) for name, entries in document.mql.identity.items())
        self._depth_sources = sources_of(document.mql.depth.activities, document.mql.depth.sources)
        self._competitors = frozenset(document.competitor_domains)
        self._careers = frozenset(document.career_activities)
        self._criteria = tuple(self._compiled(targets_of) for targets_of in targets or ({},))
        self._exclusions = tuple(_Exclusion(one) for one in document.exclusions)
        self._fatal = frozenset(one.name for one in document.exclusions if one.then == "disqualify")
        self._open_when_unknown = frozenset({"competitor", "career_only", *(one.name for one in document.exclusions)})
        self._gates: dict[object, Gate] = {}

    def gates(self, view: View, score: int, persona: PersonaFit, ground: Ground) -> tuple[Standing, tuple[Gate, ...]]:
        """Where the contact stands, and every gate on its way to MQL, the hard ones first."""
        identity = self._complete(view)
        standing = self._standing(view, identity.met is True, ground)
        competitor = self._competitor(view)
        excluded = tuple([one(view, persona) for one in self._exclusions])
        if standing.stage in BEFORE_MQL and (
            competitor.met is False
            or (self._fatal and any(one.met is False and one.name in self._fatal for one in excluded))
        ):
            standing = standing._replace(stage="disqualified")
        return standing, (
            identity,
            self._over_threshold(score),
            self._deep(view),
            *[criterion(view, persona) for criterion in self._criteria[persona.index]],
            competitor,
            self._career_only(view),
            *excluded,
            *self._way_back(view, standing.stage),
            standing.gate,
            *self.sales.checklist(view, standing.stage),
        )

    def _way_back(self, view: View, stage: str) -> tuple[Gate, ...]:
        return (self.sales.pause(view.facts),) if stage == "recycled" else ()

    def blocking(self, gates: Sequence[Gate]) -> Gate | None:
        """The first gate that keeps a contact from MQL."""
        rule = self.document.mql
        for gate in gates:
            if gate.met or gate.name in SQL_GATES:
                continue
            if gate.name in CRITERIA:
                blocks = rule.criteria_required == "true" or (
                    rule.criteria_required == "not_false" and gate.met is False
                )
            elif gate.name == "identity":
                blocks = rule.identity_required
            else:
                blocks = gate.name not in self._open_when_unknown or gate.met is False
            if blocks:
                return gate
        return None

    def edges(self, view: View, persona: int) -> Iterator[int]:
        for one in self._criteria[persona]:
            if isinstance(one, _ByCondition):
                yield from one.question.edges(view)
        for excluding in self._exclusions:
            yield from excluding.question.edges(view)
        yield from self.sales.edges(view)
        if days := self.document.mql.depth.within_days:
            yield from (act.at_ms + days * DAY for act in view.did(self.document.mql.depth.activities))

    def _compiled(self, targets: Mapping[str, Condition]) -> tuple[Callable[[View, PersonaFit], Gate], ...]:
        criteria = self.document.mql.criteria
        return tuple(_criterion(name, getattr(criteria, name), targets) for name in CRITERIA)

    def _keep(self, key: object, *gate: str | bool | None) -> Gate:
        """One gate per key; there are few different ones."""
        found = self._gates.get(key)
        if found is None:
            if len(self._gates) > 20_000:
                self._gates.clear()
            found = self._gates[key] = Gate(*gate)  # type: ignore[arg-type]
        return found

    def _complete(self, view: View) -> Gate:
        missing = [name for name, present in self._identity if not present(view)]
        if not missing:
            return self._keep("identity", "identity", True, "The record is complete")
        said = ", ".join(missing)
        return self._keep(("identity", said), "identity", False, f"Incomplete: no {said}", f"Find out: {said}")

    def _over_threshold(self, score: int) -> Gate:
        found = self._gates.get(score)
        if found is not None:
            return found
        short = self.threshold - score
        why = f"{score} of {self.threshold} points{self._uncalibrated}"
        if short <= 0:
            return self._keep(score, "threshold", True, why)
        return self._keep(score, "threshold", False, why, f"{short} points short of MQL")

    def _deep(self, view: View) -> Gate:
        depth = self.document.mql.depth
        since = view.now - depth.within_days * DAY if depth.within_days else -(10**18)
        if view.facts.path:  # what led to the last hand-over does not lead to the next one
            since = max(since, recycled_ms(view.facts) or since)
        acts = 0
        last = ""
        for kind in depth.activities:
            for act in view.groups.get(kind, ()):
                if act.verdict == "human" and act.at_ms > since:
                    acts += 1
                    last = kind
        off = ", ".join(sorted(self._depth_sources & view.missing)) if view.missing else ""
        key = ("depth", last, acts, off)
        return self._gates.get(key) or self._keep(key, *self._depth_gate(acts, last, off))

    def _depth_gate(self, acts: int, last: str, off: str) -> tuple[str, bool | None, str, str]:
        depth = self.document.mql.depth
        if acts >= depth.at_least:
            return "depth", True, f"Converting acts: {acts}" + (f", the last kind {last}" if last else ""), ""
        remedy = f"Needs one of: {', '.join(depth.activities)}"
        if off:
            return "depth", None, f"Converting acts: {acts} of {depth.at_least} seen, source off: {off}", remedy
        return "depth", False, f"Converting acts: {acts} of {depth.at_least}", remedy

    def _competitor(self, view: View) -> Gate:
        if not self._competitors:
            return self._keep("competitor", "competitor", True, "No competitor domains are listed")
        domain = _domain(view)
        if domain is None:
            return self._keep("no domain", "competitor", None, "No e-mail domain to look at")
        labels = domain.split(".")
        hit = next((d for n in range(len(labels)) if (d := ".".join(labels[n:])) in self._competitors), None)
        if hit is None:
            return self._keep("clean", "competitor", True, "Not a listed competitor")
        return self._keep(("rival", hit), "competitor", False, f"Belongs to the competitor {hit}", "Disqualified")

    def _career_only(self, view: View) -> Gate:
        kinds = view.groups.keys()
        if self._careers & kinds and not kinds - self._careers - PASSIVE:
            return self._keep("careers", "career_only", False, "Looked at nothing but job offers", "Any other interest")
        return self._keep("no careers", "career_only", True, "Not only interested in jobs")

    def _standing(self, view: View, complete: bool, ground: Ground) -> Standing:
        value = view.properties.get("lifecyclestage", view.facts.stage and f"={view.facts.stage}")
        ours = view.properties.get("leadwright_stage") or view.facts.stage
        if ours == "disqualified" and view.properties.get(ANSWER) != "rejected":
            ours = None  # not sales' word: a rule said so, and is asked anew
        key = (value, ours, view.facts.furthest_stage, complete)
        found = ground.standings.get(key)
        if found is None:
            if len(ground.standings) > 20_000:
                ground.standings.clear()
            found = ground.standings[key] = self._stand(value, ours, view.facts.furthest_stage, complete, ground)
        return found

    def _stand(
        self, value: str | None, ours: str | None, furthest_stage: str | None, complete: bool, ground: Ground
    ) -> Standing:
        if value and value.startswith("="):
            stage, value = value[1:], ""
        else:
            stage = self._stages.get(value, UNKNOWN_STAGE) if value else ("lead" if complete else "subscriber")
        stage = self._homed(stage, ours)
        return Standing(stage, value or "", self._may_move(stage, value or "", furthest_stage, ground))

    def _homed(self, stage: str, ours: str | None) -> str:
        """A stage without a value in the portal is ours as long as the portal shows the stage it belongs to."""
        if ours in SIDE_STAGES and not self.values[ours] and stage in RANK:
            return ours if RANK[stage] <= RANK["sql"] else stage
        return ours if ours and self._homes.get(ours) == stage else stage

    def _may_move(self, stage: str, value: str, furthest_stage: str | None, ground: Ground) -> Gate:
        if stage == UNKNOWN_STAGE:
            label = ground.labels.get(value, value)
            remedy = "Name it under portal_values in the lifecycle document"
            return Gate("stage", None, f'The portal\'s stage "{label}" is not mapped', remedy)
        if stage == "recycled":
            return self._portal_allows(stage, value, ground)
        if stage not in BEFORE_MQL:
            return Gate("stage", False, f"Is already {_told(stage)}" if stage in RANK else f"Is {stage}")
        if not self.document.mql.again and furthest(furthest_stage, stage) not in BEFORE_MQL:
            return Gate(
                "stage", False, "Was MQL before", "Moved again only with `again: true` in the lifecycle document"
            )
        return self._portal_allows(stage, value, ground)

    def _portal_allows(self, stage: str, value: str, ground: Ground) -> Gate:
        target = self.values["mql"]
        if target not in ground.orders:
            why = f'The portal has no lifecycle stage "{target}"'
            return Gate("stage", False, why, "Name the portal's own value under portal_values")
        # HubSpot docs: contacts API, lifecycle stage only moves forward in the portal's own order.
        if stage == "recycled" and (value == target or self.document.allow_backward):
            return Gate("stage", True, "Is recycled, and may come back")
        if value in ground.orders and ground.orders[value] >= ground.orders[target]:
            return Gate("stage", False, f'In the portal "{value}" does not come before "{target}"', "Put them in order")
        return Gate("stage", True, f"Is {stage}")


class _ByCondition:
    """A criterion with a condition."""

    def __init__(self, name: str, criterion: Criterion, when: Condition, targets: Mapping[str, Condition]) -> None:
        self._name, self._criterion = name, criterion
        self._title = criterion.label or TITLES[name]
        self._probe = probe(when, targets, self._gate)
        self.question = self._probe.question

    def __call__(self, view: View, _persona: PersonaFit) -> Gate:
        return self._probe.look(view)

    def _gate(self, answer: Answer) -> Gate:
        met = answer.verdict
        if met is False and self._criterion.otherwise == "unknown":
            met = None
        seen = f" ({answer.evidence})" if answer.evidence else ""
        remedy = f"Find out: {answer.missing or self._title}" if met is None else ""
        return Gate(self._name, met, f"{self._title}: {SAID[met]}{seen}", remedy)


class _Exclusion:
    """An exclusion: not met when its condition holds."""

    def __init__(self, exclusion: Exclusion) -> None:
        self._exclusion = exclusion
        self._probe = probe(exclusion.when, {}, self._gate)
        self.question = self._probe.question

    def __call__(self, view: View, _persona: PersonaFit) -> Gate:
        return self._probe.look(view)

    def _gate(self, answer: Answer) -> Gate:
        one = self._exclusion
        met = None if answer.verdict is None else not answer.verdict
        seen = f" ({answer.evidence})" if answer.evidence else ""
        if met is False:
            remedy = "Disqualified" if one.then == "disqualify" else "A person decides and moves the stage in HubSpot"
            return Gate(one.name, False, f"{one.label}: {SAID[True]}{seen}", remedy)
        remedy = f"Find out: {answer.missing}" if met is None else ""
        return Gate(one.name, met, f"{one.label}: {SAID[answer.verdict]}{seen}", remedy)


class _ByShare:
    """The persona criterion: which share of the targets is met."""

    def __init__(self, name: str, criterion: Criterion, share: float) -> None:
        self._name, self._share = name, share
        self._title = criterion.label or TITLES[name]
        self._memo: dict[tuple[str, int, int, int], Gate] = {}

    def __call__(self, _view: View, fit: PersonaFit) -> Gate:
        key = (fit.name, fit.met, fit.failed, fit.unknown)
        if key not in self._memo:
            self._memo[key] = self._gate(fit)
        return self._memo[key]

    def _gate(self, fit: PersonaFit) -> Gate:
        if not fit.name:
            return Gate(
                self._name, None, f"{self._title}: no persona is described", "Describe one in the scoring document"
            )
        met = fit.reaches(self._share)
        of = f"{fit.met} of {fit.met + fit.failed + fit.unknown} targets of {fit.name}, {fit.unknown} unknown"
        return Gate(
            self._name, met, f"{self._title}: {SAID[met]} ({of})", "Find out what is unknown" if met is None else ""
        )


def furthest(*stages: str | None) -> str:
    """The furthest of the stages; side stages and unknown ones do not count. Nothing at all is ``subscriber``."""
    return max((stage for stage in stages if stage in RANK), key=RANK.__getitem__, default="subscriber")  # type: ignore[arg-type, return-value]


def _criterion(name: str, criterion: Criterion, targets: Mapping[str, Condition]) -> Callable[[View, PersonaFit], Gate]:
    if criterion.when is not None:
        return _ByCondition(name, criterion, criterion.when, targets)
    return _ByShare(name, criterion, criterion.share or 1.0)


def _homes(values: Mapping[str, str]) -> dict[str, str]:
    """For each stage without a value in the portal, the nearest earlier stage that has one."""
    homes: dict[str, str] = {}
    last = "subscriber"
    for stage in STAGES:
        if values[stage]:
            last = stage
        else:
            homes[stage] = last
    return homes


def _reader(entries: Sequence[str]) -> Callable[[View], bool]:
    fields = tuple(name for name in entries if name in FIELDS)
    properties = tuple(name for name in entries if name not in FIELDS)

    def present(view: View) -> bool:
        for name in fields:
            if type(view.fields.get(name)) is Known:
                return True
        return any(view.properties.get(name) for name in properties)

    return present


def _domain(view: View) -> str | None:
    for name in ("email_domain", "email"):
        found = view.fields.get(name)
        if isinstance(found, Known) and isinstance(found.value, str):
            return found.value.rpartition("@")[2].casefold()
    email = view.properties.get("email")
    return email.rpartition("@")[2].casefold() if email else None
