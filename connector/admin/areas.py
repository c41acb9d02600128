"""Every door there is: the areas' tables joined. A page that is not in here cannot be reached."""

from __future__ import annotations

from connector.admin import again, audit, documents, entrance, mapping, me, people
from connector.admin.doors import Door

DOORS: tuple[Door, ...] = (
    *entrance.DOORS,
    *again.DOORS,
    *me.DOORS,
    *people.DOORS,
    *audit.DOORS,
    *mapping.DOORS,
    *documents.DOORS,
)
