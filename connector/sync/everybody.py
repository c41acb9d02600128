"""Everybody's score in one go: as soon as a model is published, or for a draft of it.

Receipts, gates and decisions follow contact by contact (``react.py``); until then a restated receipt has no body.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from connector.model.records import ObjectType
from connector.rules.crowd.scoring import GRADES, Scorer, Scores
from connector.rules.documents.scoring import Model, ScoringDocument
from connector.store import crowds, receipts, records
from connector.store.crowds import Standings
from connector.sync.context import Context
from connector.sync.crowds import columns_of, crowds_of
from connector.sync.stretches import STRETCH, stretches_of

CONTACTS: ObjectType = "contacts"
NAMED = 10
TOGETHER = 5
"""So many stretches are stored in one transaction: each alone costs a fifth more, all at once keep others waiting."""


@dataclass(slots=True)
class Trial:
    """What a model gives everybody, beside what their latest receipts say. ``over`` counts from the threshold on."""

    contacts: int = 0
    never_judged: int = 0
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)
    better: int = 0
    worse: int = 0
    over: int = 0
    over_before: int = 0
    newly_over: list[int] = field(default_factory=list)
    no_longer_over: list[int] = field(default_factory=list)
    grades: Counter[str] = field(default_factory=Counter)


def scored(ctx: Context, model: Model, now_ms: int) -> Iterator[Scores]:
    """The scores of all living contacts by this model, a stretch at a time; told as progress."""
    with ctx.store.view() as u:
        ctx.progress.start("scoring", records.count(u, ctx.portal_id, CONTACTS))
    scorer = Scorer(model)
    for crowd in crowds_of(ctx, model, now_ms):
        yield scorer.score(crowd)
        ctx.progress.advance("scoring", len(crowd))
    ctx.progress.finish("scoring")


def restate(ctx: Context, now_ms: int) -> int:
    """Give everybody the score of the published model at once; how many had another one.

    For a model just published in a portal of many contacts: who was never judged waits for the judgement.
    """
    each = scored(ctx, ctx.rulebook.rules.documents.scoring, now_ms)
    return sum(_store(ctx, some, now_ms) for some in iter(lambda: list(islice(each, TOGETHER)), []))


def _store(ctx: Context, stretches: Sequence[Scores], now_ms: int) -> int:
    rules, changed = ctx.rulebook.rules, 0
    with ctx.store.unit() as u:
        for one in stretches:
            columns = (one.ids, one.score, np.array(list(GRADES))[one.grade], one.fit, one.engagement)
            rows = list(zip(*(column.tolist() for column in columns), strict=True))
            changed += receipts.restate(u, ctx.portal_id, rows, rules.name, rules.version, rules.cause, now_ms)
    return changed


def keep_ready(ctx: Context) -> None:
    """Make the columns anew that are missing or of which many contacts changed since; a small portal has none."""
    with ctx.store.view() as u:
        if records.count(u, ctx.portal_id, CONTACTS) < STRETCH:
            return
    wanted = columns_of(ctx, ctx.rulebook.rules.documents.scoring)
    for _ in stretches_of(ctx.store, ctx.portal_id, wanted):
        pass  # a stretch is kept as it is read


def trial(ctx: Context, draft: ScoringDocument, threshold: int) -> Trial:
    """What this draft would give everybody; nothing is kept."""
    told = Trial()
    for found in scored(ctx, draft, ctx.clock.now_ms()):
        with ctx.store.view() as u:
            before = crowds.standings(u, ctx.portal_id, int(found.ids[0]), int(found.ids[-1]))
        _compare(told, found, before, threshold)
    return told


def _compare(told: Trial, found: Scores, before: Standings, threshold: int) -> None:
    at = np.searchsorted(found.ids, before.ids)
    there = found.ids[np.minimum(at, len(found.ids) - 1)] == before.ids
    at, was = at[there], before.only(there)
    ids, now = found.ids[at], found.score[at]
    told.contacts += len(found.ids)
    told.never_judged += len(found.ids) - len(at)
    told.up += ids[now > was.score].tolist()
    told.down += ids[now < was.score].tolist()
    told.better += int(np.sum(found.grade[at] > was.grade))
    told.worse += int(np.sum(found.grade[at] < was.grade))
    told.over += int(np.sum(found.score >= threshold))
    told.over_before += int(np.sum(was.score >= threshold))
    told.newly_over += ids[(now >= threshold) & (was.score < threshold)].tolist()
    told.no_longer_over += ids[(now < threshold) & (was.score >= threshold)].tolist()
    told.grades.update(
        {GRADES[grade]: int(number) for grade, number in enumerate(np.bincount(found.grade, minlength=4))}
    )


def told(ctx: Context, one: Trial, threshold: int) -> dict[str, Any]:
    """A trial as it is shown."""
    chosen = [("newly_over", i) for i in one.newly_over[:NAMED]]
    chosen += [("no_longer_over", i) for i in one.no_longer_over[:NAMED]]
    with ctx.store.view() as u:
        people = records.get_many(u, ctx.portal_id, CONTACTS, [i for _, i in chosen])
    return {
        "portal": ctx.row.name,
        "contacts": one.contacts,
        "never_judged": one.never_judged,
        "score": {"up": len(one.up), "down": len(one.down)},
        "grade": {"up": one.better, "down": one.worse},
        "grades": {grade: one.grades[grade] for grade in reversed(GRADES)},
        "threshold": threshold,
        "over_threshold": {"before": one.over_before, "after": one.over},
        "newly_over": len(one.newly_over),
        "no_longer_over": len(one.no_longer_over),
        "ids": {"newly_over": one.newly_over, "no_longer_over": one.no_longer_over},
        "people": [
            {"change": change, "contact": str(i), "email": (people[i].email or "") if i in people else ""}
            for change, i in chosen
        ],
    }
