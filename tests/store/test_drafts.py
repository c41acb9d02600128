"""Drafts: saved as written, one an author and kind; nobody saves over what they have not seen, in whatever window."""

from __future__ import annotations

import threading

import pytest

from connector.errors import ConfigError
from connector.store import documents, drafts, portals
from tests.store.builders import T0


def save(u, portal, body, *, author="jo", seen=0, base=1, kind="scoring", at=0):
    return drafts.save(u, portal, kind, author, body, base=base, seen=seen, now_ms=T0 + at)


def test_a_draft_is_kept_as_written_with_where_it_started(u, portal):
    body = "# größer als 3\nrules:   # trailing\n"
    made = save(u, portal, body, base=4, at=7)
    assert (made.revision, made.base, made.open) == (1, 4, True)
    found = drafts.of(u, portal, "scoring", "jo")
    assert found == made
    assert (found.body, found.saved_ms) == (body, T0 + 7)
    assert documents.current(u, portal, "scoring") is None


def test_an_author_has_one_draft_a_kind(u, portal):
    first = save(u, portal, "a: 1")
    assert save(u, portal, "a: 2", seen=1).id == first.id
    save(u, portal, "a: 3", author="kim")
    save(u, portal, "b: 1", kind="mapping")
    found = [(d.kind, d.author, d.body, d.revision) for d in drafts.every(u, portal)]
    assert found == [("mapping", "jo", "b: 1", 1), ("scoring", "jo", "a: 2", 2), ("scoring", "kim", "a: 3", 1)]
    assert len({d.id for d in drafts.every(u, portal)}) == 3


def test_saving_over_what_was_not_seen_is_refused_and_loses_nothing(u, portal):
    save(u, portal, "a: 1")
    save(u, portal, "a: 2", seen=1)
    for seen in (0, 1, 3):
        with pytest.raises(ConfigError, match=rf"at saving 2, and you looked at {seen}") as told:
            save(u, portal, "a: 3", seen=seen)
        assert told.value.reason == drafts.OVERTAKEN
    assert drafts.of(u, portal, "scoring", "jo").body == "a: 2"


def test_a_window_left_open_over_the_end_of_a_draft_does_not_save_over_the_next_one(u, portal):
    """One window discards and begins anew, the other still shows the first saving."""
    first = save(u, portal, "a: 1")
    closed = drafts.close(u, portal, first.id, seen=1, now_ms=T0)
    assert closed.body == "a: 1"
    assert drafts.every(u, portal) == ()
    assert save(u, portal, "a: 2", seen=2).revision == 3
    with pytest.raises(ConfigError):
        save(u, portal, "a: 1 and more", seen=1)
    with pytest.raises(ConfigError):
        drafts.close(u, portal, first.id, seen=1, now_ms=T0)
    assert drafts.of(u, portal, "scoring", "jo").body == "a: 2"


def test_what_is_closed_cannot_be_closed_again_and_keeps_no_text(u, portal):
    draft = save(u, portal, "a: 1")
    drafts.close(u, portal, draft.id, seen=1, now_ms=T0)
    with pytest.raises(ConfigError, match="no such draft"):
        drafts.close(u, portal, draft.id, seen=2, now_ms=T0)
    assert drafts.get(u, portal, draft.id).body == ""


def test_a_draft_that_never_was_cannot_be_closed(u, portal):
    with pytest.raises(ConfigError, match="no such draft"):
        drafts.close(u, portal, 99, seen=0, now_ms=T0)


def test_another_portal_has_drafts_of_its_own(u, portal):
    save(u, portal, "a: 1")
    assert drafts.every(u, portal + 1) == ()
    assert drafts.of(u, portal + 1, "scoring", "jo") is None
    assert save(u, portal + 1, "a: 9").id == 1
    assert [d.body for d in drafts.every(u, portal)] == ["a: 1"]


def test_they_go_with_their_portal(u, portal):
    save(u, portal, "a: 1")
    portals.remove(u, portal)
    assert drafts.every(u, portal) == ()


def test_of_many_windows_that_save_at_once_one_wins(store, portal):
    """All saw the same saving; the others are told, and the text is the winner's."""
    with store.unit() as u:
        save(u, portal, "a: 0")
    won: list[str] = []
    told: list[ConfigError] = []

    def window(body: str) -> None:
        try:
            with store.unit() as u:
                save(u, portal, body, seen=1)
            won.append(body)
        except ConfigError as refused:
            told.append(refused)

    threads = [threading.Thread(target=window, args=(f"a: {i}",)) for i in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(told)) == (1, 5)
    with store.view() as u:
        assert drafts.of(u, portal, "scoring", "jo").body == won[0]
