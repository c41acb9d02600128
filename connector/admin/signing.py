"""Signing a draft for marketing or for sales, where a portal asks for both. Its page: ``documents``."""

from __future__ import annotations

from typing import Any, get_args

from flask import Response

from connector.admin import documents
from connector.admin.doors import Door
from connector.admin.drafts import draft_or_404, kind_or_404, numbers, overtaken
from connector.admin.frame import Ask
from connector.errors import ConfigError, DocumentInvalid
from connector.store.drafts import Draft
from connector.sync import drafting
from connector.sync.signing import Side


def sign(ask: Ask, kind: str, number: str) -> Response:
    """Sign the draft as it was seen, for the side that was chosen."""
    with ask.frame.store.view() as u:
        found = draft_or_404(ask, u, kind_or_404(kind), number)
    side = next((one for one in get_args(Side) if one == ask.form.get("side")), None)
    if side is None:
        return documents.draft_again(ask, found, ask.t("Choose a side: marketing or sales."))
    remark = ask.form.get("remark", "").strip()
    try:
        done = _signed(ask, found, side, remark)
    except DocumentInvalid:
        return documents.draft_again(ask, found, ask.t("The draft has faults; nothing was signed."))
    except ConfigError as fault:
        told = (
            ask.t("The draft was changed meanwhile; nothing was signed. Look at it again.")
            if overtaken(fault)
            else ask.t("Nothing was signed: this side has signed already, or you signed for the other one.")
        )
        return documents.draft_again(ask, found, told)
    what = {"marketing": ask.t("Signed {kind} by {author} for marketing: {remark}", kind=kind, author=found.author,
                               remark=remark or "–"),
            "sales": ask.t("Signed {kind} by {author} for sales: {remark}", kind=kind, author=found.author,
                           remark=remark or "–")}  # fmt: skip
    ask.book(what[side], after=ask.t("content {hash}", hash=done["hash"][:12]))
    said = ask.t("Signed. It can be published now.") if not done["missing"] else ask.t("Signed.")
    return ask.go(f"/documents/{kind}/drafts/{found.id}", said, portal=ask.portal.name)


def _signed(ask: Ask, found: Draft, side: Side, remark: str) -> dict[str, Any]:
    now, seen = ask.frame.clock.now_ms(), numbers(ask.form)[1]
    with ask.frame.store.unit() as u:
        return drafting.sign(u, ask.portal, found, side, seen=seen, who=ask.who.email, remark=remark, now_ms=now)


DOORS = (Door("POST", f"{documents.BASE}/<kind>/drafts/<number>/sign", "editor", sign),)
