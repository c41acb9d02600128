"""A house that many tests of the documents' pages share: mirrored and judged once, its documents as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from connector.admin.waiting import waiting
from connector.store.schema import DOCUMENTS, DRAFTS, SIGNATURES
from tests.admin.conftest import ANNA, House
from tests.rig import rig


def standing_house(folder: Path) -> Iterator[House]:
    """A portal ``acme`` of 60 contacts, as the ``house`` of one test is."""
    with rig(folder, contacts=60) as r, r.service(lasting=True) as service:
        service.sync("acme")
        service.provision("acme")
        service.plan("acme")
        yield House(r, service)


def as_shipped(house: House) -> House:
    """Nobody drafted or published anything yet; Anna is signed in."""
    with house.service.store.unit() as u:
        u.run(sa.delete(DRAFTS).where(DRAFTS.c.portal_id == 1))
        u.run(sa.delete(SIGNATURES).where(SIGNATURES.c.portal_id == 1))
        u.run(sa.delete(DOCUMENTS).where(DOCUMENTS.c.portal_id == 1, DOCUMENTS.c.version > 1))
        u.run(sa.update(DOCUMENTS).where(DOCUMENTS.c.portal_id == 1).values(state="published"))
    waiting(house.service.store)._tasks.clear()
    house.porter.who, house.porter.said = ANNA, ""
    house.porter.booked.clear()
    house.woken.clear()
    return house
