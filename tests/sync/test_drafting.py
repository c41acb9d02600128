"""Drafts of documents: kept with their faults, published when sound and not overtaken; nothing of anybody is lost."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.store import documents, drafts, portals, records
from connector.sync import drafting
from connector.sync.library import difference, faults_of
from tests import databases
from tests.rig import Rig, rig
from tests.sync.steps import look


@pytest.fixture(params=databases.KINDS)
def r(request, tmp_path):
    url = databases.fresh_url(request.param)
    with rig(tmp_path, database=url) as made:
        yield made
    databases.drop(url)


def body(r: Rig, kind: str = "scoring") -> str:
    return r.run("config_show", kind)["body"]


def write(folder, text: str, kind: str = "scoring"):
    file = folder / f"{kind}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def shows(lines: list[str], line: str) -> bool:
    """Whether a difference has that line; what may stand behind it is a remark."""
    return any(one.startswith(line) for one in lines)


def other(r: Rig, points: int = 60) -> str:
    return body(r).replace("threshold: 50", f"threshold: {points}")


def test_a_draft_judges_nobody_until_it_is_published(r, tmp_path):
    before = body(r)
    saved = r.run("config_draft_save", write(tmp_path, other(r)), "kim")
    assert (saved["base"], saved["revision"], saved["faults"], saved["overtaken"]) == (1, 1, [], None)
    assert body(r) == before
    assert r.run("config_draft_show", "scoring", "kim")["body"] == other(r)
    done = r.run("config_draft_publish", "scoring", "kim", "harder")
    assert done["version"] == 2
    assert "threshold: 60" in body(r)
    with pytest.raises(ConfigError, match="kim has no draft of scoring"):
        r.run("config_draft_show", "scoring", "kim")
    assert [v["version"] for v in r.run("config_history", "scoring")["versions"]] == [2, 1]


def test_publishing_a_draft_marks_everybody_to_be_judged(r, tmp_path):
    r.twin.create_contact({"email": "a@x.example"})
    r.run("sync")
    r.run("plan")
    r.run("config_draft_save", write(tmp_path, other(r)), "kim")
    assert look(r, records.dirty_count) <= 1
    r.run("config_draft_publish", "scoring", "kim", "harder")
    assert look(r, records.dirty_count) == 1


def test_an_overtaken_draft_is_refused_shows_both_sides_and_stays(r, tmp_path):
    mine, theirs = other(r, 60), other(r, 70)
    r.run("config_draft_save", write(tmp_path, mine), "kim")
    r.run("config_publish", write(tmp_path, theirs), "jo", "much harder")
    with pytest.raises(ConfigError, match=r"version 2 in the meantime; you started from 1") as told:
        r.run("config_draft_publish", "scoring", "kim", "harder")
    assert told.value.reason == documents.OVERTAKEN
    assert body(r) == theirs
    shown = r.run("config_draft_show", "scoring", "kim")
    assert shown["body"] == mine
    sides = shown["overtaken"]
    assert (sides["published"], sides["by"], sides["reason"]) == (2, "jo", "much harder")
    assert shows(sides["theirs"], "+threshold: 70")
    assert shows(sides["mine"], "+threshold: 60")


def test_who_has_looked_at_both_may_go_on(r, tmp_path):
    r.run("config_draft_save", write(tmp_path, other(r, 60)), "kim")
    r.run("config_publish", write(tmp_path, other(r, 70)), "jo", "much harder")
    with r.service() as service, service.store.unit() as u:
        row = portals.by_name(u, "acme")
        draft = drafting.own(u, row, "scoring", "kim")
        carried = drafting.carry(u, row, draft.id, seen=draft.revision, onto=2, now_ms=1)
        assert (carried.base, carried.body) == (2, draft.body)
        assert drafting.sides(u, row, carried) is None
    assert r.run("config_draft_publish", "scoring", "kim", "harder")["version"] == 3
    assert "threshold: 60" in body(r)


def test_a_draft_with_faults_is_kept_and_cannot_be_published(r, tmp_path):
    text = body(r).replace("threshold: 50", "threshold: high") + "surprise: 1\n"
    saved = r.run("config_draft_save", write(tmp_path, text), "kim")
    assert len(saved["faults"]) == 2
    assert saved["faults"][0]["line"] == text[: text.index("threshold: high")].count("\n") + 1
    with pytest.raises(DocumentInvalid):
        r.run("config_draft_publish", "scoring", "kim", "harder")
    assert r.run("config_draft_show", "scoring", "kim")["body"] == text
    assert len(r.run("config_history", "scoring")["versions"]) == 1


def test_saving_over_an_open_draft_asks_for_its_number(r, tmp_path):
    r.run("config_draft_save", write(tmp_path, other(r, 60)), "kim")
    assert r.run("config_draft_save", write(tmp_path, other(r, 60)), "kim")["revision"] == 2
    with pytest.raises(ConfigError, match="at saving 2") as told:
        r.run("config_draft_save", write(tmp_path, other(r, 61)), "kim")
    assert "--revision 2" in told.value.remedy
    with pytest.raises(ConfigError, match="you looked at 1"):
        r.run("config_draft_save", write(tmp_path, other(r, 61)), "kim", 1)
    assert r.run("config_draft_save", write(tmp_path, other(r, 61)), "kim", 2)["revision"] == 3
    assert "threshold: 61" in r.run("config_draft_show", "scoring", "kim")["body"]


def test_what_was_saved_since_is_not_published_by_an_older_look(r):
    with r.service() as service:
        with service.store.unit() as u:
            row = portals.by_name(u, "acme")
            text = other(r)
            draft = drafting.save(u, row, "scoring", "kim", text, base=1, seen=0, now_ms=1)
            drafting.save(u, row, "scoring", "kim", text + "# more\n", base=1, seen=1, now_ms=2)
        with pytest.raises(ConfigError) as told, service.store.unit() as u:
            drafting.publish(u, row, draft.id, seen=1, by="kim", reason="x", now_ms=3)
        assert told.value.reason == drafts.OVERTAKEN
        with service.store.view() as u:
            assert drafts.get(u, row.id, draft.id).open
    assert len(r.run("config_history", "scoring")["versions"]) == 1


def test_another_persons_draft_is_published_in_both_names(r):
    with r.service() as service, service.store.unit() as u:
        row = portals.by_name(u, "acme")
        draft = drafting.save(u, row, "scoring", "kim", other(r), base=1, seen=0, now_ms=1)
        drafting.publish(u, row, draft.id, seen=1, by="jo", reason="x", now_ms=2)
        assert documents.current(u, row.id, "scoring").author == "kim, published by jo"


def test_discarding_leaves_what_is_published(r, tmp_path):
    before = body(r)
    r.run("config_draft_save", write(tmp_path, other(r)), "kim")
    r.run("config_draft_discard", "scoring", "kim")
    assert body(r) == before
    with pytest.raises(ConfigError):
        r.run("config_draft_publish", "scoring", "kim", "x")
    assert r.run("config_draft_save", write(tmp_path, other(r)), "kim")["revision"] == 3


def test_any_two_versions_are_compared_also_with_nothing(r, tmp_path):
    r.run("config_publish", write(tmp_path, other(r)), "jo", "harder")
    with r.service() as service, service.store.view() as u:
        row = portals.by_name(u, "acme")
        assert shows(difference(u, row, "scoring", 1, 2), "+threshold: 60")
        assert shows(difference(u, row, "scoring", 2, 1), "-threshold: 60")
        assert difference(u, row, "scoring", 2, 2) == []
        assert all(line[0] in "+-@" for line in difference(u, row, "scoring", 0, 1))
        with pytest.raises(ConfigError):
            difference(u, row, "scoring", 1, 9)


def test_faults_are_data():
    assert faults_of("schedule", "entries: [") != ()
    with pytest.raises(ConfigError, match="no kind"):
        faults_of("nonsense", "a: 1")
