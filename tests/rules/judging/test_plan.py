"""The plan: one value with a hash, only real changes, costs, and the limit on how many contacts it touches."""

import random
from dataclasses import replace

import pytest

from connector.model.judgement import Hold, Known, SetProperty
from connector.model.plan import BlastLimit
from connector.rules.compiled import compile_documents
from connector.rules.judge import judge
from connector.rules.plan import make_plan, plan_of
from connector.rules.receipt import receipt_from_json, receipt_json
from tests.rules.judging.build import DAY, FULL, NAMELESS, NOW, PORTAL, contact, did, documents, judged, later, moves

DOCUMENTS = documents(workflows={"workflows": [{"name": "welcome", "workflow_id": "77"}]})
COMPILED = compile_documents(DOCUMENTS)


def one(number: int, *acts, now: int = NOW, **more):
    facts = replace(contact(*acts, **more), contact_id=number, now_ms=now)
    return facts.properties, judge(facts, COMPILED, PORTAL)


def plan(judgements, **more):
    return make_plan(
        more.pop("name", "acme"), judgements, more.pop("documents", DOCUMENTS), PORTAL,
        live_contacts=more.pop("live_contacts", 10_000), **more,
    )  # fmt: skip


def some(count: int):
    return [one(number, did("e_book"), did("webinar_attended")) for number in range(1, count + 1)]


class TestChanges:
    def test_before_and_after_of_each_property(self) -> None:
        (change,) = plan(some(1)).changes
        assert change.properties["lifecyclestage"] == ("lead", "marketingqualifiedlead")
        assert change.properties["leadwright_score"] == (None, "72")
        assert (change.contact_id, change.email, change.stage_reset) == (1, "anna@berg.example", False)

    def test_the_stamp_is_no_change(self) -> None:
        assert "leadwright_updated_at" not in plan(some(1)).changes[0].properties

    def test_what_the_portal_holds_by_now_is_dropped(self) -> None:
        properties, judgement = some(1)[0]
        caught_up = {**properties, "leadwright_score": "72.0", "lifecyclestage": "marketingqualifiedlead"}
        made = plan([(caught_up, judgement)])
        assert {"leadwright_score", "lifecyclestage"}.isdisjoint(made.changes[0].properties)
        assert made.new_mqls == ()

    def test_a_contact_without_any_change_is_not_touched(self) -> None:
        facts = contact()
        written = {d.property: d.value for d in judge(facts, COMPILED, PORTAL).decisions}
        settled = replace(facts, properties={**facts.properties, **written})
        made = plan([(settled.properties, judge(settled, COMPILED, PORTAL))])
        assert (made.changes, made.contacts_touched, made.calls, made.judged) == ((), 0, 0, 1)

    def test_a_backward_move_needs_a_reset_and_another_call(self) -> None:
        loose = documents(lifecycle={"allow_backward": True, "fall_back_below": 30})
        facts = contact(fields=NAMELESS, properties={"lifecyclestage": "marketingqualifiedlead"})
        judgement = judge(facts, compile_documents(loose), PORTAL)
        made = plan([(facts.properties, judgement)], documents=loose)
        assert made.changes[0].stage_reset is True
        assert made.calls == 2


class TestCounts:
    def test_new_mqls_enrolments_holds_and_calls(self) -> None:
        held = one(500, did("e_book"), did("webinar_attended"), properties={"hs_email_optout": "true"})
        made = plan([*some(150), held])
        assert len(made.new_mqls) == 151
        assert len(made.enrolments) == 150
        assert made.held == {"opted_out": 1}
        assert made.holds[0].contact_id == 500
        assert made.calls == 2 + 150
        assert made.contacts_touched == made.judged == 151
        assert made.versions == {"scoring": 1, "lifecycle": 1, "routing": 1, "workflows": 1, "consent": 1}


class TestLimit:
    @pytest.mark.parametrize(
        ("contacts", "limit"), [(10, 25), (500, 25), (501, 26), (2_000, 100), (10_000, 500), (1_000_000, 500)]
    )
    def test_default(self, contacts: int, limit: int) -> None:
        assert BlastLimit().of(contacts) == limit

    def test_over_it_the_plan_says_so(self) -> None:
        made = plan(some(26), live_contacts=100)
        assert made.over_limit
        assert made.sentence.startswith("The plan touches 26 of 100 contacts")

    def test_at_it_nothing_is_said(self) -> None:
        made = plan(some(25), live_contacts=100)
        assert (made.over_limit, made.sentence) == (False, "")

    def test_another_limit(self) -> None:
        assert plan(some(3), limit=BlastLimit(contacts=2)).over_limit


class TestHash:
    def test_the_order_does_not_matter(self) -> None:
        judgements = some(40)
        first = plan(judgements)
        random.Random(7).shuffle(judgements)
        assert plan(judgements) == first

    def test_the_time_of_making_does_not_matter(self) -> None:
        hour_later = [
            one(number, did("e_book"), did("webinar_attended"), now=NOW + DAY // 24) for number in range(1, 4)
        ]
        assert plan(hour_later).hash == plan(some(3)).hash

    def test_empty_and_null_are_the_same_before(self) -> None:
        empty = [one(1, did("e_book"), did("webinar_attended"), properties={"leadwright_score": ""})]
        assert plan(empty).hash == plan(some(1)).hash

    @pytest.mark.parametrize(
        "other",
        [
            lambda: plan(some(2), name="other"),
            lambda: plan(some(2), documents=replace(DOCUMENTS, versions={"scoring": 2})),
            lambda: plan(some(1)),
            lambda: plan([one(1, did("e_book")), some(2)[1]]),
            lambda: plan(
                [one(1, did("e_book"), did("webinar_attended"), properties={"leadwright_score": "3"}), some(2)[1]]
            ),
        ],
        ids=["portal", "version", "one effect less", "another value", "another value before"],
    )
    def test_what_matters(self, other) -> None:
        assert other().hash != plan(some(2)).hash

    def test_it_is_the_same_on_every_machine(self) -> None:
        assert plan([]).hash == "b604de82127ca4e27a408207e56d91b579c155128e75f60a29490622d70a6430"
        assert plan(some(1)).hash == "30f6a0b524cc7bde6e898d24470322e419357ff6f1bebb999a005fcf210a0ae1"


class TestReceipt:
    def test_there_and_back(self) -> None:
        receipt = judged(contact(did("e_book"), did("mail_sent", 20, 4), fields=NAMELESS)).receipt
        assert receipt_from_json(receipt_json(receipt)) == receipt

    def test_the_shape(self) -> None:
        data = receipt_json(judged(contact(did("e_book"))).receipt)
        assert {
            "contact",
            "at",
            "model",
            "score",
            "grade",
            "families",
            "lines",
            "unknown",
            "stage",
            "gates",
            "next",
        } <= set(data)
        assert data["at"] == "2026-11-22T12:00:00.000Z"
        assert data["model"] == {"name": "standard-b2b", "version": 1}
        assert sum(line["points"] for line in data["lines"]) == data["score"]
        assert set(data["lines"][0]) >= {"rule", "family", "points", "evidence", "reason"}


def test_judging_is_pure() -> None:
    facts = contact(did("e_book"), did("site_visit", times=5), fields={**FULL, "city": Known("Bonn")})
    assert judged(facts) == judged(facts)
    assert moves(judged(later(facts, DAY))) == moves(judged(facts))


class TestWhatOthersDecided:
    """A plan for decisions that come from no judgement."""

    def decided(self, *numbers: int):
        values = {number: (SetProperty(number, "city", "Ulm", "sheet"),) for number in numbers}
        return [(number, {"city": "Bonn", "email": f"p{number}@x.example"}, values[number]) for number in numbers]

    def made(self, *numbers: int, live: int = 1000):
        return plan_of("acme", self.decided(*numbers), DOCUMENTS, PORTAL, live_contacts=live)

    def test_it_holds_the_values_before_and_after(self) -> None:
        (change,) = self.made(7).changes
        assert (change.contact_id, change.email) == (7, "p7@x.example")
        assert change.properties == {"city": ("Bonn", "Ulm")}

    def test_it_has_the_same_limit_calls_and_kind_of_hash(self) -> None:
        many = self.made(*range(1, 102))
        assert (many.calls, many.contacts_touched, many.over_limit) == (2, 101, True)
        assert many.hash == self.made(*range(101, 0, -1)).hash != self.made(1).hash

    def test_what_is_so_already_and_what_is_held_changes_nothing(self) -> None:
        held = Hold(2, "write:city", "undone", "taken back", "release it")
        decided = [(1, {"city": "Ulm"}, self.decided(1)[0][2]), (2, {}, (held,))]
        made = plan_of("acme", decided, DOCUMENTS, PORTAL, live_contacts=10)
        assert (made.changes, made.holds, made.held, made.judged) == ((), (held,), {"undone": 1}, 2)
