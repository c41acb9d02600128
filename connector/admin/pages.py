"""All pages as one blueprint: each request passes the door of its address before a view sees it.

    request → session → door (role, and the portal out of the path) → CSRF token on every POST → view → headers

What goes wrong on the way becomes a page with a sentence; nothing of the inside is ever shown.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import structlog
from flask import Blueprint, Response, g, request, send_from_directory
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from connector.admin.doors import Door, Visitor
from connector.admin.frame import PREFIX, Ask, Frame
from connector.admin.words import LANGUAGES, Words
from connector.errors import ConfigError, ConnectorError, StoreError, UnknownPortal
from connector.store import portals
from connector.store.portals import PortalRow

COOKIE = "leadwright"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MOST_POURED = 32_000_000
FOREVER = "public, max-age=31536000, immutable"

log = structlog.get_logger(__name__)


def cookie_name(*, secure: bool) -> str:
    """With TLS the browser itself guards that no other host or path sets it."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def admin_blueprint(frame: Frame, doors: Sequence[Door]) -> Blueprint:
    """The blueprint that serves these doors and the pages' own styles and scripts."""
    pages = Blueprint("admin", __name__, url_prefix=PREFIX, template_folder="templates")
    pages.app_template_global("static_url")(static_url)
    for door in doors:
        rule = door.path or "/"
        pages.add_url_rule(
            rule,
            endpoint=f"{door.method}_{rule}".replace(".", "_"),
            view_func=_guarded(frame, door),
            methods=[door.method],
        )

    @pages.get("/static/<digest>/<path:name>")
    def static(digest: str, name: str) -> Response:
        answer = send_from_directory(str(files("connector.admin") / "static"), name)
        if digest == _digest(name):
            answer.headers["Cache-Control"] = FOREVER
        return answer

    @pages.get("/<path:missing>")
    def nowhere(missing: str) -> Response:
        answer: Response = _guarded(frame, Door("GET", missing, "anybody", lambda ask: failed(ask, 404)))()
        return answer

    @pages.errorhandler(Exception)
    def broken(fault: Exception) -> Response | HTTPException:
        """The last resort: a page with a number to ask for, nothing of the inside."""
        if isinstance(fault, HTTPException):
            return fault
        number = secrets.token_hex(4)
        log.error("page_broken", error=type(fault).__name__, path=request.url_rule, number=number, exc_info=fault)
        return _finished(g.ask, failed(g.ask, 500, number=number))

    return pages


@cache
def _digest(name: str) -> str:
    file = files("connector.admin") / "static" / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.is_file() else ""


def static_url(name: str) -> str:
    """The address of a style or script; another content has another address."""
    return f"{PREFIX}/static/{_digest(name)}/{name}"


def _guarded(frame: Frame, door: Door) -> Any:
    secure = frame.settings.public_url.startswith("https://")

    def enter(**parts: str) -> Response:
        form, files, fits = _sent(door)
        ask = Ask(
            frame, door, _words(None), request.args, form, request.path, files=files, too_large=not fits,
            address=request.remote_addr or "",
        )  # fmt: skip
        g.ask = ask
        return _finished(ask, _answered(ask, parts, request.cookies.get(cookie_name(secure=secure), "")))

    return enter


def _sent(door: Door) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage], bool]:
    """The form's fields and files, and whether they fit through the door; of what does not, nothing is read."""
    request.max_content_length = door.most_bytes
    try:
        return request.form, request.files, True
    except RequestEntityTooLarge:
        return MultiDict(), MultiDict(), False


def _pour_away() -> None:
    """Take what is still being sent and forget it, within reason: before that a browser reads no answer."""
    left = min(request.content_length or MOST_POURED, MOST_POURED)
    while left > 0 and (some := request.environ["wsgi.input"].read(min(left, 65_536))):
        left -= len(some)


def _finished(ask: Ask, answer: Response) -> Response:
    """With what a browser may do with the page, and the cookies the view left."""
    secure = ask.frame.settings.public_url.startswith("https://")
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers.setdefault("Cache-Control", "no-store")
    for name, value, seconds in ask.cookies:
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="Lax")
    return answer


def _answered(ask: Ask, parts: dict[str, str], cookie: str) -> Response:
    try:
        ask.visitor = ask.frame.porter.visitor(cookie)
        ask.words = _words(ask.visitor)
        refusal = _refused(ask, parts)
        return refusal if refusal is not None else ask.door.view(ask, **parts)
    except UnknownPortal:
        return failed(ask, 404)
    except ConfigError as fault:
        return failed(ask, 400, fault)
    except ConnectorError as fault:
        number = secrets.token_hex(4)
        log.warning("page_failed", reason=fault.reason, path=ask.door.path, number=number)
        return failed(ask, 503, None if isinstance(fault, StoreError) else fault, number=number)


def _refused(ask: Ask, parts: dict[str, str]) -> Response | None:
    """The answer for whoever may not pass; None opens the door. Puts the portal into the ask."""
    door, visitor = ask.door, ask.visitor
    if door.least != "anybody" and visitor is None:
        if door.method == "GET":
            return ask.go("/sign-in")
        return failed(ask, 401)
    if door.of_portal:
        ask.portal_row = _portal(ask, parts.pop("portal"))
        if ask.portal_row is None:
            return failed(ask, 404)
    elif visitor is not None and not visitor.may(door.least):
        return failed(ask, 404)
    if ask.too_large:
        _pour_away()
        return failed(ask, 413)
    if door.method == "POST" and visitor is not None and not _token_fits(ask, visitor):
        return failed(ask, 403, None)
    return None


def _portal(ask: Ask, name: str) -> PortalRow | None:
    """The portal of that name, if this person may do there what the door asks for; else as if there were none."""
    with ask.frame.store.view() as u:
        row = portals.by_name(u, name)
    return row if ask.visitor is not None and ask.visitor.may(ask.door.least, row.id) else None


def _token_fits(ask: Ask, visitor: Visitor) -> bool:
    given = ask.form.get("csrf", "") or request.headers.get("X-CSRF-Token", "")
    return bool(visitor.csrf) and hmac.compare_digest(given.encode(), visitor.csrf.encode())


def _words(visitor: Visitor | None) -> Words:
    if visitor is not None:
        return Words(visitor.language, visitor.time_zone)
    return Words(request.accept_languages.best_match(LANGUAGES, "en") or "en")


def failed(ask: Ask, status: int, fault: ConnectorError | None = None, *, number: str = "") -> Response:
    """The page that says what happened and what to do."""
    return ask.page("failed.html", status=status, heard=False, code=status, fault=fault, number=number)
