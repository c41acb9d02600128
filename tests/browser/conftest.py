"""The pages in a real Chromium, before the real service (web, clock, worker) and a twin that calls it back.

Where no Chromium is found these tests are skipped and named. Every page that is looked at is held against axe's rules,
and whatever the browser complains of (a script that broke, a style or request the policy refused) fails the test.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stage import Stage, Visit, staged

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    named = os.environ.get("LEADWRIGHT_TEST_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: set LEADWRIGHT_TEST_CHROMIUM to one")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the driver's own event loop
        from playwright.sync_api import sync_playwright

        with sync_playwright() as driver:
            started = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
            yield started
            started.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture
def visit(stage: Stage, browser: Any, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A fresh browser window of a signed-in owner; what the browser complained of fails the test at its end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    made = Visit(stage, context.new_page())
    yield made
    shots = os.environ.get("LEADWRIGHT_TEST_SHOTS")
    if shots and not made.page.is_closed():
        Path(shots).mkdir(parents=True, exist_ok=True)
        made.page.screenshot(path=str(Path(shots) / f"{request.node.name}.png"), full_page=True)
    context.close()
    assert not made.complaints, made.complaints
