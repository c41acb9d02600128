"""Every test of the engine runs on SQLite and on PostgreSQL, each on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.engine.opening import open_engine
from connector.store.front import Front, front_url
from tests import databases


@pytest.fixture(params=databases.KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def url(kind) -> Iterator[str]:
    made = databases.empty_url(kind)
    yield made
    if kind == "sqlite":
        databases.drop(front_url(made))
    databases.drop(made)


@pytest.fixture
def front(url) -> Iterator[Front]:
    opened = Front.beside(url)
    yield opened
    opened.close()


@pytest.fixture
def engine(front, url):
    opened = open_engine(front_url(url))
    yield opened
    opened.close()
