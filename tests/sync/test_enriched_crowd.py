"""What providers told is a part of everybody's facts: columns of a crowd hold what each contact's own facts hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.model.enrichment import Told
from connector.model.judgement import Known
from connector.rules.crowd.scoring import GRADES, score
from connector.rules.judge import judge
from connector.store import associations, enrichments, records
from connector.store.schema import ENRICHMENTS
from connector.sync.context import Context
from connector.sync.crowds import crowds_of
from connector.sync.facts import cases
from connector.sync.pull import off_sources
from connector.sync.react import portal_view
from tests import databases
from tests.rig import rig
from tests.store.builders import company_link, snapshot
from tests.sync.enrichment import ASKED, names
from tests.sync.steps import context, publish
from tests.sync.test_everybody import rich_model

PEOPLE = 8
DOMAINS = ["works.example", "bücher.example", "other.example", "gmx.de", "", "no domain"]
TURN = count(1)

WORDS = st.sampled_from(["", "MACHINERY", "RETAIL", "x"])
SIZES = st.sampled_from(["", "9", "200", "many", "50-200"])
CONTACTS = st.fixed_dictionaries({"domain": st.sampled_from(DOMAINS), "phone": st.sampled_from(["", "030 123456"])})
COMPANIES = st.fixed_dictionaries(
    {"domain": st.sampled_from(DOMAINS), "numberofemployees": SIZES, "industry": WORDS, "country": WORDS}
)
ANSWERS = st.dictionaries(
    st.sampled_from(["works.example", "xn--bcher-kva.example", "other.example"]),
    st.fixed_dictionaries({}, optional={"size.employees": SIZES.filter(bool), "branch": WORDS.filter(bool)}),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ctx(request, tmp_path_factory) -> Iterator[Context]:
    url = databases.fresh_url(request.param)
    folder = tmp_path_factory.mktemp("enriched")
    try:
        with rig(folder, database=url) as r:
            r.twin.create_contact({"lastname": "Berg", "email": "first@works.example"})
            r.run("sync")
            names(r, folder, "https://firms.example")
            publish(r, folder, "scoring", rich_model())
            with context(r) as made:
                yield made
    finally:
        databases.drop(url)


def mirrored(ctx: Context, people: list[dict[str, str]], companies: list[dict[str, str]], answers: Any) -> None:
    """These people in the mirror, every second one with a company of its own, and these answers in the cache."""
    turn = next(TURN)
    at = ctx.clock.now_ms() - 10**6 + turn
    with ctx.store.unit() as u:
        u.change(sa.delete(ENRICHMENTS).where(ENRICHMENTS.c.portal_id == ctx.portal_id))
        who = [
            snapshot(1000 + n, turn, email=f"p{n}@{one['domain']}", lastname="Berg", phone=one["phone"], jobtitle="CEO")
            for n, one in enumerate(people)
        ]
        records.upsert(u, ctx.portal_id, "contacts", who, at)
        where = [snapshot(2000 + n, turn, object_type="companies", **one) for n, one in enumerate(companies)]
        records.upsert(u, ctx.portal_id, "companies", where, at)
        links = {1000 + n: [company_link(2000 + n, primary=True)] for n in range(0, PEOPLE, 2)}
        associations.replace(u, ctx.portal_id, "contacts", links, "companies", at)
        paths = frozenset(ASKED.values())
        enrichments.keep(u, ctx.portal_id, [
            Told("firms", domain, at, values, paths, at, at + 10**9) for domain, values in answers.items()
        ])  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(CONTACTS, min_size=PEOPLE, max_size=PEOPLE),
    st.lists(COMPANIES, min_size=PEOPLE, max_size=PEOPLE),
    ANSWERS,
    st.sampled_from([3, 1000]),
)
def test_the_crowd_knows_what_each_knows(ctx, people, companies, answers, stretch) -> None:
    mirrored(ctx, people, companies, answers)
    now, view, rules = ctx.clock.now_ms(), portal_view(ctx), ctx.rulebook.rules
    with ctx.store.view() as u:
        ids = records.live_ids(u, ctx.portal_id, "contacts")
        alone = {one.record.id: one.facts for one in cases(ctx, u, ids, now, off_sources(ctx))}
    seen: set[int] = set()
    for crowd in crowds_of(ctx, rules.documents.scoring, now, stretch):
        told = score(rules.documents.scoring, crowd)
        for place, who in enumerate(crowd.ids.tolist()):
            seen.add(who)
            for name, column in crowd.fields.items():
                assert column.values[column.codes[place]] == alone[who].fields[name], (who, name)
            receipt = judge(alone[who], rules, view).receipt
            found = (int(told.score[place]), int(told.fit[place]), GRADES[told.grade[place]])
            assert found == (receipt.score, receipt.fit, receipt.grade)
    assert seen == set(alone)


def test_there_is_something_to_compare(ctx) -> None:
    mirrored(
        ctx,
        [{"domain": "works.example", "phone": ""}] * PEOPLE,
        [{"domain": "", "numberofemployees": "9", "industry": "", "country": ""}] * PEOPLE,
        {"works.example": {"size.employees": "200", "branch": "MACHINERY"}},
    )
    sizes, industries = {}, set()
    for crowd in crowds_of(ctx, ctx.rulebook.rules.documents.scoring, ctx.clock.now_ms()):
        by_name = {name: [column.values[code] for code in column.codes] for name, column in crowd.fields.items()}
        sizes |= dict(zip(crowd.ids.tolist(), by_name["company_size"], strict=True))
        industries |= set(by_name["industry"])
    assert sizes[1000] == Known(9, "company.numberofemployees")
    assert (sizes[1001].value, sizes[1001].told) == (200, True)
    assert {one.told for one in industries} == {True}
