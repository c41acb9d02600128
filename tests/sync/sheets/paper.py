"""Sound documents of all shapes, as people write them: YAML with comments, rows on one line or on many."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import assume
from hypothesis import strategies as st

from connector.errors import DocumentInvalid
from connector.rules.documents.fields import FIELDS
from connector.rules.documents.steps import STEP_NAMES
from connector.sync.mapping_text import flow
from connector.sync.rulebook import parse_text
from tests.rules.judging.test_properties import (
    activity_rules,
    beside_rules,
    decays,
    habit_rules,
    property_rules,
    silence_rules,
    unopened_rules,
)

Data = dict[str, Any]
ODD = ["a, b", "=1+1", "'=x", '"', "[x", "none", "x: y", "# x", "true", "05", "1.5", "Ä;Ö", "a\nb", "- x", "@you", "~"]
texts = st.sampled_from(ODD) | st.text(st.characters(min_codepoint=32, max_codepoint=591), min_size=1, max_size=9)
scalars = texts | st.integers(-5, 5) | st.sampled_from([0.5, 1.234, -2.0]) | st.booleans()
numbers = st.sampled_from([0, 30, -5, 0.5, 1.234, 1000, 12.0])
names = st.lists(texts.filter(str.strip), min_size=1, max_size=3, unique=True)
fields = st.sampled_from(sorted(FIELDS))
days = st.sampled_from(["today", "2027-03-31"])
operators = st.one_of(
    st.fixed_dictionaries({"is_set": st.booleans()}), st.fixed_dictionaries({"is_true": st.booleans()}),
    st.fixed_dictionaries({"equals": scalars}), st.fixed_dictionaries({"contains": texts}),
    st.fixed_dictionaries({"in": st.lists(scalars, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"not_in": st.lists(scalars, min_size=1, max_size=3)}),
    *(st.fixed_dictionaries({key: numbers}) for key in ("gt", "gte", "lt", "lte")),
    st.fixed_dictionaries({"between": st.tuples(numbers, numbers).map(sorted)}),
    st.fixed_dictionaries({"at_least_level": st.sampled_from(["head", "intern"])}),
    st.fixed_dictionaries({"before": days}), st.fixed_dictionaries({"after": days}),
    st.fixed_dictionaries({"within_next_months": st.integers(1, 120)}),
    st.fixed_dictionaries({"matches": st.sampled_from(["^(head|leiter)", "a b", "'"])}),
)  # fmt: skip
leaves = st.one_of(
    st.builds(lambda name, rest: {"field": name, **rest}, fields, operators),
    st.builds(lambda name, rest: {"property": name, **rest}, st.sampled_from(["hs_persona", "in", "list"]), operators),
    st.just({"target": "trade"}), st.just({"in_list": ["12", "007"]}),
)  # fmt: skip
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=3,
)
matches = st.fixed_dictionaries(
    {},
    optional={
        "phases": st.just(["bofu"]), "title_contains": names, "min_seconds": st.integers(1, 9), "assets": names,
        "url_matches": st.just("/(preise|pricing)/"),
    },
)  # fmt: skip


@st.composite
def rules(draw: Any, name: str) -> Data:
    """A rule of any kind with whatever else it may say."""
    rule = draw(
        st.one_of(
            property_rules().map(lambda one: one | {"when": {}}), activity_rules(), habit_rules(), silence_rules(),
            beside_rules(), unopened_rules,
            st.fixed_dictionaries({"kind": st.just("persona"), "personas": st.just(["p, q"]), "share": st.just(0.3)}),
            st.fixed_dictionaries({"kind": st.just("list"), "lists": st.just(["7", "08"])}),
        )
    )  # fmt: skip
    rule = {"name": name, "family": "readiness", "points": 5, **rule}
    if "when" in rule:
        rule["when"] = draw(conditions)
    more: dict[str, Any] = {"label": texts, "enabled": st.booleans(), "effort": st.integers(1, 5)}
    if rule["kind"] in ("activity", "burst", "velocity", "dwell", "frequency"):
        more |= {"match": matches, "sources": st.just([]) | st.just(["form_submission"])}
    if rule["kind"] == "activity":
        more["decay"] = decays
    if rule["kind"] == "unopened_mails":
        more["floor"] = st.none()
    return rule | draw(st.fixed_dictionaries({}, optional=more))


@st.composite
def scorings(draw: Any) -> str:
    """A scoring document, with or without further models."""
    personas = [{"name": "p, q", "targets": {"trade": {"field": "industry", "equals": "a"}}}]
    data: Data = {"name": "ours", "threshold": 60, "personas": personas}
    data["rules"] = [draw(rules(f"rule_{n}")) for n in range(draw(st.integers(1, 4)))]
    if draw(st.booleans()):
        further = [draw(rules(f"rule_{n}")) for n in range(draw(st.integers(1, 2)))]
        data["models"] = [{"name": "second", "personas": personas, "rules": further}]
    return sound("scoring", spelt(data, block=draw(st.booleans())))


steps = st.one_of(
    st.sampled_from([name for name in STEP_NAMES if name not in ("split", "join", "lookup", "replace")]),
    st.sampled_from([
        {"step": "phone", "region": "DE"}, {"step": "split", "by": "; ", "take": -1}, {"step": "phone"},
        {"step": "lookup", "table": {"a b": 1, "x": True, "=": "y"}}, {"step": "replace", "old": ", ", "new": ""},
        {"step": "number", "locales": ["de", "en"]},
    ]),
)  # fmt: skip


@st.composite
def mapping_rows(draw: Any, field: str) -> Data:
    """A row that reads, writes, or does both."""
    row: Data = {"field": field, "property": f"p_{field}"}
    values = st.dictionaries(texts.filter(str.strip), scalars, max_size=3)
    more = {
        "object": st.just(FIELDS[field].object), "transforms": st.lists(steps, max_size=3), "values": values,
        "unknown": st.sampled_from(["hold", "drop", "keep"]), "fallbacks": st.just([f"company.q_{field}", "other"]),
        "direction": st.just("read"), "clear": st.just("keep"), "mode": st.sampled_from(["identifier", "never"]),
    }  # fmt: skip
    if draw(st.booleans()):
        row |= {"direction": draw(st.sampled_from(["both", "write"])), "mode": "overwrite"}
        more = {"clear": st.sampled_from(["keep", "clear", "hold"]), "conflict": st.sampled_from(["ours", "theirs"])}
    return row | draw(st.fixed_dictionaries({}, optional=more))


@st.composite
def mappings(draw: Any) -> str:
    chosen = draw(st.lists(fields, min_size=1, max_size=5, unique=True))
    data: Data = {"name": "ours", "locale": {"languages": ["de"]}, "rows": [draw(mapping_rows(one)) for one in chosen]}
    return sound("mapping", spelt(data, block=draw(st.booleans())))


def spelt(data: Data, *, block: bool) -> str:
    """The document as YAML with remarks, its rows on one line or on many."""
    if block:
        return "# ours\n" + yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    key = "rows" if "rows" in data else "rules"
    head = yaml.safe_dump({name: one for name, one in data.items() if name != key}, allow_unicode=True)
    return f"{head}{key}:  # in order\n" + "".join(f"  # next\n  - {flow(row)}   # so\n" for row in data[key])


def sound(kind: str, text: str) -> str:
    """Only documents that could be published are exported."""
    try:
        parse_text(kind, text, "x")
    except DocumentInvalid:
        assume(False)
    return text
