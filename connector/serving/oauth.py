"""The pages of connecting a portal by consent: before HubSpot, and back from it. What happens is ``sync/connecting``'s.

Nobody is signed in here: the link is what opens the door. Looking at it spends nothing (mail programs look at links,
too); the button does. No page says anything of the inside, and nothing may be loaded, framed or kept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request
from markupsafe import Markup

from connector.clock import Clock
from connector.errors import ConfigError, ConnectorError, MissingScope, SecretKeyMissing
from connector.portal.hubspot import connect
from connector.portal.oauth import OAuthClient, consent_host
from connector.portal.scopes import SCOPES
from connector.settings import Settings
from connector.store import Store
from connector.store.front import Front
from connector.sync.connecting import BACK, MINUTES_MS, START, Begun, Connected, Connecting
from connector.vault import Vault

START_PAGE = "/admin/portals/{name}/start"
COOKIE, FOLDER = "leadwright-connecting", "/oauth/hubspot"
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fbfaf7; --line: #d9d5cb; --go: #0b5d4e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e6df; --paper: #161a1f; --line: #3a414a; --go: #6fc7b2; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .25rem 0 1rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.mark { margin: 0; letter-spacing: .04em; opacity: .7; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); }
code { overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: .7rem 1.2rem; border: 0; border-radius: .4rem;
  background: var(--go); color: var(--paper); cursor: pointer; }
button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
"""
BEFORE = (
    "HubSpot will ask you to sign in and to allow what is listed here.",
    "A new portal is only looked at: nothing is written to it until somebody here ends observe mode.",
    "You can take the access back in HubSpot at any time.",
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")

log = structlog.get_logger(__name__)


def oauth_blueprint(settings: Settings, store: Store, front: Front, clock: Clock) -> Blueprint:
    """``start`` and ``callback``; an installation without key or app says that it is not set up for this."""
    pages = Blueprint("oauth", __name__, template_folder="templates")
    secure = settings.public_url.startswith("https://")
    doorway = _doorway(settings, store, front, clock)

    @pages.get(START)
    def ask() -> Response:
        return _shown(lambda: _asking(doorway(), request.args.get("link", ""), settings.hubspot_url))

    @pages.post(START)
    def begin() -> Response:
        return _shown(lambda: _sent(doorway().begin(request.form.get("link", "")), secure=secure))

    @pages.get(BACK)
    def finish() -> Response:
        told = {name: request.args.get(name, "") for name in ("code", "state", "error")}
        answer = _shown(lambda: _done(doorway().finish(request.cookies.get(COOKIE, ""), told)))
        answer.delete_cookie(COOKIE, path=FOLDER, secure=secure, httponly=True, samesite="Lax")
        return answer

    return pages


def _doorway(settings: Settings, store: Store, front: Front, clock: Clock) -> Callable[[], Connecting]:
    """Made when it is asked for: most of what this process does needs neither the key nor HubSpot."""

    def app(base_url: str) -> OAuthClient:
        return OAuthClient(base_url, settings.hubspot_client_id, settings.client_secrets, clock=clock)

    def made() -> Connecting:
        if settings.secret_key is None:
            raise SecretKeyMissing("There is no secret key.")
        vault = Vault(settings.secret_key.get_secret_value())
        return Connecting(store, front, vault, settings, clock, connect=connect, app=app)

    return made


# the pages -----------------------------------------------------------------------------------------------------------


def _asking(doorway: Connecting, link: str, base_url: str) -> Response:
    allowed = doorway.look(link)
    title = f"Connect {allowed.name} to HubSpot" if allowed.name else "Connect a HubSpot portal"
    answer = _page(title, BEFORE, scopes=SCOPES, link=link)
    _only(answer, f"; form-action 'self' {consent_host(base_url)}")
    return answer


def _sent(begun: Begun, *, secure: bool) -> Response:
    answer = make_response(redirect(begun.url, 303))
    answer.set_cookie(
        COOKIE,
        begun.cookie,
        max_age=MINUTES_MS // 1000,
        path=FOLDER,
        secure=secure,
        httponly=True,
        samesite="Lax",  # HubSpot sends the browser back from its own site
    )
    return answer


def _done(connected: Connected) -> Response:
    log.info("oauth.connected", hub_id=connected.hub_id, anew=connected.anew)
    onward = START_PAGE.format(name=connected.name)
    return _page(f"{connected.name} is connected", _how_it_goes_on(connected), points=connected.without, onward=onward)


def _how_it_goes_on(connected: Connected) -> list[str]:
    told = [f"This is HubSpot portal {connected.hub_id}. You may close this page."]
    if connected.anew:
        told.append("It goes on where it stood; what changed in HubSpot meanwhile is read now.")
    if not connected.live:
        told.append("It is in observe mode: contacts are mirrored and judged, nothing is written to HubSpot.")
    if connected.without:
        told.append("Not everything was allowed. Leadwright goes on without what is listed here:")
    return told


def _shown(make: Callable[[], Response]) -> Response:
    """The page, or in its place what went wrong, in words for the person who sees it."""
    try:
        return make()
    except SecretKeyMissing as fault:
        return _failed(fault, 503, "Connecting is not set up here", ["The installation has no usable secret key."])
    except (ConfigError, MissingScope) as fault:
        return _failed(fault, 400, "Nothing was connected", [fault.message, fault.remedy])
    except ConnectorError as fault:
        sentence = "HubSpot or our own database could not be asked just now. Try again with a new link."
        return _failed(fault, 503, "That did not work", [sentence])


def _failed(fault: ConnectorError, status: int, title: str, sentences: Sequence[str]) -> Response:
    log.warning("oauth.refused", reason=fault.reason)
    answer = _page(title, [sentence for sentence in sentences if sentence])
    answer.status_code = status
    return answer


def _page(title: str, sentences: Sequence[str], **more: Any) -> Response:
    # The style is ours alone; its hash is what the policy below allows.
    html = render_template("oauth.html", title=title, sentences=sentences, style=Markup(STYLE), **more)  # noqa: S704
    answer = make_response(html)
    _only(answer, "; form-action 'none'")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _only(answer: Response, forms: str) -> None:
    """What a browser may do with this page: show it."""
    policy = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    answer.headers["Content-Security-Policy"] = policy + forms
