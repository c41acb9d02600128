"""Events to kinds through the shipped preset, verdicts on opens and clicks, and the patterns themselves."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.model.records import PortalEvent
from connector.rules.activities import classify, compile_activities
from connector.rules.documents.kinds import CATALOGUE, SYNONYMS, canonical
from tests.rules.mapping.portal import cases, document, preset

STANDARD = compile_activities(preset("activities", "standard"))


def event(source, word="", title="", url="", ref="", at_ms=0, detail=None):
    return PortalEvent(source, "e1", at_ms, word, ref=ref, title=title, url=url, detail=detail or {})


@pytest.mark.parametrize(
    "case",
    cases("activities.yaml"),
    ids=lambda case: f"{case['source']}-{case.get('title') or case.get('url') or case.get('type')}",
)
def test_an_event_has_the_kind_of_the_table(case):
    said = event(case["source"], case.get("type", ""), case.get("title", ""), case.get("url", ""))
    activity = classify(STANDARD, said, 7)
    assert (activity.kind, activity.asset, activity.contact_id) == (case["kind"], case["asset"], 7)


@pytest.mark.parametrize("case", cases("verdicts.yaml"), ids=str)
def test_an_open_or_click_has_the_verdict_of_the_table(case):
    raw = event("email_event", case["type"], at_ms=case["at"] * 1000, detail=case["detail"])
    assert classify(STANDARD, raw, 7).verdict == case["verdict"]


def test_an_activity_keeps_what_the_event_said_and_gains_phase_and_depth():
    raw = event("form_submission", title="Demo Anfrage", ref="guid-1", at_ms=5, detail={"x": "1"})
    activity = classify(STANDARD, raw, 7)
    assert (activity.id, activity.at_ms, activity.ref, activity.title) == ("e1", 5, "guid-1", "Demo Anfrage")
    assert activity.detail == {"x": "1", "phase": "BOFU", "depth": "4"}
    assert raw.detail == {"x": "1"}


def rules(*lines):
    return compile_activities(document("activities", "rules:\n" + "\n".join(f"  - {line}" for line in lines)))


class TestRules:
    """First match wins; within a rule all conditions, within a list one entry."""

    def test_the_first_rule_that_fits_wins(self):
        compiled = rules(
            "{source: page_view, urls: ['*/a*'], kind: blog_post}", "{source: page_view, kind: site_visit}"
        )
        assert classify(compiled, event("page_view", url="https://x.de/a"), 1).kind == "blog_post"
        assert classify(compiled, event("page_view", url="https://x.de/b"), 1).kind == "site_visit"

    def test_all_conditions_of_a_rule_must_hold(self):
        compiled = rules("{source: form_submission, forms: ['*demo*'], urls: ['/de/*'], kind: demo_request}")
        assert (
            classify(compiled, event("form_submission", title="Demo", url="https://x.de/de/y"), 1).kind
            == "demo_request"
        )
        assert classify(compiled, event("form_submission", title="Demo", url="https://x.de/en/y"), 1).kind == ""

    def test_a_form_is_known_by_its_id_too(self):
        compiled = rules("{source: form_submission, forms: [4c1a-77], kind: white_paper, asset: Wartung 4.0}")
        found = classify(compiled, event("form_submission", title="Formular 3", ref="4C1A-77"), 1)
        assert (found.kind, found.asset) == ("white_paper", "Wartung 4.0")

    @pytest.mark.parametrize(
        ("glob", "url", "fits"),
        [
            ("/preise", "https://www.firma.de/Preise?x=1", True),
            ("/preise/", "https://www.firma.de/preise", True),
            ("/preise", "https://www.firma.de/de/preise", False),
            ("firma.de/preise*", "https://firma.de/preise/plus", True),
            ("firma.de/preise*", "https://andere.de/preise", False),
            ("*/pr%C3%BCfung*", "https://firma.de/pr%C3%BCfung", False),
            ("*/prüfung*", "https://firma.de/pr%C3%BCfung", True),
            ("*.firma.de/*", "http://user:pw@shop.firma.de:8443/x#y", True),
            ("/a*b*c", "https://firma.de/a-b-c", True),
            ("/a*b*c", "https://firma.de/a-c-b", False),
            ("/aba*aba", "https://firma.de/aba", False),
            ("*", "", True),
        ],
    )
    def test_url_patterns(self, glob, url, fits):
        compiled = rules(f"{{source: page_view, urls: ['{glob}'], kind: site_visit}}")
        assert (classify(compiled, event("page_view", url=url), 1).kind == "site_visit") is fits

    def test_no_pattern_can_hang_it(self):
        compiled = rules(f"{{source: page_view, titles: ['{'*a' * 90}'], kind: site_visit}}")
        began = time.perf_counter()
        classify(compiled, event("page_view", title="a" * 89 + "b" * 100_000), 1)
        assert time.perf_counter() - began < 5

    @given(text=st.text(max_size=30), pieces=st.lists(st.text(alphabet="ab*", max_size=4), min_size=1, max_size=3))
    def test_any_text_against_any_pattern_answers(self, text, pieces):
        compiled = rules(f"{{source: page_view, titles: ['{''.join(pieces) or 'a'}'], kind: site_visit}}")
        assert classify(compiled, event("page_view", title=text), 1).kind in ("site_visit", "")


class TestKinds:
    """The catalogue is closed; synonyms and a portal's own kinds are known."""

    def test_a_synonym_becomes_the_catalogues_word(self):
        assert classify(rules("{source: page_view, kind: blog_visit}"), event("page_view"), 1).kind == "blog_post"
        assert set(SYNONYMS.values()) <= set(CATALOGUE)
        assert not set(SYNONYMS) & set(CATALOGUE)

    def test_an_own_kind_begins_with_custom(self):
        assert canonical("custom_konfigurator") == "custom_konfigurator"
        assert canonical("konfigurator") is None

    def test_an_unknown_kind_is_refused_with_a_hint(self):
        with pytest.raises(DocumentInvalid, match='Did you mean "white_paper"'):
            rules("{source: form_submission, kind: whitepaper}")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["{source: page_view, kind: site_visit}", "{source: page_view, urls: ['*/a*'], kind: blog_post}"],
            "never reached",
        ),
        (["{source: page_view, urls: ['*'], kind: site_visit}", "{source: page_view, kind: note}"], "never reached"),
        (["{source: page_view, forms: ['*a*'], kind: site_visit}"], "only match form submissions"),
        (["{source: note, kind: note, asset: x, asset_from: title}"], "exclude each other"),
        (["{source: [], kind: note}"], "empty"),
        (["{source: letter, kind: note}"], "not allowed here"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(lines, sentence):
    with pytest.raises(DocumentInvalid, match=sentence):
        rules(*lines)
