"""Who may do what to whom: the whole table of roles."""

from __future__ import annotations

import pytest

from connector.admin.doors import Visitor, reaches
from connector.model.people import EVERYWHERE, ROLES, User
from connector.rules import staff


def person(**roles) -> User:
    held = {EVERYWHERE if name == "everywhere" else int(name[1:]): role for name, role in roles.items()}
    return User(7, "bo@x.example", "Bo", "en", "UTC", 0, roles=held)


@pytest.mark.parametrize("actor", [None, *ROLES])
@pytest.mark.parametrize("theirs", [None, *ROLES])
@pytest.mark.parametrize("where", ["everywhere", "p3"])
def test_owners_are_looked_after_by_owners_everybody_else_by_admins(actor, theirs, where):
    them = person(**{where: theirs}) if theirs else person()
    expected = actor == "owner" or (actor == "admin" and theirs != "owner")
    assert staff.may_look_after(actor, them) == expected


@pytest.mark.parametrize("actor", [None, *ROLES])
@pytest.mark.parametrize("given", ROLES)
def test_only_an_owner_makes_owners_and_nobody_below_an_admin_makes_anybody(actor, given):
    assert staff.may_give(actor, [given]) == (actor == "owner" or (actor == "admin" and given != "owner"))
    assert staff.may_give(actor, ["viewer", given]) == staff.may_give(actor, [given])


def test_a_role_reaches_what_asks_for_it_or_less():
    for number, role in enumerate(ROLES):
        for least, wanted in enumerate(ROLES):
            assert reaches(role, wanted) == (number >= least)
        assert reaches(role, "signed_in")
        assert reaches(role, "anybody")
    assert not reaches(None, "viewer")
    assert not reaches(None, "signed_in")
    assert reaches(None, "anybody")


def test_in_a_portal_the_stronger_of_two_roles_holds():
    visitor = Visitor(1, "a", "", roles={EVERYWHERE: "analyst", 3: "admin", 4: "viewer"})
    assert [visitor.role(portal) for portal in (None, 3, 4, 5)] == ["analyst", "admin", "analyst", "analyst"]
    assert visitor.may("admin", 3)
    assert not visitor.may("admin")
    assert Visitor(1, "a", "", roles={3: "owner"}).role(4) is None


@pytest.mark.parametrize("text", ["anna@x.example", "a.b+c@sub.x.example", "ä@x.example", "x@localhost.localdomain"])
def test_addresses(text):
    assert staff.is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "anna", "@x.example", "anna@", "anna@x", "a b@x.example", "a@b@c.example", "a@x.", "a" * 65 + "@x.example"],
)
def test_no_addresses(text):
    assert not staff.is_address(text)


def test_roles_in_words():
    names = {EVERYWHERE: "everywhere", 3: "acme", 4: "globex"}
    assert staff.told({}, names) == "no role"
    assert staff.told({EVERYWHERE: "admin", 4: "owner", 3: "viewer"}, names) == (
        "admin everywhere; owner in globex; viewer in acme"
    )
    assert staff.role_of("owner") == "owner"
    assert staff.role_of("Owner") is None
    assert person(p3="viewer", p4="editor").strongest == "editor"
    assert person().strongest is None
