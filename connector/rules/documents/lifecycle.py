"""The ``lifecycle`` document: the stage machine, its words in the portal, and when a lead becomes an MQL.

Not here: the judging of a contact's stage (``connector/rules/lifecycle.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.model.judgement import SIDE_STAGES, STAGES
from connector.rules.documents.base import Document, Part, Problem
from connector.rules.documents.conditions import Condition, Name, too_deep, walk
from connector.rules.documents.sales import RecycleRule, SqlRule

StageName = Literal["subscriber", "lead", "mql", "sal", "sql", "opportunity", "customer", "recycled", "disqualified"]
GATES = frozenset(
    {"identity", "threshold", "depth", "persona", "function", "region", "problem", "competitor", "career_only", "stage"}
)
CRITERIA = ("persona", "function", "region", "problem")


class PortalValues(Part):
    """Which value of HubSpot's ``lifecyclestage`` each stage has. Empty: the stage lives in ``leadwright_stage`` only.

    Stages that an admin made carry a number as their value (HubSpot docs: contact lifecycle stages).
    """

    subscriber: str = "subscriber"
    lead: str = "lead"
    mql: str = "marketingqualifiedlead"
    sal: str = ""
    sql: str = "salesqualifiedlead"
    opportunity: str = "opportunity"
    customer: str = "customer"
    recycled: str = ""
    disqualified: str = ""

    def problems(self) -> Iterable[Problem]:
        seen: dict[str, str] = {}
        for stage in (*STAGES, *SIDE_STAGES):
            value = getattr(self, stage)
            if value and value in seen:
                message = f'"{value}" already stands for {seen[value]}.'
                yield Problem((stage,), message, "Give each stage a value of its own.")
            seen.setdefault(value, stage)
        for stage in ("lead", "mql"):
            if not getattr(self, stage):
                yield Problem((stage,), f"The stage {stage} needs a value in the portal.", "Name it.")


class Criterion(Part):
    """One of the four criteria of an MQL. ``otherwise`` says what a condition that does not hold means.

    ``share`` is for ``persona`` alone: which share of the persona's targets must be met.
    """

    label: Annotated[str, Field(max_length=80)] = ""
    when: Condition | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    otherwise: Literal["false", "unknown"] = "false"

    def problems(self) -> Iterable[Problem]:
        if (self.when is None) == (self.share is None):
            yield Problem((), "A criterion needs either `when` or `share`.", "Write one of the two.")
        if self.when is not None:
            yield from (Problem(("when", *one.place), one.message, one.remedy) for one in too_deep(self.when))


class Criteria(Part):
    """The four criteria of an MQL: fits the persona, right functional contact, region fits, a problem we can solve."""

    persona: Criterion
    function: Criterion
    region: Criterion
    problem: Criterion


class Depth(Part):
    """The depth gate: how many converting acts there must be. Ten blog posts are none."""

    activities: Annotated[tuple[Name, ...], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=0, le=100)] = 1
    within_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    sources: tuple[str, ...] | None = None


class MqlRule(Part):
    """When a lead becomes an MQL.

    ``threshold`` is the scoring model's unless given here. ``identity`` lists what a complete record has; each entry is
    met by any one of its fields or HubSpot properties. ``criteria_required``: ``not_false`` (default) lets a contact
    pass with unknown criteria, which stay visible, but not with one that is false; ``true`` demands all four; ``none``
    only shows them. ``again`` lets a contact that was an MQL before become one once more.
    """

    threshold: Annotated[int, Field(ge=1, le=10_000)] | None = None
    identity: Mapping[Name, Annotated[tuple[Name, ...], Field(min_length=1)]] = {}
    identity_required: bool = True
    depth: Depth
    criteria: Criteria
    criteria_required: Literal["not_false", "true", "none"] = "not_false"
    again: bool = False


class Exclusion(Part):
    """Who must not become an MQL by itself, whatever the score: bought addresses, job hunters of a kind …

    When the condition holds, ``hold`` leaves the contact where it is until a person decides, and ``disqualify`` says
    that it is none of ours. *Unknown* does not exclude.
    """

    name: Name
    label: Annotated[str, Field(min_length=1, max_length=80)]
    when: Condition
    then: Literal["hold", "disqualify"] = "hold"

    def problems(self) -> Iterable[Problem]:
        yield from (Problem(("when", *one.place), one.message, one.remedy) for one in too_deep(self.when))
        if self.name in GATES:
            yield Problem(("name",), f'"{self.name}" is a gate of its own.', "Choose another name.")
        if any(leaf.target for leaf, _ in walk(self.when)):
            yield Problem(("when",), "An exclusion knows no persona.", "Name the field instead of a target.")


class LifecycleDocument(Document):
    """The stage machine. Stages only move forward, unless ``allow_backward``; ``fall_back_below`` needs it.

    ``signatures: marketing_and_sales``: a new version of ``scoring`` or of this document needs one signature of each.
    """

    version_label: Annotated[str, Field(max_length=80)] = ""
    portal_values: PortalValues = PortalValues()
    vocabulary: Name = "standard"
    vocabularies: Mapping[Name, Mapping[StageName, str]] = {}
    mql: MqlRule
    sql: SqlRule = Field(default_factory=SqlRule)
    recycle: RecycleRule = RecycleRule()
    competitor_domains: tuple[str, ...] = ()
    career_activities: tuple[Name, ...] = ()
    exclusions: Annotated[tuple[Exclusion, ...], Field(max_length=20)] = ()
    allow_backward: bool = False
    fall_back_below: Annotated[int, Field(ge=0, le=10_000)] | None = None
    signatures: Literal["none", "marketing_and_sales"] = "none"

    def problems(self) -> Iterable[Problem]:
        if self.fall_back_below is not None and not self.allow_backward:
            yield Problem(
                ("fall_back_below",), "Falling back is a move backwards.", "Write `allow_backward: true` too."
            )
        if self.recycle.portal_stage == "lead" and not self.allow_backward:
            yield Problem(
                ("recycle", "portal_stage"), "Back to lead is a move backwards.", "Write `allow_backward: true` too."
            )
        if self.vocabulary != "standard" and self.vocabulary not in self.vocabularies:
            known = ", ".join(("standard", *self.vocabularies))
            yield Problem(("vocabulary",), f'There is no vocabulary "{self.vocabulary}".', f"Known: {known}.")
        names = [one.name for one in self.exclusions]
        for name in {one for one in names if names.count(one) > 1}:
            yield Problem(("exclusions",), f'The name "{name}" is used more than once.', "Names are unique.")
        for index, domain in enumerate(self.competitor_domains):
            if "." not in domain or set(domain) & set("@/ ") or domain != domain.lower():
                yield Problem(
                    ("competitor_domains", index), f'"{domain}" is no domain.', "Write it like rival.example."
                )


def checks(document: LifecycleDocument) -> Iterator[Problem]:
    """What only the whole document can say about itself: ``did`` is allowed here, raw depth is bounded by each part."""
    threshold = document.mql.threshold
    below = document.fall_back_below
    if threshold is not None and below is not None and below > threshold:
        yield Problem(
            ("fall_back_below",), "A contact would fall back above the threshold.", f"Write {threshold} or less."
        )
    for name in CRITERIA:
        criterion: Criterion = getattr(document.mql.criteria, name)
        if name != "persona" and criterion.share is not None:
            yield Problem(("mql", "criteria", name), "Only `persona` has a share.", "Write `when` instead.")
        if criterion.when is not None and sum(1 for _ in walk(criterion.when)) > 50:
            yield Problem(("mql", "criteria", name), "The criterion has more than 50 conditions.", "Leave some out.")
