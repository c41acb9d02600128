"""The evidence file, double opt-in as two steps, legal bases by class of message."""

from dataclasses import replace

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Enrol
from connector.rules.compiled import Documents
from connector.rules.evidence import double_opt_in, evidence_file
from connector.rules.gate import gate
from tests.rules.judging.build import DAY, NOW, PORTAL, contact, did, document, documents

PENDING = "Pending"
ENROL = Enrol(1, "anna@berg.example", "welcome", "77", "enrol:welcome:1:mql")


def signed_up(days_ago: float, state: str | None = None, **more: str | None):
    acts = did("newsletter_subscribed", days_ago=days_ago, source="subscription", title="Newsletter")
    return contact(acts, properties={"hs_emailconfirmationstatus": state, **more})


def allowing(message_class: str = "nurture", **consent) -> Documents:
    workflow = {"name": "welcome", "workflow_id": "77", "message_class": message_class}
    return documents(consent=consent, workflows={"workflows": [workflow]})


def refusal(facts, papers: Documents) -> tuple[str, str] | None:
    held = gate(ENROL, facts, papers, PORTAL)
    return (held.gate, held.why) if held else None


class TestTwoSteps:
    @pytest.mark.parametrize(
        ("days_ago", "state", "step"),
        [(2, PENDING, "asked"), (31, PENDING, "lapsed"), (31, "Confirmed", "confirmed"), (2, None, "asked")],
    )
    def test_asked_then_confirmed_or_lapsed(self, days_ago: float, state: str | None, step: str) -> None:
        found = double_opt_in(signed_up(days_ago, state), 30)
        assert found.step == step
        assert found.asked_ms == NOW - days_ago * DAY

    def test_who_never_signed_up_was_never_asked(self) -> None:
        assert double_opt_in(contact(), 30).step == "none"

    def test_a_new_sign_up_begins_anew(self) -> None:
        facts = contact(
            did("newsletter_subscribed", days_ago=90), did("newsletter_subscribed", days_ago=1),
            properties={"hs_emailconfirmationstatus": PENDING},
        )  # fmt: skip
        assert double_opt_in(facts, 30).step == "asked"

    def test_only_the_confirmed_are_enrolled_and_the_lapsed_are_told_apart(self) -> None:
        papers = allowing(double_opt_in="required")
        assert refusal(signed_up(2, "Confirmed"), papers) is None
        assert refusal(signed_up(2, PENDING), papers) == ("double_opt_in", "The sign-up is not confirmed yet")
        gate_name, why = refusal(signed_up(40, PENDING), papers) or ("", "")
        assert gate_name == "double_opt_in"
        assert "2026-10-13" in why
        assert "lapsed" in why
        assert refusal(contact(), papers) == ("double_opt_in", "There is no confirmed sign-up")

    def test_how_long_it_stands_is_the_documents(self) -> None:
        assert "lapsed" in (refusal(signed_up(8, PENDING), allowing(confirm_within_days=7)) or ("", ""))[1]
        assert "lapsed" not in (refusal(signed_up(6, PENDING), allowing(confirm_within_days=7)) or ("", ""))[1]

    def test_a_pending_one_without_a_known_sign_up_is_no_lapsed_one(self) -> None:
        facts = contact(properties={"hs_emailconfirmationstatus": PENDING})
        assert double_opt_in(replace(facts, now_ms=NOW + 900 * DAY), 30).step == "asked"


class TestLegalBasis:
    CONSENT = "Freely given consent from contact"

    def test_a_class_wants_its_own_basis(self) -> None:
        papers = allowing("newsletter", legal_basis={"newsletter": [self.CONSENT]})
        assert refusal(contact(properties={"hs_legal_basis": self.CONSENT}), papers) is None
        assert refusal(contact(properties={"hs_legal_basis": f"Other;{self.CONSENT}"}), papers) is None
        gate_name, why = refusal(contact(properties={"hs_legal_basis": "Performance of a contract"}), papers) or (
            "",
            "",
        )
        assert gate_name == "legal_basis"
        assert "newsletter" in why
        assert "Performance of a contract" in why

    def test_another_class_is_not_touched_by_it(self) -> None:
        papers = allowing("nurture", legal_basis={"newsletter": [self.CONSENT]})
        assert refusal(contact(), papers) is None

    def test_a_class_without_any_basis_is_a_fault(self) -> None:
        with pytest.raises(DocumentInvalid):
            document("consent", {"legal_basis": {"newsletter": []}})


class TestFile:
    def test_all_that_is_on_record_in_order(self) -> None:
        facts = contact(
            did("white_paper", days_ago=9, source="form_submission", title="Guide"),
            did("newsletter_subscribed", days_ago=8, source="subscription", title="Newsletter"),
            did("newsletter_cancelled", days_ago=1, source="subscription", title="Newsletter"),
            did("site_visit", days_ago=2),
            properties={"hs_emailconfirmationstatus": "Confirmed", "hs_email_optout_5": "true"},
        )
        found = evidence_file(
            facts, documents(consent={"subscriptions": {"newsletter": ["5"], "nurture": ["6"]}}).consent
        )
        assert [(one.about, one.says) for one in found if one.at_ms is not None] == [
            ("form", "Guide"), ("sign-up", "Newsletter"), ("withdrawal", "Newsletter"),
        ]  # fmt: skip
        states = {one.about: one.says for one in found if one.at_ms is None}
        assert states == {
            "double opt-in": "confirmed (Confirmed)",
            "legal basis": "none on record",
            "all e-mail": "not opted out",
            "newsletter mails": "opted out",
            "nurture mails": "not read",
        }
        assert all(one.source for one in found)

    def test_what_was_not_read_is_not_a_yes(self) -> None:
        facts = contact()
        unread = replace(facts, properties={k: v for k, v in facts.properties.items() if k != "hs_email_optout"})
        found = {one.about: one.says for one in evidence_file(unread, documents().consent)}
        assert found["all e-mail"] == "not read"
