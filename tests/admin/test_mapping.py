"""The mapping editor: rows with what they do beside them, drafts that lose nothing, and the way to publishing."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from connector.admin import mapping, mapping_form
from connector.presets import load_yaml
from connector.store import documents, drafts, records
from connector.sync import previewing
from connector.sync.mapping_text import rewritten
from tests.admin.conftest import CSRF
from tests.admin.desk import as_shipped, standing_house

PAGE = "/portals/acme/mapping"


@pytest.fixture(scope="module")
def lasting_house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(lasting_house):
    return as_shipped(lasting_house)


def fields(page: str) -> dict[str, str]:
    """The form as a browser would send it: hidden and text inputs, areas, what is chosen."""
    inside = page[page.index('id="mapping"') : page.index("</form>", page.index('id="mapping"'))]
    told: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", inside):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and "checkbox" not in tag:
            told[name[1]] = html.unescape(value[1] if value else "")
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', inside, re.DOTALL):
        told[name] = html.unescape(body)
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        told[name] = html.unescape(chosen[1]) if chosen else ""
    return told


def row_of(page: str, field: str) -> str:
    """The prefix of the row that reads a field."""
    return next(name[:-6] for name, value in fields(page).items() if name.endswith("-field") and value == field)


def draft_of(house) -> str:
    with house.service.store.view() as u:
        found = drafts.of(u, house.portal_id("acme"), "mapping", "anna@agentur.example")
        return found.body if found is not None and found.open else ""


def published(house) -> str:
    with house.service.store.view() as u:
        return documents.current(u, house.portal_id("acme"), "mapping").body


def changed(house, **more: str) -> dict[str, str]:
    """The form as it stands, with some fields of the row of ``city`` filled in otherwise."""
    page = house.get(PAGE)
    prefix = row_of(page, "city")
    return fields(page) | {f"{prefix}-{name}": value for name, value in more.items()}


def saved(house, **more: str) -> None:
    house.post(PAGE, **changed(house, **more))


UPPER = {"step0": "upper", "with0": "", "direction": "both", "mode": "overwrite"}


def test_every_row_shows_three_contacts_and_counts_over_all(house):
    page = house.get(PAGE)
    rows = load_yaml(published(house), "x")[0]["rows"]
    assert page.count('class="card map-row') == len(rows) + 1  # and the empty one to add
    for word in ("typical", "emptiest", "60 contacts counted: 0 would be written to HubSpot (0 calls)."):
        assert word in page
    assert re.search(r"\d+ stays the same", page)
    assert "HubSpot&#39;s value is read; nothing is written." in page


def test_sending_the_page_as_it_is_changes_nothing(house):
    """Whatever the page shows comes back as it was: no key of any row moves."""
    house.post(PAGE, **fields(house.get(PAGE)))
    assert draft_of(house) == ""
    assert "Nothing was changed." in house.get(PAGE)


def test_a_change_becomes_a_draft_that_keeps_every_comment(house):
    before = published(house)
    saved(house, **UPPER)
    text = draft_of(house)
    row = next(row for row in load_yaml(text, "x")[0]["rows"] if row["field"] == "city")
    assert (row["transforms"], row["direction"], row["mode"]) == (["upper"], "both", "overwrite")
    comments = [line for line in before.splitlines() if "#" in line]
    assert [line for line in text.splitlines() if "#" in line] == comments
    assert len(text.splitlines()) == len(before.splitlines())
    assert published(house) == before
    (booked,) = house.porter.booked
    assert booked[0] == "Saved a draft of mapping"


def test_the_draft_shows_what_it_would_do_in_words_and_numbers(house):
    saved(house, **UPPER)
    page = house.get(PAGE)
    section = page[page.index(f'id="{row_of(page, "city").replace("r", "row-")}"') :][:20_000]
    with house.service.looking("acme") as ctx:
        told = previewing.overview(ctx, previewing.edited(ctx, draft_of(house)))
    at = int(row_of(page, "city")[1:])
    moved = told.rows[at].writes["change"]
    assert moved > 0
    assert f"{moved} changes" in section
    assert "Ours is written wherever HubSpot holds another." in section
    assert "If somebody changes it in HubSpot meanwhile, the newer one wins." in section
    assert f"{told.written} would be written to HubSpot" in page


@pytest.mark.parametrize(("show", "rows"), [("differences", 1), ("broken", None)])
def test_rows_can_be_filtered_without_losing_the_others(house, show, rows):
    saved(house, **UPPER)
    page = house.get(f"{PAGE}?show={show}")
    count = page.count('class="card map-row') - 1
    assert count == rows if rows is not None else count < 32
    before = load_yaml(draft_of(house), "x")[0]["rows"]
    if rows:
        form = fields(page) | {f"{row_of(page, 'city')}-step0": "lower"}
        house.post(PAGE, **form)
        after = load_yaml(draft_of(house), "x")[0]["rows"]
        assert len(after) == len(before)
        assert [a["field"] for a, b in zip(after, before, strict=True) if a != b] == ["city"]


def test_any_contact_can_be_looked_up_and_the_address_names_no_person(house):
    with house.service.store.view() as u:
        ids = records.live_ids(u, house.portal_id("acme"), "contacts")
        someone = next(r for i in ids if (r := records.get(u, house.portal_id("acme"), "contacts", i)).email)
    answer = house.post(f"{PAGE}/look", who=someone.email)
    assert answer.headers["Location"] == f"/admin{PAGE}?contact={someone.id}"
    assert "looked up" in house.get(f"{PAGE}?contact={someone.id}")
    house.post(f"{PAGE}/look", who="nobody@nowhere.example")
    assert "There is no such contact in the mirror." in house.get(PAGE)
    assert "There is no such contact in the mirror." in house.get(f"{PAGE}?contact=1")


def test_rows_come_and_go(house):
    page = house.get(PAGE)
    house.post(PAGE, **fields(page), **{f"{row_of(page, 'website')}-remove": "1"})
    assert "website" not in {row["field"] for row in load_yaml(draft_of(house), "x")[0]["rows"]}
    assert "Website is not read any more" in house.get(PAGE) or "contacts lose it" not in house.get(PAGE)
    form = fields(house.get(PAGE)) | {"new-property": "website", "new-field": "website", "new-step0": "lower"}
    house.post(PAGE, **form)
    assert load_yaml(draft_of(house), "x")[0]["rows"][-1] == {
        "field": "website", "property": "website", "transforms": ["lower"]
    }  # fmt: skip


def test_what_cannot_be_read_is_told_at_its_field_and_nothing_is_lost(house):
    form = changed(house, values="Ulm: [a", fallbacks="company.city, state")
    page = house.post(PAGE, 422, **form).text
    assert "Your entries are still here." in page
    again = fields(page)
    prefix = row_of(page, "city")
    assert again[f"{prefix}-values"] == "Ulm: [a"
    assert again[f"{prefix}-fallbacks"] == "company.city, state"
    assert 'class="error" id="e-' in page
    assert draft_of(house) == ""


def test_a_draft_with_faults_is_kept_and_told_at_the_row(house):
    saved(house, mode="overwrite")  # without being written
    page = house.get(PAGE)
    section = page[page.index(f'id="{row_of(page, "city").replace("r", "row-")}"') :][:6000]
    assert "has no effect: this row is only read" in section
    assert "1 fault" in page
    saved(house, mode="never")
    assert "1 fault" not in house.get(PAGE)


def test_two_windows_of_one_person_never_lose_an_edit(house):
    """Both were opened on the same page; the second is refused with both texts, and nothing of either is gone."""
    first, second = changed(house, step0="upper", with0=""), changed(house, property="state")
    other = row_of(house.get(PAGE), "position")
    second |= {f"{other}-fallbacks": "company.name"}
    house.post(PAGE, **first)
    page = house.post(PAGE, 422, **second).text
    assert "This draft was changed in another window." in page
    assert "upper" in draft_of(house)
    assert (
        "state" not in next(r for r in load_yaml(draft_of(house), "x")[0]["rows"] if r["field"] == "city")["property"]
    )
    text = html.unescape(re.search(r'<textarea id="f-text"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)[1])
    city = next(row for row in load_yaml(text, "x")[0]["rows"] if row["field"] == "city")
    assert (city["property"], city["transforms"]) == ("state", ["upper"]), "both edits, one on the other"
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    base = re.search(r'name="base" value="(\d+)"', page)[1]
    house.post("/portals/acme/documents/mapping/edit", text=text, seen=seen, base=base)
    assert draft_of(house) == text


def test_a_row_that_another_window_took_out_comes_back_only_if_it_was_edited(house):
    page = house.get(PAGE)
    first = {**fields(page), f"{row_of(page, 'city')}-remove": "1", f"{row_of(page, 'language')}-remove": "1"}
    second = changed(house, property="state")
    house.post(PAGE, **first)
    page = house.post(PAGE, 422, **second).text
    text = html.unescape(re.search(r'<textarea id="f-text"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)[1])
    found = {row["field"]: row["property"] for row in load_yaml(text, "x")[0]["rows"]}
    assert found["city"] == "state"
    assert "language" not in found


def test_a_draft_begun_on_an_older_page_starts_from_what_it_showed(house):
    """Somebody publishes while the page is open: the draft is kept, and it is told that it was overtaken."""
    form = changed(house, **UPPER)
    with house.service.store.unit() as u:
        text = published(house).replace("time_zone: UTC", "time_zone: Europe/Berlin")
        documents.publish(u, house.portal_id("acme"), "mapping", text, "kim", "our zone", house.rig.clock.now_ms())
    house.post(PAGE, **form)
    assert "upper" in draft_of(house)
    page = house.get(PAGE)
    assert "Version 2 was published by kim since your draft was begun." in page


def test_the_preview_while_typing_tells_only_of_the_rows_that_changed(house):
    form = changed(house, **UPPER)
    told = json.loads(house.post(f"{PAGE}/preview", 200, **form).text)
    (shown,) = told["rows"].values()
    assert "What happens" in shown
    assert draft_of(house) == ""
    bad = json.loads(house.post(f"{PAGE}/preview", 200, **changed(house, mode="overwrite")).text)
    assert "has no effect" in next(iter(bad["errors"].values()))
    worse = json.loads(house.post(f"{PAGE}/preview", 200, **changed(house, values="- a")).text)
    assert worse["errors"]


def test_large_portals_are_counted_when_asked(house, monkeypatch):
    monkeypatch.setattr(mapping, "AT_ONCE", 10)
    page = house.get(PAGE)
    assert "Not counted over all contacts yet." in page
    assert "typical" in page, "three contacts are shown all the same"
    told = json.loads(house.get(f"{PAGE}/counts"))
    assert told["state"] == "done"
    assert told["text"].startswith("60 contacts counted")
    assert len(told["rows"]) == len(load_yaml(published(house), "x")[0]["rows"])
    assert "60 contacts counted" in house.get(PAGE)


def test_findings_of_the_live_schema_stand_at_the_row(house):
    saved(house, property="citty", fallbacks="")
    page = house.get(PAGE)
    assert "HubSpot has no property citty here. Did you mean city?" in html.unescape(page)
    saved(house, property="createdate", direction="both", mode="overwrite", step0="", with0="")
    page = html.unescape(house.get(PAGE))
    assert "createdate is read-only in HubSpot" in page


def test_properties_are_read_again_when_asked(house):
    calls = house.rig.twin.ledger.count()
    house.post(f"{PAGE}/properties")
    assert any("/properties/contacts" in call.path for call in house.rig.twin.ledger.calls[calls:])
    assert re.search(r"\d+ properties were read from HubSpot.", house.get(PAGE))


def test_suggestions_bring_evidence_and_are_never_taken_by_themselves(house):
    page = house.get(f"{PAGE}/suggestions")
    assert draft_of(house) == ""
    found = re.search(r'name="field" value="([^"]+)"><input type="hidden" name="property" value="([^"]+)"', page)
    assert found
    assert "The names are alike." in page or "hold the same value" in page
    house.post(f"{PAGE}/add", field=found[1], property=found[2], base=1, seen=0)
    assert found[2] in draft_of(house)
    house.signed_in("analyst", "acme")
    assert "Add to my draft" not in house.get(f"{PAGE}/suggestions")


def test_a_draft_that_is_no_mapping_at_all_points_to_the_text(house):
    house.post("/portals/acme/documents/mapping/edit", text="rows: [", base=1, seen=0)
    page = house.get(PAGE)
    assert "The draft cannot be shown row by row." in page
    assert "This is no valid YAML" in page


def test_a_portal_without_contacts_has_a_page_too(empty_house):
    r = empty_house.rig
    with r.service() as service:
        service.add_portal("acme", r.twin.token, r.url)
    page = empty_house.get(PAGE)
    assert "The mirror holds no contacts yet" in page
    assert "The portal&#39;s properties were never read." in page


def test_discarding_gives_the_published_rows_back(house):
    saved(house, **UPPER)
    with house.service.store.view() as u:
        draft = drafts.of(u, house.portal_id("acme"), "mapping", "anna@agentur.example")
    house.post(f"/portals/acme/documents/mapping/drafts/{draft.id}/discard", seen=draft.revision, back="mapping")
    assert draft_of(house) == ""
    assert "You are looking at your draft" not in house.get(PAGE)


@pytest.mark.parametrize(
    ("role", "reads", "saves"), [("viewer", 404, 404), ("analyst", 200, 404), ("editor", 200, 303), ("admin", 200, 303)]
)
def test_who_may_what(house, role, reads, saves):
    form = changed(house, **UPPER)
    house.signed_in(role, "acme")
    page = house.get(PAGE, reads)
    assert ("Save the draft" in page) == (saves == 303)
    house.post(PAGE, saves, **form)
    house.post(f"{PAGE}/preview", 200 if saves == 303 else 404, **form)
    house.get(f"{PAGE}/counts", reads)


def test_a_form_without_the_token_saves_nothing(house):
    form = changed(house, **UPPER) | {"csrf": CSRF[:-1]}
    assert house.browser.post(f"/admin{PAGE}", data=form).status_code == 403
    assert draft_of(house) == ""


def test_values_of_people_are_shown_as_text(house):
    contact = house.rig.twin.create_contact({"email": "x@x.example", "city": "<script>alert(1)</script>"})
    house.service.sync("acme")
    page = house.get(f"{PAGE}?contact={contact}")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page.lower()


def test_the_page_speaks_german(house):
    house.signed_in("admin", "acme", language="de")
    saved(house, **UPPER)
    page = house.get(PAGE)
    for words in ("Feldzuordnung", "am leersten", "Kontakte gezählt", "bleibt gleich", "Probelauf und Veröffentlichen"):
        assert words in page
    assert "nothing is written" not in page


def rows_of(text: str) -> list[dict[str, Any]]:
    return load_yaml(text, "x")[0]["rows"]


def test_a_thousand_properties_stay_one_list(house):
    """The names stand once on the page, however many rows there are."""
    assert house.get(PAGE).count('<option value="firstname">') == 1


def test_six_hundred_rows_and_an_edit_on_the_last_one(house):
    """No paging that could drop an edit: the whole mapping is one form and one version."""
    extra = [{"field": "position", "property": f"p{i}", "direction": "write", "mode": "overwrite"} for i in range(200)]
    text = rewritten(published(house), {}, (), extra)
    shown = {
        f"r{at}-{name}": value
        for at, row in enumerate(rows_of(text))
        for name, value in mapping_form.shown(row).items()
    }
    last = len(rows_of(text)) - 1
    told = mapping_form.filled(rows_of(text), shown | {f"r{last}-property": "other"})
    assert list(told.changed) == [last]
    after = rows_of(rewritten(text, told.changed))
    assert after[:-1] == rows_of(text)[:-1]
    assert after[-1]["property"] == "other"
