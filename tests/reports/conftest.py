"""One small portal a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reports.small import Small, small


@pytest.fixture
def portal() -> Iterator[Small]:
    with small() as made:
        yield made
