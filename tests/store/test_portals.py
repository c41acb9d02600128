"""Portals: connected in observe mode, once; removed with every row they own and no other portal's."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.errors import ConfigError, UnknownPortal
from connector.store import activities, associations, cursors, documents, outbox, portals, receipts, records, runs
from connector.store.outbox import NewEntry
from connector.store.schema import TENANT_TABLES
from tests.store.builders import IDENTITY, T0, activity, company_link, receipt, snapshot

OTHER = replace(IDENTITY, hub_id=815)


def test_a_new_portal_is_in_observe_mode(u):
    added = portals.add(u, "acme", "https://api.hubapi.com", b"sealed", IDENTITY, T0)
    assert not added.live
    assert added.paused_ms is None
    assert (added.hub_id, added.time_zone, added.currency) == (4711, "Europe/Berlin", "EUR")
    assert (added.token_sealed, added.settings, added.created_ms) == (b"sealed", {}, T0)
    assert portals.by_name(u, "acme") == portals.by_id(u, added.id) == added


def test_an_unknown_name_tells_the_known_ones(u):
    with pytest.raises(UnknownPortal, match="none yet"):
        portals.by_name(u, "acme")
    portals.add(u, "globex", "https://api.hubapi.com", b"", IDENTITY, T0)
    portals.add(u, "acme", "https://api.hubapi.com", b"", OTHER, T0)
    with pytest.raises(UnknownPortal, match="Connected: acme, globex"):
        portals.by_name(u, "initech")
    with pytest.raises(UnknownPortal):
        portals.by_id(u, 99)


def test_a_name_is_given_once(u):
    portals.add(u, "acme", "https://api.hubapi.com", b"", IDENTITY, T0)
    with pytest.raises(ConfigError, match="named acme is connected already"):
        portals.add(u, "acme", "https://api.hubapi.com", b"", OTHER, T0)


def test_a_portal_is_connected_once(u):
    portals.add(u, "acme", "https://api.hubapi.com", b"", IDENTITY, T0)
    with pytest.raises(ConfigError, match="connected already, as acme"):
        portals.add(u, "acme again", "https://api.hubapi.com", b"", IDENTITY, T0)
    portals.add(u, "twin", "http://127.0.0.1:9000", b"", IDENTITY, T0)
    assert [portal.name for portal in portals.by_hub(u, IDENTITY.hub_id)] == ["acme", "twin"]


def test_the_first_reason_to_pause_stays_until_it_resumes(u, portal):
    portals.pause(u, portal, "token rejected", T0 + 1)
    portals.pause(u, portal, "daily limit", T0 + 2)
    paused = portals.by_id(u, portal)
    assert (paused.paused_ms, paused.pause_reason) == (T0 + 1, "token rejected")
    portals.resume(u, portal)
    assert (portals.by_id(u, portal).paused_ms, portals.by_id(u, portal).pause_reason) == (None, "")


def test_what_can_be_set(u, portal):
    portals.set_live(u, portal, True)
    portals.set_token(u, portal, b"\x00new")
    portals.set_identity(u, portal, replace(IDENTITY, currency="USD"))
    portals.set_settings(u, portal, {"rates": {"burst": 190}})
    changed = portals.by_id(u, portal)
    assert (changed.live, changed.token_sealed, changed.currency) == (True, b"\x00new", "USD")
    assert changed.settings == {"rates": {"burst": 190}}


def test_setting_an_unknown_portal_fails(u):
    with pytest.raises(UnknownPortal):
        portals.set_live(u, 99, True)


def fill(u, portal: int) -> None:
    person = snapshot(1, email="a@example.com", lifecyclestage="lead")
    records.upsert(u, portal, "contacts", [person, snapshot(2), snapshot(3)], T0)
    records.upsert(u, portal, "contacts", [snapshot(1, 1, lifecyclestage="customer")], T0)
    records.merge(u, portal, "contacts", 2, 3, T0)
    associations.replace(u, portal, "contacts", {1: (company_link(7),)}, "companies", T0)
    activities.add(u, portal, [activity(1, 5, "s1")])
    receipts.save_many(u, portal, [receipt(1)], "test")
    cursors.save(u, portal, "contacts", {}, T0)
    run = runs.start(u, portal, "apply", T0)
    outbox.enter(u, portal, run, [NewEntry(1, "write", "c1", {}, {})], T0)
    documents.publish(u, portal, "scoring", "a: 1", "jo", "", T0)


def rows(u, portal: int) -> dict[str, int]:
    count = sa.func.count()
    return {t.name: u.number(sa.select(count).select_from(t).where(t.c.portal_id == portal)) for t in TENANT_TABLES}


def test_removing_a_portal_takes_all_its_rows_and_no_others(u, portal):
    other = portals.add(u, "globex", "https://api.hubapi.com", b"", OTHER, T0).id
    fill(u, portal)
    fill(u, other)
    before, kept = rows(u, portal), rows(u, other)
    counts = portals.remove(u, portal)
    assert counts == {**before, "portals": 1}
    assert set(rows(u, portal).values()) == {0}
    assert rows(u, other) == kept
    assert [row.name for row in portals.every(u)] == ["globex"]


def test_a_removed_number_is_never_given_again(u, portal):
    portals.remove(u, portal)
    assert portals.add(u, "acme", "https://api.hubapi.com", b"", IDENTITY, T0).id > portal
