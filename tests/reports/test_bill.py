"""The bill: whatever a model gives, its lines add up to the score, family by family; what is unknown is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.model.judgement import FAMILIES
from connector.reports.bill import bill

LINES = st.lists(
    st.fixed_dictionaries(
        {
            "rule": st.text("abc", min_size=1, max_size=4),
            "family": st.sampled_from(FAMILIES),
            "points": st.integers(-100, 100),
            "evidence": st.just("e"),
            "reason": st.just("r"),
            "count": st.just(1),
        }
    ),
    max_size=30,
)


def receipt(lines, unknown=()):
    families = {name: sum(line["points"] for line in lines if line["family"] == name) for name in FAMILIES}
    return {"score": sum(families.values()), "families": families, "lines": lines, "unknown": list(unknown)}


@given(LINES)
def test_the_lines_add_up_to_the_score_and_each_family_to_its_subtotal(lines):
    given_ = receipt(lines)
    made = bill(given_)
    assert made.adds_up
    assert sum(family.subtotal for family in made.families) == made.total == given_["score"]
    assert all(family.subtotal == given_["families"][family.name] for family in made.families)
    assert sum(len(family.lines) for family in made.families) == len(lines)


def test_a_score_that_is_not_the_sum_of_its_lines_is_seen():
    wrong = receipt([{"rule": "a", "family": "engagement", "points": 5, "evidence": "", "reason": ""}])
    assert not bill({**wrong, "score": 6}).adds_up


def test_what_is_unknown_stands_in_its_family_and_counts_nothing():
    made = bill(receipt([], [{"rule": "age", "family": "demographic", "points": 5, "missing": "age: empty"}]))
    (family,) = made.families
    assert (family.name, family.subtotal, family.unknown[0]["rule"]) == ("demographic", 0, "age")
    assert made.adds_up


def test_strong_lines_stand_first_and_those_that_gave_nothing_last():
    lines = [{"rule": r, "family": "engagement", "points": p, "evidence": "", "reason": ""}
             for r, p in (("idle", 0), ("weak", 1), ("strong", -20))]  # fmt: skip
    (family,) = bill(receipt(lines)).families
    assert [line.rule for line in family.lines] == ["strong", "weak", "idle"]
    assert [line.idle for line in family.lines] == [False, False, True]


def test_a_family_of_another_name_is_not_lost():
    lines = [{"rule": "a", "family": "custom", "points": 7, "evidence": "", "reason": ""}]
    made = bill({"score": 7, "families": {}, "lines": lines, "unknown": []})
    assert [(family.name, family.subtotal) for family in made.families] == [("custom", 7)]
