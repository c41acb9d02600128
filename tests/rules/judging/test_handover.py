"""The hand-over package: complete, adding up, and harmless as a note whatever a visitor typed."""

from dataclasses import replace

import pytest

from connector.model.judgement import Known
from connector.rules.handover import LAST_ACTS, TITLES, Package, package
from tests.rules.judging.build import FULL, STANDARD, contact, did, judged


def handed(facts, language="en") -> Package:
    return package(judged(facts).receipt, facts, STANDARD.documents.consent, language)


BUSY = contact(
    did("site_visit", days_ago=30, times=12), did("e_book", days_ago=3, title="Robots", asset="Robots"),
    did("webinar_attended", days_ago=2, title="Live"), did("mail_sent", days_ago=1),
    fields={**FULL, "interests": Known(("robots", "vision"))},
)  # fmt: skip


def test_it_says_why_now_with_the_act_and_the_score():
    why = handed(BUSY).sections["why_now"]
    assert why[0] == "2026-11-20 Webinar: attended: Live"
    assert "of 50 points" in why[1]


def test_the_parts_of_the_score_add_up():
    receipt = judged(BUSY).receipt
    first, *rest = handed(BUSY).sections["score"]
    assert first == f"{receipt.score} = {receipt.fit} + {receipt.engagement} (A)"
    families = [int(line.rpartition(": ")[2]) for line in rest if line.split(":")[0] in receipt.families]
    assert sum(families) == receipt.score


def test_the_last_ten_acts_newest_first_and_only_what_the_contact_did():
    acts = handed(BUSY).sections["acts"]
    assert len(acts) == LAST_ACTS
    assert acts[0].startswith("2026-11-20")
    assert not [act for act in acts if "sent" in act]
    assert list(acts) == sorted(acts, key=lambda act: act[:10], reverse=True)


def test_a_machines_click_is_no_act():
    clicks = [replace(act, verdict="machine") for act in did("mail_clicked")]
    assert handed(contact(clicks)).sections["acts"] == ()


def test_interests_are_what_it_said_and_what_it_took():
    assert handed(BUSY).sections["interests"] == ("robots", "vision", "Robots")


def test_what_is_unknown_is_an_open_question():
    assert any("Has a problem" in one for one in handed(contact(did("e_book"))).sections["questions"])
    known = contact(did("e_book"), fields={**FULL, "planned_use": Known("robots")})
    assert not any("Has a problem" in one for one in handed(known).sections["questions"])


def test_next_content_leads_on_and_is_nothing_it_had():
    assert handed(contact(did("blog_post"))).sections["next"] == ("Webinar: attended", "Data sheet")
    assert handed(contact(did("webinar_attended"), did("e_book"))).sections["next"][0] == "Demo request"
    assert handed(contact(did("offer_request"))).sections["next"] == ("Meeting booked",)


def test_consent_is_part_of_it():
    assert "all e-mail: not opted out" in handed(BUSY).sections["consent"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_section_stands_there_also_an_empty_one(language):
    text = handed(contact(fields={}, properties={"email": None}), language).text()
    assert [title[language == "de"] in text for title in TITLES.values()] == [True] * len(TITLES)
    assert ("Nichts vermerkt" in text) is (language == "de")


def test_what_a_visitor_typed_is_text_and_never_markup():
    facts = contact(did("e_book", title="<img src=x onerror=alert(1)>", asset="</ul><script>"))
    html = handed(facts).html()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
