"""From what the portal says to the mirror: links, merges, e-mail addresses, events that waited for their person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.model.records import Association, PortalEvent, Snapshot
from connector.store import activities, associations, records
from connector.sync.context import Context, StreamReport
from connector.sync.keep import addresses, engagement_events, keep, keep_events, merged_ids
from tests.rig import rig
from tests.sync.steps import context


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Context]:
    with rig(tmp_path_factory.mktemp("keep")) as r, context(r) as ctx:
        yield ctx


class Numbers:
    """Ids that no other test uses."""

    last = 1000

    @classmethod
    def next(cls) -> int:
        cls.last += 10
        return cls.last


@pytest.fixture
def one() -> int:
    return Numbers.next()


def snapshot(ident: int, modified: int = 1000, links: tuple[Association, ...] | None = None, **values) -> Snapshot:
    return Snapshot("contacts", ident, values, 500, modified, associations=links)


def take(desk: Context, *snapshots: Snapshot) -> StreamReport:
    report = StreamReport("contacts")
    desk.clock.advance(1)
    with desk.store.unit() as u:
        keep(desk, u, "contacts", snapshots, report)
    return report


def event(ident: int, at: int = 100, *, email: str | None = None, contact: int | None = None) -> PortalEvent:
    return PortalEvent("form_submission", f"form-{ident}", at, "", contact, email, title="White Paper Anforderung")


def tell(desk: Context, *events: PortalEvent) -> int:
    with desk.store.unit() as u:
        return keep_events(desk, u, events)


def acts(desk: Context, contact: int) -> list[str]:
    with desk.store.view() as u:
        return [a.kind for a in activities.of(u, desk.portal_id, [contact]).get(contact, ())]


def companies(desk: Context, contact: int) -> set[int]:
    with desk.store.view() as u:
        return {link.to_id for link in associations.of(u, 1, "contacts", [contact], "companies").get(contact, ())}


def leads_to(desk: Context, contact: int) -> int:
    with desk.store.view() as u:
        return records.resolve(u, 1, "contacts", [contact])[contact]


def test_new_changed_and_the_same_are_counted_apart(desk, one):
    assert take(desk, snapshot(one, city="Ulm")).created == 1
    same = take(desk, snapshot(one, city="Ulm"))
    assert (same.read, same.created, same.changed, same.moved) == (1, 0, 0, set())
    moved = take(desk, snapshot(one, 2000, city="Bonn"))
    assert (moved.created, moved.changed, moved.moved) == (0, 1, {one})


def test_links_not_asked_for_are_unknown_and_stay(desk, one):
    take(desk, snapshot(one, links=(Association("companies", 7),)))
    take(desk, snapshot(one, 2000, city="Ulm"))
    assert companies(desk, one) == {7}


def test_links_asked_for_and_empty_are_none(desk, one):
    take(desk, snapshot(one, links=(Association("companies", 7),)))
    take(desk, snapshot(one, 2000, links=()))
    assert companies(desk, one) == set()


@pytest.mark.parametrize(
    ("listed", "ids"), [(None, []), ("", []), ("5", [5]), ("5;6", [5, 6]), (" 5 ;;6;", [5, 6]), ("x;7", [7])]
)
def test_the_list_of_merged_ids_as_hubspot_writes_it(listed, ids):
    assert merged_ids(snapshot(1, hs_merged_object_ids=listed)) == ids


def test_a_survivor_names_its_losers_and_they_become_aliases_once(desk, one):
    take(desk, snapshot(one, email=f"a{one}@x.example"), snapshot(one + 1, email=f"b{one}@x.example"))
    survivor = snapshot(one, 2000, email=f"a{one}@x.example", hs_merged_object_ids=str(one + 1))
    assert take(desk, survivor).merged == 1
    assert leads_to(desk, one + 1) == one
    assert take(desk, survivor).merged == 0


def test_a_survivor_that_names_itself_is_no_merge(desk, one):
    assert take(desk, snapshot(one, hs_merged_object_ids=str(one))).merged == 0


def test_a_loser_never_seen_becomes_an_alias_too(desk, one):
    assert take(desk, snapshot(one, hs_merged_object_ids=f"{one + 1};{one + 2}")).merged == 2
    assert {leads_to(desk, one + 1), leads_to(desk, one + 2)} == {one}


def test_what_a_loser_did_is_the_survivors(desk, one):
    take(desk, snapshot(one, email=f"a{one}@x.example"), snapshot(one + 1, email=f"b{one}@x.example"))
    tell(desk, event(one, contact=one + 1))
    take(desk, snapshot(one, 2000, hs_merged_object_ids=str(one + 1)))
    assert acts(desk, one) == ["white_paper"]
    tell(desk, event(one, contact=one + 1), event(one + 1, 200, contact=one + 1))
    assert acts(desk, one) == ["white_paper", "white_paper"]


@pytest.mark.parametrize(
    ("email", "more", "found"),
    [
        ("A@X.example", None, ["a@x.example"]),
        ("a@x.example", "B@x.example; c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
        (None, "b@x.example", ["b@x.example"]),
        (None, None, []),
        (" ", ";", []),
    ],
)
def test_all_addresses_of_a_contact_lower_cased(email, more, found):
    assert addresses({"email": email, "hs_additional_emails": more}) == found


def test_an_event_of_a_known_address_is_an_activity_at_once(desk, one):
    take(desk, snapshot(one, email=f"A{one}@x.example"))
    assert tell(desk, event(one, email=f"a{one}@X.example")) == 1
    assert acts(desk, one) == ["white_paper"]


def test_an_event_of_an_unknown_address_waits_for_its_person(desk, one):
    assert tell(desk, event(one, email=f"spät{one}@x.example")) == 0
    take(desk, snapshot(one, email=f"SPÄT{one}@x.example"))
    assert acts(desk, one) == ["white_paper"]
    with desk.store.view() as u:
        assert activities.parked(u, 1).get("form_submission", 0) == 0


def test_an_additional_address_claims_too(desk, one):
    tell(desk, event(one, email=f"zweit{one}@x.example"))
    take(desk, snapshot(one, email=f"a{one}@x.example"))
    assert acts(desk, one) == []
    take(desk, snapshot(one, 2000, hs_additional_emails=f"zweit{one}@x.example"))
    assert acts(desk, one) == ["white_paper"]


def test_an_event_told_twice_is_one_activity(desk, one):
    take(desk, snapshot(one, email=f"a{one}@x.example"))
    assert tell(desk, event(one, email=f"a{one}@x.example"), event(one, email=f"a{one}@x.example")) == 1
    assert tell(desk, event(one, email=f"a{one}@x.example")) == 0


def test_an_event_of_nobody_is_let_go(desk, one):
    assert tell(desk, event(one)) == 0
    with desk.store.view() as u:
        assert activities.parked(u, 1).get("form_submission", 0) == 0


def engagement(kind: str, ident: int, *contacts: int, archived: bool = False, **values) -> Snapshot:
    links = tuple(Association("contacts", contact) for contact in contacts)
    return Snapshot(kind, ident, {"hs_timestamp": "2026-11-20T08:00:00Z", **values}, 500, 1000, archived, None, links)


def test_a_call_is_an_activity_of_each_contact_it_is_linked_to(desk, one):
    take(desk, snapshot(one, email=f"a{one}@x.example"), snapshot(one + 1, email=f"b{one}@x.example"))
    call = engagement("calls", one, one, one + 1, hs_call_status="COMPLETED", hs_call_title="Erstgespräch")
    report = StreamReport("calls")
    with desk.store.unit() as u:
        keep(desk, u, "calls", [call], report)
    assert (report.read, report.created) == (1, 2)
    assert acts(desk, one) == acts(desk, one + 1) == ["call_held"]


@pytest.mark.parametrize(
    ("kind", "values", "source", "word", "title"),
    [
        ("calls", {"hs_call_status": "BUSY", "hs_call_title": "Versuch"}, "call", "BUSY", "Versuch"),
        ("emails", {"hs_email_direction": "EMAIL", "hs_email_subject": "Angebot"}, "email", "EMAIL", "Angebot"),
        ("meetings", {"hs_meeting_outcome": "NO_SHOW", "hs_meeting_title": "Demo"}, "meeting", "NO_SHOW", "Demo"),
        ("notes", {}, "note", "", ""),
        ("tasks", {"hs_task_status": "COMPLETED", "hs_task_subject": "Ruf an"}, "task", "COMPLETED", "Ruf an"),
    ],
)
def test_what_sales_did_in_the_words_of_its_kind(kind, values, source, word, title):
    (told,) = engagement_events(engagement(kind, 5, 6, **values))
    assert (told.source, told.id, told.type, told.title, told.contact_id, told.ref) == (
        source,
        "5",
        word,
        title,
        6,
        "5",
    )
    assert told.at_ms == 1_795_161_600_000


def test_an_archived_or_unlinked_call_is_nobodys():
    assert engagement_events(engagement("calls", 5, 6, archived=True)) == []
    assert engagement_events(engagement("calls", 5)) == []


def test_a_call_without_a_time_happened_when_it_was_made():
    (told,) = engagement_events(engagement("calls", 5, 6, hs_timestamp=None))
    assert told.at_ms == 500
