"""Every route there is: the areas' tables joined. What is not in here is neither served nor described."""

from __future__ import annotations

from connector.api import contacts, documents, drafts, held, plan, portals, reports, sheets
from connector.api.routes import Route

ROUTES: tuple[Route, ...] = (
    *portals.ROUTES,
    *contacts.ROUTES,
    *plan.ROUTES,
    *documents.ROUTES,
    *drafts.ROUTES,
    *sheets.ROUTES,
    *held.ROUTES,
    *reports.ROUTES,
)
