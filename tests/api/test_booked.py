"""Every call that changes something leaves exactly one entry in the audit log; a refused one leaves none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.api.areas import ROUTES
from connector.store import documents, inbox
from connector.store.inbox import NewEntry
from tests.api.conftest import ACME, Desk, Program

AT = f"/portals/{ACME}"
DRAFT = f"{AT}/documents/scoring/draft"
TEXT = "name: another\nrules: []\n"
Sent = tuple[str, str, dict[str, Any]]


def changed(desk: Desk) -> str:
    body: str = desk.service.config_show(ACME, "scoring")["body"]
    return body.replace("points: 10", "points: 11", 1)


def with_draft(desk: Desk) -> None:
    desk.program("admin").send("PUT", DRAFT, match=0, body=changed(desk))


def publishing(desk: Desk) -> Sent:
    with_draft(desk)
    return "POST", f"{AT}/documents/scoring/publish", {"json": {"revision": 1, "reason": "because"}}


def reverting(desk: Desk) -> Sent:
    desk.program("admin").post(path=publishing(desk)[1], revision=1, reason="because")
    return "POST", f"{AT}/documents/scoring/revert", {"json": {"version": 1, "expected": 2}}


def discarding(desk: Desk) -> Sent:
    with_draft(desk)
    return "DELETE", DRAFT, {"headers": {"If-Match": '"1"'}}


def trying(desk: Desk) -> Sent:
    with_draft(desk)
    return "POST", f"{DRAFT}/dry-run", {"json": {}}


def retrying(desk: Desk) -> Sent:
    now = desk.clock.now_ms()
    with desk.service.store.unit() as u:
        inbox.add(u, desk.acme, [NewEntry("k", 1, "contact.creation", 7, "", now, now, "{}", "why")])
    cause = desk.program("admin").get(f"{AT}/held")["held"][0]["cause"]
    return "POST", f"{AT}/held/{cause}/retry", {"json": {}}


def applying(desk: Desk) -> Sent:
    return "POST", f"{AT}/plan/apply", {"json": {"hash": desk.program("admin").get(f"{AT}/plan")["hash"]}}


def scoring(desk: Desk) -> Sent:
    method, path, more = trying(desk)
    return method, path.replace("/dry-run", "/scores"), more


def undoing(desk: Desk) -> Sent:
    desk.service.live(ACME)
    run = desk.service.apply(ACME, plan_hash=desk.service.plan(ACME)["hash"])["run"]
    return "POST", f"{AT}/runs/{run}/undo", {"json": {}}


def signing(desk: Desk) -> Sent:
    """In a portal that asks for signatures; the draft is somebody else's."""
    text: str = desk.service.config_show(ACME, "lifecycle")["body"]
    asking = text.replace("signatures: none", "signatures: marketing_and_sales")
    with desk.service.store.unit() as u:
        documents.publish(u, desk.acme, "lifecycle", asking, "kim", "sales has a say", desk.clock.now_ms())
    with_draft(desk)
    author = desk.program("admin").get(DRAFT)["author"]
    return "POST", f"{DRAFT}/sign", {"json": {"side": "sales", "revision": 1, "author": author}}


def signer(desk: Desk) -> Program:
    """A signature is a person's."""
    desk.person("kim@client.example", "admin")
    return desk.program("admin", person="kim@client.example")


def sheeting(desk: Desk) -> Sent:
    sheet = desk.program("admin").ask("GET", f"{AT}/documents/scoring/sheet").data.replace(b",15,", b",25,")
    return "PUT", f"{DRAFT}/sheet", {"data": sheet, "content_type": "text/csv", "headers": {"If-Match": '"0"'}}


# What lets each changing call succeed, how many entries it leaves, and the same call as it would be refused.
GOOD: dict[str, tuple[Callable[[Desk], Sent], int]] = {
    "sync_now": (lambda _: ("POST", f"{AT}/sync", {"json": {}}), 1),
    "make_plan": (lambda _: ("POST", f"{AT}/plan", {"json": {}}), 1),
    "apply_plan": (applying, 1),
    "save_draft": (lambda _: ("PUT", DRAFT, {"json": {"body": TEXT}, "headers": {"If-Match": '"0"'}}), 1),
    "save_draft_sheet": (sheeting, 1),
    "discard_draft": (discarding, 1),
    "dry_run_draft": (trying, 0),  # it keeps nothing
    "scores_of_draft": (scoring, 0),
    "undo_run": (undoing, 1),
    "sign_draft": (signing, 1),
    "publish_draft": (publishing, 1),
    "revert_document": (reverting, 1),
    "retry_held": (retrying, 1),
}
AGAIN = {
    "apply_plan", "undo_run", "save_draft", "save_draft_sheet", "discard_draft", "publish_draft", "revert_document",
    "retry_held",
}  # fmt: skip


def test_every_changing_call_is_here():
    assert set(GOOD) == {route.name for route in ROUTES if route.method != "GET"}


@pytest.mark.parametrize("name", GOOD)
def test_one_entry_and_none_for_the_second_that_is_refused(desk, name):
    prepare, entries = GOOD[name]
    method, path, more = prepare(desk)
    before = len(desk.deeds())
    program = signer(desk) if name == "sign_draft" else desk.program("admin")
    expected = "kim@client.example (token admin)" if name == "sign_draft" else "token admin of acme"
    answer = program.ask(method, path, **more)
    assert answer.status_code in (200, 202), answer.text
    made = desk.deeds()[before:]
    assert len(made) == entries
    assert all((who, portal) == (expected, ACME) for who, _, _, portal in made)
    if name in AGAIN:
        assert desk.program("admin").ask(method, path, **more).status_code in (404, 409, 412)
        assert len(desk.deeds()) == before + entries
    assert desk.service.audit_log(check=True).verdict.ok


def test_reading_leaves_none(desk):
    who = desk.program("admin")
    for path in (
        "",
        "/contacts",
        f"/contacts/{desk.contact}",
        "/plan",
        "/plan/changes",
        "/documents",
        "/held",
        "/runs",
    ):
        who.get(f"{AT}{path}")
    assert desk.deeds() == []
    who.get(f"{AT}/contacts/{desk.contact}/timeline", unmasked="true")
    assert len(desk.deeds()) == 1, "but who looked at addresses is noted"
