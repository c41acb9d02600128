"""The catalogue of activity kinds: micro and macro conversions along the phases of the funnel (L40)."""

from __future__ import annotations

from connector.presets import load_yaml, preset_text
from connector.rules.documents.kinds import CATALOGUE, canonical


def of(conversion: str) -> set[str]:
    return {one.name for one in CATALOGUE.values() if one.conversion == conversion}


def test_every_conversion_is_micro_or_macro() -> None:
    assert {"site_visit", "blog_post", "mail_clicked", "webinar_registered"} <= of("micro")
    assert {"white_paper", "webinar_attended", "contact_request", "meeting_held", "incentive"} <= of("macro")
    assert not of("micro") & of("macro")


def test_what_is_done_to_somebody_is_no_conversion() -> None:
    assert {"mail_sent", "mail_bounced", "task", "note", "newsletter_cancelled"} <= of("")


def test_a_macro_conversion_reaches_deeper_than_a_micro_one_of_its_phase() -> None:
    for phase in ("TOFU", "MOFU", "BOFU"):
        deepest = max(CATALOGUE[one].depth for one in of("micro") if CATALOGUE[one].phase == phase)
        assert min(CATALOGUE[one].depth for one in of("macro") if CATALOGUE[one].phase == phase) >= deepest


def test_the_shipped_model_counts_micro_conversions_but_the_gate_wants_a_macro_one() -> None:
    scoring = load_yaml(preset_text("scoring", "standard-b2b"), "scoring")[0]
    counted = {canonical(kind) for rule in scoring["rules"] for kind in rule.get("activities", ())}
    assert counted & of("micro")
    assert counted & of("macro")
    lifecycle = load_yaml(preset_text("lifecycle", "standard"), "lifecycle")[0]
    wanted = set(lifecycle["mql"]["depth"]["activities"])
    assert wanted <= of("macro")


def test_each_kind_has_a_word_in_both_languages() -> None:
    assert all(one.label("en") and one.label("de") for one in CATALOGUE.values())
    assert CATALOGUE["incentive"].label("de") == "Gutschein oder anderer Anreiz"
