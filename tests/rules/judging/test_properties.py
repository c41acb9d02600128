"""What must hold for every model and every contact: the parts add up, and nothing changes before it is announced."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.model.judgement import FAMILIES, Facts, Judgement, Known, Unknown
from connector.model.records import Activity
from connector.rules.compiled import Compiled, compile_documents
from connector.rules.judge import judge, next_change_ms
from connector.rules.receipt import receipt_from_json, receipt_json
from tests.rules.judging.build import DAY, NOW, PORTAL, _preset_data, document, documents, judged

KINDS = (
    "mail_sent",
    "mail_opened",
    "mail_clicked",
    "site_visit",
    "e_book",
    "webinar_attended",
    "odd_kind",
    "career_page",
)
SOURCES = ("email_event", "page_view", "form_submission", "marketing_event")
names = st.sampled_from([f"r{n}" for n in range(60)])
families = st.sampled_from(FAMILIES)
points = st.integers(-60, 60).filter(bool)
days = st.integers(1, 60)
words = st.sampled_from(["a", "b", "c"])
spots = st.one_of(
    st.integers(0, 90 * 24).map(lambda hours: hours * 3_600_000), st.integers(0, 90).map(lambda n: n * DAY)
)


def maybe(strategy):
    return st.one_of(st.none(), strategy)


leaves = st.one_of(
    st.builds(lambda value: {"field": "industry", "in": value}, st.lists(words, min_size=1, max_size=2)),
    st.builds(lambda low: {"field": "company_size", "gte": low}, st.integers(0, 9)),
    st.builds(lambda value: {"field": "industry", "is_set": value}, st.booleans()),
    st.builds(lambda level: {"field": "role_level", "at_least_level": level}, st.sampled_from(["head", "specialist"])),
    st.builds(lambda n: {"field": "planned_purchase_date", "within_next_months": n}, st.integers(1, 3)),
    st.sampled_from([{"field": "planned_purchase_date", side: "today"} for side in ("before", "after")]),
    st.builds(lambda value: {"property": "hs_persona", "equals": value}, words),
    st.just({"target": "trade"}),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda some, key: {key: some}, st.lists(inner, min_size=1, max_size=3), st.sampled_from(["all", "any"])
        ),
        st.builds(lambda one: {"not": one}, inner),
    ),
    max_leaves=4,
)


@st.composite
def property_rules(draw: Any) -> dict[str, Any]:
    return {"kind": "property", "family": draw(families), "points": draw(points), "when": draw(conditions)}


@st.composite
def activity_rules(draw: Any) -> dict[str, Any]:
    worth = draw(points)
    rule: dict[str, Any] = {
        "kind": "activity", "family": draw(families), "points": worth,
        "activities": draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True)),
        "counting": draw(st.sampled_from(["once", "per_event", "per_window"])),
        "human_only": draw(st.booleans()), "count_unsure": draw(st.booleans()),
    }  # fmt: skip
    if rule["counting"] == "per_window":
        rule |= {"window_days": draw(days), "max_per_window": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        rule["within_days"] = draw(days)
    if draw(st.booleans()):
        rule["decay"] = {"half_life_days": draw(st.integers(1, 40))}
    if draw(st.booleans()):
        bound = abs(worth) + draw(st.integers(0, 80))
        rule |= {"cap": bound} if worth > 0 else {"floor": -bound}
    return rule


unopened_rules = st.fixed_dictionaries(
    {
        "kind": st.just("unopened_mails"), "family": families, "points": st.integers(-9, -1), "floor": st.just(-20),
        "in_a_row": st.integers(1, 3), "after_days": st.integers(1, 9), "within_days": st.integers(20, 60),
    }
)  # fmt: skip


@st.composite
def models(draw: Any) -> Compiled:
    rules = draw(st.lists(st.one_of(property_rules(), activity_rules(), unopened_rules), min_size=1, max_size=7))
    scoring: dict[str, Any] = {
        "rules": [{**rule, "name": f"rule_{index}"} for index, rule in enumerate(rules)],
        "families": [
            {"name": name, "cap": draw(st.integers(0, 60))}
            for name in draw(st.lists(st.sampled_from(FAMILIES), unique=True, max_size=3))
        ],
        "personas": [
            {"name": f"p{n}", "targets": {"trade": {"field": "industry", "equals": draw(words)}}}
            for n in range(draw(st.integers(1, 2)))
        ],
        "threshold": draw(st.integers(1, 80)),
        "cap": draw(maybe(st.integers(1, 100))),
        "floor": draw(maybe(st.integers(-50, 0))),
    }
    mql = {
        **_preset_data()["lifecycle"][0]["mql"],
        "depth": {"activities": ["e_book", "webinar_attended"], "within_days": draw(maybe(days))},
        "criteria": {
            "persona": {"share": 0.5}, "function": {"when": {"field": "industry", "equals": "a"}},
            "region": {"when": {"field": "planned_purchase_date", "within_next_months": 2}},
            "problem": {"when": {"did": ["e_book", "mail_clicked"], "within_days": draw(days)}},
        },
    }  # fmt: skip
    changes = {key: value for key, value in scoring.items() if value is not None}
    mql["depth"] = {key: value for key, value in mql["depth"].items() if value is not None}
    return compile_documents(documents(scoring=changes, lifecycle={"mql": mql}))


@st.composite
def contacts(draw: Any) -> Facts:
    acts = draw(
        st.lists(
            st.tuples(st.sampled_from(KINDS), spots, st.sampled_from(["human", "machine", "unsure"]), words),
            max_size=14,
        )
    )
    activities = sorted(
        (
            Activity(1, NOW - ago, f"e{index}", kind, "x", "T", ref=ref, title=kind, verdict=verdict)
            for index, (kind, ago, verdict, ref) in enumerate(acts)
        ),
        key=lambda one: (one.at_ms, one.id),
    )
    planned = st.integers(-3, 130).map(lambda n: Known(NOW + n * DAY))
    fields = {
        "industry": draw(st.one_of(words.map(Known), st.just(Unknown("empty")), st.just(Unknown("no company")))),
        "company_size": draw(st.one_of(st.integers(0, 12).map(Known), st.just(Known("many")), st.just(Unknown()))),
        "role_level": draw(st.one_of(st.sampled_from(["head", "intern", "wizard"]).map(Known), st.just(Unknown()))),
        "planned_purchase_date": draw(st.one_of(planned, st.just(Known("2027-01-31")), st.just(Unknown()))),
        "email": Known("a@b.example"), "company_name": Known("B"), "last_name": Known("A"),
    }  # fmt: skip
    return Facts(
        1, NOW, fields,
        {"email": "a@b.example", "lifecyclestage": "lead", "hs_persona": draw(maybe(words)), "hs_email_optout": None},
        tuple(activities), missing_sources=frozenset(draw(st.lists(st.sampled_from(SOURCES), max_size=2))),
    )  # fmt: skip


CALM = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def timeless(judgement: Judgement) -> Judgement:
    return replace(judgement, receipt=replace(judgement.receipt, at_ms=0))


@CALM
@given(models(), contacts())
def test_the_parts_add_up(compiled: Compiled, facts: Facts) -> None:
    receipt = judged(facts, compiled).receipt  # checks the sums
    assert all(isinstance(line.points, int) for line in receipt.lines)
    profile = {rule.name for rule in compiled.model.rules if rule.profile}
    assert all(line.evidence and line.reason for line in receipt.lines if line.rule not in profile)
    assert {line.family for line in receipt.lines} <= set(receipt.families)
    for family in compiled.documents.scoring.families:
        if family.cap is not None and family.name != "engagement":
            assert receipt.families[family.name] <= family.cap
    assert len(receipt.next_steps) <= 5
    assert receipt_from_json(receipt_json(receipt)) == receipt


@CALM
@given(models(), contacts(), st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_it_is_announced(compiled: Compiled, facts: Facts, share: float) -> None:
    now = timeless(judge(facts, compiled, PORTAL))
    turn = next_change_ms(facts, compiled)
    assert turn is None or turn > facts.now_ms
    end = turn if turn is not None else facts.now_ms + 3_000 * DAY
    for moment in (facts.now_ms + int((end - facts.now_ms) * share), end - 1):
        assert timeless(judge(replace(facts, now_ms=moment), compiled, PORTAL)) == now


@CALM
@given(st.one_of(activity_rules(), unopened_rules), contacts(), st.sampled_from([1, 3, 9]))
def test_a_rule_alone_announces_its_own_changes(rule: dict[str, Any], facts: Facts, squeeze: int) -> None:
    compiled = compile_documents(documents(scoring={"rules": [{**rule, "name": "rule"}]}))
    kinds = (*rule["activities"],) if "activities" in rule else ("mail_sent", "mail_sent", "mail_opened")
    acts = [
        replace(act, kind=kinds[index % len(kinds)], at_ms=NOW - (NOW - act.at_ms) // squeeze)
        for index, act in enumerate(facts.activities)
    ]
    facts = replace(facts, activities=tuple(sorted(acts, key=lambda one: one.at_ms)), missing_sources=frozenset())
    _follow(facts, compiled, 4)


def _follow(facts: Facts, compiled: Compiled, turns: int) -> None:
    """From change to change: up to the last millisecond before each, the judgement is what it was."""
    for _ in range(turns):
        now = timeless(judge(facts, compiled, PORTAL))
        turn = next_change_ms(facts, compiled)
        end = facts.now_ms + 3_000 * DAY if turn is None else turn
        for moment in ((facts.now_ms + end) // 2, end - 1):
            assert timeless(judge(replace(facts, now_ms=moment), compiled, PORTAL)) == now
        if turn is None:
            return
        facts = replace(facts, now_ms=turn)


@CALM
@given(models(), contacts(), contacts())
def test_memories_change_nothing(compiled: Compiled, facts: Facts, other: Facts) -> None:
    fresh = compile_documents(compiled.documents)
    judge(other, compiled, PORTAL)
    assert judge(facts, compiled, PORTAL) == judge(facts, fresh, PORTAL)


@CALM
@given(models())
def test_a_model_survives_being_written_out_and_read_again(compiled: Compiled) -> None:
    scoring = compiled.documents.scoring
    assert document("scoring", scoring.model_dump(mode="json", exclude_unset=True, by_alias=True)) == scoring


@CALM
@given(contacts())
def test_more_time_never_makes_a_fading_score_grow(facts: Facts) -> None:
    rule = {
        "name": "r", "kind": "activity", "family": "engagement", "points": 20, "activities": list(KINDS),
        "counting": "per_event", "decay": {"half_life_days": 20},
    }  # fmt: skip
    compiled = compile_documents(documents(scoring={"rules": [rule]}))
    got = [judge(replace(facts, now_ms=NOW + n * DAY), compiled, PORTAL).receipt.score for n in range(0, 60, 7)]
    assert got == sorted(got, reverse=True)
