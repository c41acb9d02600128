"""Where leads come from: one vocabulary for all portals, fed by the mapping, usable by every rule (row L9)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Field, Known, Unknown
from connector.model.records import Activity
from connector.presets import load_yaml, preset_text
from connector.rules.compiled import compile_documents
from connector.rules.documents.sources import SOURCES
from connector.rules.lead_source import lead_source
from connector.rules.mapping import compile_mapping, to_fields
from connector.rules.routing import Book, Choice, Router
from connector.rules.view import View
from tests.rules.judging.build import DAY, NOW, contact, document, documents, judged, property_rule
from tests.rules.judging.test_routing import OWNERS
from tests.rules.mapping.portal import mapping, preset
from tests.rules.nurture.build import MAIL, Course, book, nurture, paper

CREATED = "2026-11-20T08:00:00Z"
OFFLINE, IMPORTED = Known("offline", "hs_analytics_source"), Known("imported", "hs_analytics_source_data_1")
EMPTY = Unknown("empty")


def act(kind: str, days_ago: float, verdict: Any = "human") -> Activity:
    return Activity(1, NOW - int(days_ago * DAY), kind, kind, "marketing_event", "ATTENDED", verdict=verdict)


def seen(mapped: Field, *acts: Activity, stage: str = "customer", **properties: str) -> Field:
    return lead_source(mapped, {"createdate": CREATED, **properties}, acts, stage)


class TestTheMapping:
    """What HubSpot says, in our words; the table stands in the mapping document and is edited there."""

    @pytest.mark.parametrize("name", ["standard-b2b", "german-b2b"])
    @pytest.mark.parametrize(
        ("source", "finer", "word"),
        [
            ("ORGANIC_SEARCH", "google", "seo"), ("SOCIAL_MEDIA", "LinkedIn", "social"), ("PAID_SOCIAL", "", "ads"),
            ("PAID_SEARCH", "Brand", "ads"), ("DIRECT_TRAFFIC", "www.example.com/import", "direct"),
            ("REFERRALS", "partner.example", "referral"), ("AI_REFERRALS", "chatgpt.com", "ai"),
            ("EMAIL_MARKETING", "", "email"), ("OTHER_CAMPAIGNS", "", "other"), ("OFFLINE", "CRM_UI", "offline"),
            ("OFFLINE", "IMPORT", "imported"), ("OFFLINE", "", "offline"),
        ],
    )  # fmt: skip
    def test_each_of_hubspots_sources_has_its_word(self, name: str, source: str, finer: str, word: str) -> None:
        said = {"hs_analytics_source": source, "hs_analytics_source_data_1": finer}
        found = to_fields(compile_mapping(preset("mapping", name)), said, None)
        assert found.fields["lead_source"].value == word
        assert found.faults == ()

    def test_what_is_not_named_is_unknown_and_never_other(self) -> None:
        said = {"hs_analytics_source": "UNCERTAIN"}
        assert to_fields(preset("mapping", "standard-b2b"), said, None).fields["lead_source"] == Unknown(
            "dropped", "UNCERTAIN"
        )

    def test_a_portals_own_property_may_say_it(self) -> None:
        doc = mapping("{field: lead_source, property: herkunft, values: {Messe: event, Bestand: existing_customer}}")
        assert to_fields(doc, {"herkunft": "messe"}, None).fields["lead_source"] == Known("event", "herkunft")

    def test_a_word_that_is_no_source_is_a_fault(self) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            mapping("{field: lead_source, property: herkunft, values: {Messe: fair}}")
        assert '"fair" is no lead source.' in str(refused.value.faults)

    def test_the_kinds_that_the_domain_names_are_all_there(self) -> None:
        named = {"content", "seo", "social", "direct", "ads", "event", "referral", "offline", "existing_customer"}
        assert named | {"other", "imported", "email", "ai"} == set(SOURCES)
        assert {SOURCES[name].side for name in ("content", "seo", "social")} == {"inbound"}
        assert {SOURCES[name].side for name in ("ads", "event", "offline")} == {"outbound"}
        assert all(one.label("en") and one.label("de") for one in SOURCES.values())


class TestOtherFacts:
    """HubSpot's OFFLINE is everything that did not come by the website; the mirror knows more."""

    @pytest.mark.parametrize("mapped", [OFFLINE, IMPORTED, Known("other"), EMPTY, Unknown("dropped", "UNCERTAIN")])
    def test_who_took_part_in_an_event_when_created_came_from_it(self, mapped: Field) -> None:
        assert seen(mapped, act("webinar_attended", 2)) == Known("event", "marketing_event")

    @pytest.mark.parametrize(
        ("kind", "days_ago", "verdict", "word"),
        [
            ("webinar_registered", 2, "human", "event"), ("webinar_attended", 300, "human", "event"),
            ("webinar_attended", -2, "human", "offline"), ("webinar_missed", 2, "human", "offline"),
            ("webinar_attended", 2, "machine", "offline"), ("white_paper", 2, "human", "offline"),
        ],
    )  # fmt: skip
    def test_it_must_be_an_event_of_their_own_of_those_days(
        self, kind: str, days_ago: float, verdict: str, word: str
    ) -> None:
        assert seen(OFFLINE, act(kind, days_ago, verdict)).value == word

    @pytest.mark.parametrize("name", ["hs_v2_date_entered_customer", "hs_lifecyclestage_customer_date"])
    @pytest.mark.parametrize(
        ("since", "word"),
        [("2026-11-20T15:00:00Z", "existing_customer"), ("2024-01-01", "existing_customer"), ("2026-11-21", "offline")],
    )
    def test_who_was_a_customer_on_the_day_of_being_created_was_one_before(
        self, name: str, since: str, word: str
    ) -> None:
        assert seen(OFFLINE, **{name: since}).value == word

    @pytest.mark.parametrize(
        ("stage", "found"),
        [("48151623", Known("existing_customer", "hs_v2_date_entered_48151623")), ("customer", OFFLINE), ("", OFFLINE)],
    )
    def test_a_portal_with_a_stage_of_its_own_knows_its_customers_by_that(self, stage: str, found: Field) -> None:
        assert seen(OFFLINE, stage=stage, hs_v2_date_entered_48151623="2026-11-20") == found

    def test_that_stage_stands_in_the_lifecycle_document(self) -> None:
        basis = compile_documents(documents(lifecycle={"portal_values": {"customer": "48151623"}})).basis
        assert basis.customer == "48151623"
        assert basis.properties("lead_source") == (
            "createdate", "hs_v2_date_entered_48151623", "hs_lifecyclestage_48151623_date",
        )  # fmt: skip

    def test_a_customer_at_an_event_is_a_customer(self) -> None:
        found = seen(OFFLINE, act("webinar_attended", 2), hs_v2_date_entered_customer="2026-11-20")
        assert found == Known("existing_customer", "hs_v2_date_entered_customer")

    def test_what_the_website_saw_is_never_overruled(self) -> None:
        searched = Known("seo", "hs_analytics_source")
        assert seen(searched, act("webinar_attended", 2), hs_v2_date_entered_customer="2026-11-20") == searched

    def test_unknown_stays_unknown(self) -> None:
        assert seen(EMPTY) == EMPTY
        assert seen(Unknown("not mapped"), act("webinar_attended", 2)) == Unknown("not mapped")
        assert lead_source(OFFLINE, {}, [act("webinar_attended", 2)], "customer") == OFFLINE
        assert seen(Known("hearsay", "herkunft")) == Unknown("no such source", "hearsay")


class TestRules:
    """Scoring, routing and nurtures ask for it like for any field."""

    def test_scoring_gives_points_by_it(self) -> None:
        rules = [property_rule({"field": "lead_source", "in": ["event", "referral"]}, name="met")]
        compiled = compile_documents(documents(scoring={"rules": rules}))
        by_event = judged(contact(fields={"lead_source": Known("event", "marketing_event")}), compiled).receipt
        assert [(one.points, one.evidence) for one in by_event.lines] == [
            (10, "lead_source=event (from marketing_event)")
        ]
        assert judged(contact(fields={"lead_source": Known("ads")}), compiled).receipt.score == 0
        (unsaid,) = judged(contact(fields={"lead_source": EMPTY}), compiled).receipt.unknown
        assert unsaid.missing == "lead_source: empty"

    @pytest.mark.parametrize(("source", "owner"), [("existing_customer", 2), ("event", 1)])
    def test_routing_gives_it_to_somebody_else(self, source: str, owner: int) -> None:
        rules = [
            {"name": word, "when": {"field": "lead_source", "equals": word}, "owners": [f"{who}@agency.example"]}
            for word, who in (("existing_customer", "ben"), ("event", "anna"))
        ]
        people = [{"owner": f"{who}@agency.example"} for who in ("anna", "ben")]
        routing = document("routing", {"owners": people, "rules": rules})
        view = View(contact(fields={"lead_source": Known(source)}))
        found = Router(routing, OWNERS).route(view, Book({}, {}), "2026-11-23")  # type: ignore[arg-type]
        assert isinstance(found, Choice)
        assert found.owner_id == owner

    @pytest.mark.parametrize(
        ("source", "asked"),
        [(Known("event"), ["day 0: enrol one"]), (Known("existing_customer"), ["day 0: enrol two"]), (EMPTY, [])],
    )
    def test_each_source_can_open_a_workflow_of_its_own(self, source: Field, asked: list[str]) -> None:
        by = {word: [{"when": {"field": "lead_source", "equals": word}}] for word in ("event", "existing_customer")}
        fair = nurture(MAIL, name="fair", starts=by["event"])
        cross = nurture({**MAIL, "workflow": "two"}, name="cross", starts=by["existing_customer"])
        course = Course(book(paper(fair, cross)), fields={"lead_source": source})
        assert course.run(3).told() == asked

    @pytest.mark.parametrize("said", [{"equals": "fair"}, {"in": ["event", "fair"]}, {"not_in": ["fair"]}])
    def test_a_condition_on_a_source_that_does_not_exist_is_refused(self, said: dict[str, Any]) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            documents(scoring={"rules": [property_rule({"field": "lead_source", **said})]})
        assert '"fair" is no lead source.' in str(refused.value.faults)


def test_the_words_are_told_where_they_are_edited() -> None:
    for name in ("standard-b2b", "german-b2b"):
        text = preset_text("mapping", name)
        assert "content, seo, ai, social, direct" in text
        assert all(word in text for word in SOURCES)
        assert load_yaml(text, name)
