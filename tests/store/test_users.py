"""The people's tables: what is kept, what is good once, what leaves with a portal, and which tables have none."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.errors import StoreError
from connector.model.people import EVERYWHERE, Link, Session
from connector.store import one_time, portals, sessions, users
from connector.store.people_schema import API_TOKENS, AUDIT, LINKS, OF_THE_INSTALLATION, ROLES, SESSIONS
from connector.store.schema import META, METADATA, PORTALS, TENANT_TABLES
from tests.store.builders import IDENTITY, T0

HOUR = 3_600_000


def session(number: int, user_id: int = 1, **more) -> Session:
    plain = Session(bytes([number]) * 32, user_id, "", T0, T0 + number, T0, "", "192.0.2.1", "Firefox")
    return replace(plain, **more)


class TestTables:
    """Every table either belongs to portals and says whose each row is, or is named here."""

    def test_every_table_has_a_portal_first_in_its_key_or_is_known_to_have_none(self):
        for table in METADATA.sorted_tables:
            if table in TENANT_TABLES:
                assert [column.name for column in table.primary_key][0] == "portal_id", table.name  # noqa: RUF015
                assert not table.c.portal_id.nullable
        without = set(METADATA.sorted_tables) - set(TENANT_TABLES)
        assert without == {META, PORTALS, *OF_THE_INSTALLATION}

    def test_a_token_leaves_with_its_portal(self):
        assert API_TOKENS in TENANT_TABLES

    def test_of_those_without_only_the_audit_log_names_one(self):
        assert [table.name for table in OF_THE_INSTALLATION if "portal_id" in table.c] == [AUDIT.name]
        assert ROLES in TENANT_TABLES

    def test_no_column_could_hold_what_opens_a_door(self):
        """Hashes and sealed values are bytes or say so in their names; there is no column for a cookie or a link."""
        for table in (*OF_THE_INSTALLATION, API_TOKENS):
            names = set(table.columns.keys())
            assert not names & {"token", "cookie", "secret", "password", "csrf", "code", "url"}, table.name


class TestUsers:
    """One person, one address."""

    def test_what_is_kept_of_a_new_person(self, u):
        anna = users.add(u, "anna@x.example", T0, name="Anna")
        assert users.by_email(u, "anna@x.example") == users.by_id(u, anna.id) == anna
        assert (anna.password_hash, anna.totp_sealed, anna.disabled_ms, anna.roles) == (None, None, None, {})
        assert not anna.second_factor
        assert users.add(u, "bo@x.example", T0).id == anna.id + 1

    def test_an_address_is_there_once(self, store):
        with store.unit() as u:
            users.add(u, "anna@x.example", T0)
        with pytest.raises(StoreError), store.unit() as u:
            users.add(u, "anna@x.example", T0)

    def test_nobody_by_a_wrong_name(self, u):
        assert not users.any_at_all(u)
        users.add(u, "anna@x.example", T0)
        assert users.any_at_all(u)
        assert users.by_email(u, "Anna@x.example") is None
        assert users.by_id(u, 99) is None

    def test_changes(self, u):
        anna = users.add(u, "anna@x.example", T0)
        users.change(
            u, anna.id, name="A\x00nna", language="de", time_zone="Europe/Berlin", password_hash="$argon2id$…",
            password_ms=T0, totp_sealed=b"\x00s", recovery=["aa", "bb"], disabled_ms=T0 + 5,
        )  # fmt: skip
        after = users.by_id(u, anna.id)
        assert (after.name, after.language, after.time_zone) == ("Anna", "de", "Europe/Berlin")
        assert (after.totp_sealed, after.recovery, after.disabled_ms) == (b"\x00s", ("aa", "bb"), T0 + 5)
        assert users.sealed(u) == ((anna.id, b"\x00s"),)
        assert users.disabled(u) == ("anna@x.example",)

    def test_the_disabled_stand_last_in_the_list(self, u):
        for name in "cab":
            users.add(u, f"{name}@x.example", T0)
        assert users.disable_all(u, ["a@x.example", "nobody@x.example"], T0) == 1
        assert users.disable_all(u, ["a@x.example"], T0 + 1) == 0
        assert [one.email[0] for one in users.every(u)] == ["b", "c", "a"]

    def test_a_step_of_the_second_factor_is_taken_once_and_never_backwards(self, u):
        anna = users.add(u, "anna@x.example", T0)
        assert [users.take_step(u, anna.id, step) for step in (5, 5, 4, 6)] == [True, False, False, True]

    def test_a_recovery_code_is_taken_once(self, u):
        anna = users.add(u, "anna@x.example", T0)
        users.change(u, anna.id, recovery=["aa", "bb"])
        assert [users.take_recovery(u, anna.id, one) for one in ("aa", "aa", "cc")] == [True, False, False]
        assert users.by_id(u, anna.id).recovery == ("bb",)
        assert not users.take_recovery(u, 99, "bb")


class TestRoles:
    """One in each portal and one for everywhere; they leave with the portal."""

    def test_these_and_no_other(self, store, portal):
        with store.unit() as u:
            anna, bo = users.add(u, "anna@x.example", T0), users.add(u, "bo@x.example", T0)
            users.set_roles(u, anna.id, {EVERYWHERE: "admin", portal: "owner"})
            users.set_roles(u, bo.id, {portal: "viewer"})
            users.set_roles(u, anna.id, {portal: "editor"})
            assert users.by_id(u, anna.id).roles == {portal: "editor"}
            assert {one.email: one.roles for one in users.every(u)} == {
                "anna@x.example": {portal: "editor"}, "bo@x.example": {portal: "viewer"},
            }  # fmt: skip

    def test_owners_are_those_who_own_everything_and_can_sign_in(self, store, portal):
        with store.unit() as u:
            anna, bo, carl = (users.add(u, f"{name}@x.example", T0) for name in ("anna", "bo", "carl"))
            users.set_roles(u, anna.id, {EVERYWHERE: "owner"})
            users.set_roles(u, bo.id, {portal: "owner", EVERYWHERE: "admin"})
            users.set_roles(u, carl.id, {EVERYWHERE: "owner"})
            assert users.owners(u) == {anna.id, carl.id}
            users.change(u, carl.id, disabled_ms=T0)
            assert users.owners(u) == {anna.id}

    def test_removing_a_portal_takes_its_roles_and_nobody_elses(self, store, portal):
        with store.unit() as u:
            other = portals.add(u, "globex", "https://b.example", None, replace(IDENTITY, hub_id=9), T0).id
            anna = users.add(u, "anna@x.example", T0)
            users.set_roles(u, anna.id, {EVERYWHERE: "viewer", portal: "editor", other: "admin"})
            assert portals.remove(u, portal)["roles"] == 1
            assert users.by_id(u, anna.id).roles == {EVERYWHERE: "viewer", other: "admin"}


class TestSessions:
    """Those that ended are gone."""

    def test_what_is_kept(self, u):
        sessions.begin(u, session(1, said="Hello", browser="x" * 500))
        found = sessions.by_hash(u, b"\x01" * 32)
        assert (found.user_id, found.said, found.address, len(found.browser)) == (1, "Hello", "192.0.2.1", 160)
        assert found.ident == "01" * 8
        assert sessions.by_hash(u, b"\x02" * 32) is None

    def test_one_persons_last_used_first_and_no_half_ones(self, u):
        for one in (session(1), session(2), session(3, step="code"), session(4, user_id=2)):
            sessions.begin(u, one)
        assert [one.hash[0] for one in sessions.of(u, 1)] == [2, 1]
        assert sessions.counts(u, T0) == {1: 2, 2: 1}
        assert sessions.counts(u, T0 + 2) == {1: 1, 2: 1}

    def test_used_said_and_fresh(self, u):
        sessions.begin(u, session(1))
        sessions.seen(u, b"\x01" * 32, T0 + 99)
        sessions.say(u, b"\x01" * 32, "Done." * 1000)
        sessions.freshen(u, b"\x01" * 32, T0 + HOUR)
        found = sessions.by_hash(u, b"\x01" * 32)
        assert (found.seen_ms, len(found.said), found.fresh_until_ms) == (T0 + 99, 1000, T0 + HOUR)

    def test_ended_is_gone(self, u):
        for number in (1, 2, 3):
            sessions.begin(u, session(number))
        assert sessions.end(u, b"\x01" * 32)
        assert not sessions.end(u, b"\x01" * 32)
        assert sessions.end_of(u, 1, but=b"\x02" * 32) == 1
        assert [one.hash[0] for one in sessions.of(u, 1)] == [2]
        assert sessions.end_of(u, 1) == 1
        assert u.number(sa.select(sa.func.count()).select_from(SESSIONS)) == 0

    def test_the_old_ones_are_let_go_of(self, u):
        sessions.begin(u, session(1, created_ms=T0 - 13 * HOUR, seen_ms=T0))
        sessions.begin(u, session(2, seen_ms=T0 - HOUR))
        sessions.begin(u, session(3))
        assert sessions.prune(u, T0 - 12 * HOUR, T0 - HOUR // 2) == 2
        assert [one.hash[0] for one in sessions.of(u, 1)] == [3]


class TestOneTime:
    """Links and counted attempts."""

    def test_a_link_is_spent_once(self, u):
        link = Link(b"h" * 32, 1, "invite", T0 + HOUR, None)
        one_time.keep_link(u, link, T0)
        assert one_time.link(u, b"h" * 32) == link
        assert [one_time.spend(u, b"h" * 32, T0 + 1) for _ in range(2)] == [True, False]
        assert one_time.link(u, b"h" * 32).used_ms == T0 + 1
        assert one_time.link(u, b"x" * 32) is None

    def test_a_new_link_spends_the_persons_older_ones_and_forgets_the_oldest(self, u):
        for letter, user, until in ((b"a", 1, T0 - 8 * 24 * HOUR), (b"b", 1, T0 + HOUR), (b"c", 2, T0 + HOUR)):
            one_time.keep_link(u, Link(letter * 32, user, "sign_in", until, None), T0 - 9 * 24 * HOUR)
        one_time.keep_link(u, Link(b"d" * 32, 1, "reset", T0 + HOUR, None), T0)
        used = {bytes(row[0])[:1]: row[1] for row in u.rows(sa.select(LINKS.c.hash, LINKS.c.used_ms))}
        assert used == {b"b": T0, b"c": None, b"d": None}

    def test_so_many_in_any_such_time_and_then_the_moment_of_the_next(self, u):
        def take(at: int, who: bytes = b"anna", kind: str = "password") -> int:
            return one_time.take(u, who, kind, T0 + at, most=3, within_ms=100)

        assert [take(at) for at in (0, 10, 20)] == [0, 0, 0]
        assert take(30) == T0 + 100
        assert take(99) == T0 + 100
        assert take(30, who=b"bo") == 0
        assert take(30, kind="code") == 0
        assert take(100) == 0
        assert take(101) == T0 + 110

    def test_forgiven_attempts_do_not_count(self, u):
        for kind in ("password", "code"):
            one_time.take(u, b"anna", kind, T0, most=1, within_ms=HOUR)
        one_time.forgive(u, b"anna", "password")
        assert one_time.take(u, b"anna", "password", T0, most=1, within_ms=HOUR) == 0
        assert one_time.take(u, b"anna", "code", T0, most=1, within_ms=HOUR) > 0

    def test_shut_leaves_nothing_that_opens_anything(self, u):
        sessions.begin(u, session(1))
        one_time.keep_link(u, Link(b"h" * 32, 1, "invite", T0 + HOUR, None), T0)
        one_time.take(u, b"anna", "password", T0, most=1, within_ms=HOUR)
        users.add(u, "anna@x.example", T0)
        one_time.shut(u)
        assert sessions.of(u, 1) == ()
        assert one_time.link(u, b"h" * 32) is None
        assert users.any_at_all(u)
