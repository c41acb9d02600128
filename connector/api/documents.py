"""A portal's documents: what is published, its versions, going back. What is not published yet: ``drafts``."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from connector.api.problems import nothing_there
from connector.api.routes import Call, Route
from connector.api.shapes import In, Out, Words
from connector.clock import iso
from connector.errors import UnknownPortal
from connector.rules.documents import KINDS
from connector.store import documents, drafts
from connector.store.documents import DocumentRow
from connector.sync import library

BASE = "/portals/{portal}/documents"
ONE = f"{BASE}/{{kind}}"


class OpenDraft(Out):
    """A draft that somebody has begun."""

    author: str
    base: int
    revision: int
    saved_at: str


class Kind(Out):
    """A kind of document: the published version (0: none), by whom and when, and the drafts there are."""

    kind: str
    version: int
    author: str
    published_at: str | None
    drafts: list[OpenDraft]


class Documents(Out):
    """Every kind."""

    portal: str
    documents: list[Kind]


class Document(Out):
    """A version of a document with its text, which is YAML."""

    portal: str
    kind: str
    version: int
    body: str


class Signature(Out):
    """Who signed for which side, marketing or sales."""

    side: str
    who: str
    at_ms: int
    remark: str


class Version(Out):
    """Who published it, when and why, and the signatures it was published under."""

    version: int
    state: str
    author: str
    reason: str
    at_ms: int | None
    signatures: list[Signature]


class Versions(Out):
    """All versions, the newest first, as ``leadwright config history --json`` gives them."""

    portal: str
    kind: str
    versions: list[Version]


class Published(Out):
    """The version that is published now."""

    portal: str
    kind: str
    version: int
    text: str


class Revert(In):
    """The version to publish again, and the one that is published now as far as the caller knows."""

    version: int = Field(ge=1, lt=10**9)
    expected: int = Field(ge=1, lt=10**9)
    reason: Words | None = None


def list_documents(call: Call) -> dict[str, Any]:
    with call.frame.store.view() as u:
        published = {kind: documents.current(u, call.portal.id, kind) for kind in KINDS}
        begun = drafts.every(u, call.portal.id)
    return {"portal": call.portal.name, "documents": [_kind(kind, published[kind], begun) for kind in KINDS]}


def _kind(kind: str, row: DocumentRow | None, begun: tuple[drafts.Draft, ...]) -> dict[str, Any]:
    return {
        "kind": kind,
        "version": row.version if row else 0,
        "author": row.author if row else "",
        "published_at": iso(row.published_ms) if row and row.published_ms is not None else None,
        "drafts": [
            {"author": one.author, "base": one.base, "revision": one.revision, "saved_at": iso(one.saved_ms)}
            for one in begun
            if one.kind == kind
        ],
    }


def get_document(call: Call) -> dict[str, Any]:
    with call.frame.store.view() as u:
        found = documents.current(u, call.portal.id, call.parts["kind"])
    return _version(call, found)


def get_version(call: Call) -> dict[str, Any]:
    with call.frame.store.view() as u:
        found = documents.get(u, call.portal.id, call.parts["kind"], int(call.parts["version"]))
    return _version(call, found)


def _version(call: Call, found: DocumentRow | None) -> dict[str, Any]:
    if found is None:
        raise nothing_there()
    return {"portal": call.portal.name, "kind": found.kind, "version": found.version, "body": found.body}


def list_versions(call: Call) -> dict[str, Any]:
    return call.frame.service.config_history(call.portal.name, call.parts["kind"])


def revert_document(call: Call) -> dict[str, Any]:
    """Publish an old version again, as a new one, if what is published is what the caller saw."""
    kind, asked = call.parts["kind"], call.body
    now = call.frame.clock.now_ms()
    with call.frame.store.unit() as u:
        if documents.get(u, call.portal.id, kind, asked.version) is None:
            raise UnknownPortal("There is no such version.")
        done = library.rollback(u, call.portal, kind, asked.version, call.caller.who, now, expected=asked.expected)
        why = f": {asked.reason}" if asked.reason else ""
        call.book(u, f"Went back in {kind} to version {asked.version}{why}", before=f"version {asked.expected}",
                  after=f"version {done['version']}")  # fmt: skip
    call.frame.request_work(call.portal.id, "cycle")
    return done


ROUTES: tuple[Route, ...] = (
    Route("GET", BASE, "analyst", "Every kind of document, what is published and what is being drafted",
          list_documents, Documents),
    Route("GET", ONE, "analyst", "The published document", get_document, Document),
    Route("GET", f"{ONE}/versions", "analyst", "All its versions: who, when, why", list_versions, Versions),
    Route("GET", f"{ONE}/versions/{{version}}", "analyst", "One version", get_version, Document),
    Route("POST", f"{ONE}/revert", "admin", "Publish an earlier version again, as a new one", revert_document,
          Published, body=Revert, faults=(409, 412)),
)  # fmt: skip
