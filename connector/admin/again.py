"""Proving once more who one is, before what matters most; and back to where one came from, never to another site."""

from __future__ import annotations

import re

from flask import Response

from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.admin.porter import actor

__all__ = ["DOORS", "actor", "own_path", "prove_first"]

_OWN = re.compile(r"/(?:[a-z0-9][a-z0-9_.-]*/?)*")


def own_path(told: str) -> str:
    """A path below our pages, or the first page for anything else."""
    return told if len(told) <= 200 and _OWN.fullmatch(told) and ".." not in told else "/"


def prove_first(ask: Ask, back: str) -> Response | None:
    """None for who has proved lately who they are; else the way to do so, and back to that page's path.

    A view that changes what matters (who may do what, a password, a portal that goes live) begins with it."""
    if ask.who.fresh:
        return None
    ask.frame.porter.say(ask.who, ask.t("Nothing was changed yet. Please confirm first that it is you."))
    return ask.go(f"/again?then={own_path(back)}")


def show(ask: Ask) -> Response:
    return _page(ask, own_path(ask.args.get("then", "")))


def confirm(ask: Ask) -> Response:
    then = own_path(ask.form.get("then", ""))
    service = ask.frame.service
    person = service.people.person(ask.who.id)
    answer = service.entrance.prove(person, bytes.fromhex(ask.who.session), ask.form.get("password", ""))
    if answer.cookie:
        return ask.go(then, ask.t("Thank you. Please send the form again."))
    return _page(ask, then, wait_until=answer.wait_until_ms, status=422)


def _page(ask: Ask, then: str, *, wait_until: int = 0, status: int = 200) -> Response:
    person = ask.frame.service.people.person(ask.who.id)
    return ask.page(
        "people_again.html", status=status, then=then, wait_until=wait_until, failed=status != 200,
        no_password=person.password_hash is None,
    )  # fmt: skip


DOORS = (
    Door("GET", "/again", "signed_in", show),
    Door("POST", "/again", "signed_in", confirm),
)
