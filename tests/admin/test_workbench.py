"""The workbench: a chain taken apart over real values, built by plain forms, and taken into the draft."""

from __future__ import annotations

import html
import re
import time
from importlib.resources import files

import pytest

from connector.admin import workbench
from connector.admin.mapping import plain_rows
from connector.admin.words import catalogue
from connector.reports import chain
from connector.store import records
from tests.admin.desk import as_shipped, standing_house
from tests.admin.test_mapping import draft_of, published


@pytest.fixture(scope="module")
def lasting_house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(lasting_house, monkeypatch):
    monkeypatch.setattr(workbench, "PATIENCE", 20)
    return as_shipped(lasting_house)


def page_of(house, field: str) -> str:
    """The address of the workbench of the row that reads a field."""
    rows = plain_rows(published(house))
    return f"/portals/acme/mapping/chain/{next(at for at, row in enumerate(rows) if row['field'] == field)}"


def form_of(page: str) -> dict[str, str]:
    tags = re.findall(r'<input\b[^>]*name="[^"]+"[^>]*>', page[page.index('id="workbench"') :])
    found = {re.search(r'name="([^"]+)"', tag)[1]: html.unescape(re.search(r'value="([^"]*)"', tag)[1]) for tag in tags}
    found.pop("csrf", None)
    return found


def tried(house, field: str, status: int = 200, **more: str) -> str:
    base = form_of(house.get(page_of(house, field)))
    return house.post(page_of(house, field), status, **(base | more)).text


def chain_of(page: str) -> list[str]:
    told = form_of(page)
    return [value for name, value in told.items() if name.startswith("step") and value]


def counts(page: str) -> dict[str, int]:
    return {word: int(n) for n, word in re.findall(r">(\d+) (fine|empty|ambiguous|failing)<", page)}


def test_the_counts_are_over_all_contacts(house):
    told = counts(house.get(page_of(house, "city")))
    with house.service.store.view() as u:
        everybody = records.count(u, house.portal_id("acme"), "contacts")
    assert sum(told.values()) == everybody
    assert told["fine"] > 0


def test_the_editor_leads_to_it(house):
    assert page_of(house, "city") in house.get("/portals/acme/mapping")


def test_pasted_values_show_the_step_that_fails_with_its_value(house):
    page = tried(house, "country", pasted="Deutschland\nKorea\nxx7")
    assert "<strong>DE</strong>" in page
    assert "may mean North or South Korea" in page
    assert "is no country&#39;s name or code" in page
    assert "fails here" in page


def test_steps_are_added_moved_and_taken_out_by_plain_forms(house):
    start = {f"step{n}": "" for n in range(6)}
    two = {**start, "step0": "lower", "step1": "upper"}
    assert chain_of(tried(house, "city", **start, act="add-upper")) == ["upper"]
    assert chain_of(tried(house, "city", **two, act="up-1")) == ["upper", "lower"]
    assert chain_of(tried(house, "city", **two, act="down-0")) == ["upper", "lower"]
    assert chain_of(tried(house, "city", **two, act="out-0")) == ["upper"]
    assert chain_of(tried(house, "city", **two, act="out-99")) == ["lower", "upper"]
    assert draft_of(house) == ""


def test_using_the_chain_saves_it_in_the_draft_with_an_entry(house):
    path = page_of(house, "city")
    base = form_of(house.get(path))
    house.post(f"{path}/use", **(base | {"step0": "upper", "with0": ""}))
    at = int(path.rpartition("/")[2])
    assert plain_rows(draft_of(house))[at]["transforms"] == ["upper"]
    assert house.porter.booked
    assert chain_of(house.get(path)) == ["upper"]


def test_another_windows_draft_is_not_overwritten(house):
    path = page_of(house, "city")
    base = form_of(house.get(path))
    house.post(f"{path}/use", **(base | {"step0": "upper"}))
    saved = draft_of(house)
    answer = house.post(f"{path}/use", 422, **(base | {"step0": "lower"}))
    assert "lower" in answer.text
    assert draft_of(house) == saved


def test_a_chain_that_cannot_be_read_stays_on_the_page(house):
    path = page_of(house, "city")
    base = form_of(house.get(path))
    answer = house.post(f"{path}/use", 422, **(base | {"step0": "no_such_step"}))
    assert "no_such_step" in answer.text
    assert draft_of(house) == ""


def test_whoever_may_not_edit_sees_addresses_masked(house):
    path = page_of(house, "email")
    open_page = house.get(path)
    house.signed_in("analyst")
    hidden = house.get(path)
    addresses = set(re.findall(r'class="raw">([^<]+@[^<]+)<', open_page))
    assert addresses
    assert not any(one in hidden for one in addresses)
    assert "***@" in hidden
    assert "Use this chain" not in hidden


def test_too_many_values_are_said_to_be_capped(house, monkeypatch):
    monkeypatch.setattr(chain, "MOST", 2)
    assert "only the 5,000 most frequent were counted" in house.get(page_of(house, "email"))


def test_a_page_that_does_not_wait_shows_a_few_values(house, monkeypatch):
    monkeypatch.setattr(workbench, "PATIENCE", 0)
    slow = chain.chain_report
    monkeypatch.setattr(workbench, "chain_report", lambda *a: time.sleep(0.5) or slow(*a))
    assert "Counting over all of them goes on" in house.get(page_of(house, "city"))


def test_a_row_that_is_not_there_is_no_page(house):
    house.get("/portals/acme/mapping/chain/999", 404)
    house.get("/portals/acme/mapping/chain/x", 404)


def test_every_sentence_is_there_in_german():
    source = (files("connector.admin") / "templates/admin/workbench.html").read_text(encoding="utf-8")
    said = set(re.findall(r'\bt\("([^"]*)"', source))
    assert len(said) > 30
    told = catalogue("de")
    assert [one for one in said if one not in told] == []
    assert [one for one in said if set(re.findall(r"{\w+}", one)) != set(re.findall(r"{\w+}", told[one]))] == []
