"""Quiet logs, and the mark by which the longest trials can be left out: ``pytest -m "not long"``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.trials.quiet import quiet


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes more than ten seconds even at a twentieth of its size")


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    with quiet():
        yield
