"""E-mail addresses as they point at contacts: whose is this event?"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from connector.store.schema import CONTACTS, EMAILS
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import normal_email


def owners(u: Unit, portal_id: int, emails: Collection[str]) -> dict[str, int]:
    """The live contact of each address, keyed by the folded address; primary addresses go before additional ones."""
    check_portal(portal_id)
    folded = {known for email in emails if (known := normal_email(email))}
    if not folded:
        return {}
    query = (
        sa.select(EMAILS.c.email, EMAILS.c.contact_id)
        .join(CONTACTS, sa.and_(mine(CONTACTS, portal_id), CONTACTS.c.id == EMAILS.c.contact_id))
        .where(mine(EMAILS, portal_id), u.among(EMAILS.c.email, folded), CONTACTS.c.archived.is_(False))
        .order_by(EMAILS.c.place.desc(), CONTACTS.c.modified_ms, CONTACTS.c.id)
    )
    return {row[0]: row[1] for row in u.rows(query)}
