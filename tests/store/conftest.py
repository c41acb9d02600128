"""Every test of the store runs on SQLite and on PostgreSQL, each on a database of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from connector.store import Store, portals
from connector.store.front import Front
from connector.store.schema import TENANT_TABLES
from tests import databases
from tests.store.builders import IDENTITY, T0

TENANT = re.compile(r"\b(FROM|INTO|UPDATE|JOIN) (" + "|".join(table.name for table in TENANT_TABLES) + r")\b")


@pytest.fixture(params=databases.KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def url(kind) -> Iterator[str]:
    made = databases.fresh_url(kind)
    yield made
    databases.drop(made)


@pytest.fixture
def store(url) -> Iterator[Store]:
    opened = Store.open(url)
    sa.event.listen(opened.engine, "before_cursor_execute", refuse_portal_less_statements)
    yield opened
    opened.close()


@pytest.fixture
def u(store, request):
    """One open transaction, committed when the test ends well."""
    if "portal" in request.fixturenames:
        request.getfixturevalue("portal")  # made in a unit of its own, which cannot lie inside this one
    with store.unit() as unit:
        yield unit


@pytest.fixture
def portal(store) -> int:
    with store.unit() as unit:
        return portals.add(unit, "acme", "https://api.hubapi.com", b"sealed", IDENTITY, T0).id


def refuse_portal_less_statements(_connection, _cursor, statement, *_rest) -> None:
    """The second net under ``mine``: whatever reaches the database about a portal's rows names the portal."""
    if TENANT.search(statement):
        assert "portal_id" in statement, statement


@pytest.fixture
def front(url) -> Iterator[Front]:
    opened = Front.beside(url)
    yield opened
    opened.close()
