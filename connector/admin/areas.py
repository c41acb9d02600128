"""Every door there is: the areas' tables joined. A page that is not in here cannot be reached."""

from __future__ import annotations

from connector.admin import (
    again,
    audit,
    connect,
    contacts,
    documents,
    entrance,
    figures,
    held,
    mapping,
    me,
    people,
    plan,
    portals,
    runs,
    sheets,
    signing,
    tokens,
    workbench,
)
from connector.admin.doors import Door

DOORS: tuple[Door, ...] = (
    *entrance.DOORS,
    *again.DOORS,
    *me.DOORS,
    *people.DOORS,
    *tokens.DOORS,
    *audit.DOORS,
    *portals.DOORS,
    *connect.DOORS,
    *contacts.DOORS,
    *mapping.DOORS,
    *workbench.DOORS,
    *documents.DOORS,
    *sheets.DOORS,
    *signing.DOORS,
    *plan.DOORS,
    *held.DOORS,
    *runs.DOORS,
    *figures.DOORS,
)
