"""Documents: every version is kept, one is published, and nobody publishes over another unseen."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from connector.store import documents
from tests.store.builders import T0


def publish(u, portal, body, *, at=0, author="jo", **more):
    return documents.publish(u, portal, "scoring", body, author, "because", T0 + at, **more)


def test_nothing_is_published_at_first(u, portal):
    assert documents.current(u, portal, "scoring") is None
    assert documents.history(u, portal, "scoring") == ()


def test_publishing_retires_the_version_before(u, portal):
    assert publish(u, portal, "a: 1") == 1
    assert publish(u, portal, "a: 2", at=5) == 2
    assert [(row.version, row.state) for row in documents.history(u, portal, "scoring")] == [
        (2, "published"),
        (1, "retired"),
    ]
    now = documents.current(u, portal, "scoring")
    assert (now.body, now.author, now.reason, now.published_ms) == ("a: 2", "jo", "because", T0 + 5)


def test_the_body_is_kept_as_written(u, portal):
    body = "# größer als 3\nrules:\n  - name: Prüfung   # trailing\n"
    publish(u, portal, body)
    assert documents.current(u, portal, "scoring").body == body


def test_publishing_what_is_published_makes_no_version(u, portal):
    assert publish(u, portal, "a: 1") == publish(u, portal, "a: 1", at=9) == 1


def test_going_back_is_a_new_version(u, portal):
    for body in ("a: 1", "a: 2", "a: 1"):
        version = publish(u, portal, body)
    assert version == 3
    assert documents.current(u, portal, "scoring").body == "a: 1"


def test_kinds_and_portals_count_for_themselves(u, portal):
    publish(u, portal, "a: 1")
    assert documents.publish(u, portal, "mapping", "b: 1", "jo", "", T0) == 1
    assert documents.publish(u, portal + 1, "scoring", "c: 1", "jo", "", T0) == 1
    assert documents.get(u, portal + 1, "scoring", 1).body == "c: 1"
    assert documents.get(u, portal, "scoring", 2) is None


def test_who_started_from_an_older_version_is_told(u, portal):
    publish(u, portal, "a: 1", expected=0)
    publish(u, portal, "a: 2", expected=1)
    with pytest.raises(ConfigError, match=r"version 2 in the meantime; you started from 1") as caught:
        publish(u, portal, "a: 3", expected=1)
    assert caught.value.reason == "document_overtaken"
    assert documents.current(u, portal, "scoring").body == "a: 2"


def test_it_is_told_whether_a_text_is_published_already(u, portal):
    assert not documents.is_current(None, "a: 1")
    publish(u, portal, "a: 1")
    assert documents.is_current(documents.current(u, portal, "scoring"), "a: 1")
    assert not documents.is_current(documents.current(u, portal, "scoring"), "a: 1 ")
