"""A person is merged into another and then erased before we heard of either: both are that person, and both go."""

from __future__ import annotations

import pytest

from tests.journeys.steps import people, wrong
from tests.live.steps import Feed, drained, post
from tests.rig import rig


@pytest.fixture
def r(tmp_path):
    with rig(tmp_path) as made:
        people(made, 3)
        made.run("sync")
        yield made


def left(tmp_path, *emails: str) -> list[str]:
    """Addresses that any file of the installation still holds."""
    content = b"".join(file.read_bytes() for file in tmp_path.glob("*.db*"))
    return [email for email in emails if email.encode() in content]


@pytest.mark.parametrize("order", ["as it happened", "backwards", "one body each"])
@pytest.mark.parametrize("survivor", ["new", "primary"])
def test_merged_and_erased_before_we_heard_of_it_nothing_of_either_is_left(r, tmp_path, order, survivor):
    r.twin.dials.survivor = survivor
    feed = Feed(r)
    one, two = r.twin.ids("contacts")[:2]
    emails = [r.twin.get("contacts", contact)["email"] for contact in (one, two)]
    r.twin.edit("contacts", two, {"lastname": "Anders"})
    r.twin.gdpr_delete(r.twin.merge(one, two))
    items = feed.news()
    if order == "one body each":
        for item in items:
            post(r, [item])
            drained(r)
    else:
        post(r, items if order == "as it happened" else items[::-1])
        drained(r)
    assert left(tmp_path, *emails) == []
    assert not wrong(r)


def test_a_newcomer_who_was_merged_and_erased_at_once_leaves_nothing(r, tmp_path):
    feed = Feed(r)
    one = r.twin.ids("contacts")[0]
    new = r.twin.create_contact({"email": "neu.hier@kunde.example", "lastname": "Neu"})
    r.twin.gdpr_delete(r.twin.merge(one, new))
    post(r, feed.news())
    drained(r)
    assert left(tmp_path, "neu.hier@kunde.example") == []
