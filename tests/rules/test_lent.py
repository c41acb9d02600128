"""What a token may do where: bound to its portal, and never more than the person it acts for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.people import EVERYWHERE, ROLES
from connector.rules import staff

ROLE = st.sampled_from(ROLES)
PORTAL = st.integers(EVERYWHERE, 4)
PERSON = st.dictionaries(PORTAL, ROLE, max_size=4)


def rank(role) -> int:
    return -1 if role is None else ROLES.index(role)


@pytest.mark.parametrize(
    ("role", "portal", "person", "given_"),
    [
        ("editor", 1, None, {1: "editor"}),
        ("editor", EVERYWHERE, None, {EVERYWHERE: "editor"}),
        ("editor", EVERYWHERE, {1: "admin", 2: "viewer"}, {1: "editor", 2: "viewer"}),
        ("editor", 1, {EVERYWHERE: "viewer", 1: "admin"}, {1: "editor"}),
        ("editor", 2, {EVERYWHERE: "viewer", 1: "admin"}, {2: "viewer"}),
        ("editor", 2, {1: "admin"}, {}),
        ("viewer", EVERYWHERE, {}, {}),
    ],
)
def test_examples(role, portal, person, given_):
    assert staff.lent(role, portal, person) == given_


@given(ROLE, PORTAL, PERSON, st.integers(1, 5))
def test_never_more_than_the_person_nor_than_the_token(role, portal, person, where):
    now = staff.role_in(staff.lent(role, portal, person), where)
    assert rank(now) <= rank(staff.role_in(person, where))
    assert rank(now) <= rank(role)


@given(ROLE, PORTAL, PERSON, st.integers(1, 5))
def test_exactly_the_weaker_of_both_where_the_token_reaches(role, portal, person, where):
    now = staff.role_in(staff.lent(role, portal, person), where)
    own = staff.role_in(person, where)
    reaches = portal in (EVERYWHERE, where)
    assert now == (min(role, own, key=ROLES.index) if reaches and own is not None else None)


@given(ROLE, st.integers(1, 4), st.none() | PERSON, st.integers(1, 5))
def test_a_token_of_one_portal_opens_no_other(role, portal, person, where):
    if where != portal:
        assert staff.role_in(staff.lent(role, portal, person), where) is None


@given(st.none() | ROLE, ROLE)
def test_a_role_reaches_itself_and_what_is_below(role, least):
    assert staff.reaches(role, least) == (rank(role) >= rank(least))
