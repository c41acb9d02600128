"""What each figure does at its edges: unknown sources, odd orders, machines, deals of two people, part of a month."""

from __future__ import annotations

from datetime import date

import pytest

from connector.reports.assets import DropOff, Leaderboard
from connector.reports.figures import Figure, Span, midnight_ms
from connector.reports.funnel import Bands, Cycle, Snapshot, Times
from connector.reports.kpi_mail import Mails, mails
from connector.reports.kpi_money import Campaigns, Costs, spent
from connector.reports.kpi_people import Conversion, Leaving, OnSite, Retention, visits
from connector.rules.documents.goals import Campaign, Cost, Forecast, GoalsDocument, Visitors
from tests.reports.people import act, at, ground, numbers, story, told, won


class TestConversion:
    """KPI 1."""

    def test_counts_who_was_created_in_the_span_alone(self) -> None:
        found = numbers(Conversion(ground()), story(1, created=-1), story(2, created=0), story(3, created=89.9))
        assert found["created"].who == (2, 3)

    def test_leaves_a_stage_out_that_the_portal_never_uses(self) -> None:
        found = numbers(Conversion(ground()), story(1, way=[("mql", 1), ("sql", 2)]))
        assert "mql_to_sql" in found
        assert "mql_to_sal" not in found

    def test_shows_the_stage_between_where_it_is_used(self) -> None:
        found = numbers(Conversion(ground()), story(1, way=[("mql", 1), ("sal", 2)]))
        assert (found["mql_to_sal"].value, found["sal_to_sql"].value) == (1.0, 0.0)

    def test_who_skipped_a_stage_passed_it(self) -> None:
        assert numbers(Conversion(ground()), story(1, way=[("lead", 1), ("customer", 2)]))["mql_to_sql"].value == 1.0


class TestVisitors:
    """The first step of the journey: most visitors have no name, so the goals document tells how many there were."""

    def of(self, *months: tuple[str, int]) -> Figure:
        goals = GoalsDocument(name="g", visitors=tuple(Visitors(month=one, count=many) for one, many in months))
        return numbers(Conversion(ground(goals=goals)), story(1, created=0), story(2, created=1))["visitor_to_lead"]

    def test_without_an_entry_the_rate_is_unknown(self) -> None:
        found = self.of()
        assert (found.value, found.why) == (None, "no_visitors")

    def test_a_month_that_is_missing_makes_it_unknown_too(self) -> None:
        found = self.of(("2026-04", 100), ("2026-06", 100))
        assert (found.value, found.why, found.values) == (None, "visitors_missing", {"month": "2026-05"})

    def test_months_count_by_the_days_that_the_span_touches(self) -> None:
        """The span ends on 29 June, a day before the month does."""
        found = self.of(("2026-04", 100), ("2026-05", 60), ("2026-06", 30), ("2026-07", 5000))
        assert (found.of, found.value, found.who) == (189, pytest.approx(2 / 189), (1, 2))

    def test_more_contacts_than_visitors_are_no_rate_above_one(self) -> None:
        assert self.of(("2026-04", 1), ("2026-05", 0), ("2026-06", 0)).value == 1.0


class TestVisits:
    """KPI 2 and the bounce rate of KPI 3."""

    def test_end_after_half_an_hour_of_nothing(self) -> None:
        views = [act(day, "price_page") for day in (0, 0.02, 0.0409, 0.5)]  # 29, then 30.1 minutes apart
        assert [len(one) for one in visits(views)] == [2, 1, 1]

    def test_a_source_that_is_off_is_unknown_not_zero(self) -> None:
        found = numbers(OnSite(ground(frozenset({"page_view"}))), story(1))
        assert (found["dwell"].value, found["dwell"].why, found["bounce"].value) == (None, "page_views_off", None)

    def test_begin_in_the_span(self) -> None:
        assert (
            numbers(OnSite(ground()), story(1, act(-0.001, "price_page"), act(0.001, "price_page")))["visits"].value
            == 0
        )

    def test_of_buyers_stand_beside_those_of_all(self) -> None:
        two = (act(1, "price_page"), act(1.01, "price_page"))
        found = numbers(
            OnSite(ground()), story(1, *two, deals=[won(5)]), story(2, act(1, "price_page"), act(1.02, "price_page"))
        )
        assert (found["dwell_buyers"].value, found["dwell"].value) == (864.0, 1296.0)


class TestLeaving:
    """The rest of KPI 3."""

    def test_who_came_later_was_not_there(self) -> None:
        assert numbers(Leaving(ground()), story(1, created=91), story(2, created=10))["churn"].of == 1

    def test_counts_a_contact_once_however_it_left(self) -> None:
        twice = story(1, act(5, "newsletter_cancelled"), way=[("mql", 1), ("recycled", 4)])
        found = numbers(Leaving(ground()), twice, story(2))
        assert (found["churn"].value, found["recycled"].value, found["unsubscribed"].value) == (0.5, 1, 1)

    def test_tells_out_of_which_stage(self) -> None:
        assert numbers(Leaving(ground()), story(1, way=[("sql", 1), ("lead", 4)]))["left_sql"].who == (1,)


class TestMails:
    """KPI 4."""

    def test_a_click_without_an_open_is_an_open(self) -> None:
        found = numbers(Mails(ground()), story(1, act(1, "mail_sent", "M"), act(2, "mail_clicked", "M")))
        assert (found["open_rate"].value, found["click_rate"].value) == (1.0, 1.0)

    def test_a_mail_opened_five_times_is_opened_once(self) -> None:
        opens = [act(2 + n, "mail_opened", "M") for n in range(5)]
        assert numbers(Mails(ground()), story(1, act(1, "mail_sent", "M"), *opens))["open_rate"].value == 1.0

    def test_a_human_counts_also_after_a_machine(self) -> None:
        found = numbers(
            Mails(ground()),
            story(1, act(1, "mail_sent", "M"), act(1.1, "mail_opened", "M", "machine"), act(2, "mail_opened", "M")),
        )
        assert (found["open_rate"].value, found["machine_only"].value) == (1.0, 0.0)

    def test_whom_nobody_knows_stands_apart_from_man_and_machine(self) -> None:
        opened = (act(1.1, "mail_opened", "M", "machine"), act(1.2, "mail_opened", "M", "unsure"))
        found = numbers(Mails(ground()), story(1, act(1, "mail_sent", "M"), *opened))
        shares = [found[key].value for key in ("open_rate", "unsure_only", "machine_only")]
        assert shares == [0.0, 1.0, 0.0]

    def test_a_bounced_mail_was_not_delivered(self) -> None:
        found = numbers(Mails(ground()), story(1, act(1, "mail_sent", "M"), act(1.1, "mail_bounced", "M")))
        assert (found["delivered"].value, found["open_rate"].value, found["mail_bounce"].value) == (0, None, 1.0)

    def test_counts_by_the_day_it_was_sent(self) -> None:
        early = story(1, act(-1, "mail_sent", "M"), act(1, "mail_opened", "M"))
        late = story(2, act(1, "mail_sent", "M"), act(200, "mail_opened", "M"))
        found = numbers(Mails(ground()), early, late)
        assert (found["delivered"].value, found["open_rate"].who) == (1, (2,))

    def test_an_open_belongs_to_the_last_mail_of_that_name(self) -> None:
        first, second = mails(1, [act(1, "mail_sent", "M"), act(5, "mail_sent", "M"), act(6, "mail_opened", "M")])
        assert (first.opened_ms, second.opened_ms) == (None, at(6))

    def test_an_open_of_an_unknown_mail_is_left_alone(self) -> None:
        assert mails(1, [act(1, "mail_opened", "M")]) == []

    def test_of_a_portal_that_tells_none_are_unknown(self) -> None:
        found = numbers(Mails(ground(frozenset({"email_event"}))), story(1))
        assert (found["open_rate"].value, found["open_rate"].why) == (None, "mails_off")


def span_of(first: str, last: str) -> Span:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return Span(midnight_ms(begin, "UTC"), midnight_ms(end, "UTC"), begin, end, "UTC")


class TestMoney:
    """KPI 5 and 6."""

    @pytest.mark.parametrize(
        ("first", "last", "spending"),
        [
            ("2026-04-01", "2026-04-30", 300),
            ("2026-04-01", "2026-04-15", 150),
            ("2026-04-16", "2026-06-30", 150),
            ("2026-05-01", "2026-05-31", 0),
            ("2026-04-30", "2026-04-30", 10),
        ],
    )
    def test_a_month_that_is_touched_counts_by_its_days(self, first: str, last: str, spending: float) -> None:
        assert spent([Cost(month="2026-04", amount=300)], span_of(first, last)) == spending

    def test_without_any_cost_entered_nothing_is_told(self) -> None:
        found = numbers(Costs(ground()), story(1))
        assert [found[key].why for key in ("cost", "cost_per_lead", "roi")] == ["no_costs"] * 3

    def test_a_deal_of_two_people_brings_its_money_once(self) -> None:
        shared = won(5, 1000)
        found = numbers(Costs(ground()), story(1, deals=[shared]), story(2, deals=[shared]))
        assert (found["revenue"].value, found["customers_won"].value) == (1000, 2)

    def test_a_deal_without_an_amount_is_won_all_the_same(self) -> None:
        found = numbers(Costs(ground()), story(1, deals=[won(5, None)]))
        assert (found["revenue"].value, found["customers_won"].value) == (0, 1)

    def test_a_customer_is_won_once(self) -> None:
        found = numbers(Costs(ground()), story(1, deals=[won(-20, 10, 1), won(5, 20, 2)]))
        assert (found["customers_won"].value, found["revenue"].value) == (0, 20)

    def test_costs_without_leads_have_no_price_each(self) -> None:
        goals = GoalsDocument(costs=(Cost(month="2026-04", amount=5),))
        assert numbers(Costs(ground(goals=goals)), story(1, created=-9))["cost_per_lead"].why == "nobody"


class TestCampaigns:
    """KPI 5: against what was forecast, and when that was said."""

    GUIDE = Campaign(name="G", starts="2026-04-01", ends="2026-04-30", assets=("Guide",), forecast=Forecast(leads=2))

    def of(self, campaign: Campaign, *stories: object, since: dict[str, int] | None = None) -> dict[str, object]:
        goals = GoalsDocument(campaigns=(campaign,))
        return numbers(Campaigns(ground(goals=goals), since or {}), *stories)  # type: ignore[arg-type, return-value]

    def test_its_leads_came_by_its_assets(self) -> None:
        found = self.of(self.GUIDE, story(1, act(1, "white_paper", "Guide")), story(2, act(1, "white_paper", "Other")))
        assert found["G.leads"].who == (1,)  # type: ignore[attr-defined]

    def test_only_the_first_conversion_counts(self) -> None:
        other_first = story(1, act(1, "e_book", "Other"), act(2, "white_paper", "Guide"))
        assert self.of(self.GUIDE, other_first)["G.leads"].value == 0  # type: ignore[attr-defined]

    def test_or_by_its_sources(self) -> None:
        paid = self.GUIDE.model_copy(update={"assets": (), "sources": ("PAID_SEARCH",)})
        assert self.of(paid, story(1, source="PAID_SEARCH"))["G.leads"].value == 1  # type: ignore[attr-defined]

    def test_who_came_after_it_is_none_of_its(self) -> None:
        late = story(1, act(31, "white_paper", "Guide"), created=30.5)
        assert self.of(self.GUIDE, late)["G.leads"].value == 0  # type: ignore[attr-defined]

    @pytest.mark.parametrize(("said", "note", "days"), [(-3, "beforehand", 3.0), (2, "afterwards", -2.0)])
    def test_a_forecast_is_beforehand_or_it_is_said_that_it_is_not(self, said: float, note: str, days: float) -> None:
        figure = self.of(self.GUIDE, since={"G": at(said)})["G.forecast"]
        assert (figure.note, figure.value) == (note, days)  # type: ignore[attr-defined]

    def test_a_campaign_of_another_time_is_not_shown(self) -> None:
        past = self.GUIDE.model_copy(update={"starts": "2025-01-01", "ends": "2025-01-31"})
        assert set(self.of(past)) == {"campaigns"}


class TestRetention:
    """KPI 7."""

    def test_looks_at_customers_of_before_alone(self) -> None:
        found = numbers(Retention(ground()), story(1, deals=[won(-5)]), story(2, deals=[won(5)]), story(3))
        assert found["customers_before"].who == (1,)

    def test_a_machine_keeps_nobody(self) -> None:
        found = numbers(Retention(ground()), story(1, act(5, "mail_opened", "M", "machine"), deals=[won(-5)]))
        assert found["retention"].value == 0


class TestTheFunnel:
    """Snapshot, times, bands."""

    def test_what_has_no_stage_and_what_no_document_names_are_rows(self) -> None:
        found = numbers(Snapshot(ground()), story(1, stage="unset"), story(2, stage="unmapped"))
        assert (found["unset"].who, found["unmapped"].who) == ((1,), (2,))

    def test_every_living_contact_stands_in_exactly_one_row(self) -> None:
        people = [
            story(n, stage=stage) for n, stage in enumerate(("lead", "mql", "unset", "recycled", "customer", "lead"))
        ]
        assert sum(one.value or 0 for one in numbers(Snapshot(ground()), *people).values()) == len(people)

    def test_time_in_a_stage_is_of_those_who_left_it_in_the_span(self) -> None:
        found = numbers(
            Times(ground()), story(1, way=[("mql", -10), ("sql", -5)]), story(2, way=[("mql", 1), ("sql", 4)])
        )
        assert (found["stay_mql"].value, found["stay_mql"].who) == (3.0, (2,))

    def test_which_part_of_the_way_lay_before_sales_took_over(self) -> None:
        """Created on day 0; taken on day 6 and bought on day 10, then taken on 4 and bought on 16."""
        first = story(1, way=[("mql", 2), ("sql", 6), ("customer", 10)])
        second = story(2, way=[("sal", 4), ("opportunity", 9)], deals=[won(16)])
        found = numbers(Cycle(ground()), first, second)
        assert (found["cycle_share"].value, found["cycle_share"].unit) == (0.425, "share")
        assert (found["cycle_before"].value, found["cycle_after"].value) == (5.0, 8.0)
        assert found["cycle_share"].who == (1, 2)

    def test_without_a_date_of_the_hand_over_nothing_is_guessed(self) -> None:
        shop = story(1, way=[("lead", 1), ("customer", 9)])
        found = numbers(Cycle(ground()), shop)
        assert found["cycle_share"].value is None
        assert found["cycle_share"].why == "nobody"
        assert (found["cycle_bought"].who, found["cycle_undated"].who) == ((1,), (1,))

    def test_sales_came_after_the_purchase_or_before_the_contact_was_there(self) -> None:
        late = story(1, way=[("customer", 10), ("opportunity", 20)])
        early = story(2, created=5, way=[("sql", 1), ("customer", 10)])
        found = numbers(Cycle(ground()), late, early)
        assert found["cycle_share"].value == 0.5, "all of it, and none of it"
        assert found["cycle_before"].value == 5.0

    def test_the_cycle_is_of_those_who_bought_in_the_span(self) -> None:
        before = story(1, created=-20, way=[("sql", -9), ("customer", -2)])
        still = story(2, way=[("sql", 3)])
        assert numbers(Cycle(ground()), before, still)["cycle_bought"].value == 0

    def test_bands_are_of_twenty_five_points_and_know_who_bought(self) -> None:
        found = numbers(
            Bands({1: 24, 2: 25, 3: 49, 4: -1}), story(1), story(2, deals=[won(1)]), story(3), story(4), story(5)
        )
        assert {key: (one.value, one.of) for key, one in found.items()} == {
            "band_-25": (0.0, 1), "band_0": (0.0, 1), "band_25": (0.5, 2),
        }  # fmt: skip


class TestContent:
    """Leaderboard and drop-off."""

    def test_only_what_came_after_the_use_counts(self) -> None:
        before_it = story(1, act(9, "e_book", "E"), way=[("mql", 5)], deals=[won(6)])
        after_it = story(2, act(1, "e_book", "E"), way=[("mql", 5)], deals=[won(6)])
        row = numbers(Leaderboard(ground()), before_it, after_it)["e_book:E"]
        assert (row.who, row.values["users"], row.values["mqls"]) == ((2,), 2, 1)

    def test_what_sold_most_stands_first(self) -> None:
        sold = story(1, act(1, "e_book", "B"), deals=[won(6)])
        used = [story(n, act(1, "white_paper", "A")) for n in (2, 3, 4)]
        (section,) = told(Leaderboard(ground()), sold, *used)
        assert [one.key for one in section.figures] == ["e_book:B", "white_paper:A"]

    @pytest.mark.parametrize(("last", "silent"), [(44.9, True), (45.1, False), (-1, None)])
    def test_silence_is_forty_five_days_without_an_act_of_ones_own(self, last: float, silent: bool | None) -> None:
        found = numbers(DropOff(ground()), story(1, act(last, "blog_page", "/a", source="page_view")))
        assert (bool(found["silent"].who) if found["silent"].of else None) is silent

    def test_buyers_and_those_who_were_let_go_are_not_lost(self) -> None:
        people = (
            story(1, act(1, "e_book"), deals=[won(2)]),
            story(2, act(1, "e_book"), way=[("mql", 1), ("recycled", 3)]),
        )
        assert numbers(DropOff(ground()), *people)["silent"].of == 0
