"""Data quality of one contact: complete, sound, fresh, and what would make it a duplicate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.judgement import Facts, Known, Unknown
from connector.model.records import Activity
from connector.rules.mapping import ValueFault
from connector.rules.quality import DAY_MS, Shares, Tally, quality

NAMES = ("first_name", "last_name", "phone", "company_size")
NOW = 1_000 * DAY_MS
EMPTY = Unknown("empty")


def look(faults=(), created=NOW, acts=(), **fields):
    return quality(Facts(1, NOW, fields, activities=tuple(acts)), faults, NAMES, created)


def act(days_ago: int, verdict: str = "human") -> Activity:
    return Activity(1, NOW - days_ago * DAY_MS, "a", "white_paper", "form_submission", "", "", "", "", "", verdict)


class TestCompleteness:
    def test_is_the_share_of_fields_with_a_value(self):
        found = look(first_name=Known("Anna"), last_name=EMPTY, phone=EMPTY, company_size=Known(50))
        assert (found.completeness, found.empty) == (50, ("last_name", "phone"))

    def test_a_field_the_portal_has_no_place_for_does_not_count(self):
        assert look(first_name=Known("Anna"), last_name=Unknown("not mapped")).completeness == 100

    def test_without_any_field_it_is_unknown_and_not_zero(self):
        assert look().completeness is None
        assert look().validity is None


class TestValidity:
    def test_a_value_that_cannot_be_used_is_filled_and_not_valid(self):
        fault = ValueFault("contacts", "phone", "phone", "12", "invalid", "is no telephone number")
        found = look([fault], first_name=Known("Anna"), phone=Unknown("invalid", "12"))
        assert (found.completeness, found.validity, found.broken) == (100, 50, ("phone",))


class TestFreshness:
    @pytest.mark.parametrize(("days", "score"), [(0, 100), (180, 100), (450, 50), (720, 0), (2000, 0)])
    def test_full_for_half_a_year_and_gone_after_two(self, days, score):
        assert look(created=NOW - 3000 * DAY_MS, acts=[act(days)]).freshness == score

    def test_what_a_machine_did_is_no_sign_of_life(self):
        assert look(created=NOW - 900 * DAY_MS, acts=[act(3, "machine")]).age_days == 900

    def test_who_came_yesterday_is_fresh(self):
        assert look(created=NOW - DAY_MS).freshness == 100

    @given(st.integers(0, 3000), st.integers(0, 3000))
    def test_never_grows_with_age(self, one, other):
        young, old = sorted((one, other))
        left = look(created=NOW - young * DAY_MS).freshness
        assert left >= look(created=NOW - old * DAY_MS).freshness


class TestDuplicates:
    def keys(self, **fields):
        return look(**{name: Known(value) for name, value in fields.items()}).keys

    def test_by_telephone(self):
        assert self.keys(phone="+4971112345") == (("phone", "+4971112345"),)

    def test_by_name_within_the_companys_domain(self):
        one = self.keys(first_name="Jörg", last_name="Weiß", email_domain="werk.de")
        other = self.keys(first_name="JOERG ", last_name="Weiss", email_domain="WERK.de")
        assert one == other == (("name", "joerg weiss@werk.de"),)

    def test_free_mail_is_no_company(self):
        assert self.keys(first_name="Anna", last_name="Ott", email_domain="gmx.de") == ()
        assert self.keys(first_name="Anna", last_name="Ott", email_domain="gmx.de", company_name="Werk  GmbH") == (
            ("name", "anna ott@werk gmbh"),
        )

    def test_half_a_name_is_none(self):
        assert self.keys(last_name="Ott", email_domain="werk.de") == ()


class TestThePortal:
    """All contacts folded into four shares."""

    def of(self, *found):
        tally = Tally()
        for who, one in enumerate(found, 1):
            tally.see(who, one)
        return tally.shares()

    def test_nobody_has_no_quality(self):
        assert self.of() == Shares(0, None, None, None, None)

    def test_means_are_of_those_of_whom_something_can_be_said(self):
        half = look(first_name=Known("Anna"), last_name=EMPTY)
        nothing = look(created=NOW - 450 * DAY_MS)
        assert self.of(half, nothing) == Shares(2, 0.5, 1.0, 0.75, 1.0)

    def test_all_who_share_a_key_are_suspects_however_many(self):
        twin = look(phone=Known("+4971112345"))
        assert self.of(twin, twin, look(), twin).unique == 0.25

    @given(st.lists(st.sampled_from(["1", "2", "3", ""]), max_size=12))
    def test_unique_is_who_shares_no_telephone(self, numbers):
        found = [look(phone=Known(f"+49711{n}")) if n else look() for n in numbers]
        alone = sum(not n or numbers.count(n) == 1 for n in numbers)
        assert self.of(*found).unique == (round(alone / len(numbers), 4) if numbers else None)
