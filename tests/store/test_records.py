"""Records: newer replaces older, equal is left alone, a narrower read never wipes, "empty" is not "never read"."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import given

from connector.errors import StoreError
from connector.store import history, records
from connector.store.records import Upserted
from connector.store.schema import CONTACTS, READ_SETS
from tests.store.builders import T0, snapshot


def take(u, portal, *snapshots, now=0, **more) -> Upserted:
    return records.upsert(u, portal, snapshots[0].object_type, snapshots, T0 + now, **more)


def properties(u, portal, record, object_type="contacts"):
    return dict(records.get(u, portal, object_type, record).properties)


def test_a_record_is_kept_as_the_portal_says_it(u, portal):
    assert take(u, portal, snapshot(1, 5, email="Jane@Example.com", jobtitle="CTO", phone=None)).created == [1]
    record = records.get(u, portal, "contacts", 1)
    assert record.properties == {"email": "Jane@Example.com", "jobtitle": "CTO", "phone": None}
    assert (record.email, record.modified_ms, record.created_ms) == ("jane@example.com", T0 + 5, T0 - 1000)
    assert not record.archived
    assert record.merged_into is None


def test_an_unknown_record_is_none(u, portal):
    assert records.get(u, portal, "contacts", 1) is None
    assert records.get(u, portal + 1, "contacts", 1) is None


def test_a_newer_snapshot_replaces(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="CTO"))
    assert take(u, portal, snapshot(1, 2, jobtitle="CEO")).changed == [1]
    assert properties(u, portal, 1) == {"jobtitle": "CEO"}


def test_an_older_snapshot_is_ignored(u, portal):
    take(u, portal, snapshot(1, 2, jobtitle="CEO"))
    assert take(u, portal, snapshot(1, 1, jobtitle="CTO")) == Upserted(stale=1)
    assert properties(u, portal, 1) == {"jobtitle": "CEO"}


def test_of_two_with_one_time_the_later_read_counts(u, portal):
    take(u, portal, snapshot(1, 2, jobtitle="CEO"))
    assert take(u, portal, snapshot(1, 2, jobtitle="CTO")).changed == [1]
    assert properties(u, portal, 1) == {"jobtitle": "CTO"}


def test_a_refresh_takes_the_portals_word_even_if_it_looks_older(u, portal):
    take(u, portal, snapshot(1, 2, jobtitle="CEO"))
    assert take(u, portal, snapshot(1, 1, jobtitle="CTO"), refresh=True).changed == [1]
    assert records.get(u, portal, "contacts", 1).modified_ms == T0 + 1


def test_an_equal_snapshot_writes_nothing(store, portal):
    with store.unit() as u:
        take(u, portal, snapshot(1, 1, jobtitle="CTO", phone=None))
    written = []
    with store.unit() as u:
        sa.event.listen(store.engine, "before_cursor_execute", lambda *args: written.append(args[2]))
        assert take(u, portal, snapshot(1, 1, phone=None, jobtitle="CTO"), now=9) == Upserted(unchanged=1)
    assert not [text for text in written if "contacts" in text and not text.startswith("SELECT")]


def test_time_alone_moves_without_a_change(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="CTO", lastmodifieddate="2026-11-22T10:00:00Z"))
    records.clear_dirty(u, portal, records.dirty_or_due(u, portal, T0))
    again = snapshot(1, 5, jobtitle="CTO", lastmodifieddate="2026-11-22T10:00:05Z")
    assert take(u, portal, again) == Upserted(unchanged=1)
    assert records.get(u, portal, "contacts", 1).modified_ms == T0 + 5
    assert properties(u, portal, 1)["lastmodifieddate"] == "2026-11-22T10:00:05Z"
    assert records.dirty_or_due(u, portal, T0) == {}
    assert history.of(u, portal, "contacts", [1]) == ()


def test_a_narrower_read_never_wipes(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="CTO", phone="1", city=None))
    take(u, portal, snapshot(1, 2, phone="2"))
    assert properties(u, portal, 1) == {"jobtitle": "CTO", "phone": "2", "city": None}
    assert take(u, portal, snapshot(1, 3, phone="2")) == Upserted(unchanged=1)


def test_a_value_read_as_empty_is_emptied(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="CTO"))
    assert take(u, portal, snapshot(1, 2, jobtitle=None)).changed == [1]
    assert properties(u, portal, 1) == {"jobtitle": None}


def test_an_empty_text_is_not_nothing(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="", city=None))
    assert properties(u, portal, 1) == {"jobtitle": "", "city": None}


def test_a_wider_read_adds_without_calling_it_history(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="CTO"))
    assert take(u, portal, snapshot(1, 1, jobtitle="CTO", phone="1", city=None)).changed == [1]
    assert properties(u, portal, 1) == {"jobtitle": "CTO", "phone": "1", "city": None}
    assert history.of(u, portal, "contacts", [1]) == ()


def test_a_wider_read_of_empties_is_remembered_and_no_change(u, portal):
    take(u, portal, snapshot(1, 1, jobtitle="CTO"))
    assert take(u, portal, snapshot(1, 1, jobtitle="CTO", phone=None)) == Upserted(unchanged=1)
    assert properties(u, portal, 1) == {"jobtitle": "CTO", "phone": None}


def test_read_sets_are_shared(u, portal):
    take(u, portal, *(snapshot(n, 1, a="1", b=None) for n in range(1, 101)))
    take(u, portal, snapshot(200, 1, b="1", a=None))
    assert u.number(sa.select(sa.func.count()).select_from(READ_SETS).where(READ_SETS.c.portal_id == portal)) == 1


def test_a_read_set_rolled_back_is_stored_again(store, portal):
    def broken() -> None:
        with store.unit() as u:
            take(u, portal, snapshot(1, 1, a="1", b=None))
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    with store.unit() as u:
        take(u, portal, snapshot(1, 1, a="1", b=None))
    store._read_sets.clear()
    with store.view() as u:
        assert properties(u, portal, 1) == {"a": "1", "b": None}


def test_one_record_twice_in_a_batch_counts_in_order(u, portal):
    batch = [snapshot(1, 1, jobtitle="a"), snapshot(2, 1), snapshot(1, 3, jobtitle="c"), snapshot(1, 2, jobtitle="b")]
    assert take(u, portal, *batch) == Upserted([1, 2], [1], 0, 1)
    assert properties(u, portal, 1) == {"jobtitle": "c"}


def test_an_empty_batch(u, portal):
    assert records.upsert(u, portal, "contacts", [], T0) == Upserted()


@pytest.mark.parametrize("count", [1, 59, 60, 61, 1000])
def test_small_and_large_batches_land_alike(u, portal, count):
    take(u, portal, *(snapshot(n, 1, email=f"p{n}@example.com") for n in range(1, count + 1)))
    changed = take(u, portal, *(snapshot(n, 2, email=f"q{n}@example.com") for n in range(1, count + 1)))
    assert len(changed.changed) == records.count(u, portal, "contacts") == count
    assert records.by_email(u, portal, f"q{count}@example.com").id == count
    assert records.by_email(u, portal, f"p{count}@example.com") is None


NASTY = ["NUL \x00 inside", "half a pair \ud800", "emoji 🦊", "quote \" ' \\", "line\nbreak", "tab\tand |", "\\N", "٣"]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("count", [1, 80])
def test_no_text_fails_the_batch(u, portal, value, count):
    ids = range(1, count + 1)
    take(u, portal, *(snapshot(n, 1, lifecyclestage=value, email=f"{value}{n}@example.com") for n in ids))
    take(u, portal, *(snapshot(n, 1, object_type="companies", name=value, domain=value) for n in ids))
    assert records.count(u, portal, "companies") == count
    kept = properties(u, portal, 1, "companies")["name"]
    assert kept == value.replace("\ud800", "?")


@pytest.mark.parametrize("owner", ["12", "", None, "x", "9" * 30, "١٢", "-1"])
def test_an_owner_that_is_no_number_is_kept_raw(u, portal, owner):
    take(u, portal, snapshot(1, 1, hubspot_owner_id=owner))
    assert properties(u, portal, 1) == {"hubspot_owner_id": owner}
    promoted = u.scalar(sa.select(CONTACTS.c.owner_id).where(CONTACTS.c.portal_id == portal))
    assert promoted == (12 if owner == "12" else None)


@pytest.mark.parametrize(
    ("closed", "millis"),
    [("2026-11-22T00:00:00Z", 1795305600000), ("1795305600000", 1795305600000), ("soon", None), ("", None)],
)
def test_deals_and_companies_are_records_too(u, portal, closed, millis):
    deal = snapshot(1, 1, object_type="deals", dealstage="won", amount="12.50", closedate=closed, pipeline="default")
    take(u, portal, deal)
    take(u, portal, snapshot(1, 1, object_type="companies", name="Acme", domain="acme.com"))
    assert properties(u, portal, 1, "deals")["amount"] == "12.50"
    assert properties(u, portal, 1, "companies") == {"name": "Acme", "domain": "acme.com"}
    assert u.scalar(sa.text(f"SELECT closed_ms FROM deals WHERE portal_id = {portal}")) == millis


def test_what_is_not_mirrored_is_said(u, portal):
    with pytest.raises(StoreError, match="calls are not mirrored"):
        records.get(u, portal, "calls", 1)


def test_found_by_every_email_in_any_case(u, portal):
    take(u, portal, snapshot(1, 1, email="Jane@Example.com", hs_additional_emails="j@x.com; JD@y.com ;"))
    for email in ("jane@example.com", " JANE@EXAMPLE.COM ", "J@X.com", "jd@y.com"):
        assert records.by_email(u, portal, email).id == 1
    for email in ("", "nobody@example.com"):
        assert records.by_email(u, portal, email) is None
    assert records.by_email(u, portal + 1, "jane@example.com") is None


def test_a_changed_email_is_followed(u, portal):
    take(u, portal, snapshot(1, 1, email="old@example.com", hs_additional_emails=None))
    take(u, portal, snapshot(1, 2, email="new@example.com", hs_additional_emails="old@example.com"))
    assert records.by_email(u, portal, "old@example.com").id == 1
    take(u, portal, snapshot(1, 3, hs_additional_emails=None))
    assert records.by_email(u, portal, "old@example.com") is None
    assert records.by_email(u, portal, "new@example.com").id == 1


def test_an_email_that_moves_is_found_at_its_new_owner_in_either_order(u, portal):
    take(u, portal, snapshot(1, 1, email="shared@example.com"), snapshot(2, 1, email="b@example.com"))
    take(u, portal, snapshot(2, 5, email="shared@example.com"))
    assert records.by_email(u, portal, "shared@example.com").id == 2
    take(u, portal, snapshot(1, 4, email="a@example.com"))
    assert records.by_email(u, portal, "shared@example.com").id == 2


def test_a_primary_email_goes_before_an_additional_one(u, portal):
    take(u, portal, snapshot(1, 9, email="a@example.com", hs_additional_emails="x@example.com"))
    take(u, portal, snapshot(2, 1, email="x@example.com"))
    assert records.by_email(u, portal, "x@example.com").id == 2


def test_a_stream_gives_all_in_id_order(u, portal):
    take(u, portal, *(snapshot(n, 1, jobtitle=str(n)) for n in range(250, 0, -1)))
    records.bury(u, portal, "contacts", [7], T0)
    pages = list(records.stream(u, portal, "contacts", chunk=100))
    assert [len(page) for page in pages] == [100, 100, 49]
    assert [record.id for page in pages for record in page] == [n for n in range(1, 251) if n != 7]
    everyone = list(records.stream(u, portal, "contacts", live=False, chunk=250))
    assert [len(page) for page in everyone] == [250]
    assert everyone[0][6].archived


def test_a_stream_goes_on_where_it_was_left(store, portal):
    with store.unit() as u:
        take(u, portal, *(snapshot(n, 1) for n in range(1, 31)))
    seen, after = [], 0
    while True:
        with store.view() as u:
            page = next(records.stream(u, portal, "contacts", chunk=10, after_id=after), [])
        if not page:
            break
        seen += [record.id for record in page]
        after = seen[-1]
        with store.unit() as u:  # others write in between
            take(u, portal, snapshot(after, 2, jobtitle="x"), snapshot(1000 + after, 1), now=5)
        if after > 1000:
            break
    assert seen[:30] == list(range(1, 31))
    assert len(seen) == len(set(seen))


def test_a_stream_of_some(u, portal):
    take(u, portal, *(snapshot(n, 1) for n in range(1, 21)))
    records.clear_dirty(u, portal, records.tokens(u, portal, range(1, 15)))
    assert [r.id for page in records.stream(u, portal, "contacts", only_dirty=True) for r in page] == list(
        range(15, 21)
    )
    assert [r.id for page in records.stream(u, portal, "contacts", ids=[3, 99, 5]) for r in page] == [3, 5]
    assert list(records.stream(u, portal, "contacts", ids=[])) == []


def test_the_raw_stream_carries_what_bulk_judging_needs(u, portal):
    take(u, portal, snapshot(1, 1, a="1", b=None), snapshot(2, 2, a="2", b="3"))
    assert list(records.stream_raw(u, portal, "contacts")) == [
        [(1, T0 + 1, ("a", "b"), '{"a":"1"}'), (2, T0 + 2, ("a", "b"), '{"a":"2","b":"3"}')]
    ]


def test_counts(u, portal):
    take(u, portal, *(snapshot(n, 10 * n, created=n) for n in range(1, 11)))
    records.bury(u, portal, "contacts", [1, 77], T0)
    assert records.count(u, portal, "contacts") == 9
    assert records.count(u, portal, "contacts", live=False) == 11
    assert records.window_count(u, portal, "contacts", T0 + 1, T0 + 3) == 2
    assert records.window_count(u, portal, "contacts", T0 + 20, T0 + 40, by="modified_ms") == 3
    assert records.count(u, portal, "companies") == 0


def test_stamps_page_in_id_order(u, portal):
    take(u, portal, *(snapshot(n, n) for n in (3, 1, 2)))
    records.bury(u, portal, "contacts", [2], T0)
    assert records.stamps(u, portal, "contacts", 0, 2) == [(1, T0 + 1, False), (2, T0 + 2, True)]
    assert records.stamps(u, portal, "contacts", 2, 2) == [(3, T0 + 3, False)]


def test_a_sample_is_the_same_for_the_same_seed_and_alive(u, portal):
    take(u, portal, *(snapshot(n * 7, 1) for n in range(1, 501)))
    records.bury(u, portal, "contacts", [n * 7 for n in range(1, 451)], T0)
    living = {n * 7 for n in range(451, 501)}
    for seed in range(5):
        drawn = records.sample(u, portal, "contacts", 20, seed)
        assert drawn == records.sample(u, portal, "contacts", 20, seed) == sorted(set(drawn))
        assert len(drawn) == 20
        assert set(drawn) <= living
    assert records.sample(u, portal, "contacts", 20, 1) != records.sample(u, portal, "contacts", 20, 2)
    assert set(records.sample(u, portal, "contacts", 1000, 1)) == living


def test_a_spread_takes_living_ids_from_everywhere_and_all_where_there_are_few(u, portal):
    take(u, portal, *(snapshot(n * 7, 1) for n in range(1, 501)))
    take(u, portal + 1, snapshot(2, 1))
    records.bury(u, portal, "contacts", [n * 7 for n in range(1, 401, 2)], T0)
    living = {n * 7 for n in range(1, 501)} - {n * 7 for n in range(1, 401, 2)}
    drawn = records.spread(u, portal, "contacts", 20)
    assert drawn == sorted(set(drawn))
    assert 10 < len(drawn) <= 20
    assert set(drawn) <= living
    assert min(drawn) < 700
    assert max(drawn) > 2800
    assert set(records.spread(u, portal, "contacts", 500)) == living
    assert records.spread(u, portal + 2, "contacts", 20) == []


def test_portals_do_not_see_each_other(u, portal):
    take(u, portal, snapshot(1, 1, email="a@example.com"))
    take(u, portal + 1, snapshot(1, 9, email="b@example.com"))
    assert properties(u, portal, 1) == {"email": "a@example.com"}
    assert properties(u, portal + 1, 1) == {"email": "b@example.com"}
    records.bury(u, portal + 1, "contacts", [1], T0)
    assert records.count(u, portal, "contacts") == 1


WORDS = st.sampled_from(["", "CTO", "Köln", 'a"b\\', "\x00", "😀"])
PROPERTIES = st.dictionaries(
    st.sampled_from(["email", "hs_additional_emails", "lifecyclestage", "lastmodifieddate", "jobtitle", "city"]),
    WORDS | st.none(),
)


@given(properties=PROPERTIES)
def test_packed_properties_say_what_they_were_packed_from(properties):
    kept = records.packed(snapshot(1, **properties)).properties
    assert dict(kept) == properties
    assert len(kept) == len(properties)
    for name in ("email", "city", "unheard_of"):
        assert kept.get(name) == properties.get(name)
        assert kept.get(name, "else") == properties.get(name, "else")
        assert (name in kept) == (name in properties)


def test_a_packed_snapshot_read_again_plain_writes_nothing(u, portal):
    once = snapshot(1, 1, email="a@x.com", jobtitle="CTO", city=None)
    assert records.upsert(u, portal, "contacts", [records.packed(once)], T0).created == [1]
    assert records.upsert(u, portal, "contacts", [once], T0 + 1) == Upserted(unchanged=1)
    assert records.upsert(u, portal, "contacts", [records.packed(once)], T0 + 2) == Upserted(unchanged=1)
    assert records.by_email(u, portal, "a@x.com").id == 1


def test_what_is_not_mirrored_is_not_packed():
    call = snapshot(1, object_type="calls", hs_call_title="x")
    assert records.packed(call) is call
