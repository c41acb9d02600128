"""Rules one by one: unknown is not zero, caps, windows, decay, verdicts, unopened mails, next steps."""

import math

import pytest

from connector.model.judgement import Known, Unknown
from connector.rules.judge import next_change_ms
from connector.rules.scoring.decay import ONE, rounded, weight
from connector.rules.words import reason, translate
from tests.rules.judging.build import (
    DAY,
    NAMELESS,
    NOW,
    STANDARD,
    activity_rule,
    contact,
    did,
    judged,
    later,
    model,
    property_rule,
)


def score(compiled, *acts, **more) -> int:
    return judged(contact(*acts, **more), compiled).receipt.score


def unknown(compiled, *acts, **more) -> dict[str, tuple[int, str]]:
    return {one.rule: (one.points, one.missing) for one in judged(contact(*acts, **more), compiled).receipt.unknown}


def ask(when, value, name="industry"):
    """+10, 0 or None (unknown) for one condition on one field."""
    fields = {} if value is None else {name: value if isinstance(value, Unknown) else Known(value)}
    receipt = judged(contact(fields=fields), model(property_rule(when))).receipt
    return None if receipt.unknown else receipt.score


class TestUnknownIsNotZero:
    def test_an_empty_profile_is_unknown_with_its_points(self) -> None:
        found = unknown(STANDARD, fields=NAMELESS)
        assert {name: points for name, (points, _) in found.items()} == {
            "age": 5, "function": 10, "company_size": 5, "industry": 8, "location": 4,
        }  # fmt: skip
        assert found["industry"][1] == "industry: empty"

    def test_a_known_value_that_does_not_fit_is_a_line_of_zero(self) -> None:
        receipt = judged(contact(fields={**NAMELESS, "industry": Known("RETAIL", "industry")})).receipt
        (line,) = receipt.lines
        assert (line.rule, line.points, line.evidence) == ("industry", 0, "industry=RETAIL")
        assert "industry" not in {one.rule for one in receipt.unknown}

    def test_no_company_is_unknown(self) -> None:
        assert unknown(STANDARD, fields={**NAMELESS, "company_size": Unknown("no company")})["company_size"] == (
            5, "company_size: no company",
        )  # fmt: skip

    def test_a_source_that_is_off_makes_its_rules_unknown(self) -> None:
        found = unknown(STANDARD, missing_sources=frozenset({"page_view", "email_event"}))
        assert set(found) == {"mail_opened", "mail_clicked", "site_visit", "mails_not_opened"}
        assert found["site_visit"] == (15, "source off: page_view")

    def test_what_was_seen_although_the_source_is_off_counts_and_the_rest_is_unknown(self) -> None:
        facts = contact(did("white_paper"), fields=NAMELESS, missing_sources=frozenset({"form_submission"}))
        receipt = judged(facts).receipt
        assert receipt.score == 15
        assert {one.rule: one.points for one in receipt.unknown}["white_paper"] == 15

    def test_a_rule_already_at_its_cap_is_not_unknown(self) -> None:
        found = unknown(STANDARD, did("white_paper", times=2), missing_sources=frozenset({"form_submission"}))
        assert "white_paper" not in found

    def test_a_value_of_the_wrong_type_is_unknown_not_an_error(self) -> None:
        assert unknown(STANDARD, fields={**NAMELESS, "company_size": Known("many")})["company_size"] == (
            5, "company_size: not usable",
        )  # fmt: skip

    def test_not_mapped_is_unknown_but_no_next_step(self) -> None:
        receipt = judged(contact(fields={**NAMELESS, "industry": Unknown("not mapped")})).receipt
        assert "industry" not in {step.rule for step in receipt.next_steps}


class TestConditions:
    @pytest.mark.parametrize(
        ("when", "value", "points"),
        [
            ({"field": "industry", "equals": "software"}, "Software", 10),
            ({"field": "industry", "in": ["a", "b"]}, "c", 0),
            ({"field": "industry", "in": ["a", "b"]}, ("x", "B"), 10),
            ({"field": "industry", "not_in": ["a"]}, "a", 0),
            ({"field": "industry", "not_in": ["a"]}, None, None),
            ({"field": "industry", "contains": "mach"}, "MACHINERY", 10),
            ({"field": "industry", "is_set": True}, "x", 10),
            ({"field": "industry", "is_set": True}, Unknown("empty"), 0),
            ({"field": "industry", "is_set": True}, Unknown("ambiguous"), None),
            ({"field": "industry", "is_set": False}, Unknown("empty"), 10),
            ({"not": {"field": "industry", "equals": "a"}}, None, None),
            ({"not": {"field": "industry", "equals": "a"}}, "b", 10),
            ({"field": "industry", "equals": 5}, "5.0", 0),
            ({"field": "industry", "equals": 5}, 5.0, 10),
        ],
    )
    def test_words(self, when, value, points) -> None:
        assert ask(when, value) == points

    @pytest.mark.parametrize(
        ("operator", "value", "points"),
        [
            ({"gt": 50}, 50, 0), ({"gte": 50}, "50", 10), ({"lt": 50}, 49.9, 10), ({"lte": 50}, 50, 10),
            ({"between": [10, 20]}, 20, 10), ({"between": [10, 20]}, 21, 0), ({"gt": 1}, "1,000", None),
            ({"gt": 1}, True, None), ({"gt": 1}, "NaN", None), ({"gt": 1}, "1_000", None), ({"gt": 1}, 10**400, None),
        ],
    )  # fmt: skip
    def test_numbers(self, operator, value, points) -> None:
        assert ask({"field": "company_size", **operator}, value, "company_size") == points

    @pytest.mark.parametrize(
        ("level", "points"),
        [("managing_director", 10), ("head", 10), ("team_lead", 0), ("assistant", 0), ("wizard", None), (None, None)],
    )
    def test_levels(self, level, points) -> None:
        assert ask({"field": "role_level", "at_least_level": "head"}, level, "role_level") == points

    @pytest.mark.parametrize(
        ("operator", "value", "points"),
        [
            ({"within_next_months": 6}, "2027-05-22", 10),
            ({"within_next_months": 6}, "2027-05-23", 0),
            ({"within_next_months": 6}, "2026-11-21", 0),
            ({"within_next_months": 6}, "2026-11-22", 10),
            ({"before": "today"}, "2026-11-21", 10),
            ({"after": "2026-12-31"}, "2027-01-01", 10),
            ({"after": "today"}, 1_795_348_800_000, 0),
            ({"after": "today"}, "soon", None),
            ({"before": "today"}, "2026-11-22T23:30:00-05:00", 0),
        ],
    )
    def test_dates(self, operator, value, points) -> None:
        name = "planned_purchase_date"
        assert ask({"field": name, **operator}, value, name) == points

    def test_yes_or_no(self) -> None:
        when = {"field": "has_budget", "is_true": True}
        assert [ask(when, value, "has_budget") for value in (True, "false", "perhaps", None)] == [10, 0, None, None]

    def test_kleene(self) -> None:
        known, missing = {"field": "industry", "equals": "a"}, {"field": "city", "equals": "x"}
        assert ask({"any": [known, missing]}, "a") == 10
        assert ask({"any": [known, missing]}, "b") is None
        assert ask({"all": [known, missing]}, "b") == 0
        assert ask({"all": [known, missing]}, "a") is None

    def test_a_raw_property(self) -> None:
        compiled = model(property_rule({"property": "hs_persona", "equals": "persona_1"}))
        assert score(compiled, properties={"hs_persona": "persona_1"}) == 10
        assert unknown(compiled, properties={"hs_persona": None})["rule"] == (10, "hs_persona: empty")

    def test_true_and_one_are_told_apart(self) -> None:
        compiled = model(property_rule({"field": "industry", "is_true": True}))
        assert score(compiled, fields={"industry": Known(True)}) == 10
        assert unknown(compiled, fields={"industry": Known(1)})["rule"][1] == "industry: not usable"


class TestCounting:
    def test_once(self) -> None:
        assert score(model(activity_rule()), did("e_book", times=7)) == 10

    def test_per_event_with_a_cap_says_so_in_its_reason(self) -> None:
        compiled = model(activity_rule(counting="per_event", cap=30))
        (line,) = judged(contact(did("e_book", times=7)), compiled).receipt.lines
        assert (line.points, line.count, line.reason) == (30, 7, "Rule (7 times); capped at 30 points")

    def test_per_window_counts_two_visits_within_any_thirty_days(self) -> None:
        compiled = model(
            activity_rule(counting="per_window", window_days=30, max_per_window=2, activities=["site_visit"])
        )
        assert score(compiled, did("site_visit", times=10)) == 20
        assert score(compiled, did("site_visit", 1, 2), did("site_visit", 40, 5)) == 40
        assert score(compiled, did("site_visit", 1), did("site_visit", 16), did("site_visit", 31)) == 30
        assert score(compiled, did("site_visit", 1), did("site_visit", 16), did("site_visit", 30.5)) == 20

    def test_the_window_is_named(self) -> None:
        line = next(
            one for one in judged(contact(did("site_visit", times=10))).receipt.lines if one.rule == "site_visit"
        )
        assert line.reason == "Site visited (10 times); 2 of 10 count (at most 2 in 30 days)"
        assert line.points == 30

    def test_look_back(self) -> None:
        compiled = model(activity_rule(within_days=30))
        assert score(compiled, did("e_book", 29.9)) == 10
        assert score(compiled, did("e_book", 30)) == 0

    def test_negative_with_floor(self) -> None:
        compiled = model(activity_rule(points=-10, counting="per_event", floor=-15))
        (line,) = judged(contact(did("e_book", times=3)), compiled).receipt.lines
        assert (line.points, line.reason) == (-15, "Rule (3 times); no lower than -15 points")

    def test_several_kinds_share_a_cap(self) -> None:
        assert score(STANDARD, did("site_visit"), did("price_page"), did("blog_post"), fields=NAMELESS) == 30

    def test_depth_and_words_narrow_a_rule(self) -> None:
        deep = model(activity_rule(match={"phases": ["bofu"], "title_contains": ["Price"]}))
        assert score(deep, did("e_book", title="Our prices", detail={"phase": "bofu"})) == 10
        assert score(deep, did("e_book", title="Our prices", detail={"phase": "tofu"})) == 0
        assert score(deep, did("e_book", title="Basics", detail={"phase": "bofu"})) == 0

    def test_dwell_time(self) -> None:
        compiled = model(activity_rule(match={"min_seconds": 60}))
        assert score(compiled, did("e_book", detail={"duration_ms": "60000"})) == 10
        assert score(compiled, did("e_book", detail={"duration_ms": "59999"})) == 0
        assert score(compiled, did("e_book")) == 0

    def test_assets_and_addresses(self) -> None:
        compiled = model(activity_rule(match={"assets": ["guide"], "url_contains": ["/DE/"]}))
        assert score(compiled, did("e_book", asset="guide", url="https://x.example/de/a")) == 10
        assert score(compiled, did("e_book", asset="other", url="https://x.example/de/a")) == 0


class TestVerdicts:
    def test_a_machine_gives_no_points(self) -> None:
        assert score(model(activity_rule()), did("e_book", verdict="machine")) == 0

    def test_unsure_gives_none_but_is_shown_as_unknown(self) -> None:
        compiled = model(activity_rule())
        assert score(compiled, did("e_book", verdict="unsure")) == 0
        assert unknown(compiled, did("e_book", times=2, verdict="unsure"))["rule"] == (10, "2 not certainly human")

    def test_unsure_counts_if_stated(self) -> None:
        assert score(model(activity_rule(count_unsure=True)), did("e_book", verdict="unsure")) == 10

    def test_all_count_if_stated(self) -> None:
        assert score(model(activity_rule(human_only=False)), did("e_book", verdict="machine")) == 10


class TestDecay:
    @pytest.mark.parametrize("half_life", [1, 7, 30, 365])
    @pytest.mark.parametrize("age", [0, 1, 13, 30, 31, 400])
    def test_weights_equal_the_closed_form(self, age: int, half_life: int) -> None:
        assert math.isclose(weight(age, half_life) / ONE, 2 ** (-age / half_life), abs_tol=1e-9)

    def test_halves_exactly_at_each_half_life(self) -> None:
        assert [weight(30 * n, 30) for n in range(4)] == [ONE, ONE // 2, ONE // 4, ONE // 8]

    @pytest.mark.parametrize(
        ("halves", "whole"), [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2), (2, 1), (-2, -1)]
    )
    def test_rounds_half_to_even(self, halves: int, whole: int) -> None:
        assert rounded(halves * ONE // 2) == whole

    def test_points_fade(self) -> None:
        compiled = model(activity_rule(points=20, decay={"half_life_days": 30}))
        facts = contact(did("e_book", 0))
        got = [judged(later(facts, days * DAY), compiled).receipt.score for days in (0, 15, 30, 60, 400)]
        assert got == [20, 14, 10, 5, 0]

    def test_the_reason_names_the_decay(self) -> None:
        compiled = model(activity_rule(points=20, decay={"half_life_days": 30}))
        (line,) = judged(contact(did("e_book", 30)), compiled).receipt.lines
        assert line.reason == "Rule; halves every 30 days, 10 of 20 points left"

    def test_the_sum_is_rounded_not_each_event(self) -> None:
        compiled = model(activity_rule(points=1, counting="per_event", decay={"half_life_days": 10}))
        assert score(compiled, did("e_book", 10, times=4)) == 2


class TestUnopenedMails:
    def test_three_in_a_row_cost_five(self) -> None:
        assert score(STANDARD, did("mail_sent", 20, 3), fields=NAMELESS) == -5
        assert score(STANDARD, did("mail_sent", 20, 2), fields=NAMELESS) == 0
        assert score(STANDARD, did("mail_sent", 20, 6), fields=NAMELESS) == -10

    def test_no_lower_than_minus_fifteen(self) -> None:
        (line,) = judged(contact(did("mail_sent", 20, 30), fields=NAMELESS)).receipt.lines
        assert line.points == -15
        assert line.reason.endswith("no lower than -15 points")

    def test_not_before_seven_days(self) -> None:
        assert score(STANDARD, did("mail_sent", 6.9, 3, 0), fields=NAMELESS) == 0
        assert score(STANDARD, did("mail_sent", 7, 3, 0), fields=NAMELESS) == -5

    def test_an_open_ends_the_row(self) -> None:
        row = [*did("mail_sent", 30, 2, 1), *did("mail_sent", 25, ref="read"), *did("mail_sent", 20, 2, 1)]
        opened = did("mail_opened", 24, ref="read")
        assert score(STANDARD, row, fields=NAMELESS) == -5
        assert score(STANDARD, row, opened, fields=NAMELESS) == 5

    def test_a_click_is_an_open(self) -> None:
        row = [*did("mail_sent", 30, 2, 1), *did("mail_sent", 25, ref="read")]
        assert score(STANDARD, row, did("mail_clicked", 24, ref="read"), fields=NAMELESS) == 10

    def test_an_open_by_a_privacy_proxy_is_unknown(self) -> None:
        row = [*did("mail_sent", 30, 2, 1), *did("mail_sent", 25, ref="proxied")]
        opened = did("mail_opened", 24, ref="proxied", verdict="machine")
        assert score(STANDARD, row, opened, fields=NAMELESS) == 0
        assert unknown(STANDARD, row, opened)["mails_not_opened"] == (-5, "1 mails opened by a machine only")

    def test_two_mails_of_one_campaign_are_told_apart_by_time(self) -> None:
        row = [*did("mail_sent", 30, 3, 1)]
        before = did("mail_opened", 40, ref=row[0].ref)
        assert score(STANDARD, row, before, fields=NAMELESS) == 0  # the open gives 5, the row takes 5


class TestCapsOfFamiliesAndTheWhole:
    def test_a_family_cap_is_a_line_of_its_own(self) -> None:
        compiled = model(
            activity_rule(name="a", points=30), activity_rule(name="b", points=30, activities=["white_paper"]),
            families=[{"name": "engagement", "cap": 40}],
        )  # fmt: skip
        receipt = judged(contact(did("e_book"), did("white_paper")), compiled).receipt
        assert receipt.score == 40
        assert (receipt.lines[-1].rule, receipt.lines[-1].points) == ("cap_engagement", -20)

    def test_a_cap_on_a_family_of_profile_rules_takes_from_fit(self) -> None:
        compiled = model(
            property_rule({"field": "industry", "is_set": True}, points=30),
            families=[{"name": "demographic", "cap": 20}],
        )
        receipt = judged(contact(), compiled).receipt
        assert (receipt.fit, receipt.engagement, receipt.grade) == (20, 0, "B")

    def test_total_cap_and_floor(self) -> None:
        assert score(model(activity_rule(points=90), cap=50), did("e_book")) == 50
        assert score(model(activity_rule(points=-90), floor=-20), did("e_book")) == -20

    @pytest.mark.parametrize(("points", "grade"), [(24, "A"), (23, "B"), (16, "B"), (15, "C"), (8, "C"), (7, "D")])
    def test_grades(self, points: int, grade: str) -> None:
        compiled = model(property_rule({"field": "industry", "is_set": True}, points=points))
        assert judged(contact(), compiled).receipt.grade == grade


class TestPersonas:
    def test_the_best_persona_counts(self) -> None:
        personas = [
            {"name": "Maker", "targets": {"industry": {"field": "industry", "equals": "MACHINERY"}}},
            {"name": "Coder", "targets": {"industry": {"field": "industry", "equals": "SOFTWARE"}}},
        ]
        compiled = model(property_rule({"target": "industry"}), personas=personas)
        assert score(compiled, fields={"industry": Known("SOFTWARE")}) == 10
        assert score(compiled, fields={"industry": Known("MACHINERY")}) == 10
        assert score(compiled, fields={"industry": Known("RETAIL")}) == 0

    def test_a_target_inside_a_condition(self) -> None:
        persona = {"name": "Maker", "targets": {"trade": {"field": "industry", "equals": "MACHINERY"}}}
        when = {"all": [{"target": "trade"}, {"not": {"field": "city", "equals": "Rome"}}]}
        compiled = model(property_rule(when), personas=[persona])
        assert score(compiled, fields={"industry": Known("machinery"), "city": Known("Bonn")}) == 10
        assert score(compiled, fields={"industry": Known("machinery"), "city": Known("Rome")}) == 0


class TestNextSteps:
    def test_at_most_five_the_cheapest_for_their_points_first(self) -> None:
        steps = judged(contact(fields=NAMELESS)).receipt.next_steps
        assert [(step.rule, step.points) for step in steps] == [
            ("site_visit", 15), ("function", 10), ("mail_clicked", 10), ("e_book", 20), ("industry", 8),
        ]  # fmt: skip
        assert steps[1].text == "Find out: Function (+10)"

    def test_what_is_at_its_cap_is_no_step(self) -> None:
        facts = contact(did("site_visit", times=2), did("newsletter_subscribed"))
        assert {"site_visit", "newsletter_subscribed"}.isdisjoint(
            step.rule for step in judged(facts).receipt.next_steps
        )

    def test_a_full_window_is_no_step_until_it_opens_again_and_that_is_announced(self) -> None:
        compiled = model(
            activity_rule(counting="per_window", window_days=30, max_per_window=2, activities=["site_visit"])
        )
        facts = contact(did("site_visit", 10), did("site_visit", 5))
        assert judged(facts, compiled).receipt.next_steps == ()
        assert next_change_ms(facts, compiled) == NOW + 20 * DAY
        (step,) = judged(later(facts, 20 * DAY), compiled).receipt.next_steps
        assert step.points == 10

    def test_only_what_is_left_under_the_cap_is_promised(self) -> None:
        compiled = model(activity_rule(counting="per_event", points=20, cap=50))
        (step,) = judged(contact(did("e_book", times=2)), compiled).receipt.next_steps
        assert step.points == 10

    def test_a_source_that_is_off_is_no_step(self) -> None:
        facts = contact(missing_sources=frozenset({"page_view"}))
        assert "site_visit" not in {step.rule for step in judged(facts).receipt.next_steps}


class TestWords:
    def test_every_line_names_its_evidence(self) -> None:
        lines = judged(contact(did("e_book", 19, title="The guide"), did("white_paper", 1, 3))).receipt.lines
        evidence = {line.rule: line.evidence for line in lines}
        assert evidence["industry"] == "industry=AUTOMOTIVE"
        assert evidence["function"] == "role_level=head (from jobtitle)"
        assert evidence["e_book"] == "The guide on 2026-11-03"
        assert evidence["white_paper"] == "white paper on 2026-11-21, the newest of 3"

    def test_reasons_in_german(self) -> None:
        facts = contact(did("site_visit", times=10), did("e_book", times=2), did("mail_sent", 20, 3))
        assert [reason(line, "de") for line in judged(facts).receipt.lines] == [
            "Alter passt zur Zielgruppe", "Funktion passt zur Zielgruppe", "Unternehmensgröße passt zur Zielgruppe",
            "Branche passt zur Zielgruppe", "Standort passt zur Zielgruppe",
            "Website besucht (10-mal); 2 von 10 zählen (höchstens 2 in 30 Tagen)",
            "E-Book heruntergeladen (2-mal)", "Nurture-E-Mails: 3 nicht geöffnet, gezählt je 3 in Folge",
        ]  # fmt: skip

    def test_evidence_in_german(self) -> None:
        lines = judged(contact(did("e_book", 19, title="The guide on (from)"), did("white_paper", 1, 3))).receipt.lines
        evidence = {line.rule: translate(line.evidence, "de") for line in lines}
        assert evidence["industry"] == "industry=AUTOMOTIVE"
        assert evidence["function"] == "role_level=head (aus jobtitle)"
        assert evidence["e_book"] == "The guide on (from) am 03.11.2026"
        assert evidence["white_paper"] == "white paper am 21.11.2026, das neueste von 3"

    def test_an_admins_own_label_stays(self) -> None:
        compiled = model(activity_rule(label="Messebesuch"))
        (line,) = judged(contact(did("e_book", times=2)), compiled).receipt.lines
        assert reason(line, "de") == "Messebesuch (2-mal); zählt einmal"
