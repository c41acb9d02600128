"""The nurture part of the ``workflows`` document: strict, every fault at once, each with its line and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.presets import load_yaml, preset_text
from connector.rules.compiled import compile_documents
from connector.rules.documents import parse_document
from connector.rules.documents.nurture import is_day
from tests.rules.judging.build import contact, did, documents, judged
from tests.rules.nurture.build import DONE, MAIL, SAID, nurture, paper, parsed, presets

SOUND = {"goal": {"kind": "inform", "measured_by": "clicks"}, "enabled": True}


def faults(data: Any) -> list[tuple[str, str]]:
    """Where and what, of every fault."""
    with pytest.raises(DocumentInvalid) as caught:
        parsed(data)
    assert all(fault.remedy for fault in caught.value.faults)
    return [(fault.path, fault.message) for fault in caught.value.faults]


def fault_of(*steps: Any, **keys: Any) -> str:
    """The one fault of a small nurture."""
    (only,) = faults(paper(nurture(*steps, **keys)))
    return only[1]


class TestWhatStays:
    """Documents from before nurtures are documents still, with the same effect."""

    def test_the_shipped_starter_has_no_nurture(self):
        document = parse_document("workflows", *load_yaml(preset_text("workflows", "standard"), "x"), "x")
        assert document.nurtures == document.assets == ()

    def test_a_workflow_of_a_nurture_takes_no_new_mql(self):
        """Only the steps of its nurture lead into it."""
        rows = [
            {"name": "welcome", "workflow_id": "77"},
            {"name": "mail", "workflow_id": "99", "on": "nurture"},
        ]
        compiled = compile_documents(documents(workflows={"workflows": rows}))
        decisions = judged(contact(did("e_book"), did("white_paper")), compiled).decisions
        assert [one.workflow for one in decisions if hasattr(one, "workflow_id")] == ["welcome"]

    def test_every_shipped_nurture_is_switched_off(self):
        for name in ("welcome", "topic", "wake-up", "event", "follow-up", "seo", "post-purchase"):
            document = parse_document("workflows", *load_yaml(preset_text("workflows", name), "x"), "x")
            assert [one.enabled for one in document.nurtures] == [False]

    def test_all_shipped_nurtures_can_run_side_by_side(self):
        every = presets("welcome", "topic", "wake-up", "event", "follow-up", "seo", "post-purchase")
        assert len(parsed(every).nurtures) == 7

    def test_thirty_nurtures_fit_into_one_document(self):
        many = [nurture(MAIL, name=f"nurture_{number}") for number in range(30)]
        assert len(parsed(paper(*many)).nurtures) == 30


class TestParts:
    """What one part says about itself."""

    @pytest.mark.parametrize(
        ("steps", "sentence"),
        [
            ([{"name": "a", "do": "wait"}], "This waits for nothing."),
            ([{"name": "a", "do": "wait", "days": 1, "then": "gone"}], 'There is no step "gone".'),
            ([{"name": "end", "do": "end"}], '"end" is no name for a step.'),
            ([MAIL, MAIL], 'The name "mail" is taken.'),
            ([{**MAIL, "known": "done"}], "`known` needs `offers`."),
            ([{**MAIL, "lacking": "done"}], "`lacking` needs `needs`."),
            ([{**MAIL, "needs": ["first_nam"]}], '"first_nam" is no field.'),
            ([{"name": "a", "do": "dance"}], 'do "dance" is not known.'),
            ([{"name": "a"}], '"do" is missing.'),
            ([{"name": "a", "do": "set", "property": "x", "take": "last_offer"}], "What is taken may be empty"),
            ([{"name": "a", "do": "set", "property": "x", "fallback": "y"}], "exactly one place"),
            ([{"name": "a", "do": "set", "property": "x", "field": "nam", "fallback": "y"}], '"nam" is no field.'),
            ([{"name": "a", "do": "wait", "days": 1, "passed": "done"}], "Only a moment can be passed."),
            ([{"name": "a", "do": "wait", "days": 1, "unknown": "done"}], "Only a moment can be unknown."),
            ([{"name": "a", "do": "wait", "days": 1, "hours": 2, "working_days": True}], "Working days are counted"),
            ([{"name": "a", "do": "wait", "before": {"date": "2027-02-30"}}], '"2027-02-30" is no date.'),
            ([{"name": "a", "do": "wait", "before": {"field": "birthday"}}], '"birthday" is no field.'),
            ([{"name": "a", "do": "wait", "before": {}}], "A moment needs exactly one of these keys."),
            ([{"name": "a", "do": "await", "days": 3, "answers": [{"did": ["sang"]}]}], '"sang" is no kind'),
            ([{"name": "a", "do": "await", "days": 3, "answers": []}], "a list"),
            ([{"name": "a", "do": "wait", "days": 1, "at": "9:00"}], "9:00"),
        ],
        ids=lambda value: value[:30] if isinstance(value, str) else "",
    )
    def test_steps(self, steps, sentence):
        assert sentence in fault_of(*steps)

    @pytest.mark.parametrize(
        ("start", "sentence"),
        [
            ({}, "A start needs exactly one of these keys."),
            ({"did": ["e_book"], "silent_days": 30}, "A start needs exactly one of these keys."),
            ({"silent_days": 30, "about": ["guide"]}, "`about` belongs to `did`."),
            ({"did": ["e_book"], "days_before": 3}, "Days before or after need a `moment`."),
            ({"moment": {"date": "2027-03-10"}, "days_before": 3, "days_after": 3}, "not both"),
            ({"silent_days": 10}, "10"),
            ({"silent_days": 200}, "200"),
            ({"did": ["danced"]}, '"danced" is no kind'),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_starts(self, start, sentence):
        assert sentence in fault_of(MAIL, starts=[start])

    def test_the_window_for_mails_must_be_one(self):
        assert faults(paper(pace={"send_from": "18:00", "send_until": "08:00"})) == [
            ("pace.send_until", "The window for mails ends before it begins.")
        ]
        assert faults(paper(pace={"holidays": ["christmas"]})) == [("pace.holidays[1]", '"christmas" is no date.')]

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ({"by": "list"}, "New MQLs are enrolled by the enrolment call."),
            ({"on": "nurture", "by": "property"}, "The property that the workflow listens to is missing."),
            ({"on": "nurture", "property": "key"}, "Only `by: property` has a property."),
            ({"on": "nurture", "list_id": "7"}, "Only `by: list` has a list."),
        ],
    )
    def test_the_way_into_a_workflow(self, row, sentence):
        assert [said for _, said in faults({"workflows": [{"name": "w", **row}]})] == [sentence]

    def test_names_are_unique(self):
        twice = {"name": "guide", "kind": "e_book"}
        assert faults({"assets": [twice, twice]}) == [("assets[2].name", 'The name "guide" is used more than once.')]
        assert faults(paper(nurture(MAIL), nurture(MAIL)))[0][0] == "nurtures[2].name"

    def test_an_older_word_for_a_kind_means_the_same(self):
        document = parsed({"assets": [{"name": "post", "kind": "blog_visit"}]})
        assert document.assets[0].kind == "blog_post"

    @pytest.mark.parametrize(("text", "yes"), [("2027-02-28", True), ("2027-2-28", False), ("2027-13-01", False)])
    def test_a_day(self, text, yes):
        assert is_day(text) is yes


class TestTheWhole:
    """What only the whole document can say."""

    def test_names_that_lead_nowhere_are_all_told_at_once(self):
        answer = {"name": "c", "do": "await", "days": 2, "answers": [{"did": ["e_book"], "about": ["nothing"]}]}
        data = nurture(
            {"name": "a", "do": "enrol", "workflow": "on", "offers": ["guid"]},
            {"name": "b", "do": "leave", "workflow": "tow"},
            answer,
            starts=[{"did": ["e_book"], "about": ["book"]}],
        )
        assert set(faults(paper(data))) == {
            ("nurtures[1].starts[1].about", 'There is no asset "book".'),
            ("nurtures[1].steps[1].workflow", 'There is no workflow "on".'),
            ("nurtures[1].steps[1].offers[1]", 'There is no asset "guid".'),
            ("nurtures[1].steps[2].workflow", 'There is no workflow "tow".'),
            ("nurtures[1].steps[3].answers[1].about", 'There is no asset "nothing".'),
        }

    def test_the_remedy_knows_what_was_meant(self):
        with pytest.raises(DocumentInvalid) as caught:
            parsed(paper(nurture({**MAIL, "workflow": "tow"})))
        assert 'Did you mean "two"?' in caught.value.faults[0].remedy

    def test_a_draft_may_lead_to_a_nurture_still_to_be_written(self):
        jump = {"name": "on", "do": "jump", "nurture": "later"}
        assert parsed(paper(nurture(MAIL, jump))).nurtures
        leaving = {"name": "out", "when": {"property": "x", "equals": "y"}, "to": "later"}
        found = faults(paper(nurture({**MAIL, "offers": ["guide"]}, jump, exits=[leaving], **SOUND)))
        assert [said for _, said in found] == ['There is no nurture "later".'] * 2

    def test_classes_of_messages_are_not_mixed(self):
        rows = [{"name": "one", "on": "nurture", "message_class": "newsletter"}]
        found = faults({"workflows": rows, "nurtures": [nurture(MAIL)]})
        assert found == [
            (
                "nurtures[1].steps[1].workflow",
                "The workflow sends newsletter mails, the nurture is of class nurture.",
            )
        ]

    def test_a_workflow_of_all_new_mqls_is_no_step(self):
        found = faults({"workflows": [{"name": "one"}], "nurtures": [nurture(MAIL)]})
        assert "would enrol a second time" in found[0][1]

    def test_conditions_are_held_to_the_same_rules_as_elsewhere(self):
        deep: dict[str, Any] = {"property": "x", "equals": "y"}
        for _ in range(6):
            deep = {"not": deep}
        assert "nested deeper" in fault_of(MAIL, unless=deep)
        assert "persona's target" in fault_of(MAIL, unless={"target": "industry"})


class TestTheTenQuestions:
    """A nurture that is switched on answers the planning checklist, or the document cannot be published."""

    def test_a_nurture_that_answers_them_all_is_published(self):
        wait = {"name": "wait", "do": "wait", "days": 3}
        assert parsed(paper(nurture({**MAIL, "offers": ["guide"]}, wait, **SOUND))).nurtures[0].enabled

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"starts": []}, "Nothing says who enters (trigger)."),
            ({"goal": None}, "Nothing says how it is measured."),
            ({"goal": {"kind": "inform"}}, "Nothing says how it is measured."),
            ({"steps": [DONE]}, "It sends no mail (first mail, stages)."),
            ({"steps": [MAIL, DONE]}, "No mail offers anything."),
            ({"steps": [{**MAIL, "offers": ["bare"]}, DONE]}, "a call to action"),
            ({"steps": [{**MAIL, "offers": ["guide"], "label": ""}, DONE]}, "The step has no label"),
            ({"steps": [{**MAIL, "offers": ["guide"]}]}, "Nothing says what happens after the last stage."),
            (
                {"steps": [{**MAIL, "offers": ["guide"]}, {**MAIL, "name": "next"}, DONE]},
                'The next mail ("next") follows at once.',
            ),
        ],
        ids=lambda value: value[:40] if isinstance(value, str) else "",
    )
    def test_what_is_left_open_is_a_fault_of_whoever_is_switched_on(self, change, sentence):
        data = paper({**nurture({**MAIL, "offers": ["guide"]}, **SOUND), **change})
        data["assets"].append({"name": "bare", "kind": "e_book"})
        assert any(sentence in said for _, said in faults(data))
        for one in data["nurtures"]:
            one["enabled"] = False
        assert parsed(data).nurtures

    def test_landing_page_and_delivery_are_asked_for_as_well(self):
        data = paper(nurture({**MAIL, "offers": ["bare"]}, **SOUND))
        data["assets"].append({"name": "bare", "kind": "e_book"})
        told = " ".join(said for _, said in faults(data))
        assert all(what in told for what in ("a call to action", "a landing page", "a delivery"))
        data["assets"][-1].update(SAID)
        assert parsed(data)

    def test_a_loop_without_delay_would_never_end(self):
        loop = {"name": "again", "do": "branch", "ways": [{"when": {"did": ["e_book"]}, "then": "again"}]}
        found = faults(paper(nurture({**MAIL, "offers": ["guide"]}, loop, **SOUND)))
        assert [said for _, said in found] == ['"again" leads back to itself without any delay.']

    def test_a_loop_with_a_delay_is_a_series(self):
        """Weekly content: mail, a week, the next mail."""
        weekly = [{**MAIL, "offers": ["guide"]}, {"name": "week", "do": "wait", "days": 7, "then": "mail"}]
        assert parsed(paper(nurture(*weekly, **SOUND))).nurtures
