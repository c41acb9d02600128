"""Fixtures of the portal's tests: a virtual clock, a mocked web, a portal on it, recorded-looking bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests_mock
import structlog

from connector.clock import VirtualClock
from connector.portal.hubspot import HubSpotPortal, connect

URL = "https://api.hubapi.test"
TOKEN = "pat-eu1-very-secret"
START_MS = int(datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp() * 1000)

Connect = Callable[..., HubSpotPortal]


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[list[dict]]:
    """Entries instead of lines on the screen."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START_MS)


@pytest.fixture
def web() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def portal(clock: VirtualClock, web: requests_mock.Mocker) -> Iterator[HubSpotPortal]:
    """A portal of the old generation whose web is mocked."""
    made = connect(URL, TOKEN, clock=clock, generation="v3")
    yield made
    made.close()


@pytest.fixture
def payload() -> Callable[[str], dict]:
    """A recorded-looking body by file name."""
    folder = Path(__file__).parent / "fixtures"
    return lambda name: json.loads((folder / f"{name}.json").read_text())
