"""Double opt-in: asked, then confirmed within the days that the document gives, else it lapses; each step on record."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import DocumentInvalid
from connector.model.judgement import Enrol, Facts, OptInStep
from connector.rules.compiled import Documents
from connector.rules.gate import gate
from connector.rules.opt_in import double_opt_in, missing_step, new_steps, opt_in_steps, turned
from connector.rules.words import translate
from tests.rules.judging.build import DAY, NOW, PORTAL, contact, did, document, documents

PENDING = "Confirmation Pending"
CLICKED = "User clicked confirmation"
LATE = "Asked on 2026-08-24 by form “Newsletter”, expired on 2026-09-23, the confirmation of 2026-11-02 came too late"
LATE_IN_GERMAN = (
    "Am 24.08.2026 angefragt durch Formular „Newsletter“, am 23.09.2026 verfallen, "
    "die Bestätigung vom 02.11.2026 kam zu spät"
)
STANDARD = documents().consent
ENROL = Enrol(1, "anna@berg.example", "welcome", "77", "enrol:welcome:1:mql")


def signed_up(days_ago: float, state: str | None = None, **more: Any) -> Facts:
    """Somebody who sent off the newsletter's form, with HubSpot's confirmation status as it stands now."""
    acts = did("newsletter_subscribed", days_ago=days_ago, source="form_submission", ref="f-1", title="Newsletter")
    return contact(acts, properties={"hs_emailconfirmationstatus": state}, **more)


def turn(days_ago: float, before: str, after: str) -> OptInStep:
    (step,) = turned([(NOW - int(days_ago * DAY), before, after)])
    return step


def asking(**consent: Any) -> Documents:
    return documents(consent=consent, workflows={"workflows": [{"name": "welcome", "workflow_id": "77"}]})


def refusal(facts: Facts, **consent: Any) -> str | None:
    """Why that person is not enrolled by the sign-up's doing; None: nothing stands against it."""
    held = gate(ENROL, facts, asking(**consent), PORTAL)
    assert held is None or held.gate == "double_opt_in"
    return held.why if held else None


class TestSteps:
    @pytest.mark.parametrize(
        ("days_ago", "state", "step"),
        [(2, PENDING, "asked"), (31, PENDING, "lapsed"), (31, "Confirmed", "confirmed"), (2, None, "asked")],
    )
    def test_asked_then_confirmed_or_lapsed(self, days_ago: float, state: str | None, step: str) -> None:
        found = double_opt_in(signed_up(days_ago, state), STANDARD)
        assert found.step == step
        assert found.request is not None
        assert found.request.at_ms == NOW - days_ago * DAY

    def test_who_never_signed_up_was_never_asked(self) -> None:
        assert double_opt_in(contact(), STANDARD) == ("none", None, None, "", None)

    def test_a_new_sign_up_begins_anew(self) -> None:
        old, new = (did("newsletter_subscribed", days_ago=ago) for ago in (90, 1))
        facts = contact(old, new, properties={"hs_emailconfirmationstatus": PENDING})
        assert double_opt_in(facts, STANDARD).step == "asked"

    @pytest.mark.parametrize(
        ("source", "told"),
        [
            ("form_submission", "form"),
            ("subscription", "subscription"),
            ("page_view", "page"),
            ("custom_event", "page"),
        ],
    )
    def test_each_step_says_where_it_is_known_from(self, source: str, told: str) -> None:
        acts = did("newsletter_subscribed", source=source, title="Letter")
        (step,) = opt_in_steps(contact(acts), STANDARD)
        assert (step.step, step.source, step.what) == ("requested", told, "Letter")

    def test_turns_of_hubspots_status_are_steps(self) -> None:
        steps = list(
            turned([
                (1, None, "Confirmation Pending"), (2, "Confirmation Pending", "Confirmation Email Sent"),
                (3, "Confirmation Email Sent", CLICKED), (4, CLICKED, "Confirmed"), (5, "Confirmed", PENDING),
                (6, PENDING, None),
            ])
        )  # fmt: skip
        assert [(one.at_ms, one.step) for one in steps] == [(1, "requested"), (3, "confirmed"), (5, "requested")]
        assert {one.source for one in steps} == {"property"}
        assert steps[1].before == "Confirmation Email Sent"

    def test_the_confirmation_has_its_time_and_its_source(self) -> None:
        found = double_opt_in(signed_up(9, CLICKED, opt_in=(turn(8, PENDING, CLICKED),)), STANDARD)
        assert found.confirmation is not None
        assert (found.confirmation.at_ms, found.confirmation.what) == (NOW - 8 * DAY, CLICKED)
        assert found.expires_ms == NOW - 9 * DAY + 30 * DAY

    def test_a_status_that_only_echoes_the_form_is_no_request_of_its_own(self) -> None:
        echo = turn(39.9, "", PENDING)
        found = double_opt_in(signed_up(40, PENDING, opt_in=(echo,)), STANDARD)
        assert found.request is not None
        assert (found.request.source, found.request.what) == ("form", "Newsletter")

    def test_a_status_that_turns_long_after_the_form_is_one(self) -> None:
        found = double_opt_in(signed_up(400, PENDING, opt_in=(turn(3, "", PENDING),)), STANDARD)
        assert (found.step, found.request and found.request.source) == ("asked", "property")


class TestExpiry:
    def test_how_long_a_request_stands_is_the_documents(self) -> None:
        assert "expired on" in (refusal(signed_up(8, PENDING), confirm_within_days=7) or "")
        assert "expired on" not in (refusal(signed_up(6, PENDING), confirm_within_days=7) or "")

    def test_what_expired_cannot_be_confirmed_in_silence(self) -> None:
        late = signed_up(90, CLICKED, opt_in=(turn(20, PENDING, CLICKED),))
        assert refusal(late) == LATE

    def test_a_new_sign_up_mends_it(self) -> None:
        again = did("newsletter_subscribed", days_ago=2, source="form_submission", title="Newsletter")
        old = did("newsletter_subscribed", days_ago=90, source="form_submission", title="Newsletter")
        facts = contact(
            old, again, properties={"hs_emailconfirmationstatus": CLICKED}, opt_in=(turn(20, PENDING, CLICKED),)
        )
        assert refusal(facts) is None

    def test_in_time_is_in_time_however_long_ago(self) -> None:
        assert refusal(signed_up(900, CLICKED, opt_in=(turn(880, PENDING, CLICKED),))) is None

    def test_a_status_that_waited_for_nobody_is_believed(self) -> None:
        """HubSpot confirms old contacts by what they did before when double opt-in is switched on."""
        believed = "Confirmed from previous behavior"
        assert refusal(signed_up(400, believed, opt_in=(turn(3, "", believed),))) is None

    def test_a_confirmation_without_a_known_time_is_believed(self) -> None:
        assert refusal(signed_up(400, "Confirmed")) is None

    def test_a_pending_one_without_a_known_request_does_not_expire(self) -> None:
        facts = contact(properties={"hs_emailconfirmationstatus": PENDING})
        assert refusal(facts) == "Asked on a day that is not on record, not confirmed"


class TestTheGate:
    @pytest.mark.parametrize(
        ("facts", "english", "german"),
        [
            (contact(), "Never signed up", "Nie angemeldet"),
            (
                signed_up(2), "Asked on 2026-11-20 by form “Newsletter”, not confirmed",
                "Am 20.11.2026 angefragt durch Formular „Newsletter“, nicht bestätigt",
            ),
            (
                signed_up(40), "Asked on 2026-10-13 by form “Newsletter”, expired on 2026-11-12 without a confirmation",
                "Am 13.10.2026 angefragt durch Formular „Newsletter“, am 12.11.2026 ohne Bestätigung verfallen",
            ),
            (
                signed_up(90, CLICKED, opt_in=(turn(20, PENDING, CLICKED),)),
                LATE, LATE_IN_GERMAN,
            ),
            (
                contact(properties={"hs_emailconfirmationstatus": PENDING}, opt_in=(turn(3, "", PENDING),)),
                "Asked on 2026-11-19 by HubSpot's confirmation status, not confirmed",
                "Am 19.11.2026 angefragt durch den Bestätigungsstatus in HubSpot, nicht bestätigt",
            ),
        ],
    )  # fmt: skip
    def test_it_names_the_step_that_is_missing(self, facts: Facts, english: str, german: str) -> None:
        assert refusal(facts, double_opt_in="required") == english
        assert translate(english, "de") == german

    @pytest.mark.parametrize(("rule", "held"), [("required", True), ("when_used", False), ("ignored", False)])
    def test_a_portal_without_the_status_is_asked_only_where_it_is_required(self, rule: str, held: bool) -> None:
        assert (refusal(signed_up(2), double_opt_in=rule) is not None) is held

    def test_only_the_confirmed_pass(self) -> None:
        assert refusal(signed_up(2, CLICKED), double_opt_in="required") is None
        assert refusal(signed_up(2, PENDING), double_opt_in="required") is not None
        assert refusal(signed_up(2, PENDING), double_opt_in="ignored") is None

    def test_every_missing_step_says_what_mends_it(self) -> None:
        lapsed, asked = (missing_step(double_opt_in(signed_up(ago, PENDING), STANDARD))[1] for ago in (40, 2))
        assert (lapsed, asked) == ("A new sign-up", "The contact confirms it by mail")


class TestWording:
    SPRING, AUTUMN, FAIR = (
        {"version": "spring", "since": "2026-03-01"},
        {"version": "autumn", "since": "2026-09-01"},
        {"version": "fair", "since": "2026-05-01", "forms": ["f-1", "Badge"]},
    )

    @pytest.mark.parametrize(
        ("wordings", "days_ago", "version"),
        [
            ([SPRING, AUTUMN], 2, "autumn"), ([AUTUMN, SPRING], 120, "spring"), ([SPRING], 300, ""), ([], 2, ""),
            ([SPRING, AUTUMN, FAIR], 2, "fair"), ([SPRING, AUTUMN, FAIR], 240, "spring"),
        ],
    )  # fmt: skip
    def test_it_is_the_one_in_force_on_that_day_the_forms_own_first(
        self, wordings: list[dict[str, Any]], days_ago: int, version: str
    ) -> None:
        (step,) = opt_in_steps(signed_up(days_ago), documents(consent={"wordings": wordings}).consent)
        assert step.wording == version

    def test_a_form_that_shows_a_wording_asks_for_consent(self) -> None:
        taken = contact(did("white_paper", source="form_submission", ref="g-7", title="badge"))
        assert opt_in_steps(taken, STANDARD) == ()
        (step,) = opt_in_steps(taken, documents(consent={"wordings": [self.FAIR]}).consent)
        assert (step.source, step.what, step.wording) == ("form", "badge", "fair")

    def test_what_was_kept_stands_whatever_the_document_says_now(self) -> None:
        kept = OptInStep(NOW - 2 * DAY, "requested", "form", "Newsletter", wording="spring")
        facts = signed_up(2, opt_in=(kept,), kept_opt_in=(kept,))
        assert opt_in_steps(facts, documents(consent={"wordings": [self.AUTUMN]}).consent) == (kept,)

    @pytest.mark.parametrize(
        ("wordings", "said"),
        [
            ([{"version": "a", "since": "1 May"}], '"1 May" is no date.'),
            ([SPRING, {**SPRING, "version": "other"}], "Two wordings begin on 2026-03-01 for all sign-ups."),
            ([FAIR, {**FAIR, "version": "b", "forms": ["BADGE"]}], "Two wordings begin on 2026-05-01 for badge."),
            ([{"version": "", "since": "2026-03-01"}], ""),
        ],
    )
    def test_a_wording_is_dated_and_unambiguous(self, wordings: list[dict[str, Any]], said: str) -> None:
        with pytest.raises(DocumentInvalid) as refused:
            document("consent", {"wordings": wordings})
        assert said in str(refused.value.faults)


class TestKeeping:
    def test_each_step_is_kept_once(self) -> None:
        facts = signed_up(9, CLICKED, opt_in=(turn(8, PENDING, CLICKED),))
        steps = new_steps(facts, STANDARD)
        assert [one.step for one in steps] == ["requested", "confirmed"]
        again = signed_up(9, CLICKED, opt_in=steps, kept_opt_in=steps)
        assert new_steps(again, STANDARD) == ()

    def test_what_was_kept_outlives_what_it_was_read_from(self) -> None:
        steps = new_steps(signed_up(90, CLICKED, opt_in=(turn(20, PENDING, CLICKED),)), STANDARD)
        bare = contact(properties={"hs_emailconfirmationstatus": CLICKED}, opt_in=steps, kept_opt_in=steps)
        assert "too late" in (refusal(bare) or "")
        assert double_opt_in(bare, STANDARD).request == steps[0]

    def test_a_confirmation_that_is_waited_for_counts_from_when_it_was_first_seen(self) -> None:
        waiting = contact(properties={"hs_emailconfirmationstatus": PENDING})
        (seen,) = new_steps(waiting, STANDARD)
        assert (seen.at_ms, seen.step, seen.source) == (NOW, "requested", "seen")
        kept = {"opt_in": (seen,), "kept_opt_in": (seen,)}
        assert new_steps(contact(properties={"hs_emailconfirmationstatus": PENDING}, **kept), STANDARD) == ()
        long_ago = (OptInStep(NOW - 31 * DAY, "requested", "seen", PENDING),)
        assert refusal(contact(properties={"hs_emailconfirmationstatus": PENDING}, opt_in=long_ago)) == (
            "Asked on 2026-10-22 by HubSpot's confirmation status, first seen that day, "
            "expired on 2026-11-21 without a confirmation"
        )

    def test_nobody_is_said_to_have_confirmed_at_a_time_that_nobody_knows(self) -> None:
        assert new_steps(contact(properties={"hs_emailconfirmationstatus": "Confirmed"}), STANDARD) == ()
