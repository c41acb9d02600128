"""The evidence file of a contact, and legal bases by class of message."""

from dataclasses import replace

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Enrol, OptInStep
from connector.rules.compiled import Documents
from connector.rules.evidence import evidence_file
from connector.rules.gate import gate
from tests.rules.judging.build import NOW, PORTAL, contact, did, document, documents

PENDING = "Confirmation Pending"
ENROL = Enrol(1, "anna@berg.example", "welcome", "77", "enrol:welcome:1:mql")


def allowing(message_class: str = "nurture", **consent) -> Documents:
    workflow = {"name": "welcome", "workflow_id": "77", "message_class": message_class}
    return documents(consent=consent, workflows={"workflows": [workflow]})


def refusal(facts, papers: Documents) -> tuple[str, str] | None:
    held = gate(ENROL, facts, papers, PORTAL)
    return (held.gate, held.why) if held else None


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

    def test_both_steps_of_a_sign_up_stand_in_it_with_wording_and_source(self) -> None:
        confirmed = OptInStep(NOW - 5, "confirmed", "property", "User clicked confirmation", PENDING)
        facts = contact(
            did("newsletter_subscribed", days_ago=8, source="form_submission", title="Newsletter"), opt_in=(confirmed,)
        )
        wordings = [{"version": "spring", "since": "2026-01-01"}]
        found = evidence_file(facts, documents(consent={"wordings": wordings}).consent)
        assert [(one.about, one.says, one.source) for one in found if one.at_ms is not None] == [
            ("sign-up", "Newsletter (wording spring)", "form"),
            ("confirmation", "User clicked confirmation", "hs_emailconfirmationstatus"),
        ]

    def test_what_was_not_read_is_not_a_yes(self) -> None:
        facts = contact()
        unread = replace(facts, properties={k: v for k, v in facts.properties.items() if k != "hs_email_optout"})
        found = {one.about: one.says for one in evidence_file(unread, documents().consent)}
        assert found["all e-mail"] == "not read"
