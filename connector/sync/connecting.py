"""Connecting a portal by consent: a link for one person, the way to HubSpot and back, the portal that comes of it.

    link   a person at the command line makes an address: signed, good once, for ten minutes
    begin  whoever opens it and says yes is sent to HubSpot; what was asked stays in that browser, sealed
    finish HubSpot sends the browser back: the same browser, once, in time, and the very portal that was meant

A new portal starts in observe mode. One that is connected anew goes on where it stood, with all it knows. Cookies,
addresses and pages are ``connector/serving/oauth.py``'s.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NoReturn

from connector.clock import Clock, iso
from connector.errors import ConfigError, MissingScope, SecretKeyMissing
from connector.model.records import PortalIdentity
from connector.portal.gateway import Portal
from connector.portal.oauth import OAuthClient, Proof, TokenFacts
from connector.portal.scopes import missing
from connector.settings import Settings
from connector.store import Store, Unit, leases, portals, spent
from connector.store.front import Front
from connector.store.portals import PortalRow
from connector.sync.checking import check_name, refuse_other_portal
from connector.sync.credentials import SETTING, Grant, keep_grant
from connector.sync.renewing import REFRESH
from connector.sync.rulebook import publish_shipped
from connector.vault import Vault

START, BACK = "/oauth/hubspot/start", "/oauth/hubspot/callback"
MINUTES_MS = 600_000
LINK, ASKED = "connect link", "oauth state"
NEW_LINK = "Ask for a new link; it is made with: leadwright portal connect"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link allows. ``name`` '': a new portal, named by its domain."""

    name: str
    ident: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of HubSpot, as the browser keeps it: sealed. ``hub_id`` 0: whichever portal the person picks."""

    state: str
    verifier: str = field(repr=False)
    name: str
    hub_id: int
    base_url: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the person goes, and what the browser keeps meanwhile."""

    url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of it; ``without`` are reasons of scopes that were not granted."""

    name: str
    hub_id: int
    anew: bool
    live: bool
    without: tuple[str, ...]


class Connecting:
    """The doorway of one installation. ``connect`` and ``app`` make a portal and the app's client for an address."""

    def __init__(
        self,
        store: Store,
        front: Front,
        vault: Vault,
        settings: Settings,
        clock: Clock,
        *,
        connect: Callable[..., Portal],
        app: Callable[[str], OAuthClient],
    ) -> None:
        self._store = store
        self._front = front
        self._vault = vault
        self._settings = settings
        self._clock = clock
        self._connect = connect
        self._app = app

    # the link ----------------------------------------------------------------------------------------------------

    def link(self, name: str = "") -> dict[str, Any]:
        """An address that lets one person connect one portal."""
        if name:
            check_name(name)
        public = self._public_url()
        self._app(self._settings.hubspot_url).close()  # says now what is not set up
        until = self._clock.now_ms() + MINUTES_MS
        body = json.dumps({"name": name, "ident": secrets.token_urlsafe(16), "until_ms": until}).encode()
        seal = self._vault.fingerprint(body.decode(), LINK)
        row = self._row(name)
        return {
            "portal": name or None,
            "anew": row is not None,
            "url": f"{public}{START}?link={_text(body)}.{_text(seal)}",
            "good_until": iso(until),
        }

    def look(self, told: str) -> Link:
        """What a link allows; it is not spent by being looked at. ConfigError: forged, or too old."""
        body, _, seal = told.partition(".")
        written, given = _bytes(body), _bytes(seal)
        prints = self._vault.fingerprints(written.decode("utf-8", "replace"), LINK)
        if not written or not any(hmac.compare_digest(given, one) for one in prints):
            _refuse("This link is not one of ours.", "link_forged")
        link = Link(**json.loads(written))
        if link.until_ms < self._clock.now_ms():
            _refuse("This link is older than ten minutes.", "link_old")
        return link

    def begin(self, told: str) -> Begun:
        """Spend the link and ask HubSpot."""
        link = self.look(told)
        redirect = self._public_url() + BACK
        row = self._row(link.name)
        app = self._app(row.base_url if row else self._settings.hubspot_url)
        try:
            self._spend(link.ident, link.until_ms, "This link was used already.", "link_used")
            proof, until = Proof.new(), self._clock.now_ms() + MINUTES_MS
            asked = Asked(
                secrets.token_urlsafe(24), proof.verifier, link.name, row.hub_id if row else 0, app.base_url, until
            )
            cookie = _text(self._vault.seal(json.dumps(asdict(asked)), ASKED))
            return Begun(app.consent_url(redirect, asked.state, proof, hub_id=asked.hub_id), cookie)
        finally:
            app.close()

    # back from HubSpot -------------------------------------------------------------------------------------------

    def finish(self, cookie: str, answer: Mapping[str, str]) -> Connected:
        """Take HubSpot's answer; nothing is kept unless every part of it fits."""
        asked = self._asked(cookie, answer.get("state", ""))
        if answer.get("error") or not answer.get("code"):
            _refuse("HubSpot was told no, so nothing was connected.", "consent_refused")
        app = self._app(asked.base_url)
        try:
            tokens = app.redeem(answer["code"], self._public_url() + BACK, Proof(asked.verifier))
            facts = app.introspect(tokens.access)
        finally:
            app.close()
        self._refuse_other(asked, facts, tokens.hub_id)
        grant = Grant.of(tokens, facts.scopes)
        return self._kept(asked, facts, grant, self._identity(asked.base_url, grant, facts.hub_id))

    def _asked(self, cookie: str, state: str) -> Asked:
        """What this browser asked; the state must be the same, in time, and come for the first time."""
        if not cookie or not state:
            _refuse("This browser has asked HubSpot for nothing, or too long ago.", "state_missing")
        try:
            asked = Asked(**json.loads(self._vault.open(_bytes(cookie), ASKED)))
        except SecretKeyMissing:
            _refuse("This browser has asked HubSpot for nothing.", "state_forged")
        if not hmac.compare_digest(asked.state.encode(), state.encode("utf-8", "replace")):
            _refuse("HubSpot's answer belongs to another question.", "state_other")
        if asked.until_ms < self._clock.now_ms():
            _refuse("HubSpot's answer came after more than ten minutes.", "state_old")
        self._spend(asked.state, asked.until_ms, "HubSpot's answer was used already.", "state_used")
        return asked

    @staticmethod
    def _refuse_other(asked: Asked, facts: TokenFacts, told: int) -> None:
        """The portal that HubSpot names must be the one being connected, wherever HubSpot names it."""
        if not facts.active or not facts.hub_id or (told and told != facts.hub_id):
            _refuse("HubSpot does not say which portal was connected.", "portal_untold")
        if asked.hub_id and asked.hub_id != facts.hub_id:
            raise ConfigError(
                f"{asked.name} is HubSpot portal {asked.hub_id}, but portal {facts.hub_id} was picked.",
                remedy=f"Sign in to portal {asked.hub_id} and connect once more, with a new link.",
                reason="other_portal",
            )

    def _identity(self, base_url: str, grant: Grant, hub_id: int) -> PortalIdentity:
        lacking = [scope for scope in missing(frozenset(grant.scopes)) if scope.needed]
        if lacking:
            names = ", ".join(scope.name for scope in lacking)
            raise MissingScope(f"HubSpot did not grant {names}.", scopes=[scope.name for scope in lacking])
        portal = self._connect(base_url, grant.access, clock=self._clock)
        try:
            found = portal.identity()
        finally:
            portal.close()
        if found.hub_id not in {0, hub_id}:
            _refuse("HubSpot names two portals for one connection.", "portal_untold")
        return replace(found, hub_id=hub_id)

    def _kept(self, asked: Asked, facts: TokenFacts, grant: Grant, identity: PortalIdentity) -> Connected:
        now = self._clock.now_ms()
        with self._store.unit() as u:
            known = {row.name: row for row in portals.every(u)}
            name = asked.name or free_name(facts.hub_domain, facts.hub_id, known)
            row = known.get(name)
            if row is not None:
                refuse_other_portal(row, identity, asked.base_url)
                self._renew(u, row, grant, identity)
            else:
                row = portals.add(u, name, asked.base_url, self._vault.seal(grant.text(), name), identity, now)
                portals.keep_setting(u, row.id, SETTING, grant.about())
                publish_shipped(u, row.id, self._settings.config_dir, now)
        with self._front.unit() as u:
            leases.forget(u, row.id, REFRESH)
        without = tuple(scope.reason for scope in missing(frozenset(grant.scopes)))
        return Connected(name, facts.hub_id, name in known, row.live, without)

    def _renew(self, u: Unit, row: PortalRow, grant: Grant, identity: PortalIdentity) -> None:
        """The pause that the lost connection brought ends with it; a pause by hand stays."""
        keep_grant(u, row.id, row.name, grant, self._vault)
        portals.set_identity(u, row.id, identity)
        if row.paused_ms is not None and row.pause_reason != portals.BY_HAND:
            portals.resume(u, row.id)

    # small parts -------------------------------------------------------------------------------------------------

    def _row(self, name: str) -> PortalRow | None:
        with self._store.view() as u:
            return next((row for row in portals.every(u) if row.name == name), None)

    def _spend(self, ident: str, until_ms: int, message: str, reason: str) -> None:
        with self._front.unit() as u:
            first = spent.spend(u, ident, self._clock.now_ms(), until_ms)
        if not first:
            _refuse(message, reason)

    def _public_url(self) -> str:
        public = self._settings.public_url.rstrip("/")
        if not public:
            raise ConfigError(
                "Nobody knows under which address this installation is reached.",
                remedy="Set LEADWRIGHT_PUBLIC_URL; HubSpot sends people back to it.",
                reason="public_url",
            )
        return public


def free_name(hub_domain: str, hub_id: int, taken: Mapping[str, object]) -> str:
    """A portal's name from its domain; with HubSpot's number where another has that name already."""
    labels = hub_domain.lower().removeprefix("www.").split(".")
    plain = re.sub(r"[^a-z0-9]+", "-", labels[0]).strip("-")[:28].strip("-") or "portal"
    return plain if plain not in taken and plain != "portal" else f"{plain}-{hub_id}"


def _refuse(message: str, reason: str) -> NoReturn:
    raise ConfigError(message, remedy=NEW_LINK, reason=reason)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    """What was written by ``_text``; nothing for anything else."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
