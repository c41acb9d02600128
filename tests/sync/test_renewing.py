"""A portal's access token is always good: renewed in time, by one, and never lost. Against a twin over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.errors import ConfigError, GrantRevoked, PortalUnavailable, StoreError, TokenRejected
from connector.portal.oauth import OAuthClient
from connector.store import Store, leases, portals
from connector.store.front import Front
from connector.sync import renewing
from connector.sync.credentials import Grant, grant_of, keep_grant
from connector.sync.renewing import FORCE_EVERY_MS, LEASE_MS, REFRESH, Renewing
from connector.vault import Vault
from tests.rig import Rig, rig

TOKEN = "/oauth/2026-09/token"
SCOPES = frozenset({"oauth", "crm.objects.contacts.read"})


class Office:
    """One installation with a portal that was connected by consent; ``desk()`` is one process of it."""

    def __init__(self, r: Rig) -> None:
        self.r, self.twin, self.clock = r, r.twin, r.clock
        self.vault = Vault(r.settings.secret_key.get_secret_value())
        self.store, self.front = Store.open(r.settings.database_url), Front.beside(r.settings.database_url)
        self.client = OAuthClient(r.url, r.twin.access.client_id, [r.twin.access.client_secret], clock=r.clock)
        self.connect()

    def connect(self) -> None:
        access = self.twin.access
        life = int(self.twin.dials.oauth_life * 1000)
        grant = Grant(
            access.issue_access(SCOPES), access.issue_refresh(SCOPES), self.clock.now_ms() + life, life, tuple(SCOPES)
        )
        with self.store.unit() as u:
            keep_grant(u, 1, "acme", grant, self.vault)

    def desk(self) -> Renewing:
        return Renewing(1, "acme", self.store, lambda: self.front, self.vault, lambda: self.client, self.clock)

    def stored(self) -> Grant:
        with self.store.view() as u:
            return grant_of(self.vault.open(portals.token_of(u, 1), "acme"))

    def row(self):
        with self.store.view() as u:
            return portals.by_name(u, "acme")

    def asked(self) -> int:
        """Calls to the token endpoint."""
        return sum(call.path == TOKEN for call in self.twin.ledger.calls)

    def close(self) -> None:
        self.client.close()
        self.front.close()
        self.store.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with rig(tmp_path) as r:
        made = Office(r)
        yield made
        made.close()


class TestInTime:
    """By the clock, before HubSpot ever says no."""

    def test_a_fresh_token_is_used_as_it_is(self, office):
        desk, first = office.desk(), office.stored().access
        office.clock.advance(1800 - 121)
        assert [desk() for _ in range(5)] == [first] * 5
        assert office.asked() == 0

    def test_it_is_renewed_two_minutes_before_its_end_and_kept_sealed(self, office):
        desk, first = office.desk(), office.stored()
        office.clock.advance(1800 - 119)
        token = desk()
        assert token != first.access
        assert office.stored().access == token
        assert office.stored().scopes == tuple(sorted(SCOPES))
        assert office.asked() == 1
        assert office.row().settings["credential"]["expires_ms"] == office.stored().expires_ms

    def test_whoever_comes_next_finds_the_new_one(self, office):
        one, other = office.desk(), office.desk()
        other()
        office.clock.advance(1750)
        assert one() == other()
        assert office.asked() == 1

    def test_a_refresh_token_that_changes_is_kept(self, office):
        office.twin.dials.oauth_rotates = True
        desk = office.desk()
        for _ in range(3):
            office.clock.advance(1750)
            desk()
        assert office.stored().refresh in office.twin.access.refresh_tokens
        assert office.asked() == 3

    def test_while_another_renews_the_old_one_is_used(self, office):
        desk, first = office.desk(), office.stored().access
        office.clock.advance(1800 - 100)
        self._taken(office)
        assert desk() == first
        assert office.asked() == 0

    def test_a_token_endpoint_in_trouble_stops_nobody_while_the_token_is_good(self, office):
        desk, first = office.desk(), office.stored().access
        office.twin.dials.faults = [{"match": "/oauth/", "status": 503, "times": 10**6}]
        office.clock.advance(1800 - 119)
        assert [desk() for _ in range(3)] == [first] * 3
        office.twin.dials.faults = []
        office.clock.advance(16)
        assert desk() == office.stored().access != first

    def test_a_lease_of_a_process_that_died_runs_out(self, office):
        desk, first = office.desk(), office.stored().access
        self._taken(office)
        office.clock.advance(1900)  # both the token and the lease are over
        assert desk() != first
        assert LEASE_MS < 1_900_000

    def test_when_it_is_over_and_another_renews_the_job_comes_back(self, office):
        office.clock.advance(1900)
        self._taken(office)
        with pytest.raises(PortalUnavailable) as told:
            office.desk()()
        assert told.value.retry_after

    @staticmethod
    def _taken(office) -> None:
        now = office.clock.now_ms()
        with office.front.unit() as u:
            assert leases.take(u, 1, REFRESH, "another", now, now + LEASE_MS)

    def test_of_many_threads_and_processes_one_renews(self, office):
        office.twin.dials.oauth_rotates = True
        desks = [office.desk() for _ in range(3)]
        with ThreadPoolExecutor(24) as pool:
            for turn in range(1, 6):
                office.clock.advance(1810)
                gate = threading.Barrier(24)

                def ask(number: int, gate: threading.Barrier = gate) -> str:
                    gate.wait(10)
                    return desks[number % 3]()

                assert set(pool.map(ask, range(24))) == {office.stored().access}
                assert office.asked() == turn
        assert set(office.twin.access.renewals.values()) == {1}


class TestRefused:
    """A 401 although the token is fresh."""

    def test_it_is_renewed_once(self, office):
        desk = office.desk()
        first = desk()
        second = desk.refused(first)
        assert second not in {first, ""}
        assert desk() == second
        assert office.asked() == 1

    def test_refused_again_within_five_minutes_the_portal_rests_with_a_plain_sentence(self, office):
        desk = office.desk()
        second = desk.refused(desk())
        with pytest.raises(TokenRejected, match="although it was renewed just now"):
            desk.refused(second)
        assert office.asked() == 1
        assert "leadwright portal connect acme" in office.row().pause_reason

    def test_five_minutes_later_it_may_be_tried_once_more(self, office):
        desk = office.desk()
        second = desk.refused(desk())
        office.clock.advance(FORCE_EVERY_MS / 1000 + 1)
        assert desk.refused(second) != second
        assert office.asked() == 2

    def test_many_threads_with_the_same_refused_token_force_once(self, office):
        desks = [office.desk() for _ in range(3)]
        first = desks[0]()
        with ThreadPoolExecutor(24) as pool:
            got = set(pool.map(lambda number: desks[number % 3].refused(first), range(24)))
        assert got == {office.stored().access}
        assert office.asked() == 1
        assert office.row().paused_ms is None

    def test_a_token_that_ran_out_on_the_way_is_no_refusal(self, office):
        desk = office.desk()
        first = desk()
        office.clock.advance(1801)
        assert desk.refused(first) != first
        with office.front.view() as u:
            assert leases.forced_ms(u, 1, REFRESH) == 0

    def test_an_endpoint_that_is_down_forces_nothing(self, office, monkeypatch):
        monkeypatch.setattr("connector.portal.retry.TRIES", 1)
        desk = office.desk()
        first = desk()
        office.twin.dials.faults = [{"match": "/oauth/", "status": 503, "times": 99}]
        for _ in range(3):
            with pytest.raises(PortalUnavailable):
                desk.refused(first)
        office.twin.dials.faults = []
        assert desk.refused(first) == office.stored().access != first
        assert office.row().paused_ms is None


class TestLost:
    """The app was uninstalled, or its access taken back."""

    @pytest.mark.parametrize("status", ["BAD_REFRESH_TOKEN", "BAD_HUB"])
    def test_the_portal_rests_with_a_plain_sentence_and_nobody_asks_again(self, office, status):
        office.twin.dials.oauth_gone = status
        desk, before = office.desk(), office.stored()
        office.twin.uninstall()
        office.clock.advance(1750)
        for _ in range(5):
            with pytest.raises(GrantRevoked, match="no longer connected"):
                desk()
        assert office.asked() == 1
        assert office.stored() == before  # nothing is ever deleted
        assert "leadwright portal connect acme" in office.row().pause_reason

    def test_connected_anew_it_goes_on_in_the_same_process(self, office):
        desk = office.desk()
        office.twin.uninstall()
        office.clock.advance(1750)
        with pytest.raises(GrantRevoked):
            desk()
        office.connect()
        assert desk() == office.stored().access

    def test_what_another_process_renewed_meanwhile_counts(self, office, monkeypatch):
        """A refresh token that changed under our hands looks revoked; the stored one is looked at first."""
        office.twin.dials.oauth_rotates = True
        desk = office.desk()
        desk()
        office.clock.advance(1750)
        refresh = office.client.refresh

        def late(token: str):
            if token in office.twin.access.refresh_tokens:
                office.twin.access.refresh_tokens.pop(token)
                office.connect()
            return refresh(token)

        monkeypatch.setattr(office.client, "refresh", late)
        assert desk() == office.stored().access
        assert office.row().paused_ms is None

    def test_our_own_wrong_secret_loses_nothing(self, office):
        office.client.close()
        office.client = OAuthClient(office.r.url, office.twin.access.client_id, ["wrong"], clock=office.clock)
        office.clock.advance(1790)
        with pytest.raises(ConfigError, match="client secret"):
            office.desk()()
        assert office.row().paused_ms is None


class TestStored:
    """What was renewed is not lost, and overwrites nobody."""

    def test_whoever_connects_anew_meanwhile_is_never_overwritten(self, office, monkeypatch):
        desk, refresh = office.desk(), office.client.refresh
        office.clock.advance(1750)

        def meanwhile(token: str):
            told = refresh(token)
            office.connect()
            return told

        monkeypatch.setattr(office.client, "refresh", meanwhile)
        token = desk()
        assert token == office.stored().access

    def test_what_could_not_be_stored_is_used_and_stored_later(self, office, monkeypatch):
        office.twin.dials.oauth_rotates = True
        desk, before = office.desk(), office.stored()
        office.clock.advance(1750)
        swap = portals.swap_token

        def full(*_args):
            raise StoreError("No room.")

        monkeypatch.setattr(renewing.portals, "swap_token", full)
        token = desk()
        assert token != before.access
        assert office.stored() == before
        monkeypatch.setattr(renewing.portals, "swap_token", swap)
        assert desk() == token
        assert office.stored().access == token
        assert office.asked() == 1

    def test_a_pasted_token_in_its_place_ends_the_old_source(self, office):
        desk = office.desk()
        desk()
        with office.store.unit() as u:
            portals.set_token(u, 1, office.vault.seal("pat-eu1-x", "acme"))
        office.clock.advance(1750)
        with pytest.raises(PortalUnavailable, match="another token"):
            desk()


class TestKeyRotation:
    """A11: other keys, the same tokens."""

    def test_everything_is_sealed_again_with_the_first_key(self, office):
        old, new = office.r.settings.secret_key.get_secret_value(), Vault.new_key()
        both = office.r.settings.model_copy(update={"secret_key": SecretStr(f"{new},{old}")})
        office.r.settings = both
        with office.r.service() as service:
            assert service.rotate_key()["sealed_again"] == 1
            assert service.rotate_key()["sealed_again"] == 0
        with office.store.view() as u:
            assert grant_of(Vault(new).open(portals.token_of(u, 1), "acme")).refresh
