"""Stages, the consent gate, what is written back, and the hold that explains each no."""

from dataclasses import replace

import pytest

from connector.model.judgement import Enrol, Known, SetProperty
from connector.rules.compiled import compile_documents
from connector.rules.decide import ALL_PROPERTIES, STAMP, WRITTEN, provisioned_properties, same_value
from connector.rules.documents.scoring import LADDER
from connector.rules.gate import gate
from connector.rules.lifecycle import furthest
from connector.rules.needs import activity_kinds_used, fields_used, longest_window_days, properties_used
from connector.rules.profiling import NEXT_FIELD
from connector.rules.sales import SALES_PROPERTIES
from tests.rules.judging.build import (
    FULL,
    NAMELESS,
    PORTAL,
    STANDARD,
    _preset_data,
    activity_rule,
    contact,
    did,
    documents,
    gate_of,
    holds,
    judged,
    model,
    moves,
    property_rule,
)

NAMED = documents(workflows={"workflows": [{"name": "welcome", "workflow_id": "77"}]})
WITH_WORKFLOW = compile_documents(NAMED)
HOT = (did("e_book"), did("webinar_attended"))


def hot(**properties):
    return contact(*HOT, properties=properties)


def enrolments(judgement):
    return [one for one in judgement.decisions if isinstance(one, Enrol)]


def lifecycle(**changes):
    return compile_documents(documents(lifecycle=changes))


def mql(**changes):
    return lifecycle(mql={**_preset_data()["lifecycle"][0]["mql"], **changes})


class TestEnrolment:
    def test_a_new_mql_is_enrolled_once_per_cause(self) -> None:
        (enrol,) = enrolments(judged(hot(), WITH_WORKFLOW))
        assert (enrol.workflow_id, enrol.email, enrol.cause) == ("77", "anna@berg.example", "enrol:welcome:1:mql")

    def test_the_shipped_preset_names_no_workflow_yet(self) -> None:
        assert holds(judged(hot()))["enrol:welcome"] == "workflow"

    def test_who_was_an_mql_already_is_not_enrolled(self) -> None:
        assert enrolments(judged(hot(lifecyclestage="marketingqualifiedlead"), WITH_WORKFLOW)) == []

    def test_a_workflow_switched_off_here_is_left_alone(self) -> None:
        off = documents(workflows={"workflows": [{"name": "welcome", "workflow_id": "77", "enabled": False}]})
        judgement = judged(hot(), compile_documents(off))
        assert enrolments(judgement) == []
        assert "enrol:welcome" not in holds(judgement)

    @pytest.mark.parametrize(("number", "why"), [("78", "switched off"), ("99", "has no workflow 99")])
    def test_a_workflow_the_portal_cannot_run_holds(self, number: str, why: str) -> None:
        named = documents(workflows={"workflows": [{"name": "welcome", "workflow_id": number}]})
        hold = next(
            one for one in judged(hot(), compile_documents(named)).decisions if getattr(one, "gate", "") == "workflow"
        )
        assert why in hold.why

    @pytest.mark.parametrize(
        ("property_name", "value", "gate_name"),
        [
            ("hs_email_optout", "true", "opted_out"),
            ("hs_email_hard_bounce_reason_enum", "UNKNOWN_USER", "hard_bounce"),
            ("hs_email_bad_address", "true", "bad_address"),
            ("hs_email_quarantined", "true", "quarantined"),
            ("hs_marketable_status", "false", "not_marketable"),
            ("hs_emailconfirmationstatus", "Confirmation Pending", "double_opt_in"),
            ("email", None, "email"),
        ],
    )
    def test_each_no_has_its_reason(self, property_name: str, value: str | None, gate_name: str) -> None:
        judgement = judged(hot(**{property_name: value}), WITH_WORKFLOW)
        assert enrolments(judgement) == []
        assert holds(judgement)["enrol:welcome"] == gate_name
        assert len(moves(judgement)) == 1, "an opt-out is no reason not to know that it is an MQL"

    def test_an_opt_out_that_was_not_read_counts_as_a_no(self) -> None:
        facts = hot()
        unread = {name: value for name, value in facts.properties.items() if name != "hs_email_optout"}
        assert holds(judged(replace(facts, properties=unread), WITH_WORKFLOW))["enrol:welcome"] == "consent_unread"

    def test_who_left_the_class_of_message_is_held(self) -> None:
        changed = documents(
            workflows={"workflows": [{"name": "welcome", "workflow_id": "77", "message_class": "newsletter"}]},
            consent={"subscriptions": {"newsletter": ["123"], "nurture": ["456"]}},
        )
        compiled = compile_documents(changed)
        assert holds(judged(hot(hs_email_optout_123="true"), compiled))["enrol:welcome"] == "unsubscribed"
        assert enrolments(judged(hot(hs_email_optout_456="true"), compiled))

    @pytest.mark.parametrize(
        ("rule", "state", "held"),
        [
            ("ignored", "Confirmation Pending", False), ("when_used", None, False), ("when_used", "Confirmed", False),
            ("required", None, True), ("required", "Confirmed due to form", False), ("required", "Odd", True),
        ],
    )  # fmt: skip
    def test_double_opt_in(self, rule: str, state: str | None, held: bool) -> None:
        compiled = compile_documents(replace(NAMED, consent=documents(consent={"double_opt_in": rule}).consent))
        judgement = judged(hot(hs_emailconfirmationstatus=state), compiled)
        assert ("enrol:welcome" in holds(judgement)) is held

    @pytest.mark.parametrize(
        ("basis", "held"), [(None, True), ("Not applicable", True), ("Performance of a contract", False)]
    )
    def test_legal_basis(self, basis: str | None, held: bool) -> None:
        compiled = compile_documents(replace(NAMED, consent=documents(consent={"legal_basis_required": True}).consent))
        assert ("enrol:welcome" in holds(judged(hot(hs_legal_basis=basis), compiled))) is held

    def test_the_gate_can_be_asked_again_when_the_effect_is_due(self) -> None:
        (enrol,) = enrolments(judged(hot(), WITH_WORKFLOW))
        assert gate(enrol, hot(), NAMED, PORTAL) is None
        held = gate(enrol, hot(hs_email_optout="true"), NAMED, PORTAL)
        assert held is not None
        assert (held.gate, held.remedy) == ("opted_out", "Only the contact itself can change that")


class TestWriting:
    def test_all_that_is_written(self) -> None:
        written = {one.property: one.value for one in judged(hot()).decisions if isinstance(one, SetProperty)}
        assert written == {
            "leadwright_score": "72", "leadwright_grade": "A", "leadwright_fit": "32", "leadwright_engagement": "40",
            "leadwright_reasons": "E-book downloaded +20; Webinar attended +20; Function fits the target group +10",
            "leadwright_stage": "mql",
        }  # fmt: skip

    def test_nothing_is_written_that_is_there_already(self) -> None:
        there = {
            "leadwright_score": "32.0", "leadwright_grade": "A", "leadwright_fit": "3.2e1",
            "leadwright_engagement": "0", "leadwright_stage": "lead",
            "leadwright_reasons": "Function fits the target group +10; Industry fits the target group +8; "
            "Age fits the target group +5",
            "leadwright_next_step": "18 points short of MQL: Site visited (+15)",
        }  # fmt: skip
        assert judged(contact(properties=there)).decisions == ()

    def test_in_german(self) -> None:
        compiled = compile_documents(documents(scoring={"language": "de"}))
        written = {
            one.property: one.value for one in judged(contact(), compiled).decisions if isinstance(one, SetProperty)
        }
        assert written["leadwright_next_step"] == "18 Punkte bis MQL: Website besucht (+15)"
        assert written["leadwright_reasons"].startswith("Funktion passt zur Zielgruppe +10")

    def test_a_portal_that_is_not_provisioned_gives_one_hold(self) -> None:
        judgement = judged(hot(), portal=replace(PORTAL, has_provisioned=False))
        assert holds(judgement)["set:leadwright"] == "provisioned"
        assert not [one for one in judgement.decisions if isinstance(one, SetProperty)]
        assert len(moves(judgement)) == 1

    def test_a_property_that_is_read_only_is_held_alone(self) -> None:
        portal = replace(PORTAL, writable=PORTAL.writable - {"leadwright_grade"})
        judgement = judged(hot(), portal=portal)
        assert holds(judgement)["set:leadwright_grade"] == "writable"
        assert "leadwright_score" in {one.property for one in judgement.decisions if isinstance(one, SetProperty)}

    def test_a_stage_that_cannot_be_written_is_held_and_nobody_enrolled(self) -> None:
        judgement = judged(hot(), WITH_WORKFLOW, replace(PORTAL, writable=PORTAL.writable - {"lifecyclestage"}))
        assert holds(judgement)["stage:mql"] == "writable"
        assert enrolments(judgement) == []
        assert {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}[
            "leadwright_stage"
        ] == "lead"

    def test_the_longest_reason_fits(self) -> None:
        compiled = model(
            *[property_rule({"field": "industry", "is_set": True}, name=f"r{n}", label="x" * 80) for n in range(4)]
        )
        written = {
            one.property: one.value for one in judged(contact(), compiled).decisions if isinstance(one, SetProperty)
        }
        assert len(written["leadwright_reasons"]) == 255

    def test_a_held_mql_says_what_is_missing_as_next_step(self) -> None:
        judgement = judged(contact(did("site_visit", times=2)))
        written = {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}
        assert written["leadwright_next_step"].startswith("Needs one of: white_paper")

    def test_definitions_cover_everything_that_is_written(self) -> None:
        (group, label), definitions = provisioned_properties()
        assert (group, label) == ("leadwright", "Leadwright")
        assert {one["name"] for one in definitions} == {*WRITTEN, NEXT_FIELD, *SALES_PROPERTIES, STAMP}
        assert definitions[-1]["name"] == STAMP, "what comes last says that all were made"
        kinds = {one["name"]: (one["type"], one["fieldType"]) for one in definitions}
        assert kinds["leadwright_score"] == ("number", "number")
        assert kinds[STAMP] == ("datetime", "date")
        stages = next(one for one in definitions if one["name"] == "leadwright_stage")["options"]
        assert [one["value"] for one in stages][2:4] == ["mql", "sal"]

    @pytest.mark.parametrize(
        ("name", "current", "new", "same"),
        [
            ("x", None, "", True), ("x", "a", "A", False), ("leadwright_score", "5", "5.0", True),
            ("leadwright_score", "5", "five", False), ("leadwright_score", "", "0", False), ("n", "5", "5.0", False),
            (STAMP, "2026-11-22T00:00:00Z", "1795305600000", True), (STAMP, "2026-11-22", "1795305600000", False),
            (STAMP, "2026-11-22T01:00:00+01:00", "2026-11-22T00:00:00.000Z", True), (STAMP, "soon", "1", False),
        ],
    )  # fmt: skip
    def test_same_value(self, name: str, current: str | None, new: str, same: bool) -> None:
        assert same_value(name, current, new) is same
        assert same_value("n", "5", "5.0", {"n": "number"})


class TestStages:
    def test_an_unmapped_stage_is_unknown_and_never_written(self) -> None:
        judgement = judged(hot(lifecyclestage="4711"))
        assert judgement.receipt.stage == "unknown"
        assert moves(judgement) == []
        assert gate_of(judgement, "stage") is None
        assert holds(judgement)["stage:mql"] == "stage"
        assert "leadwright_stage" not in {getattr(one, "property", "") for one in judgement.decisions}
        assert next(one for one in judgement.receipt.gates if one.name == "stage").why == (
            'The portal\'s stage "Partner" is not mapped'
        )

    def test_a_portals_own_number_can_be_mapped(self) -> None:
        compiled = lifecycle(portal_values={"sal": "4711"})
        assert judged(hot(lifecyclestage="4711"), compiled).receipt.stage == "sal"

    def test_sal_lives_in_our_own_property(self) -> None:
        facts = hot(lifecyclestage="marketingqualifiedlead", leadwright_stage="sal")
        assert judged(facts).receipt.stage == "sal"
        assert judged(hot(lifecyclestage="opportunity", leadwright_stage="sal")).receipt.stage == "opportunity"

    def test_a_recycled_contact_stays_so(self) -> None:
        judgement = judged(hot(leadwright_stage="recycled"))
        assert judgement.receipt.stage == "recycled"
        assert moves(judgement) == []
        assert judged(hot(lifecyclestage="customer", leadwright_stage="recycled")).receipt.stage == "customer"

    def test_no_stage_is_lead_when_the_record_is_complete(self) -> None:
        assert judged(contact(properties={"lifecyclestage": None})).receipt.stage == "lead"
        assert (
            judged(contact(fields={}, properties={"lifecyclestage": None, "email": None})).receipt.stage == "subscriber"
        )

    def test_the_stage_we_know_stands_in_when_the_property_was_not_read(self) -> None:
        facts = contact(stage="opportunity")
        unread = {name: value for name, value in facts.properties.items() if name != "lifecyclestage"}
        assert judged(replace(facts, properties=unread)).receipt.stage == "opportunity"

    def test_a_portal_without_the_stage_holds(self) -> None:
        portal = replace(PORTAL, lifecycle_options=PORTAL.lifecycle_options[:2])
        judgement = judged(hot(), portal=portal)
        assert moves(judgement) == []
        assert holds(judgement)["stage:mql"] == "stage"

    def test_a_portal_in_another_order_holds_since_hubspot_would_ignore_it(self) -> None:
        swapped = tuple((value, label, 9 - order) for value, label, order in PORTAL.lifecycle_options)
        assert holds(judged(hot(), portal=replace(PORTAL, lifecycle_options=swapped)))["stage:mql"] == "stage"

    def test_furthest(self) -> None:
        assert furthest("lead", None, "mql", "recycled", "unknown") == "mql"
        assert furthest() == "subscriber"

    def test_backward_only_when_allowed(self) -> None:
        fallen = contact(fields=NAMELESS, properties={"lifecyclestage": "marketingqualifiedlead"})
        assert moves(judged(fallen)) == []
        (move,) = moves(judged(fallen, lifecycle(allow_backward=True, fall_back_below=30)))
        assert (move.to_stage, move.to_value, move.backward) == ("lead", "lead", True)

    def test_who_fell_back_is_a_lead_that_was_mql_before(self) -> None:
        compiled = lifecycle(allow_backward=True, fall_back_below=30)
        assert moves(judged(contact(*HOT, furthest_stage="mql"), compiled)) == []


class TestCriteria:
    def test_all_four_may_be_demanded(self) -> None:
        facts = contact(did("e_book", times=2), did("webinar_attended"), fields=NAMELESS)
        assert holds(judged(facts, mql(criteria_required="true")))["stage:mql"] == "persona"
        full = contact(*HOT, fields={**FULL, "planned_use": Known("robots")})
        assert len(moves(judged(full, mql(criteria_required="true")))) == 1

    def test_or_only_shown(self) -> None:
        assistant = contact(*HOT, fields={**FULL, "role_level": Known("assistant")})
        judgement = judged(assistant, mql(criteria_required="none"))
        assert gate_of(judgement, "function") is False
        assert len(moves(judgement)) == 1

    def test_the_identity_may_be_waived(self) -> None:
        nobody = contact(
            *HOT, fields={"role_level": Known("head")}, properties={"email": None, "lifecyclestage": "lead"}
        )
        assert holds(judged(nobody, mql(identity_required=False))).get("stage:mql") != "identity"

    def test_who_fits_nothing_does_not_fit_the_persona(self) -> None:
        stranger = {
            **FULL,
            "age": Known(19),
            "role_level": Known("intern"),
            "company_size": Known(2),
            "industry": Known("RETAIL"),
        }
        assert gate_of(judged(contact(fields=stranger)), "persona") is False


class TestCompetitors:
    RIVALS = lifecycle(competitor_domains=["rival.example"])

    @pytest.mark.parametrize("address", ["x@rival.example", "x@DE.Rival.example"])
    def test_a_competitor_is_disqualified_whatever_the_score(self, address: str) -> None:
        judgement = judged(contact(*HOT, fields={**FULL, "email": Known(address)}), self.RIVALS)
        assert judgement.receipt.stage == "disqualified"
        assert moves(judgement) == []
        assert holds(judgement)["stage:mql"] == "competitor"
        written = {one.property: one.value for one in judgement.decisions if isinstance(one, SetProperty)}
        assert written["leadwright_stage"] == "disqualified"

    def test_a_domain_that_only_ends_alike_is_not(self) -> None:
        judgement = judged(contact(*HOT, fields={**FULL, "email": Known("x@arrival.example")}), self.RIVALS)
        assert len(moves(judgement)) == 1

    def test_a_customer_is_not_disqualified(self) -> None:
        facts = contact(fields={**FULL, "email": Known("x@rival.example")}, properties={"lifecyclestage": "customer"})
        assert judged(facts, self.RIVALS).receipt.stage == "customer"


class TestNeeds:
    def test_fields(self) -> None:
        assert fields_used(STANDARD.documents.scoring) == {
            "age", "role_level", "company_size", "industry", "location", *LADDER,
        }  # fmt: skip

    def test_properties(self) -> None:
        changed = documents(
            scoring={"rules": [property_rule({"property": "hs_persona", "is_set": True})]},
            consent={"subscriptions": {"nurture": ["5"]}},
            lifecycle={"mql": {**_preset_data()["lifecycle"][0]["mql"], "identity": {"name": ["full_name"]}}},
        )
        needed = properties_used(changed)
        assert {"hs_persona", "hs_email_optout_5", "full_name", "hs_email_optout", "lifecyclestage", "email"} <= needed
        assert set(ALL_PROPERTIES) <= needed

    def test_kinds(self) -> None:
        kinds = activity_kinds_used(STANDARD.documents)
        assert {"mail_sent", "mail_opened", "e_book", "contact_request", "career_page", "price_page"} <= kinds

    def test_look_back(self) -> None:
        assert longest_window_days(STANDARD.documents.scoring) is None
        rules = (activity_rule(name="a", within_days=30), activity_rule(name="b", within_days=90))
        assert longest_window_days(model(*rules).documents.scoring) == 90
