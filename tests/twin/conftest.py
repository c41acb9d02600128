"""A small grown portal, an empty one on a virtual clock, and a caller that speaks JSON to them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from connector.twin import Dials, Twin, VirtualTwinClock, serve_twin

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Caller:
    """Calls a served portal with a token; answers are ``requests`` responses."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, body=None, **kwargs):
        return self.session.request(method, self.url + path, json=body, timeout=30, allow_redirects=False, **kwargs)

    def get(self, path: str, **kwargs):
        return self("GET", path, **kwargs)

    def post(self, path: str, body=None):
        return self("POST", path, {} if body is None else body)


def calling(twin: Twin) -> Iterator[Caller]:
    with serve_twin(twin) as url:
        caller = Caller(url, twin.token)
        yield caller
        caller.session.close()


@pytest.fixture
def clock() -> VirtualTwinClock:
    return VirtualTwinClock(START)


@pytest.fixture
def twin(clock) -> Twin:
    """Nobody in it, no limits in the way, order of batch answers as asked."""
    return Twin.empty(clock=clock, dials=Dials(burst=None, search_per_second=None, shuffle_batch_results=False))


@pytest.fixture
def call(twin) -> Iterator[Caller]:
    yield from calling(twin)


@pytest.fixture(scope="session")
def grown() -> Twin:
    """A world of 1,500; tests only read it."""
    return Twin.from_seed(7, 1500, clock=VirtualTwinClock(START), dials=Dials(burst=None, search_per_second=None))


@pytest.fixture(scope="session")
def read(grown) -> Iterator[Caller]:
    yield from calling(grown)


@pytest.fixture
def anna(twin) -> int:
    return twin.create_contact({"email": "anna@example.org", "firstname": "Anna", "lastname": "Müller"})


@pytest.fixture
def bernd(twin) -> int:
    return twin.create_contact({"email": "bernd@example.org", "firstname": "Bernd", "lastname": "von der Heide"})
