"""All generations of an address lead to one handler: dated paths are read as the v3/v4 path they replace."""

from __future__ import annotations

import re

V = r"20\d\d-\d\d(?:-beta)?"
DATED = [
    (rf"/crm/objects/{V}/([^/]+)/(\d+)/associations/(.+)", r"/crm/v4/objects/\1/\2/associations/\3"),
    (rf"/crm/objects/{V}/(.+)", r"/crm/v3/objects/\1"),
    (rf"/crm/properties/{V}/(.+)", r"/crm/v3/properties/\1"),
    (rf"/crm/pipelines/{V}/(.+)", r"/crm/v3/pipelines/\1"),
    (rf"/crm/owners/{V}(/.+)?", r"/crm/v3/owners\1"),
    (rf"/crm/lists/{V}(/.+)?", r"/crm/v3/lists\1"),
    (rf"/crm/associations/{V}/(.+)", r"/crm/v4/associations/\1"),
    (rf"/crm/property-validations/{V}/(.+)", r"/crm/property-validations/\1"),
    (rf"/account-info/{V}/(.+)", r"/account-info/v3/\1"),
    (rf"/oauth/{V}/(.+)", r"/oauth/v3/\1"),
    (rf"/appinstalls/{V}/(.+)", r"/appinstalls/v3/\1"),
    (rf"/events/event-occurrences/{V}(/.+)?", r"/events/v3/events\1"),
    (rf"/communication-preferences/{V}/(statuses|links)/(.+)", r"/communication-preferences/v4/\1/\2"),
    (rf"/communication-preferences/{V}/(definitions|subscribe|unsubscribe|resubscribe|status/.+)",
     r"/communication-preferences/v3/\1"),
    (rf"/marketing/marketing-events/{V}(/.+)?", r"/marketing/v3/marketing-events\1"),
    (rf"/marketing/emails/{V}(/.+)?", r"/marketing/v3/emails\1"),
    (rf"/marketing/forms/{V}(/.+)?", r"/marketing/v3/forms\1"),
    (rf"/automation/actions/{V}/(\d+(?:/.+)?)", r"/automation/v4/actions/\1"),
    (rf"/automation/flows/{V}(/.+)?", r"/automation/v4/flows\1"),
    (rf"/(?:app-)?webhooks/{V}/(\d+)(/.+)", r"/webhooks/v3/\1\2"),
]  # fmt: skip
PATTERNS = [(re.compile(pattern), target) for pattern, target in DATED]
READING_POSTS = (
    "/search",
    "/batch/read",
    "/token",
    "/introspect",
    "/revoke",
    "/__twin__",
    "/links/generate",
    "/idmapping",
)


def canonical(path: str) -> tuple[str, bool]:
    """The path handlers know (no trailing slash), and whether a dated version was called."""
    bare = path.rstrip("/") or "/"
    for pattern, target in PATTERNS:
        match = pattern.fullmatch(bare)
        if match:
            return match.expand(target).replace("None", ""), True
    return bare, False


def kind_of(method: str, path: str) -> str:
    """list, search, batch or other: what latency is asked for by."""
    if path.startswith("/crm/v3/objects/"):
        if path.endswith("/search"):
            return "search"
        if method == "GET" and path.count("/") == 4:
            return "list"
    return "batch" if "/batch/" in path else "other"


def is_writing(method: str, path: str) -> bool:
    if method in ("PUT", "PATCH", "DELETE"):
        return True
    return method == "POST" and not path.endswith(READING_POSTS)
