"""The ``workflows`` document: which contacts are enrolled in which HubSpot workflow, and the nurtures that decide when.

Not here: the parts of a nurture (``nurture.py``), what the whole document can say about itself (``nurture_checks.py``),
whether a contact may be enrolled (``connector/rules/gate.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents import nurture
from connector.rules.documents.base import Document, Part, Problem
from connector.rules.documents.conditions import Name

MessageClass = nurture.MessageClass


class Workflow(Part):
    """One workflow. ``workflow_id`` is HubSpot's id for enrolment (v3 listing), as text; empty: not named yet.

    ``on``: every new MQL enters it, or only the steps of a nurture. ``by``: through the enrolment call, or, where
    HubSpot offers none, by membership of ``list_id`` or by a change of ``property``, which the workflow listens to.
    """

    name: Name
    label: Annotated[str, Field(max_length=80)] = ""
    workflow_id: Annotated[str, Field(pattern=r"^\d*$")] = ""
    on: Literal["new_mql", "nurture"] = "new_mql"
    by: Literal["api", "list", "property"] = "api"
    list_id: Annotated[str, Field(pattern=r"^\d*$")] = ""
    property: Name | None = None
    message_class: MessageClass = "nurture"
    enabled: bool = True

    def problems(self) -> Iterable[Problem]:
        if self.by != "api" and self.on == "new_mql":
            yield Problem(("by",), "New MQLs are enrolled by the enrolment call.", "Write `on: nurture`, or `by: api`.")
        if self.by == "property" and self.property is None:
            yield Problem(("property",), "The property that the workflow listens to is missing.", "Name it.")
        if self.by != "property" and self.property is not None:
            yield Problem(("property",), "Only `by: property` has a property.", "Take it out.")
        if self.by != "list" and self.list_id:
            yield Problem(("list_id",), "Only `by: list` has a list.", "Take it out.")


class WorkflowsDocument(Document):
    """All workflows Leadwright may enrol contacts in, the content it may offer, and its nurtures."""

    version_label: Annotated[str, Field(max_length=80)] = ""
    workflows: Annotated[tuple[Workflow, ...], Field(max_length=100)] = ()
    assets: Annotated[tuple[nurture.Asset, ...], Field(max_length=500)] = ()
    pace: nurture.Pace = nurture.Pace()
    nurtures: Annotated[tuple[nurture.Nurture, ...], Field(max_length=60)] = ()

    def problems(self) -> Iterable[Problem]:
        for key, values in (
            ("name", [one.name for one in self.workflows]),
            ("workflow_id", [one.workflow_id for one in self.workflows if one.enabled and one.workflow_id]),
        ):
            for value, times in Counter(values).items():
                if times > 1:
                    message = f'"{value}" stands there {times} times as {key}.'
                    yield Problem(("workflows",), message, "Each workflow once.")
        for part, names in (
            ("assets", [one.name for one in self.assets]),
            ("nurtures", [one.name for one in self.nurtures]),
        ):
            for index, name in enumerate(names):
                if name in names[:index]:
                    message = f'The name "{name}" is used more than once.'
                    yield Problem((part, index, "name"), message, "Names are unique.")

    def asset(self, name: str) -> nurture.Asset:
        return next(one for one in self.assets if one.name == name)

    def workflow(self, name: str) -> Workflow:
        return next(one for one in self.workflows if one.name == name)
