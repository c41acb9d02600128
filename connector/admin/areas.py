"""Every door there is: the areas' tables joined. A page that is not in here cannot be reached."""

from __future__ import annotations

from connector.admin import contacts, portals
from connector.admin.doors import Door

DOORS: tuple[Door, ...] = (*portals.DOORS, *contacts.DOORS)
