"""Readers, landing pages, and what the catalogue of content lacks; counted by hand."""

from __future__ import annotations

from connector.reports.content import Readers, catalogue
from connector.reports.figures import Figure
from connector.rules.documents.nurture import Asset
from tests.reports.people import act, ground, numbers, story
from tests.reports.small import Small


def seen(day: float, kind: str, asset: str) -> object:
    return act(day, kind, asset, source="page_view")


class TestReaders:
    """Readers of a post, and what a landing page turns into (L96)."""

    def test_who_read_a_post_twice_is_one_reader(self) -> None:
        found = numbers(
            Readers(ground()),
            story(1, seen(1, "blog_post", "/a"), seen(2, "blog_post", "/a")),
            story(2, seen(3, "blog_post", "/a"), seen(3, "blog_post", "/b")),
        )
        assert (found["read:/a"].who, found["read:/b"].who) == ((1, 2), (2,))

    def test_a_form_within_a_day_is_what_a_landing_page_is_for(self) -> None:
        found = numbers(
            Readers(ground()),
            story(1, seen(1, "landing_page", "/l"), act(1.5, "white_paper", "Guide")),
            story(2, seen(1, "landing_page", "/l"), act(2.5, "white_paper", "Guide")),
            story(3, seen(1, "landing_page", "/l"), act(0.5, "white_paper", "Guide")),
            story(4, seen(1, "landing_page", "/l")),
        )["landing:/l"]
        assert (found.value, found.of, found.who) == (0.25, 4, (1,))

    def test_the_first_look_counts(self) -> None:
        """Who comes back a week later and fills in then is no success of the page's first impression."""
        late = story(1, seen(1, "landing_page", "/l"), seen(8, "landing_page", "/l"), act(8, "e_book", "E"))
        assert numbers(Readers(ground()), late)["landing:/l"].value == 0.0

    def test_outside_the_span_nobody_read_anything(self) -> None:
        found = numbers(Readers(ground()), story(1, seen(-1, "blog_post", "/a")))
        assert "read:/a" not in found
        assert found["readers"].why == "nobody"

    def test_a_portal_that_tells_no_page_views_has_unknown_numbers(self) -> None:
        found = numbers(Readers(ground(off=frozenset({"page_view"}))), story(1, seen(1, "blog_post", "/a")))
        assert {(one.key, one.value, one.why) for one in found.values()} == {
            ("readers", None, "page_views_off"), ("landing_rate", None, "page_views_off"),
            ("social_shares", None, "not_in_api"),
        }  # fmt: skip

    def test_shares_on_social_networks_are_unknown_and_never_nought(self) -> None:
        found = numbers(Readers(ground()), story(1))["social_shares"]
        assert (found.value, found.why) == (None, "not_in_api")


def asset(name: str, kind: str, **more: object) -> Asset:
    return Asset(name=name, kind=kind, **{"question": "Why?", **more})  # type: ignore[arg-type]


def phases(*assets: Asset) -> dict[str, Figure]:
    (section,) = catalogue(assets)
    return {one.key: one for one in section.figures}


class TestTheCatalogue:
    """Four questions for each phase of the funnel: what is missing is named (L91)."""

    def test_a_phase_without_content_is_a_gap(self) -> None:
        found = phases(asset("guide", "white_paper"), asset("price", "offer_request"))
        assert {key: (one.value, one.note) for key, one in found.items()} == {
            "phase_TOFU": (1, ""), "phase_MOFU": (0, "content_gap"), "phase_BOFU": (1, ""),
        }  # fmt: skip

    def test_a_persona_for_whom_there_is_nothing_is_named(self) -> None:
        found = phases(
            asset("guide", "white_paper", personas=("buyer",)), asset("sheet", "webinar_attended", personas=("user",))
        )
        assert (found["phase_TOFU"].note, found["phase_TOFU"].values["personas"]) == ("content_for", "user")
        assert found["phase_MOFU"].values["personas"] == "buyer"

    def test_content_without_personas_is_for_everybody(self) -> None:
        found = phases(asset("guide", "white_paper"), asset("book", "e_book", personas=("buyer",)))
        assert found["phase_TOFU"].note == ""

    def test_content_that_answers_no_question_is_named(self) -> None:
        found = phases(asset("guide", "white_paper", question="", label="The guide"))
        assert (found["phase_TOFU"].note, found["phase_TOFU"].values["silent"]) == ("content_silent", "The guide")

    def test_its_own_phase_goes_before_that_of_its_kind(self) -> None:
        assert phases(asset("guide", "white_paper", phase="BOFU"))["phase_BOFU"].value == 1

    def test_content_without_a_phase_stands_apart(self) -> None:
        found = phases(asset("thing", "custom_thing"))["phase_none"]
        assert (found.value, found.values) == (1, {"names": "thing"})

    def test_an_incentive_is_content_too(self) -> None:
        assert phases(asset("voucher", "incentive"))["phase_BOFU"].value == 1

    def test_without_a_catalogue_the_reason_is_said(self) -> None:
        assert phases()["catalogue"].why == "no_assets"

    def test_the_report_reads_the_workflows_document(self, portal: Small) -> None:
        paper = "name: w\nassets: [{name: guide, kind: white_paper, question: Why a guide?, personas: [buyer]}]\n"
        portal.publish("workflows", paper, "03-01")
        found = portal.figures("assets")
        assert (found["catalogue/phase_TOFU"]["value"], found["catalogue/phase_TOFU"]["note"]) == (1, "")
        assert found["catalogue/phase_MOFU"]["note"] == "nothing to offer in this phase"
