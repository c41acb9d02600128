"""The workbench before a real browser: a chain is built by clicks alone, on a wide and on a narrow window."""

from __future__ import annotations

import os
import re

import pytest

from connector.admin.mapping import plain_rows
from connector.store import documents
from tests.browser.stage import NAME

pytestmark = pytest.mark.timeout(280)


def row_of(stage, field: str) -> int:
    with stage.grounds.service() as service, service.store.view() as u:
        text = documents.current(u, service._row(NAME).id, "mapping").body
    return next(at for at, row in enumerate(plain_rows(text)) if row["field"] == field)


def shot(page, name: str) -> None:
    if folder := os.environ.get("LEADWRIGHT_TEST_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_chain_is_built_tried_and_used(visit):
    visit.sign_in()
    page = visit.page
    visit.go(f"/mapping/chain/{row_of(visit.stage, 'country')}", portal=NAME)
    page.locator("#f-pasted").fill("Deutschland\nKorea\nxx7")
    page.get_by_role("button", name=re.compile("^collapse_spaces")).first.click()
    assert "is no country's name or code" in page.inner_text("main")
    assert page.locator("input[name=step0]").input_value() != ""
    assert visit.barriers() == []
    shot(page, "workbench-1280")
    page.set_viewport_size({"width": 390, "height": 844})
    assert visit.fits()
    shot(page, "workbench-390")
    page.get_by_role("button", name="Use this chain").click()
    assert "The draft is saved" in page.inner_text("body")
    assert visit.complaints == []
