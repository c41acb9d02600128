"""When a new model's scores go ahead of its judgements, and how they are got.

Scoring everybody at once (``everybody.py``) is loaded by name: importing its columns takes longer than most commands.
"""

from __future__ import annotations

import importlib
from typing import Any

from connector.rules.crowd.needed import scorable
from connector.store import receipts
from connector.sync.context import Context

MANY = 2_000
"""From so many contacts on that wait for another model than they were judged by, scoring them first pays."""


def scores_first(ctx: Context, waiting: int, now_ms: int) -> int:
    """Restate everybody's score if many wait for a newly published model; how many have another one."""
    rules = ctx.rulebook.rules
    if waiting < MANY or not scorable(rules.documents.scoring):
        return 0
    with ctx.store.view() as u:
        others = receipts.of_other_models(u, ctx.portal_id, rules.name, rules.version)
    return int(everybody().restate(ctx, now_ms)) if others >= MANY else 0


def keep_ready(ctx: Context) -> None:
    """Bring the columns that the published model is scored from up to date, so that its next version need not wait for
    them; small portals have none."""
    if scorable(ctx.rulebook.rules.documents.scoring):
        everybody().keep_ready(ctx)


def everybody() -> Any:
    """The module that scores everybody at once."""
    return importlib.import_module("connector.sync.everybody")
