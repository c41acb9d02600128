"""What reports read of a whole portal: people with their stage dates, their acts, their deals."""

from __future__ import annotations

import pytest

from connector.model.records import Association, Pipeline, Stage
from connector.store import activities, associations, definitions, portals, receipts, records, study
from connector.store.study import Deal, Turn, stage_of
from tests.store.builders import IDENTITY, T0, activity, receipt, snapshot

STAGES = (
    Stage("open", "Open", 1, closed=False, probability=0.2),
    Stage("won", "Won", 2, closed=True, probability=1.0),
    Stage("lost", "Lost", 3, closed=True, probability=0.0),
    Stage("odd", "Odd", 4, closed=True, probability=None),
)


def people(u, portal):
    return [person for page in study.people(u, portal, chunk=2) for person in page]


class TestPeople:
    """Living contacts, slim."""

    def test_come_in_the_order_of_their_ids_across_pages(self, u, portal):
        records.upsert(u, portal, "contacts", [snapshot(n, firstname="A") for n in (5, 3, 9, 1, 7)], T0)
        assert [person.id for person in people(u, portal)] == [1, 3, 5, 7, 9]

    def test_the_dead_and_the_merged_are_left_out(self, u, portal):
        records.upsert(u, portal, "contacts", [snapshot(n) for n in (1, 2, 3)], T0)
        records.merge(u, portal, "contacts", 2, 1, T0)
        records.upsert(u, portal, "contacts", [snapshot(3, 5, archived=True, archived_at=5)], T0 + 5)
        assert [person.id for person in people(u, portal)] == [1]

    def test_know_when_each_stage_was_entered(self, u, portal):
        told = {
            "hs_v2_date_entered_lead": "2026-11-22T09:00:00.000Z", "hs_lifecyclestage_customer_date": str(T0),
            "hs_v2_date_entered_mql": None, "hs_lifecyclestage_other_date": "never",
        }  # fmt: skip
        records.upsert(u, portal, "contacts", [snapshot(1, **told)], T0)
        assert people(u, portal)[0].entered == {"lead": 1_795_338_000_000, "customer": T0}

    def test_have_name_company_source_and_both_stages(self, u, portal):
        values = {"firstname": "Anna", "lastname": "Ü", "company": "Werk", "hs_analytics_source": "OFFLINE"}
        values |= {"email": "A@X.example", "lifecyclestage": "lead", "leadwright_stage": "sal", "hubspot_owner_id": "7"}
        records.upsert(u, portal, "contacts", [snapshot(1, **values)], T0)
        one = people(u, portal)[0]
        assert (one.name, one.company, one.source, one.email) == ("Anna Ü", "Werk", "OFFLINE", "a@x.example")
        assert (one.stage, one.ours, one.owner_id) == ("lead", "sal", 7)

    def test_can_be_asked_for_by_id(self, u, portal):
        records.upsert(u, portal, "contacts", [snapshot(n) for n in (1, 2)], T0)
        assert set(study.named(u, portal, [2, 99])) == {2}
        assert study.named(u, portal, []) == {}

    def test_of_another_portal_stay_there(self, u, portal):
        other = portals.add(u, "other", "https://x.example", b"s", IDENTITY, T0).id
        records.upsert(u, portal, "contacts", [snapshot(1)], T0)
        assert people(u, other) == []
        assert study.first_created_ms(u, other) is None
        assert study.first_created_ms(u, portal) == T0 - 1000


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("hs_v2_date_entered_4711", "4711"), ("hs_lifecyclestage_lead_date", "lead"), ("lifecyclestage", ""),
        ("hs_lifecyclestage_lead", ""), ("createdate", ""),
    ],
)  # fmt: skip
def test_a_property_that_dates_a_stage_names_it(name, stage):
    assert stage_of(name) == stage


class TestTurns:
    """Stages that were seen to change."""

    def test_are_told_oldest_first_with_before_and_after(self, u, portal):
        for at, stage in ((0, "lead"), (10, None), (20, "customer")):
            records.upsert(u, portal, "contacts", [snapshot(1, at, lifecyclestage=stage, city="B")], T0 + at)
        records.upsert(u, portal, "contacts", [snapshot(1, 30, city="M")], T0 + 30)
        assert study.turns(u, portal, [1])[1] == [
            Turn(T0 + 10, "lifecyclestage", "lead", ""), Turn(T0 + 20, "lifecyclestage", "", "customer"),
        ]  # fmt: skip

    def test_of_whom_was_merged_in_are_not_the_survivors(self, u, portal):
        records.upsert(
            u, portal, "contacts", [snapshot(1, lifecyclestage="lead"), snapshot(2, lifecyclestage="lead")], T0
        )
        records.upsert(u, portal, "contacts", [snapshot(2, 10, lifecyclestage="customer")], T0 + 10)
        records.merge(u, portal, "contacts", 2, 1, T0 + 20)
        assert study.turns(u, portal, [1]) == {}
        assert study.turns(u, portal, []) == {}


def test_acts_come_in_time_order_and_before_an_instant(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(1), snapshot(2)], T0)
    told = [activity(1, 20, "b", "e_book"), activity(1, 10, "a", "white_paper", asset="Guide"), activity(2, 30, "c")]
    activities.add(u, portal, told)
    found = study.acts(u, portal, [1, 2], T0 + 30)
    assert [(act.kind, act.asset) for act in found[1]] == [("white_paper", "Guide"), ("e_book", "")]
    assert 2 not in found
    assert study.acts(u, portal, [], T0 + 30) == {}


class TestDeals:
    """Won and lost are what the pipeline says, not what a stage is called."""

    def deal(self, u, portal, ident, stage, contacts, *, pipeline="default", **more):
        values = {"pipeline": pipeline, "dealstage": stage, "amount": more.pop("amount", "12.5"), **more}
        records.upsert(u, portal, "deals", [snapshot(ident, object_type="deals", **values)], T0)
        links = {ident: tuple(Association("contacts", who, label=label) for who in contacts for label in ("", "Buyer"))}
        associations.replace(u, portal, "deals", links, "contacts", T0)

    def pipelines(self, u, portal):
        definitions.replace_pipelines(u, portal, "deals", [Pipeline("deals", "default", "Sales", STAGES)], T0)

    @pytest.mark.parametrize(
        ("stage", "outcome"),
        [("open", "open"), ("won", "won"), ("lost", "lost"), ("odd", "unknown"), ("none", "unknown")],
    )
    def test_have_the_outcome_of_their_stage(self, u, portal, stage, outcome):
        self.pipelines(u, portal)
        self.deal(u, portal, 50, stage, [1])
        assert [deal.outcome for deal in study.deals(u, portal)[1]] == [outcome]

    def test_of_a_portal_without_pipelines_are_unknown(self, u, portal):
        self.deal(u, portal, 50, "won", [1])
        assert study.deals(u, portal)[1][0].outcome == "unknown"

    def test_stand_with_each_of_their_contacts_once_oldest_first(self, u, portal):
        self.pipelines(u, portal)
        self.deal(u, portal, 51, "won", [1, 2], closedate=str(T0))
        self.deal(u, portal, 50, "open", [1])
        found = study.deals(u, portal)
        assert [deal.id for deal in found[1]] == [50, 51]
        assert found[2] == [Deal(51, T0 - 1000, T0, 12.5, "won")]

    @pytest.mark.parametrize(
        ("text", "amount"), [("1e3", 1000.0), ("", None), ("about 5", None), ("nan", None), ("1e300", None)]
    )
    def test_have_an_amount_if_it_is_a_number(self, u, portal, text, amount):
        self.deal(u, portal, 50, "won", [1], amount=text)
        assert study.deals(u, portal)[1][0].amount == amount

    def test_that_were_deleted_are_gone(self, u, portal):
        self.deal(u, portal, 50, "won", [1])
        records.bury(u, portal, "deals", [50], T0 + 9)
        assert study.deals(u, portal) == {}


def test_scores_are_those_of_the_latest_receipts(u, portal):
    records.upsert(u, portal, "contacts", [snapshot(1)], T0)
    receipts.save_many(u, portal, [receipt(1, 10)], "x")
    receipts.save_many(u, portal, [receipt(1, 70, at=5)], "x")
    assert study.scores(u, portal) == {1: 70}
