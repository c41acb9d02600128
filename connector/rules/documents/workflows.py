"""The ``workflows`` document: which contacts are enrolled in which HubSpot workflow.

Not here: whether a contact may be enrolled (``connector/rules/gate.py``). First cut: new MQLs only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from connector.rules.documents.base import Document, Part, Problem
from connector.rules.documents.conditions import Name

MessageClass = Literal["nurture", "mailing", "newsletter"]


class Workflow(Part):
    """One workflow. ``workflow_id`` is HubSpot's id for enrolment (v3 listing), as text; empty: not named yet."""

    name: Name
    label: Annotated[str, Field(max_length=80)] = ""
    workflow_id: Annotated[str, Field(pattern=r"^\d*$")] = ""
    on: Literal["new_mql"] = "new_mql"
    message_class: MessageClass = "nurture"
    enabled: bool = True


class WorkflowsDocument(Document):
    """All workflows Leadwright may enrol contacts in."""

    version_label: Annotated[str, Field(max_length=80)] = ""
    workflows: Annotated[tuple[Workflow, ...], Field(max_length=100)] = ()

    def problems(self) -> Iterable[Problem]:
        for key, values in (
            ("name", [one.name for one in self.workflows]),
            ("workflow_id", [one.workflow_id for one in self.workflows if one.enabled and one.workflow_id]),
        ):
            for value, times in Counter(values).items():
                if times > 1:
                    message = f'"{value}" stands there {times} times as {key}.'
                    yield Problem(("workflows",), message, "Each workflow once.")
