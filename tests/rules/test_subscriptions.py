"""What must be subscribed to follows from what is read; what an app has is only ever compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.subscriptions import Subscription, Wanted
from connector.rules.subscriptions import MOST, difference, grouped, project_file, wanted

NAMES = st.text("abcdef_", min_size=1, max_size=6)


def has(*ones: Wanted, active: bool = True) -> list[Subscription]:
    return [Subscription(str(at), one, active) for at, one in enumerate(ones, 1)]


def changes(ones) -> set[tuple[str, str]]:
    return {(one.event_type.partition(".")[0], one.property) for one in ones if one.property}


class TestWanted:
    def test_everything_that_happens_to_contacts_is_wanted_even_where_no_property_is_read(self):
        assert {one.event_type for one in wanted([])} == {
            "contact.creation", "contact.deletion", "contact.merge", "contact.restore", "contact.privacyDeletion",
            "contact.associationChange",
        }  # fmt: skip

    def test_each_property_any_portal_reads_is_named_once(self):
        made = wanted([{"contacts": ["email", "jobtitle"]}, {"contacts": ["email"]}])
        assert [one.property for one in made if one.property] == ["email", "jobtitle"]

    def test_companies_and_deals_only_where_somebody_reads_them(self):
        words = {one.event_type.partition(".")[0] for one in wanted([{"companies": ["industry"], "deals": []}])}
        assert words == {"contact", "company"}
        assert changes(wanted([{"deals": ["amount"]}])) == {("deal", "amount")}

    @pytest.mark.parametrize("name", ["num_unique_conversion_events", "hs_lastmodifieddate"])
    def test_what_hubspot_refuses_is_never_asked_for(self, name):
        assert changes(wanted([{"contacts": [name], "companies": [name]}])) == set()

    @pytest.mark.parametrize("name", ["lastmodifieddate", "hs_object_id", "createdate"])
    def test_what_tells_nothing_new_is_left_out(self, name):
        assert changes(wanted([{"contacts": [name]}])) == set()

    def test_our_own_stamp_would_only_echo_but_other_values_of_ours_must_be_watched(self):
        made = changes(wanted([{"contacts": ["leadwright_updated_at", "leadwright_score"]}]))
        assert made == {("contact", "leadwright_score")}

    def test_what_most_portals_read_comes_first(self):
        made = wanted([{"contacts": ["a", "z"]}, {"contacts": ["z"]}])
        assert [one.property for one in made if one.property] == ["z", "a"]


class TestDifference:
    NEED = wanted([{"contacts": ["email", "jobtitle"]}])

    def test_nothing_differs_where_all_is_there(self):
        found = difference(self.NEED, has(*self.NEED))
        assert found.complete
        assert (found.superfluous, found.fitting) == ((), len(self.NEED))

    def test_missing_is_what_the_app_lacks(self):
        found = difference(self.NEED, has(*self.NEED[1:]))
        assert found.missing == self.NEED[:1]
        assert not found.complete

    def test_a_paused_one_is_switched_on_not_made_again(self):
        found = difference(self.NEED, has(*self.NEED, active=False))
        assert (found.missing, len(found.paused)) == ((), len(self.NEED))

    def test_what_others_made_is_named_and_does_not_disturb(self):
        foreign = Subscription("99", Wanted("ticket.creation"), True)
        found = difference(self.NEED, [*has(*self.NEED), foreign])
        assert found.superfluous == (foreign,)
        assert found.complete

    def test_a_generic_subscription_tells_the_same_as_the_classic_one(self):
        generic = [Wanted("object.creation", "", "0-1"), Wanted("object.propertyChange", "email", "0-1")]
        found = difference([Wanted("contact.creation"), Wanted("contact.propertyChange", "email")], has(*generic))
        assert found.complete
        assert found.superfluous == ()

    def test_of_two_that_tell_the_same_the_active_one_stays(self):
        pair = [
            Subscription("1", Wanted("contact.creation"), False),
            Subscription("2", Wanted("object.creation", "", "0-1"), True),
        ]
        found = difference([Wanted("contact.creation")], pair)
        assert found.complete
        assert [one.id for one in found.superfluous] == ["1"]

    def test_a_generic_one_of_another_object_is_another_one(self):
        found = difference([Wanted("contact.creation")], has(Wanted("object.creation", "", "2-77")))
        assert len(found.missing) == len(found.superfluous) == 1

    def test_beyond_a_thousand_there_is_no_room_and_the_least_important_waits(self):
        need = wanted([{"contacts": [f"p{n:04d}" for n in range(MOST)]}])
        foreign = has(Wanted("ticket.creation"), Wanted("ticket.deletion"))
        found = difference(need, foreign)
        assert len(found.missing) == MOST - 2
        assert found.no_room == need[MOST - 2 :]
        assert all(one.property for one in found.no_room)

    @given(st.lists(NAMES, unique=True), st.lists(NAMES, unique=True), st.booleans())
    def test_applying_a_difference_leaves_none(self, read, present, active):
        need = wanted([{"contacts": read}])
        before = has(*(Wanted("contact.propertyChange", name) for name in present), active=active)
        found = difference(need, before)
        gone = {one.id for one in found.superfluous}
        kept = [Subscription(one.id, one.what, True) for one in before if one.id not in gone]
        after = difference(need, [*kept, *(Subscription(f"n{n}", one, True) for n, one in enumerate(found.missing))])
        assert after.complete
        assert after.superfluous == ()


class TestByHand:
    def test_a_list_to_enter_goes_object_by_object(self):
        groups = grouped(wanted([{"contacts": ["email"], "companies": ["industry"]}]))
        assert [(g["object"], g["properties"]) for g in groups] == [("contact", ["email"]), ("company", ["industry"])]
        assert "privacyDeletion" in groups[0]["events"]

    def test_a_project_gets_its_file(self):
        made = project_file(wanted([{"contacts": ["email"]}]), "https://hooks.example.test/webhooks/hubspot")
        config = made["config"]
        assert config["settings"]["targetUrl"] == "https://hooks.example.test/webhooks/hubspot"
        rows = config["subscriptions"]
        assert {"subscriptionType": "contact.propertyChange", "propertyName": "email", "active": True} in rows[
            "legacyCrmObjects"
        ]
        assert rows["hubEvents"] == [{"subscriptionType": "contact.privacyDeletion", "active": True}]
