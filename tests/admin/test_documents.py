"""Documents with versions on the pages: drafted, tried out, published with a reason, compared, taken back."""

from __future__ import annotations

import html
import re
import threading

import pytest

from connector.admin import waiting
from connector.rules.documents import KINDS
from connector.store import documents, drafts
from connector.sync import dry_run
from tests.admin.conftest import ANNA
from tests.admin.desk import as_shipped, standing_house

BASE = "/portals/acme/documents"


@pytest.fixture(scope="module")
def lasting_house(tmp_path_factory):
    yield from standing_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(lasting_house):
    return as_shipped(lasting_house)


def text_of(house, kind: str = "scoring") -> str:
    with house.service.store.view() as u:
        return documents.current(u, house.portal_id("acme"), kind).body


def version_of(house, kind: str = "scoring") -> int:
    with house.service.store.view() as u:
        return documents.current(u, house.portal_id("acme"), kind).version


def draft(house, text: str, kind: str = "scoring", *, seen: int = 0, base: int = 1, status: int = 303):
    return house.post(f"{BASE}/{kind}/edit", status, text=text, base=base, seen=seen)


def the_draft(house, kind: str = "scoring", author: str = ANNA.email):
    with house.service.store.view() as u:
        return drafts.of(u, house.portal_id("acme"), kind, author)


def easier(house) -> str:
    """A threshold low enough for somebody to pass it."""
    return text_of(house).replace("threshold: 50", "threshold: 20")


def test_every_kind_is_listed_with_who_published_it_and_when(house):
    page = house.get(BASE)
    for kind in KINDS:
        assert f"{BASE}/{kind}" in page
    assert page.count("leadwright") >= len([k for k in KINDS if k != "routing"])
    draft(house, easier(house))
    assert ANNA.email in house.get(BASE)


@pytest.mark.parametrize("kind", ["scoring", "lifecycle", "workflows", "consent", "schedule", "activities", "mapping"])
def test_each_kind_can_be_read_edited_tried_out_and_published(house, kind):
    text = text_of(house, kind) + "\n# a remark\n"
    assert "Published text" in house.get(f"{BASE}/{kind}")
    answer = draft(house, text, kind)
    page = house.get(answer.headers["Location"].removeprefix("/admin"))
    assert "+# a remark" in page
    assert "Publish: " in page
    found = the_draft(house, kind)
    house.post(f"{BASE}/{kind}/drafts/{found.id}/publish", seen=found.revision, reason="a remark")
    assert text_of(house, kind) == text
    assert version_of(house, kind) == 2
    assert house.woken[-1] == (house.portal_id("acme"), "cycle")


def test_the_sentence_before_the_yes_names_what_the_plan_then_does(house):
    """The counts on the page are those of the plan after it; its hash stands in the audit log."""
    draft(house, easier(house))
    found = the_draft(house)
    page = html.unescape(house.get(f"{BASE}/scoring/drafts/{found.id}"))
    sentence = re.search(r"Publish: [^<]+", page)[0]
    shown = re.search(r'name="shown" value="(\w+)"', page)[1]
    house.post(f"{BASE}/scoring/drafts/{found.id}/publish", seen=found.revision, reason="easier", shown=shown)
    plan = house.service.plan("acme")
    assert plan["hash"] == shown
    assert plan["new_mqls"] > 0
    many = plan["new_mqls"]
    assert (f"{many} contacts become MQL" if many > 1 else "1 contact becomes MQL") in sentence
    assert f"{plan['contacts']} contacts are written to HubSpot" in sentence
    assert f"{plan['calls']} call" in sentence
    what, portal, before, after = house.porter.booked[-1]
    assert (what, portal, before) == ("Published scoring: easier", house.portal_id("acme"), "version 1")
    assert after.startswith(f"version 2, the plan seen before: {shown[:12]}")


def test_every_fault_stands_at_its_line_and_nothing_is_lost(house):
    text = easier(house).replace("threshold: 20", "threshold: high") + "surprise: 1\n"
    draft(house, text)
    page = house.get(f"{BASE}/scoring/edit")
    line = text[: text.index("threshold: high")].count("\n") + 1
    assert "2 faults" in page
    assert f'href="#line-{line}"' in page
    assert f'id="line-{line}" class="out"' in page
    assert html.unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)[1]) == text
    found = the_draft(house)
    page = house.get(f"{BASE}/scoring/drafts/{found.id}")
    assert 'name="reason"' not in page
    assert (
        "nothing was published"
        in house.post(f"{BASE}/scoring/drafts/{found.id}/publish", 422, seen=found.revision, reason="x").text
    )
    assert version_of(house) == 1
    assert the_draft(house).open


def test_a_text_that_is_no_yaml_is_kept_too(house):
    draft(house, "a: [")
    assert the_draft(house).body == "a: ["
    assert "This is no valid YAML" in house.get(f"{BASE}/scoring/edit")


def test_two_windows_never_overwrite_each_other(house):
    draft(house, "a: 1")
    page = draft(house, "b: 2", status=422).text
    assert "This draft was changed in another window." in page
    assert "b: 2" in page
    assert "-a: 1" in page
    assert the_draft(house).body == "a: 1"
    seen = int(re.search(r'name="seen" value="(\d+)"', page)[1])
    draft(house, "a: 1\nb: 2", seen=seen)
    assert the_draft(house).body == "a: 1\nb: 2"


def test_what_is_unwise_about_a_draft_is_said_before_it_is_published(house):
    """A threshold nobody can reach is sound, and a mistake."""
    draft(house, text_of(house).replace("threshold: 50", "threshold: 5000"))
    page = house.get(f"{BASE}/scoring/drafts/{the_draft(house).id}")
    assert "of advice" in page or "piece of advice" in page
    assert "It may be published all the same." in page


def test_a_draft_that_was_overtaken_shows_both_sides_and_can_go_on(house):
    draft(house, easier(house))
    found = the_draft(house)
    with house.service.store.unit() as u:
        theirs = text_of(house).replace("threshold: 50", "threshold: 70")
        documents.publish(u, house.portal_id("acme"), "scoring", theirs, "kim", "stricter", 1)
    page = house.post(f"{BASE}/scoring/drafts/{found.id}/publish", 422, seen=found.revision, reason="easier").text
    for words in ("Overtaken.", "published by kim", "stricter", "+threshold: 70", "+threshold: 20", "nothing is lost"):
        assert words in page
    assert text_of(house) == theirs
    assert the_draft(house).body == easier_than(theirs)
    house.post(f"{BASE}/scoring/drafts/{found.id}/carry", seen=found.revision, base=2)
    page = house.get(f"{BASE}/scoring/drafts/{found.id}")
    assert "Overtaken." not in page
    house.post(f"{BASE}/scoring/drafts/{found.id}/publish", seen=found.revision + 1, reason="easier")
    assert version_of(house) == 3
    assert "threshold: 20" in text_of(house)


def easier_than(text: str) -> str:
    return text.replace("threshold: 70", "threshold: 20")


def test_what_is_published_is_what_was_seen(house):
    """Another window saves between the look and the yes: the yes does not count for that."""
    draft(house, easier(house))
    found = the_draft(house)
    draft(house, text_of(house).replace("threshold: 50", "threshold: 1"), seen=found.revision)
    page = house.post(f"{BASE}/scoring/drafts/{found.id}/publish", 422, seen=found.revision, reason="easier").text
    assert "Somebody was faster" in page
    assert version_of(house) == 1


def test_publishing_needs_a_reason(house):
    draft(house, easier(house))
    found = the_draft(house)
    page = house.post(f"{BASE}/scoring/drafts/{found.id}/publish", 422, seen=found.revision, reason="  ").text
    assert "Say why: it stands in the history." in page
    assert version_of(house) == 1


def test_going_back_is_a_new_version_and_shows_first_what_it_undoes(house):
    first = text_of(house)
    draft(house, easier(house))
    found = the_draft(house)
    house.post(f"{BASE}/scoring/drafts/{found.id}/publish", seen=found.revision, reason="easier")
    page = house.get(f"{BASE}/scoring/versions/1")
    assert "-threshold: 20" in page
    assert "+threshold: 50" in page
    house.post(f"{BASE}/scoring/versions/1/revert", base=2)
    assert text_of(house) == first
    assert "back to version 1" in house.get(f"{BASE}/scoring")
    assert house.porter.booked[-1][2:] == ("version 2", "version 3")
    house.post(f"{BASE}/scoring/versions/2/revert", 400, base=2)
    assert version_of(house) == 3, "who saw version 2 published must not undo version 3 unseen"


def test_any_two_versions_can_be_compared(house):
    draft(house, easier(house))
    found = the_draft(house)
    house.post(f"{BASE}/scoring/drafts/{found.id}/publish", seen=found.revision, reason="easier")
    assert "+threshold: 20" in house.get(f"{BASE}/scoring/compare")
    assert "-threshold: 20" in house.get(f"{BASE}/scoring/compare?left=2&right=1")
    assert "Both texts are the same." in house.get(f"{BASE}/scoring/compare?left=1&right=1")
    house.get(f"{BASE}/scoring/compare?left=9&right=1", 404)


@pytest.mark.parametrize(
    "path", ["/nonsense", "/scoring/drafts/99", "/scoring/drafts/x", "/scoring/versions/9", "/scoring/versions/-1",
             "/nonsense/edit", "/scoring/versions/99999999999999999999"],
)  # fmt: skip
def test_what_there_is_not_is_a_page_that_says_so(house, path):
    house.get(f"{BASE}{path}", 404)


def test_a_draft_of_one_kind_is_not_one_of_another(house):
    draft(house, easier(house))
    house.get(f"{BASE}/lifecycle/drafts/{the_draft(house).id}", 404)


@pytest.mark.parametrize(
    ("role", "reads", "drafts_", "publishes"),
    [("viewer", 404, 404, 404), ("analyst", 200, 404, 404), ("editor", 200, 303, 404), ("admin", 200, 303, 303)],
)
def test_who_may_what(house, role, reads, drafts_, publishes):
    draft(house, easier(house))
    found = the_draft(house)
    house.signed_in(role, "acme")
    for path in ("", "/scoring", "/scoring/versions/1", "/scoring/compare", f"/scoring/drafts/{found.id}"):
        page = house.get(f"{BASE}{path}", reads)
        assert ('name="reason"' in page) == (publishes == 303 and "/drafts/" in path)
    draft(house, easier(house) + "\n", seen=found.revision, status=drafts_)
    seen = the_draft(house).revision
    house.post(f"{BASE}/scoring/versions/1/revert", 404 if publishes == 404 else 303, base=1)
    house.post(f"{BASE}/scoring/drafts/{found.id}/publish", publishes, seen=seen, reason="x")


def test_editors_leave_the_drafts_of_others_alone_and_admins_may_publish_them(house):
    draft(house, easier(house))
    found = the_draft(house)
    house.signed_in("editor", "acme", email="eva@kunde.example")
    page = house.get(f"{BASE}/scoring/drafts/{found.id}")
    assert "Discard this draft" not in page
    assert "somebody else" in html.unescape(
        house.post(f"{BASE}/scoring/drafts/{found.id}/discard", 400, seen=found.revision).text
    )
    house.post(f"{BASE}/scoring/drafts/{found.id}/carry", 400, seen=found.revision, base=1)
    house.signed_in("admin", "acme", email="otto@kunde.example")
    house.post(f"{BASE}/scoring/drafts/{found.id}/publish", seen=found.revision, reason="easier")
    with house.service.store.view() as u:
        assert documents.current(u, 1, "scoring").author == f"{ANNA.email}, published by otto@kunde.example"


def test_a_dry_run_that_takes_longer_tells_how_far_it_is(house, monkeypatch):
    monkeypatch.setattr(waiting.Waiting.ask, "__kwdefaults__", {"patience": 0.0})
    draft(house, easier(house))
    found = the_draft(house)
    page = house.get(f"{BASE}/scoring/drafts/{found.id}")
    if "Judging everybody" in page:  # it may be quicker than the look
        assert '<meta http-equiv="refresh"' in page
        assert 'name="reason"' not in page
    for task in waiting.waiting(house.service.store)._tasks.values():
        assert task.over.wait(30)
    assert 'name="reason"' in house.get(f"{BASE}/scoring/drafts/{found.id}")


def test_a_portal_that_is_not_mirrored_yet_says_why_nothing_can_be_told(empty_house):
    r = empty_house.rig
    with r.service() as service:
        service.add_portal("acme", r.twin.token, r.url)
    draft(empty_house, easier(empty_house))
    page = empty_house.get(f"{BASE}/scoring/drafts/{the_draft(empty_house).id}")
    assert "is not mirrored yet" in page
    assert 'name="reason"' not in page


def test_the_pages_speak_german(house):
    draft(house, easier(house))
    house.signed_in("admin", "acme", language="de")
    assert "Dokumente" in house.get(BASE)
    page = house.get(f"{BASE}/scoring/drafts/{the_draft(house).id}")
    for words in (
        "Was er täte",
        "Veröffentlichen: ",
        "Kontakte werden nach HubSpot geschrieben",
        "am Limit dieses Portals",
    ):
        assert words in page


def test_in_a_large_portal_the_scores_are_told_before_all_the_rest(house, monkeypatch):
    go_on, whole = threading.Event(), dry_run.dry_run

    def slow(*parts):
        assert go_on.wait(30)
        return whole(*parts)

    monkeypatch.setattr(dry_run, "MANY", 1)
    monkeypatch.setattr(dry_run, "dry_run", slow)
    draft(house, text_of(house).replace("threshold: 50", "threshold: 21"))
    number = the_draft(house).id
    page = house.get(f"{BASE}/scoring/drafts/{number}")
    said = re.search(r"known already: (\d+) rise, (\d+) fall; (\d+) contacts reach 21 points, now it is (\d+)", page)
    assert said, "the scores stand there while everybody is being judged"
    go_on.set()
    for task in waiting.waiting(house.service.store)._tasks.values():
        assert task.over.wait(30)
    page = house.get(f"{BASE}/scoring/drafts/{number}")
    assert "known already" not in page
    assert "Publish" in page
    house.post(f"{BASE}/scoring/drafts/{number}/discard", 303, seen=the_draft(house).revision)
