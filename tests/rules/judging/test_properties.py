"""What must hold for every model and every contact: the parts add up, and nothing changes before it is announced."""

from dataclasses import replace
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.model.judgement import FAMILIES, Circle, Colleague, Facts, Judgement, Known, Unknown
from connector.model.records import Activity
from connector.rules.compiled import Compiled, compile_documents
from connector.rules.judge import judge, next_change_ms
from connector.rules.receipt import receipt_from_json, receipt_json, receipt_tree
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
    st.builds(lambda some: {"in_list": some}, st.sampled_from([["7"], ["8", "9"]])),
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


steps = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 99)), min_size=1, max_size=3)
decays = st.one_of(
    st.builds(lambda n: {"half_life_days": n}, st.integers(1, 40)),
    st.builds(lambda n: {"linear_days": n}, st.integers(1, 60)),
    steps.map(lambda some: {"steps": falling(some)}),
)


def falling(some: list[tuple[int, int]]) -> list[dict[str, int]]:
    after = sorted({days for days, _ in some})
    keep = sorted({share for _, share in some}, reverse=True)
    return [{"after_days": days, "keep": share} for days, share in zip(after, keep, strict=False)]


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
        rule["decay"] = draw(decays)
    if draw(st.booleans()):
        bound = abs(worth) + draw(st.integers(0, 80))
        rule |= {"cap": bound} if worth > 0 else {"floor": -bound}
    return rule


@st.composite
def habit_rules(draw: Any) -> dict[str, Any]:
    worth = draw(points)
    rule: dict[str, Any] = {
        "kind": draw(st.sampled_from(["burst", "velocity", "dwell", "frequency"])),
        "family": draw(families), "points": worth,
        "activities": draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True)),
        "human_only": draw(st.booleans()), "count_unsure": draw(st.booleans()),
    }  # fmt: skip
    kind = rule["kind"]
    if kind != "velocity" and draw(st.booleans()):
        rule["within_days"] = draw(days)
    if kind == "burst":
        rule |= {"at_least": draw(st.integers(2, 3)), "within_hours": draw(st.sampled_from([1, 24, 24 * 9, 24 * 40]))}
        rule["counting"] = draw(st.sampled_from(["once", "per_burst"]))
        if draw(st.booleans()):
            rule["decay"] = draw(decays)
    if kind == "velocity":
        rule |= {
            "window_days": draw(days),
            "at_least": draw(st.integers(1, 3)),
            "factor": draw(st.sampled_from([1.5, 2.0])),
        }
    if kind == "dwell":
        rule |= {"min_seconds": draw(st.integers(1, 90)), "counting": draw(st.sampled_from(["once", "per_span"]))}
    if kind == "frequency":
        least = draw(st.integers(0, 3))
        rule |= {"at_least": least, "at_most": draw(st.integers(least, 5))}
    if kind in ("burst", "dwell") and draw(st.booleans()):
        bound = abs(worth) + draw(st.integers(0, 80))
        rule |= {"cap": bound} if worth > 0 else {"floor": -bound}
    return rule


@st.composite
def silence_rules(draw: Any) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "kind": "inactivity", "family": draw(families), "points": draw(st.integers(-9, -1)),
        "after_days": draw(days), "activities": draw(st.lists(st.sampled_from(KINDS), max_size=2, unique=True)),
    }  # fmt: skip
    return rule | ({"every_days": draw(days), "floor": -30} if draw(st.booleans()) else {})


@st.composite
def beside_rules(draw: Any) -> dict[str, Any]:
    rule = {
        "kind": "association",
        "family": draw(families),
        "points": draw(points),
        "at_least": draw(st.integers(1, 3)),
    }
    if draw(st.booleans()):
        return rule | {"of": "deals", "state": draw(st.sampled_from(["any", "open", "won"]))}
    rule["of"] = "colleagues"
    if draw(st.booleans()):
        rule |= {"activities": ["e_book", "mail_clicked"], "within_days": draw(days)}
    return rule


list_rules = st.fixed_dictionaries(
    {"kind": st.just("list"), "family": families, "points": points, "lists": st.just(["7", "8"])}
)
persona_rules = st.fixed_dictionaries(
    {"kind": st.just("persona"), "family": families, "points": points, "share": st.sampled_from([0.3, 1.0])}
)
timed_rules = st.one_of(habit_rules(), silence_rules(), beside_rules())

unopened_rules = st.fixed_dictionaries(
    {
        "kind": st.just("unopened_mails"), "family": families, "points": st.integers(-9, -1), "floor": st.just(-20),
        "in_a_row": st.integers(1, 3), "after_days": st.integers(1, 9), "within_days": st.integers(20, 60),
    }
)  # fmt: skip


@st.composite
def models(draw: Any) -> Compiled:
    kinds = (property_rules(), activity_rules(), unopened_rules, list_rules, persona_rules, timed_rules)
    rules = draw(st.lists(st.one_of(*kinds), min_size=1, max_size=8))
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
    if draw(st.booleans()):
        further = draw(st.lists(st.one_of(*kinds[:4], timed_rules), min_size=1, max_size=3))
        scoring["models"] = [
            {"name": "second", "cap": 60, "property": "second_score", "personas": scoring["personas"],
             "rules": [{**rule, "name": f"other_{index}"} for index, rule in enumerate(further)]}
        ]  # fmt: skip
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


SECONDS = st.one_of(st.just({}), st.integers(0, 60_000).map(lambda n: {"duration_ms": str(n)}))
deals = st.lists(st.sampled_from(["open", "won", "lost", "unknown"]), max_size=3).map(tuple)


@st.composite
def circles(draw: Any) -> Circle:
    if draw(st.booleans()):
        return Circle(why="no company")
    acts = draw(st.lists(st.tuples(st.sampled_from(["e_book", "site_visit"]), spots), max_size=4))
    people = tuple(
        Colleague(n + 2, (Activity(n + 2, NOW - ago, f"c{n}", kind, "x", "T"),)) for n, (kind, ago) in enumerate(acts)
    )
    return Circle(draw(maybe(st.just(people))), draw(maybe(deals)), "not read", draw(st.booleans()))


@st.composite
def contacts(draw: Any) -> Facts:
    acts = draw(
        st.lists(
            st.tuples(st.sampled_from(KINDS), spots, st.sampled_from(["human", "machine", "unsure"]), words, SECONDS),
            max_size=14,
        )
    )
    activities = sorted(
        (
            Activity(1, NOW - ago, f"e{index}", kind, "x", "T", ref=ref, title=kind, verdict=verdict, detail=spent)
            for index, (kind, ago, verdict, ref, spent) in enumerate(acts)
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
        {"email": "a@b.example", "lifecyclestage": "lead", "hs_persona": draw(maybe(words)), "hs_email_optout": None,
         "createdate": draw(maybe(st.sampled_from(["2026-10-01T08:00:00Z", "1790000000000", "soon"])))},
        tuple(activities), missing_sources=frozenset(draw(st.lists(st.sampled_from(SOURCES), max_size=2))),
        lists=draw(st.dictionaries(st.sampled_from(["7", "8", "9"]), st.booleans())), circle=draw(circles()),
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
    assert orjson.loads(orjson.dumps(receipt_tree(receipt))) == orjson.loads(orjson.dumps(receipt_json(receipt)))


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
@given(st.one_of(activity_rules(), unopened_rules, timed_rules), contacts(), st.sampled_from([1, 3, 9]))
def test_a_rule_alone_announces_its_own_changes(rule: dict[str, Any], facts: Facts, squeeze: int) -> None:
    compiled = compile_documents(documents(scoring={"rules": [{**rule, "name": "rule"}]}))
    unopened = rule["kind"] == "unopened_mails"
    kinds = ("mail_sent", "mail_sent", "mail_opened") if unopened else tuple(rule.get("activities") or KINDS)
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
