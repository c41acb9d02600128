"""The gate at the moment of an enrolment: what was planned may have been overtaken since.

Somebody opts out, is sold to, or keeps the old stage because the portal refused the new one: between the plan and its
carrying out, and much more so between a run that broke off and the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from connector.model.judgement import Enrol, OutboxEntry
from connector.model.plan import PortalView
from connector.rules.decide import RISING
from connector.rules.gate import gate
from connector.rules.judge import judge
from connector.rules.lifecycle import UNKNOWN_STAGE
from connector.store.outbox import reason_of
from connector.sync.context import Context
from connector.sync.facts import Case, cases
from connector.sync.holding import of_mql
from connector.sync.nursing import Nursing
from connector.sync.pull import off_sources
from connector.sync.react import portal_view

NOT_YET = RISING | {UNKNOWN_STAGE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``go`` with the address the contact has now; ``wait`` until the stage is written; ``drop`` with the reason."""

    what: Literal["go", "wait", "drop"]
    email: str = ""
    why: str = ""


class Doorkeeper:
    """Looks at each contact once more before it is enrolled, in the mirror and by the rules that planned it."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    @cached_property
    def _view(self) -> PortalView:
        return portal_view(self._ctx)

    @cached_property
    def _off(self) -> frozenset[str]:
        return off_sources(self._ctx)

    def ask(self, entry: OutboxEntry) -> Verdict:
        """Whether this enrolment may happen now."""
        ctx = self._ctx
        with ctx.store.view() as u:
            case = next(cases(ctx, u, [entry.contact_id], ctx.clock.now_ms(), self._off), None)
        return Verdict("drop", why="the contact is gone") if case is None else self._verdict(entry, case)

    @cached_property
    def _nursing(self) -> Nursing:
        return Nursing(self._ctx, self._view)

    def _still_asked(self, entry: OutboxEntry, case: Case) -> Verdict:
        """A nurture's: whether the contact still stands there and would be sent the same now."""
        progress = self._nursing.advanced(case)
        same = [d for d in progress.decisions if isinstance(d, Enrol) and reason_of(d.cause) == reason_of(entry.cause)]
        if same:
            return Verdict("go", same[0].email)
        step = ":".join(entry.cause.split(":")[:3])
        held = next((one for one in progress.refusals if one.effect == step), None)
        if held is not None:
            return Verdict("drop", why=held.why)
        waits = any(one.active and f"nurture:{one.nurture}:{one.step}" == step for one in progress.places)
        if waits:
            return Verdict("wait", why="mails do not go out at this hour")
        return Verdict("drop", why="the contact has left the nurture, or gone on in it")

    def _verdict(self, entry: OutboxEntry, case: Case) -> Verdict:
        if not of_mql(entry.cause):
            return self._still_asked(entry, case)
        rules = self._ctx.rulebook.rules
        stage = judge(case.facts, rules, self._view).receipt.stage
        if stage in NOT_YET:
            return Verdict("wait", why="its stage is not written yet")
        if stage != "mql":
            return Verdict("drop", why=f"it is no new MQL any more but {stage}")
        workflow = entry.payload["workflow_id"]
        name = next((w.name for w in rules.workflows if w.workflow_id == workflow), "")
        email = case.record.properties.get("email") or ""
        held = gate(Enrol(case.record.id, email, name, workflow, entry.cause), case.facts, rules.documents, self._view)
        return Verdict("drop", why=held.why) if held else Verdict("go", email)
