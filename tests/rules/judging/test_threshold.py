"""The threshold fires exactly once; depth gates; the linter's shortest paths."""

from dataclasses import replace

import pytest

from connector.model.judgement import SetProperty
from connector.rules.compiled import compile_documents
from connector.rules.lifecycle import furthest
from connector.rules.scoring.paths import shortest_paths_to_threshold
from tests.rules.judging.build import (
    FULL,
    NAMELESS,
    ONCE_EACH,
    PORTAL,
    STANDARD,
    activity_rule,
    contact,
    did,
    documents,
    gate_of,
    holds,
    judged,
    model,
    moves,
)

PASSING = (did("e_book"), did("webinar_attended"), did("white_paper"))


def in_steps(points: int):
    """A model in which an e-book is worth that much."""
    return model(activity_rule(points=points))


def applied(facts, judgement):
    """The contact after the portal took what was decided."""
    written = {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}
    for move in moves(judgement):
        written["lifecyclestage"] = move.to_value
    reached = furthest(facts.furthest_stage, *[one.to_stage for one in moves(judgement)])
    return replace(facts, properties={**facts.properties, **written}, furthest_stage=reached)


class TestThreshold:
    def test_forty_nine_does_not_fire_and_fifty_does(self) -> None:
        assert moves(judged(contact(did("e_book")), in_steps(49))) == []
        assert len(moves(judged(contact(did("e_book")), in_steps(50)))) == 1

    def test_a_jump_over_it_fires_once(self) -> None:
        (move,) = moves(judged(contact(did("e_book")), in_steps(500)))
        assert (move.from_stage, move.to_stage, move.to_value) == ("lead", "mql", "marketingqualifiedlead")
        assert move.cause == "stage:1:mql"

    def test_after_the_portal_took_it_nothing_fires_again(self) -> None:
        facts = contact(*PASSING)
        again = judged(applied(facts, judged(facts)))
        assert moves(again) == []
        assert again.decisions == ()
        assert again.receipt.stage == "mql"

    def test_falling_back_below_does_not_unfire(self) -> None:
        facts = applied(contact(*PASSING), judged(contact(*PASSING)))
        fallen = judged(replace(facts, activities=()))
        assert fallen.receipt.score == 32
        assert moves(fallen) == []
        assert fallen.receipt.stage == "mql"

    def test_crossing_again_after_a_human_set_it_back_does_not_fire(self) -> None:
        facts = applied(contact(*PASSING), judged(contact(*PASSING)))
        set_back = replace(facts, properties={**facts.properties, "lifecyclestage": "lead"})
        judgement = judged(set_back)
        assert moves(judgement) == []
        assert holds(judgement)["stage:mql"] == "stage"

    def test_unless_the_document_says_again(self) -> None:
        lifecycle = STANDARD.documents.lifecycle
        changed = documents(lifecycle={"mql": {**_mql(), "again": True}})
        assert lifecycle.mql.again is False
        facts = replace(contact(*PASSING), furthest_stage="mql")
        assert len(moves(judged(facts, compile_documents(changed)))) == 1

    def test_a_subscriber_may_jump_to_mql(self) -> None:
        assert (
            moves(judged(contact(*PASSING, properties={"lifecyclestage": "subscriber"})))[0].from_stage == "subscriber"
        )

    @pytest.mark.parametrize("stage", ["marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"])
    def test_who_is_further_is_not_moved(self, stage: str) -> None:
        assert moves(judged(contact(*PASSING, properties={"lifecyclestage": stage}))) == []

    def test_the_lifecycle_document_may_have_a_threshold_of_its_own(self) -> None:
        strict = compile_documents(documents(lifecycle={"mql": {**_mql(), "threshold": 200}}))
        judgement = judged(contact(*PASSING), strict)
        assert moves(judgement) == []
        assert gate_of(judgement, "threshold") is False

    def test_an_uncalibrated_threshold_is_called_so(self) -> None:
        gates = {gate.name: gate for gate in judged(contact()).receipt.gates}
        assert gates["threshold"].why == "32 of 50 points, uncalibrated"
        assert gates["threshold"].remedy == "18 points short of MQL"


class TestDepth:
    def test_ten_blog_posts_never_make_an_mql_and_the_hold_says_why(self) -> None:
        judgement = judged(contact(did("blog_post", times=10)))
        (hold,) = [one for one in judgement.decisions if not isinstance(one, SetProperty)]
        assert (hold.gate, hold.why) == ("depth", "Converting acts: 0 of 1")
        assert hold.remedy.startswith("Needs one of: white_paper")

    def test_a_thousand_blog_posts_and_all_mails_do_not_either(self) -> None:
        acts = (did("blog_post", times=1000), did("mail_opened", times=50), did("mail_clicked", times=50))
        judgement = judged(contact(*acts, did("newsletter_subscribed")))
        assert judgement.receipt.score > 50
        assert moves(judgement) == []

    def test_a_scanner_does_not_convert(self) -> None:
        judgement = judged(
            contact(did("e_book", verdict="machine"), did("site_visit", 1, 2), did("newsletter_subscribed"))
        )
        assert gate_of(judgement, "depth") is False

    def test_with_forms_unread_depth_is_unknown_and_nothing_moves(self) -> None:
        facts = contact(did("site_visit", 1, 2), missing_sources=frozenset({"form_submission"}))
        judgement = judged(facts)
        assert gate_of(judgement, "depth") is None
        assert holds(judgement)["stage:mql"] == "depth"

    def test_old_converting_acts_may_run_out(self) -> None:
        depth = {"activities": ["e_book"], "within_days": 30}
        compiled = compile_documents(documents(lifecycle={"mql": {**_mql(), "depth": depth}}))
        assert gate_of(judged(contact(did("e_book", 29)), compiled), "depth") is True
        assert gate_of(judged(contact(did("e_book", 30)), compiled), "depth") is False


class TestPaths:
    def test_a_full_profile_needs_one_e_book_or_webinar(self) -> None:
        found = shortest_paths_to_threshold(STANDARD.documents.scoring)
        assert {(path.acts, path.points) for path in found} == {(("e_book",), 52), (("webinar_attended",), 52)}

    def test_without_a_profile_it_takes_three_acts(self) -> None:
        found = shortest_paths_to_threshold(STANDARD.documents.scoring, with_profile=False)
        assert all(len(path.acts) == 3 for path in found)
        assert found[0].points == 60

    def test_caps_bound_a_path(self) -> None:
        capped = model(activity_rule(counting="per_event", points=10, cap=30), threshold=40).documents.scoring
        assert shortest_paths_to_threshold(capped) == ()


def _mql():
    from tests.rules.judging.build import _preset_data

    return _preset_data()["lifecycle"][0]["mql"]


def test_once_each_is_the_whole_table() -> None:
    assert judged(contact(*[did(kind) for kind in ONCE_EACH], fields=NAMELESS)).receipt.score == 100
    assert judged(contact(fields=FULL)).receipt.score == 32
    assert PORTAL.live
