"""Every door there is: the areas' tables joined. A page that is not in here cannot be reached."""

from __future__ import annotations

from connector.admin import connect, contacts, held, plan, portals, runs
from connector.admin.doors import Door

DOORS: tuple[Door, ...] = (
    *portals.DOORS,
    *connect.DOORS,
    *contacts.DOORS,
    *plan.DOORS,
    *held.DOORS,
    *runs.DOORS,
)
