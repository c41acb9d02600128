"""Drafts of documents: the caller's own, saved over the revision that was seen, tried out, published.

ETag and If-Match carry the revision, so two programs never overwrite each other, nor a program a person: with a
person's token it is the very draft that the person edits on the pages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pydantic import Field

from connector.api.documents import ONE, Published, Signature
from connector.api.problems import Problem
from connector.api.routes import Answer, Call, Route
from connector.api.shapes import Hash, In, Nothing, Out, Text, Words, Yaml
from connector.store import Unit, documents, drafts
from connector.sync import drafting
from connector.sync.signing import Side

DRAFT = f"{ONE}/draft"
# Each looks at everybody, which takes seconds in a large portal: one at a time in a process.
_ONE_DRY_RUN = threading.Lock()


class Fault(Out):
    """What is wrong with a text, where, and what to do."""

    line: int
    path: str
    message: str
    remedy: str


class Draft(Out):
    """The caller's draft. ``open`` false: there is none, and ``body`` is what is published; save over ``revision``."""

    portal: str
    kind: str
    author: str
    open: bool
    base: int
    revision: int
    body: str
    faults: list[Fault]
    overtaken: dict[str, Any] | None = Field(description="Both sides, when another version was published since.")
    signatures: list[Signature]
    missing: list[str] = Field(description="Sides whose signature is needed yet: marketing, sales.")


class SaveDraft(In):
    """The whole text. ``base``: the published version it starts from, to be named after an overtaking."""

    body: Yaml
    base: int | None = Field(None, ge=0, lt=10**9)


class Ways(Out):
    """How many rise and how many fall."""

    up: int
    down: int


class BeforeAfter(Out):
    """How many now, and how many then."""

    before: int
    after: int


class Scores(Out):
    """Whose score publishing a scoring draft would change, and who would pass the threshold for MQL."""

    portal: str
    contacts: int
    never_judged: int
    score: Ways
    grade: Ways
    grades: dict[str, int]
    threshold: int
    over_threshold: BeforeAfter
    newly_over: int
    no_longer_over: int


class DryRun(Out):
    """What publishing would do to everybody. ``hash`` may be named when publishing."""

    portal: str
    kind: str
    judges: bool
    contacts: int
    hash: str | None = None


class Publish(In):
    """The draft as it was seen, and why. ``hash``: only if a dry run still gives that plan. ``author``: whose draft."""

    revision: int = Field(ge=1, lt=10**9)
    reason: Words
    hash: Hash | None = None
    author: Text | None = Field(None, max_length=200)


class Sign(In):
    """For which side, over the draft as it was seen. ``author``: whose draft."""

    side: Side
    revision: int = Field(ge=1, lt=10**9)
    remark: Words | None = None
    author: Text | None = Field(None, max_length=200)


class Signed(Out):
    """The signatures under this text now, and the sides that are missing."""

    portal: str
    kind: str
    hash: str
    side: str
    who: str
    signatures: list[Signature]
    missing: list[str]
    text: str


def get_draft(call: Call) -> Answer:
    with call.frame.store.view() as u:
        return answered(told_of(call, u))


def save_draft(call: Call) -> Answer:
    """Keep the text, faults and all; over a newer revision than was seen it is refused, and nothing is lost."""
    seen, kind, row = call.revision, call.parts["kind"], call.portal
    now = call.frame.clock.now_ms()
    with call.frame.store.unit() as u:
        published, own = documents.current(u, row.id, kind), drafts.of(u, row.id, kind, call.caller.who)
        newest = published.version if published else 0
        base = own.base if own is not None and own.open else newest
        if call.body.base is not None:
            base = call.body.base
        if base > newest:
            raise Problem(409, "no_version", f"There is no version {base} to start from.", remedy="See the versions.")
        saved = drafting.save(u, row, kind, call.caller.who, call.body.body, base=base, seen=seen, now_ms=now)
        call.book(u, f"Saved a draft of {kind}", after=f"saving {saved.revision}")
        return answered(told_of(call, u))


def discard_draft(call: Call) -> Answer:
    """Give the draft up; what is published stays."""
    seen, kind = call.revision, call.parts["kind"]
    with call.frame.store.unit() as u:
        own = drafting.own(u, call.portal, kind, call.caller.who)
        drafting.discard(u, call.portal, own.id, seen=seen, now_ms=call.frame.clock.now_ms())
        call.book(u, f"Discarded a draft of {kind} by {own.author}")
        return answered(told_of(call, u))


def told_of(call: Call, u: Unit) -> dict[str, Any]:
    """The caller's draft as it stands, or what is published where there is none."""
    kind, row, who = call.parts["kind"], call.portal, call.caller.who
    own, published = drafts.of(u, row.id, kind, who), documents.current(u, row.id, kind)
    revision = own.revision if own is not None else 0
    if own is not None and own.open:
        told = drafting.told(u, row, own)
        return {**told, "open": True, "faults": [{k: v for k, v in one.items() if k != "file"}
                                                 for one in told["faults"]]}  # fmt: skip
    return {
        "portal": row.name, "kind": kind, "author": who, "open": False, "revision": revision, "faults": [],
        "base": published.version if published else 0, "body": published.body if published else "",
        "overtaken": None, "signatures": [], "missing": [],
    }  # fmt: skip


def answered(told: dict[str, Any]) -> Answer:
    """The draft with its revision as ETag."""
    return Answer(told, {"ETag": f'"{told["revision"]}"'})


def dry_run_draft(call: Call) -> dict[str, Any]:
    """What publishing the draft would do to everybody; nothing is kept."""
    kind = call.parts["kind"]
    with call.frame.store.view() as u:
        own = drafting.own(u, call.portal, kind, call.caller.who)
    told = _dry_run(call, kind, own.body)
    return {name: value for name, value in told.items() if name not in ("people", "ids", "rows")}


def scores_of_draft(call: Call) -> dict[str, Any]:
    """Everybody's score by the draft, worked out at once; stages and writes are for the whole dry run."""
    kind = call.parts["kind"]
    with call.frame.store.view() as u:
        own = drafting.own(u, call.portal, kind, call.caller.who)
    told = _alone(lambda: call.frame.service.config_scores(call.portal.name, kind, own.body))
    return {name: value for name, value in told.items() if name not in ("people", "ids")}


def _dry_run(call: Call, kind: str, text: str) -> dict[str, Any]:
    return _alone(lambda: call.frame.service.config_dry_run(call.portal.name, kind, text))


def _alone(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not _ONE_DRY_RUN.acquire(blocking=False):
        raise Problem(
            503, "busy", "Another dry run is at work.", remedy="Try again when it is done.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    try:
        return work()
    finally:
        _ONE_DRY_RUN.release()


def publish_draft(call: Call) -> dict[str, Any]:
    """Publish a draft as it was seen, with a reason; where a plan's hash is named, only if that would follow."""
    kind, asked, row = call.parts["kind"], call.body, call.portal
    author = asked.author if asked.author is not None else call.caller.who
    with call.frame.store.view() as u:
        found = drafting.own(u, row, kind, author)
    if asked.hash is not None:
        _refuse_another_plan(call, kind, found.body)
    now = call.frame.clock.now_ms()
    with call.frame.store.unit() as u:
        before = documents.current(u, row.id, kind)
        done = drafting.publish(
            u, row, found.id, seen=asked.revision, by=call.caller.who, reason=asked.reason, now_ms=now
        )
        seen = f", the plan seen before: {asked.hash[:12]}" if asked.hash else ""
        call.book(u, f"Published {kind}: {asked.reason}", before=f"version {before.version if before else 0}",
                  after=f"version {done['version']}{seen}")  # fmt: skip
    call.frame.request_work(row.id, "cycle")
    return done


def sign_draft(call: Call) -> dict[str, Any]:
    """Sign a draft for one side. A signature is a person's, so the token has to act for one."""
    kind, asked, who, row = call.parts["kind"], call.body, call.caller.who, call.portal
    if call.caller.user_id is None:
        raise Problem(
            409, "no_person", "A signature is a person's, and this token acts for nobody.",
            remedy="Use a token made with --person.",
        )  # fmt: skip
    now = call.frame.clock.now_ms()
    with call.frame.store.unit() as u:
        found = drafting.own(u, row, kind, asked.author if asked.author is not None else who)
        done = drafting.sign(
            u, row, found, asked.side, seen=asked.revision, who=who, remark=asked.remark or "", now_ms=now
        )
        call.book(u, f"Signed {kind} by {found.author} for {asked.side}: {asked.remark or ''}".removesuffix(": "),
                  after=f"content {done['hash'][:12]}")  # fmt: skip
    return done


def _refuse_another_plan(call: Call, kind: str, text: str) -> None:
    now = _dry_run(call, kind, text).get("hash")
    if now != call.body.hash:
        raise Problem(
            409, "plan_changed", "Publishing would do something else by now than the dry run showed.",
            remedy="Look at a dry run again, and name its hash.", more={"hash": now},
        )  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route("GET", DRAFT, "editor", "The caller's draft, with its revision as ETag", get_draft, Draft, etag=True),
    Route("PUT", DRAFT, "editor", "Save the draft over the revision that was seen", save_draft, Draft, body=SaveDraft,
          if_match=True, etag=True, faults=(409,)),
    Route("DELETE", DRAFT, "editor", "Give the draft up", discard_draft, Draft, if_match=True, etag=True,
          faults=(409,)),
    Route("POST", f"{DRAFT}/dry-run", "editor", "What publishing the draft would do to everybody", dry_run_draft,
          DryRun, body=Nothing, faults=(409,)),
    Route("POST", f"{DRAFT}/scores", "editor", "Whose score publishing a scoring draft would change, within seconds",
          scores_of_draft, Scores, body=Nothing, faults=(409,)),
    Route("POST", f"{DRAFT}/sign", "editor", "Sign a draft for marketing or for sales, where the portal asks for both",
          sign_draft, Signed, body=Sign, faults=(409, 412)),
    Route("POST", f"{ONE}/publish", "admin", "Make the draft the portal's document", publish_draft, Published,
          body=Publish, faults=(409, 412)),
)  # fmt: skip
