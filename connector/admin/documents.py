"""A portal's documents: every kind with its published version, drafts as YAML, dry run, publishing, history.

Analysts read, editors draft, admins publish. The mapping has a page of rows beside (``mapping``); its YAML is here too.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from connector.admin.doors import Door
from connector.admin.drafts import (
    Work,
    confirmation,
    draft_or_404,
    dry_run_of,
    kind_or_404,
    may_change,
    number_or_404,
    numbers,
    overtaken,
    refuse_others,
    work_of,
)
from connector.admin.frame import Ask
from connector.errors import ConfigError, DocumentInvalid, UnknownPortal
from connector.rules.documents import KINDS
from connector.store import Unit, documents, drafts
from connector.store.documents import DocumentRow
from connector.store.drafts import Draft
from connector.sync import drafting, library, signing
from connector.sync.rulebook import JUDGING
from connector.sync.sheets import documents as sheets

BAD = 422
BASE = "/portals/<portal>/documents"


def kinds(ask: Ask) -> Response:
    """Every kind with what is published, by whom and when, and the drafts there are."""
    with ask.frame.store.view() as u:
        published = {kind: documents.current(u, ask.portal.id, kind) for kind in KINDS}
        open_drafts = drafts.every(u, ask.portal.id)
    shown = [(kind, published[kind], [one for one in open_drafts if one.kind == kind]) for kind in KINDS]
    return ask.page("documents.html", kinds=shown)


def one_kind(ask: Ask, kind: str) -> Response:
    """The published text of a kind, its drafts and its history."""
    with ask.frame.store.view() as u:
        work = work_of(ask, u, kind_or_404(kind))
        history = documents.history(u, ask.portal.id, kind)
        others = [one for one in drafts.every(u, ask.portal.id) if one.kind == kind]
        signed = signing.of_versions(u, ask.portal, kind, history)
    return ask.page(
        "document.html", work=work, history=history, drafts=others, signed=signed, as_sheet=kind in sheets.FORMS
    )  # fmt: skip


def edit(ask: Ask, kind: str) -> Response:
    """The text as YAML, with every fault at its line."""
    with ask.frame.store.view() as u:
        work = work_of(ask, u, kind_or_404(kind))
    return _editor(ask, work, work.text)


def save(ask: Ask, kind: str) -> Response:
    """Keep the text as this person's draft; what would save over another window's is refused and stays on the page."""
    kind_or_404(kind)
    text, (base, seen) = ask.form.get("text", "").replace("\r\n", "\n"), numbers(ask.form)
    try:
        with ask.frame.store.unit() as u:
            draft = drafting.save(
                u, ask.portal, kind, ask.who.email, text, base=base, seen=seen, now_ms=ask.frame.clock.now_ms()
            )
    except ConfigError as fault:
        if not overtaken(fault):
            raise
        return conflict(ask, kind, text)
    faults = library.faults_of(kind, text)
    ask.book(ask.t("Saved a draft of {kind}", kind=kind), after=ask.t("saving {number}", number=draft.revision))
    if faults:
        said = ask.t("The draft is saved. It has faults and cannot be published yet.")
        return ask.go(f"/documents/{kind}/edit", said, portal=ask.portal.name)
    return ask.go(f"/documents/{kind}/drafts/{draft.id}", ask.t("The draft is saved."), portal=ask.portal.name)


def conflict(ask: Ask, kind: str, text: str) -> Response:
    """Another window saved in between: their text and this one beside each other, and a way on."""
    with ask.frame.store.view() as u:
        work = work_of(ask, u, kind)
    names = (ask.t("saved in the other window"), ask.t("your text here"))
    return _editor(ask, work, text, status=BAD, difference=library.unified(work.text, text, *names), clash=True)


def _editor(ask: Ask, work: Work, text: str, *, status: int = 200, **more: Any) -> Response:
    faults = library.faults_of(work.kind, text)
    return ask.page(
        "document_edit.html", status=status, work=work, text=text, faults=faults, rows=min(40, text.count("\n") + 4),
        **more,
    )  # fmt: skip


def draft(ask: Ask, kind: str, number: str) -> Response:
    """One draft before it is published: what it changes, what stands against it, what it would do to everybody."""
    with ask.frame.store.view() as u:
        found = draft_or_404(ask, u, kind_or_404(kind), number)
        published = documents.current(u, ask.portal.id, kind)
    return _draft(ask, found, published)


def _draft(
    ask: Ask, found: Draft, published: DocumentRow | None, *, status: int = 200, error: str = ""
) -> Response:  # fmt: skip
    kind = found.kind
    faults = library.faults_of(kind, found.body)
    with ask.frame.store.view() as u:
        sides = drafting.sides(u, ask.portal, found)
        advice = () if faults else library.advice(u, ask.portal, kind, found.body)
        signed = signing.standing(u, ask.portal, kind, found.body)
    task = None if faults or sides is not None else dry_run_of(ask, kind, found.body)
    told = task.result if task is not None and task.over.is_set() and task.fault is None else None
    ready = not faults and sides is None and (told is not None or kind not in JUDGING)
    before = published.body if published is not None else ""
    return ask.page(
        "document_draft.html", status=status, kind=kind, draft=found, published=published, faults=faults, sides=sides,
        difference=library.unified(before, found.body, ask.t("published"), ask.t("draft")), task=task, told=told,
        sentence=confirmation(ask, told) if ready else "", mine=may_change(ask, found), error=error,
        advice=advice, signed=signed, own_signature=signed.of(ask.who.email), as_sheet=kind in sheets.FORMS,
    )  # fmt: skip


def draft_again(ask: Ask, found: Draft, error: str) -> Response:
    """The draft's page as it stands now, with what went wrong."""
    with ask.frame.store.view() as u:
        now = draft_or_404(ask, u, found.kind, str(found.id))
        published = documents.current(u, ask.portal.id, found.kind)
    return _draft(ask, now, published, status=BAD, error=error)


def publish(ask: Ask, kind: str, number: str) -> Response:
    """Publish a draft as it was seen, with a reason; who was overtaken is shown both sides and loses nothing."""
    reason = ask.form.get("reason", "").strip()
    with ask.frame.store.view() as u:
        found = draft_or_404(ask, u, kind_or_404(kind), number)
        before = documents.current(u, ask.portal.id, kind)
    if not reason:
        return _draft(ask, found, before, status=BAD, error=ask.t("Say why: it stands in the history."))
    try:
        done = _published(ask, found, numbers(ask.form)[1], reason)
    except DocumentInvalid:
        return _draft(ask, found, before, status=BAD, error=ask.t("The draft has faults; nothing was published."))
    except ConfigError as fault:
        if fault.reason == signing.UNSIGNED:
            return _draft(ask, found, before, status=BAD, error=ask.t("A signature is missing; nothing was published."))
        if not overtaken(fault):
            raise
        return _again(ask, kind, number, fault)
    shown = ask.form.get("shown", "")[:12]
    ask.book(
        ask.t("Published {kind}: {reason}", kind=kind, reason=reason),
        before=ask.t("version {number}", number=before.version if before is not None else 0),
        after=ask.t("version {number}", number=done["version"])
        + (ask.t(", the plan seen before: {hash}", hash=shown) if shown else ""),
    )
    ask.frame.request_work(ask.portal.id, "cycle")
    said = ask.t("Version {number} of {kind} is published.", number=done["version"], kind=kind)
    return ask.go(f"/documents/{kind}", said, portal=ask.portal.name)


def _published(ask: Ask, found: Draft, seen: int, reason: str) -> dict[str, Any]:
    now = ask.frame.clock.now_ms()
    with ask.frame.store.unit() as u:
        return drafting.publish(u, ask.portal, found.id, seen=seen, by=ask.who.email, reason=reason, now_ms=now)


def _again(ask: Ask, kind: str, number: str, fault: ConfigError) -> Response:
    """The draft's page as it stands now, with what came in between."""
    try:
        with ask.frame.store.view() as u:
            found = draft_or_404(ask, u, kind, number)
            now = documents.current(u, ask.portal.id, kind)
    except UnknownPortal:
        raise fault from None
    told = ask.t("Somebody was faster; nothing was published and nothing is lost. Look at both sides.")
    return _draft(ask, found, now, status=BAD, error=told)


def carry(ask: Ask, kind: str, number: str) -> Response:
    """Take a draft over onto the version that was published meanwhile."""
    base, seen = numbers(ask.form)
    now = ask.frame.clock.now_ms()
    with ask.frame.store.unit() as u:
        found = draft_or_404(ask, u, kind_or_404(kind), number)
        refuse_others(ask, found)
        drafting.carry(u, ask.portal, found.id, seen=seen, onto=base, now_ms=now)
    said = ask.t("The draft now starts from version {number}.", number=base)
    return ask.go(f"/documents/{kind}/drafts/{found.id}", said, portal=ask.portal.name)


def discard(ask: Ask, kind: str, number: str) -> Response:
    """Give a draft up."""
    with ask.frame.store.unit() as u:
        found = draft_or_404(ask, u, kind_or_404(kind), number)
        refuse_others(ask, found)
        drafting.discard(u, ask.portal, found.id, seen=numbers(ask.form)[1], now_ms=ask.frame.clock.now_ms())
    ask.book(ask.t("Discarded a draft of {kind} by {author}", kind=kind, author=found.author))
    back = "/mapping" if ask.form.get("back") == "mapping" else f"/documents/{kind}"
    return ask.go(back, ask.t("The draft is discarded."), portal=ask.portal.name)


def version(ask: Ask, kind: str, number: str) -> Response:
    """One version: its text, what it changed, and the way back to it."""
    with ask.frame.store.view() as u:
        shown = _version(ask, u, kind_or_404(kind), number)
        now = documents.current(u, ask.portal.id, kind)
        older = [row.version for row in documents.history(u, ask.portal.id, kind) if row.version < shown.version]
        changed = library.difference(u, ask.portal, kind, older[0] if older else 0, shown.version)
        signed = signing.of_versions(u, ask.portal, kind, (shown,))[shown.version]
        missing = signing.standing(u, ask.portal, kind, shown.body).missing
    back = library.unified(now.body if now is not None else "", shown.body, ask.t("published"), ask.t("going back"))
    return ask.page(
        "document_version.html", kind=kind, version=shown, published=now, changed=changed, back=back, signed=signed,
        missing=missing,
    )  # fmt: skip


def _version(ask: Ask, u: Unit, kind: str, number: str) -> DocumentRow:
    found = documents.get(u, ask.portal.id, kind, number_or_404(number))
    if found is None:
        raise UnknownPortal("There is no such version.")
    return found


def compare(ask: Ask, kind: str) -> Response:
    """Any two versions, line by line."""
    with ask.frame.store.view() as u:
        versions = [row.version for row in documents.history(u, ask.portal.id, kind_or_404(kind))]
        if not versions:
            raise UnknownPortal("Nothing was published yet.")
        left = number_or_404(ask.args.get("left", str(versions[min(1, len(versions) - 1)])))
        right = number_or_404(ask.args.get("right", str(versions[0])))
        for one in (left, right):
            _version(ask, u, kind, str(one))
        lines = library.difference(u, ask.portal, kind, left, right)
    return ask.page("document_compare.html", kind=kind, versions=versions, left=left, right=right, lines=lines)


def revert(ask: Ask, kind: str, number: str) -> Response:
    """Publish an old version again, as a new one, if what is published is what the person saw."""
    expected, now = numbers(ask.form)[0], ask.frame.clock.now_ms()
    with ask.frame.store.unit() as u:
        old = _version(ask, u, kind_or_404(kind), number)
        done = library.rollback(u, ask.portal, kind, old.version, ask.who.email, now, expected=expected)
    ask.book(
        ask.t("Went back in {kind} to version {number}", kind=kind, number=old.version),
        before=ask.t("version {number}", number=expected), after=ask.t("version {number}", number=done["version"]),
    )  # fmt: skip
    ask.frame.request_work(ask.portal.id, "cycle")
    said = ask.t("Version {old} is published again, as version {new}.", old=old.version, new=done["version"])
    return ask.go(f"/documents/{kind}", said, portal=ask.portal.name)


DOORS = (
    Door("GET", BASE, "analyst", kinds),
    Door("GET", f"{BASE}/<kind>", "analyst", one_kind),
    Door("GET", f"{BASE}/<kind>/compare", "analyst", compare),
    Door("GET", f"{BASE}/<kind>/edit", "editor", edit),
    Door("POST", f"{BASE}/<kind>/edit", "editor", save),
    Door("GET", f"{BASE}/<kind>/drafts/<number>", "analyst", draft),
    Door("POST", f"{BASE}/<kind>/drafts/<number>/publish", "admin", publish),
    Door("POST", f"{BASE}/<kind>/drafts/<number>/carry", "editor", carry),
    Door("POST", f"{BASE}/<kind>/drafts/<number>/discard", "editor", discard),
    Door("GET", f"{BASE}/<kind>/versions/<number>", "analyst", version),
    Door("POST", f"{BASE}/<kind>/versions/<number>/revert", "admin", revert),
)
