"""The pages before somebody is signed in: sign in, the second factor, one-time links; and signing out.

A form of somebody who has no session yet carries a token that the same browser holds in a cookie: nobody can sign
another person in from another site.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from flask import Response, request

from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.admin.pages import cookie_name
from connector.errors import ConfigError
from connector.sync.entrance import LONGEST_MS, Answer, Browser, sets_password

FORM, FORM_SECONDS = "form", 3600
GONE = 0


def sign_in(ask: Ask) -> Response:
    if ask.visitor is not None:
        return ask.go("/")
    return _page(ask, "people_sign_in.html")


def send_sign_in(ask: Ask) -> Response:
    if not _own_form(ask):
        return _page(ask, "people_sign_in.html", status=403, stale=True)
    email = ask.form.get("email", "")
    answer = ask.frame.service.entrance.by_password(
        email, ask.form.get("password", ""), ask.form.get("code", ""), _browser(ask)
    )
    if answer.cookie:
        return _through(ask, answer)
    return _page(ask, "people_sign_in.html", status=422, failed=True, email=email, wait_until=answer.wait_until_ms)


def code(ask: Ask) -> Response:
    return ask.go("/") if ask.visitor is not None else _page(ask, "people_code.html")


def send_code(ask: Ask) -> Response:
    if not _own_form(ask):
        return _page(ask, "people_code.html", status=403, stale=True)
    answer = ask.frame.service.entrance.by_code(ask.form.get("code", ""), _browser(ask))
    if answer.cookie:
        return _through(ask, answer)
    if not answer.step:
        return ask.go("/sign-in")
    return _page(ask, "people_code.html", status=422, failed=True, wait_until=answer.wait_until_ms)


def link(ask: Ask, token: str) -> Response:
    """Looking at a link spends nothing: mail programs look at links, too."""
    try:
        found, person = ask.frame.service.entrance.look(token)
    except ConfigError as fault:
        return _page(ask, "people_link_dead.html", status=404, fault=fault)
    return _page(ask, "people_link.html", person=person, sets=sets_password(found, person), purpose=found.purpose)


def send_link(ask: Ask, token: str) -> Response:
    entrance = ask.frame.service.entrance
    try:
        found, person = entrance.look(token)
        shown = {"person": person, "sets": sets_password(found, person), "purpose": found.purpose}
        if not _own_form(ask):
            return _page(ask, "people_link.html", status=403, stale=True, **shown)
        if ask.form.get("password", "") != ask.form.get("repeat", ""):
            return _page(ask, "people_link.html", status=422, unlike=True, **shown)
        answer = entrance.by_link(token, ask.form.get("password", ""), _browser(ask))
    except ConfigError as fault:
        return _page(ask, "people_link_dead.html", status=404, fault=fault)
    if answer.weak:
        return _page(ask, "people_link.html", status=422, weak=answer.weak, **shown)
    return _through(ask, answer)


def sign_out(ask: Ask) -> Response:
    ask.frame.service.entrance.sign_out(_browser(ask).cookie)
    ask.visitor = None
    ask.cookies = (*ask.cookies, (_session_cookie(ask), "", GONE))
    return ask.go("/sign-in")


def _through(ask: Ask, answer: Answer) -> Response:
    ask.cookies = (*ask.cookies, (_session_cookie(ask), answer.cookie, LONGEST_MS // 1000))
    return ask.go("/sign-in/code" if answer.step else "/")


def _page(ask: Ask, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page with a form for somebody without a session, and the token that guards it."""
    name = f"{_session_cookie(ask)}-form"
    token = request.cookies.get(name, "")
    if len(token) < 40:
        token = secrets.token_urlsafe(32)
    ask.cookies = (*ask.cookies, (name, token, FORM_SECONDS))
    anybody = template != "people_sign_in.html" or ask.frame.service.entrance.anybody()
    return ask.page(template, status=status, form_token=token, anybody=anybody, **values)


def _own_form(ask: Ask) -> bool:
    """Whether the form comes from a page of ours in this very browser."""
    held, told = request.cookies.get(f"{_session_cookie(ask)}-form", ""), ask.form.get(FORM, "")
    return len(held) >= 40 and hmac.compare_digest(held.encode("utf-8", "replace"), told.encode("utf-8", "replace"))


def _session_cookie(ask: Ask) -> str:
    return cookie_name(secure=ask.frame.settings.public_url.startswith("https://"))


def _browser(ask: Ask) -> Browser:
    return Browser(ask.address, request.user_agent.string, request.cookies.get(_session_cookie(ask), ""))


DOORS = (
    Door("GET", "/sign-in", "anybody", sign_in),
    Door("POST", "/sign-in", "anybody", send_sign_in),
    Door("GET", "/sign-in/code", "anybody", code),
    Door("POST", "/sign-in/code", "anybody", send_code),
    Door("GET", "/link/<token>", "anybody", link),
    Door("POST", "/link/<token>", "anybody", send_link),
    Door("POST", "/sign-out", "signed_in", sign_out),
)
