"""Tokens of programs: shown once, kept as a keyed hash, bound to a portal and a role, gone when they are revoked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.errors import ConfigError, StoreError
from connector.model.people import COMMAND_LINE, EVERYWHERE, Actor
from connector.store import Store, audit, one_time, portals, tokens, users
from connector.store.people_schema import API_TOKENS
from connector.sync.tokens import DAY_MS, Tokens, listed
from connector.vault import Vault
from tests import databases
from tests.rig import SharedClock
from tests.store.builders import IDENTITY, T0

ADMIN = Actor("adm@x.example", "admin", 9)


class Desk:
    """A database with two portals, and the tokens over it."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.key = store, SharedClock(), Vault.new_key()
        self.vault = Vault(self.key)
        self.tokens = Tokens(store, self.vault, self.clock)
        with store.unit() as u:
            self.acme, self.globex = (
                portals.add(u, name, "http://127.0.0.1:9", b"x", replace(IDENTITY, hub_id=number), T0).id
                for number, name in enumerate(("acme", "globex"), 11)
            )

    def person(self, email: str, **roles) -> int:
        with self.store.unit() as u:
            who = users.add(u, email, T0)
            users.set_roles(u, who.id, {getattr(self, name, EVERYWHERE): role for name, role in roles.items()})
        return who.id

    def make(self, role: str = "viewer", **more) -> str:
        return self.tokens.add(COMMAND_LINE, more.pop("name", "crm"), role, **more).secret

    def deeds(self) -> list[tuple]:
        with self.store.view() as u:
            return [(e.deed.who, e.deed.what, e.deed.after, e.deed.portal) for e in reversed(audit.page(u))]


@pytest.fixture(params=databases.KINDS)
def desk(request):
    url = databases.fresh_url(request.param)
    store = Store.open(url)
    yield Desk(store)
    store.close()
    databases.drop(url)


class TestMaking:
    """A name, a role, a portal, an end."""

    def test_it_is_shown_once_and_kept_as_a_keyed_hash(self, desk):
        issued = desk.tokens.add(COMMAND_LINE, "crm", "editor", portal="acme", days=30)
        assert re.fullmatch(r"lw_[\w-]{43}", issued.secret)
        assert issued.secret not in repr(issued)
        with desk.store.view() as u:
            (kept,) = u.rows(sa.select(API_TOKENS))
        assert issued.secret not in str(kept)
        assert bytes(kept.hash) == desk.vault.fingerprint(issued.secret, "api token")
        assert bytes(kept.hash) != Vault(Vault.new_key()).fingerprint(issued.secret, "api token"), "useless without key"
        assert (kept.portal_id, kept.role, kept.until_ms) == (desk.acme, "editor", desk.clock.now_ms() + 30 * DAY_MS)
        assert desk.deeds() == [
            ("command line", "Made an API token", f"crm ({issued.token.id}): editor in acme", "acme")
        ]

    def test_the_list_tells_everything_but_the_secret(self, desk):
        desk.person("anna@x.example", everywhere="owner")
        secret = desk.make("admin", person="Anna@x.example")
        (one,) = listed(desk.tokens.every())["tokens"]
        assert secret not in str(one)
        assert (one["role"], one["portal"], one["person"], one["state"]) == ("admin", "", "anna@x.example", "good")
        assert one["last_used"] is None

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            ({"role": "owner"}, "unknown_role"),
            ({"role": "emperor"}, "unknown_role"),
            ({"name": " "}, "token_name"),
            ({"name": "a\nb"}, "token_name"),
            ({"name": "n" * 61}, "token_name"),
            ({"days": 0}, "token_days"),
            ({"days": 367}, "token_days"),
            ({"portal": "nowhere"}, "unknown_portal"),
            ({"person": "nobody@x.example"}, "unknown_person"),
        ],
    )
    def test_what_cannot_be(self, desk, wrong, reason):
        with pytest.raises(ConfigError) as caught:
            desk.make(**{"role": "viewer"} | wrong)
        assert caught.value.reason == reason
        assert desk.tokens.every() == ()
        assert desk.deeds() == []

    def test_an_admin_gives_no_token_that_acts_for_an_owner(self, desk):
        desk.person("owner@x.example", everywhere="owner")
        desk.person("bo@x.example", acme="viewer")
        with pytest.raises(ConfigError, match="Only an owner"):
            desk.tokens.add(ADMIN, "crm", "viewer", person="owner@x.example")
        assert desk.tokens.add(ADMIN, "crm", "viewer", person="bo@x.example").token.made_by == ADMIN.email

    @pytest.mark.parametrize("role", [None, "viewer", "analyst", "editor"])
    def test_nobody_less_than_an_admin_makes_any(self, desk, role):
        with pytest.raises(ConfigError, match="Only an owner"):
            desk.tokens.add(Actor("x@x.example", role, 3), "crm", "viewer")

    def test_for_somebody_without_a_role_there_it_would_open_nothing(self, desk):
        desk.person("bo@x.example", acme="viewer")
        with pytest.raises(ConfigError, match="no role there"):
            desk.make(person="bo@x.example", portal="globex")


class TestComingIn:
    """Who has the token is let in as what it is for, and nobody else."""

    def test_into_its_portal_alone(self, desk):
        caller = desk.tokens.caller(desk.make("analyst", portal="acme"))
        assert (caller.role(desk.acme), caller.role(desk.globex)) == ("analyst", None)
        assert (caller.who, caller.user_id) == ("token crm", None)

    def test_everywhere(self, desk):
        caller = desk.tokens.caller(desk.make("editor"))
        assert (caller.role(desk.acme), caller.role(desk.globex), caller.role(99)) == ("editor",) * 3

    def test_for_a_person_never_more_than_the_person_may_at_that_moment(self, desk):
        anna = desk.person("anna@x.example", everywhere="viewer", acme="admin")
        secret = desk.make("editor", person="anna@x.example")
        caller = desk.tokens.caller(secret)
        assert (caller.role(desk.acme), caller.role(desk.globex)) == ("editor", "viewer")
        assert (caller.who, caller.user_id) == ("anna@x.example", anna)
        with desk.store.unit() as u:
            users.set_roles(u, anna, {desk.globex: "analyst"})
        caller = desk.tokens.caller(secret)
        assert (caller.role(desk.acme), caller.role(desk.globex)) == (None, "analyst")
        with desk.store.unit() as u:
            users.change(u, anna, disabled_ms=T0)
        assert desk.tokens.caller(secret) is None

    def test_for_a_person_in_one_portal(self, desk):
        desk.person("anna@x.example", everywhere="viewer", acme="admin")
        caller = desk.tokens.caller(desk.make("editor", person="anna@x.example", portal="globex"))
        assert (caller.role(desk.acme), caller.role(desk.globex)) == (None, "viewer")

    @pytest.mark.parametrize("wrong", ["", "lw_", "lw_" + "x" * 43, "x" * 46, "lw_" + "ü" * 43, "lw_" + "\x00" * 43])
    def test_nothing_else_comes_in(self, desk, wrong):
        desk.make()
        assert desk.tokens.caller(wrong) is None

    def test_until_its_end(self, desk):
        secret = desk.make(days=1)
        desk.clock.advance(24 * 3600 - 1)
        assert desk.tokens.caller(secret)
        desk.clock.advance(1)
        assert desk.tokens.caller(secret) is None
        assert listed(desk.tokens.every())["tokens"][0]["state"] == "expired"

    def test_until_it_is_revoked(self, desk):
        secret, other = desk.make(portal="acme"), desk.make(name="other")
        ident = desk.tokens.caller(secret).token_id
        assert desk.tokens.remove(COMMAND_LINE, ident).name == "crm"
        assert desk.tokens.caller(secret) is None
        assert desk.tokens.caller(other)
        with pytest.raises(ConfigError, match="no such token"):
            desk.tokens.remove(COMMAND_LINE, ident)
        assert desk.deeds()[-1] == ("command line", "Revoked an API token", f"crm ({ident}): viewer in acme", "acme")

    def test_until_its_portal_is_removed_or_a_backup_is_put_back(self, desk):
        of_acme, everywhere = desk.make(portal="acme"), desk.make()
        with desk.store.unit() as u:
            portals.remove(u, desk.acme)
        assert desk.tokens.caller(of_acme) is None
        assert desk.tokens.caller(everywhere)
        with desk.store.unit() as u:
            one_time.shut(u)
        assert desk.tokens.caller(everywhere) is None

    def test_use_is_noted_once_a_minute(self, desk):
        secret = desk.make()
        seen = []
        for seconds in (0, 30, 31):
            desk.clock.advance(seconds)
            desk.tokens.caller(secret)
            seen.append(desk.tokens.every()[0].token.used_ms)
        assert seen[0] == seen[1] == seen[2] - 61_000

    def test_a_database_that_takes_no_note_keeps_nobody_out(self, desk, monkeypatch):
        secret = desk.make()

        def full(*_a, **_k):
            raise StoreError("The disk is full.")

        monkeypatch.setattr(desk.store, "unit", full)
        assert desk.tokens.caller(secret)

    def test_through_a_change_of_the_key(self, desk):
        used, idle = desk.make(), desk.make(name="idle")
        new = Vault.new_key()
        both = Tokens(desk.store, Vault(f"{new},{desk.key}"), desk.clock)
        assert both.caller(used)
        after = Tokens(desk.store, Vault(new), desk.clock)
        assert after.caller(used), "it was hashed anew when it was used"
        assert after.caller(idle) is None


def test_hashes_are_unique(desk):
    made = desk.tokens.add(COMMAND_LINE, "crm", "viewer").token
    with pytest.raises(StoreError), desk.store.unit() as u:
        tokens.add(u, replace(made, id="other"))
