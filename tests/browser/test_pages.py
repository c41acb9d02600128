"""Every page before a real browser: nothing broken, no barrier that axe knows, fit for 200 % zoom, German and dark."""

from __future__ import annotations

import pytest

from tests.browser.stage import NAME
from tests.serving.trees import until

pytestmark = pytest.mark.timeout(280)

HOUSE = ("/", "/connect", "/people", "/tokens", "/audit", "/me", "/no-such-page")
PORTAL = (
    "", "/contacts", "/contacts?q=nobody-at-all", "/contacts/{best}", "/contacts/999999",
    "/mapping", "/mapping?show=broken", "/mapping/suggestions", "/mapping/chain/0",
    "/documents", "/documents/scoring", "/documents/scoring/edit", "/documents/scoring/sheet",
    "/plan", "/held", "/runs", "/start",
    "/reports", "/reports/kpis", "/reports/quality",
)  # fmt: skip


def best(stage) -> str:
    with stage.grounds.service() as service:
        return str(service.best(NAME, 1)[0]["contact"])


def every(stage):
    for path in HOUSE:
        yield path, None
    for path in PORTAL:
        yield path.format(best=best(stage)), NAME


def test_no_page_has_a_barrier(visit):
    visit.sign_in()
    found = {}
    for path, portal in every(visit.stage):
        visit.go(path, portal=portal)
        assert visit.page.locator("h1").count() == 1, path
        if barriers := visit.barriers():
            found[path] = barriers
    assert found == {}


def test_at_double_size_nothing_runs_out_of_the_window(visit):
    """200 % zoom of a window of 1280 is one of 640."""
    visit.sign_in()
    visit.page.set_viewport_size({"width": 640, "height": 480})
    wide = []
    for path, portal in every(visit.stage):
        visit.go(path, portal=portal)
        if not visit.fits():
            wide.append(path)
    assert wide == []


def test_in_the_dark_there_is_no_barrier_either(visit):
    visit.sign_in()
    visit.page.emulate_media(color_scheme="dark")
    for path, portal in (("/", None), ("", NAME), (f"/contacts/{best(visit.stage)}", NAME), ("/mapping", NAME)):
        visit.go(path, portal=portal)
        assert visit.barriers() == [], path


def test_in_german(visit):
    visit.sign_in("greta@agentur.example")
    visit.go("/me")
    visit.page.locator("select[name=language]").select_option("de")
    visit.page.locator("main form button.go").first.click()
    visit.page.wait_for_load_state()
    assert visit.page.locator("html").get_attribute("lang") == "de"
    assert "Übersicht" in (visit.go("", portal=NAME) + visit.page.inner_text("nav.side"))
    assert "Warum" in visit.go(f"/contacts/{best(visit.stage)}", portal=NAME)
    assert visit.barriers() == []


def test_with_the_keyboard_alone(visit):
    """The first Tab offers to skip to the content; every link and button after it can be reached and seen."""
    visit.sign_in()
    visit.go("/")
    page = visit.page
    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=NAME, exact=True).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/portals/{NAME}")
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Contacts", "Field mapping", "Sync now"} <= seen


def test_rules_go_down_as_a_spreadsheet_and_up_again(visit, tmp_path):
    """Download from the page, break a cell and see its place; mend it and look at the difference in the draft."""
    visit.sign_in()
    page = visit.page
    visit.go("/documents/scoring", portal=NAME)
    page.locator("details summary", has_text="As a spreadsheet").click()
    with page.expect_download() as under_way:
        page.get_by_role("link", name="as a spreadsheet").first.click()
    file = tmp_path / under_way.value.suggested_filename
    under_way.value.save_as(file)
    row, told = "product_interest,15,", file.read_bytes().decode("utf-8-sig")
    assert row in told

    def upload(points: str) -> str:
        file.write_text(told.replace(row, row.replace("15", points)), encoding="utf-8")
        page.get_by_label("Upload a spreadsheet").set_input_files(file)
        page.get_by_role("button", name="Upload it into my draft").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        return page.inner_text("main")

    assert "is no number" in upload("many")
    assert visit.barriers() == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert visit.fits()
    assert "The sheet is in your draft" in upload("25")
    until(lambda: page.locator("[name=reason]").count())
    assert "points: 25" in page.inner_text("main")
    page.get_by_role("button", name="Discard this draft for good").click()


def test_a_mapping_is_changed_with_its_preview_published_and_followed(visit):
    """Edit a row, see what becomes of three contacts, save, dry-run, publish; the next contact that changes follows."""
    visit.sign_in()
    page, stage = visit.page, visit.stage
    visit.go("/mapping", portal=NAME)
    row = page.locator("section.map-row", has=page.locator("h2", has_text="Last name"))
    row.locator("summary").click()
    row.locator("input[name$=-step1]").fill("upper")
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    page.get_by_role("link", name="Dry run and publish").first.click()
    page.wait_for_load_state()
    until(
        lambda: (page.reload() or True) and page.locator("form input[name=reason], form textarea[name=reason]").count()
    )
    assert visit.barriers() == []
    page.locator("[name=reason]").first.fill("sales reads names in capitals")
    page.get_by_role("button", name="Publish").first.click()
    page.wait_for_load_state()
    assert "upper" in visit.go("/documents/mapping", portal=NAME) or "capitals" in page.inner_text("main")
    with stage.grounds.service() as service:
        assert "upper" in service.config_show(NAME, "mapping")["body"]
        names = [one["fields"].get("last_name") for one in service.export(NAME, "contacts") if not one["archived"]]
    assert any(names)
    assert [name for name in names if name and name != name.upper()] == []
    visit.go("/audit")
    assert "ublished" in page.inner_text("main")
