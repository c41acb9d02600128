"""What was put aside, by cause: bad notices, failed jobs, fields that flip, refused writes; bring back or give up.

A cause travels in forms as a fingerprint: its sentence may quote a person's values, which are hidden here.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response

from connector.admin import plain
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.errors import ConnectorError
from connector.reports.failures import last_failure_ms
from connector.reports.wording import masked

KINDS = {
    "notices": "Notices from HubSpot", "deliveries": "Unreadable deliveries", "jobs": "Failed work",
    "frozen": "Fields left alone", "refused today": "Refused by HubSpot today",
}  # fmt: skip
WHAT = {
    "notices": "They could not be handled. Bringing them back reads the records again, which is harmless.",
    "deliveries": "They belong to no portal that is known. Bringing them back reads them once more.",
    "jobs": "The work was given up. Bringing it back lets the worker try once more.",
    "frozen": "Two writers kept turning these properties, so we stopped. Stop one of them, then let us write again.",
    "refused today": "HubSpot said no. Mend the cause there; each is tried again daily, or by applying a plan.",
}  # fmt: skip
RETRIED, DISCARDED = ("notices", "deliveries", "jobs", "frozen"), ("notices", "deliveries", "jobs")


def held(ask: Ask) -> Response:
    """Everything that is put aside, one line a cause."""
    groups = _groups(ask)
    last = None
    if not groups:
        with ask.frame.store.view() as u:
            last = last_failure_ms(u, ask.portal.id)
    return ask.page(
        "held.html", groups=groups, kinds=KINDS, what=WHAT, retried=RETRIED, discarded=DISCARDED, last=last,
        plain=plain, now=ask.frame.clock.now_ms(),
    )  # fmt: skip


def _groups(ask: Ask) -> list[dict[str, Any]]:
    """Deliveries that belong to no portal are shown to those who look after all portals."""
    found = ask.frame.service.held(ask.portal.name)["held"]
    everywhere = ask.who.may("admin")
    return [
        {**group, "key": _key(group["reason"]), "why": masked(group["reason"])}
        for group in found
        if group["kind"] != "deliveries" or everywhere
    ]


def _key(reason: str) -> str:
    return hashlib.blake2b(reason.encode(), digest_size=12).hexdigest()


def _chosen(ask: Ask) -> dict[str, Any] | None:
    """The cause that a form or an address names."""
    given = ask.form if ask.form.get("cause") else ask.args
    kind, key = given.get("kind", ""), given.get("cause", "")
    return next((one for one in _groups(ask) if one["kind"] == kind and one["key"] == key), None)


def retry(ask: Ask) -> Response:
    """Bring one or all of a cause back to work."""
    group = _chosen(ask)
    if group is None or group["kind"] not in RETRIED:
        return _gone(ask)
    name, kind = ask.portal.name, group["kind"]
    ids = ask.frame.service.held_of_cause(name, kind, group["reason"])
    if ask.form.get("how") == "one":
        ids = ids[:1]
    try:
        done = ask.frame.service.held_retry(name, [kind], ids)["retried"].get(kind, 0)
    except ConnectorError as fault:
        return ask.go("/held", " ".join(plain.plainly(ask.words, fault)), portal=name)
    ask.frame.request_work(ask.portal.id, "drain")
    ask.book(ask.t("Brought back what was put aside: {kind}", kind=ask.t(KINDS[kind])), before=group["why"],
             after=ask.t("{count} brought back", count=done))  # fmt: skip
    return ask.go("/held", ask.t("{count} brought back; the worker looks at them now.", count=done), portal=name)


def _gone(ask: Ask) -> Response:
    return ask.go("/held", ask.t("This cause is there no more."), portal=ask.portal.name)


def before_discard(ask: Ask) -> Response:
    """How many would be given up, and that it is for good."""
    group = _chosen(ask)
    if group is None or group["kind"] not in DISCARDED:
        return _gone(ask)
    return ask.page("held_discard.html", group=group, kinds=KINDS)


def discard(ask: Ask) -> Response:
    """Give up all of a cause, for good."""
    group = _chosen(ask)
    if group is None or group["kind"] not in DISCARDED:
        return _gone(ask)
    name, kind = ask.portal.name, group["kind"]
    ids = ask.frame.service.held_of_cause(name, kind, group["reason"])
    done = ask.frame.service.held_discard(name, [kind], ids)["discarded"].get(kind, 0)
    ask.book(ask.t("Gave up what was put aside: {kind}", kind=ask.t(KINDS[kind])), before=group["why"],
             after=ask.t("{count} given up", count=done))  # fmt: skip
    return ask.go("/held", ask.t("{count} given up.", count=done), portal=name)


DOORS: tuple[Door, ...] = (
    Door("GET", "/portals/<portal>/held", "analyst", held),
    Door("POST", "/portals/<portal>/held/retry", "editor", retry),
    Door("GET", "/portals/<portal>/held/discard", "admin", before_discard),
    Door("POST", "/portals/<portal>/held/discard", "admin", discard),
)
