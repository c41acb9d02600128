"""Consent and tokens: where a person says yes, a code becomes tokens, tokens become new ones, or are given up.

Every call goes through ``Transport`` with its limits of time and size, and every one of its errors comes from
``classify``; here they get the words of connecting. Nothing is stored here, and no token ever stands in an address
or a log. When tokens are renewed, and by whom, is decided in ``connector/sync/renewing.py``.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

import structlog

from connector.clock import Clock
from connector.errors import ConfigError, FeatureOff, GrantRefused, GrantRevoked
from connector.portal.bodies import JsonValue, items, text
from connector.portal.scopes import NEEDED, OPTIONAL
from connector.portal.translate import whole
from connector.portal.transport import Call, Transport
from connector.portal.versions import DATED, OLD, OPERATIONS

API_HOST, CONSENT_HOST = "api.hubapi.com", "https://app.hubspot.com"
LIFE_SECONDS = 1800
_SECRET = "LEADWRIGHT_HUBSPOT_CLIENT_SECRET"  # noqa: S105 - the setting's name
_OURS: Mapping[str, tuple[str, str]] = {
    "BAD_CLIENT_ID": ("HubSpot knows no app with this client id.", "Copy it anew into LEADWRIGHT_HUBSPOT_CLIENT_ID."),
    "BAD_CLIENT_SECRET": ("HubSpot does not accept the app's client secret.", f"Copy it anew into {_SECRET}."),
    "BAD_REDIRECT_URI": (
        "The address HubSpot should come back to is not one of the app's redirect URLs.",
        "Enter LEADWRIGHT_PUBLIC_URL followed by /oauth/hubspot/callback among the app's redirect URLs in HubSpot.",
    ),
    "BAD_SCOPES": (
        "HubSpot refused the scopes that were asked for.",
        "Enter those that the page before HubSpot's lists in the app's settings there.",
    ),
    "BAD_AUTH_CODE": ("HubSpot's answer was used already, or it is too old.", "Connect once more, with a new link."),
    "BAD_CODE_VERIFIER": ("HubSpot's answer belongs to another attempt.", "Connect once more, with a new link."),
}
_SHORT = {"invalid_client": "BAD_CLIENT_SECRET", "invalid_grant": "BAD_AUTH_CODE"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What HubSpot granted; the secrets are never shown. ``hub_id`` 0: it did not say."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_ms: int
    life_ms: int
    hub_id: int = 0
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What HubSpot says of a token. ``user`` is an e-mail: it is for showing to that person, never for keeping."""

    active: bool
    hub_id: int = 0
    hub_domain: str = ""
    app_id: int = 0
    user_id: int = 0
    user: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """PKCE (RFC 7636): the verifier stays here, its hash travels with the question."""

    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> Proof:
        return cls(secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        hashed = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")


def consent_host(base_url: str) -> str:
    """Where people are asked: HubSpot has a host of its own for it, a simulated portal does not."""
    return CONSENT_HOST if urlsplit(base_url).hostname == API_HOST else base_url.rstrip("/")


class OAuthClient:
    """One app at HubSpot's token endpoints. ``secrets``: two, while one replaces the other; the first is used."""

    def __init__(self, base_url: str, client_id: str, client_secrets: Sequence[str], *, clock: Clock) -> None:
        if not client_id or not client_secrets:
            raise ConfigError(
                "The HubSpot app is not set up: its client id or secret is missing.",
                remedy=f"Set LEADWRIGHT_HUBSPOT_CLIENT_ID and {_SECRET} (HubSpot: the app's Auth page).",
                reason="oauth_app",
            )
        self._client_id = client_id
        self._secret = client_secrets[0]
        self._clock = clock
        self._transport = Transport(base_url, "", clock=clock)
        self.base_url = self._transport.base_url

    def close(self) -> None:
        self._transport.close()

    def consent_url(self, redirect_uri: str, state: str, proof: Proof, *, hub_id: int = 0) -> str:
        """Where the person is sent; with ``hub_id`` HubSpot asks about that portal and lets none be chosen."""
        asked = {
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(NEEDED),
            "optional_scope": " ".join(OPTIONAL),
            "state": state,
            "code_challenge": proof.challenge,
            "code_challenge_method": "S256",
        }
        where = f"/oauth/{hub_id}/authorize" if hub_id else "/oauth/authorize"
        return f"{consent_host(self.base_url)}{where}?{urlencode(asked, quote_via=quote)}"

    def redeem(self, code: str, redirect_uri: str, proof: Proof) -> Tokens:
        """A code for tokens. ConfigError says what is wrong with the app or with this attempt."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        try:
            return self._tokens("oauth.redeem", form | {"code_verifier": proof.verifier})
        except GrantRefused as refusal:
            raise _in_words(refusal) from None

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; HubSpot may hand back another refresh token. ``GrantRevoked``: only people can mend it."""
        try:
            return self._tokens("oauth.refresh", {"grant_type": "refresh_token", "refresh_token": refresh_token})
        except GrantRevoked:
            raise
        except GrantRefused as refusal:
            raise _in_words(refusal) from None

    def introspect(self, token: str, hint: str = "access_token") -> TokenFacts:
        """Whose a token is and what it may do; a dead one is not active."""
        try:
            data = self._ask("oauth.introspect", {"token": token, "token_type_hint": hint})
        except GrantRefused as refusal:
            raise _in_words(refusal) from None
        return TokenFacts(
            active=data.get("active") is True,
            hub_id=whole(data.get("hub_id")) or 0,
            hub_domain=text(data.get("hub_domain")),
            app_id=whole(data.get("app_id")) or 0,
            user_id=whole(data.get("user_id")) or 0,
            user=text(data.get("user")),
            scopes=tuple(text(scope) for scope in items(data.get("scopes"))),
        )

    def revoke(self, refresh_token: str) -> None:
        """Give a grant up. Access tokens that came of it live on until they expire."""
        try:
            self._ask("oauth.revoke", {"token": refresh_token, "token_type_hint": "refresh_token"})
        except GrantRevoked:
            return
        except GrantRefused as refusal:
            raise _in_words(refusal) from None

    def _tokens(self, name: str, form: dict[str, str]) -> Tokens:
        before = self._clock.now_ms()  # from before the question, so that a token never lives longer here than there
        data = self._ask(name, form)
        access = text(data.get("access_token"))
        refresh = text(data.get("refresh_token")) or form.get("refresh_token", "")
        if not access or not refresh:
            raise GrantRefused("HubSpot answered without a token.", code="NO_TOKEN")
        life_ms = 1000 * (whole(data.get("expires_in")) or LIFE_SECONDS)
        return Tokens(
            access=access,
            refresh=refresh,
            expires_ms=before + life_ms,
            life_ms=life_ms,
            hub_id=whole(data.get("hub_id")) or 0,
            scopes=tuple(text(scope) for scope in items(data.get("scopes"))),
        )

    def _ask(self, name: str, form: dict[str, str]) -> dict[str, JsonValue]:
        """The dated address first; the old one only where nobody knows the dated one."""
        body = urlencode({"client_id": self._client_id, "client_secret": self._secret, **form}).encode("ascii")
        try:
            data = self._call(name, DATED, body)
        except FeatureOff:
            log.warning("oauth.old_address", operation=name, path=OPERATIONS[name].old)
            data = self._call(name, OLD, body)
        return data if isinstance(data, dict) else {}

    def _call(self, name: str, generation: str, body: bytes) -> JsonValue:
        operation = OPERATIONS[name]
        path = operation.template(generation)
        return self._transport.call(Call(operation, path, path, body=body, form=True)).data


def _in_words(refusal: GrantRefused) -> ConfigError:
    """A refusal that people here can mend: by the app's settings, or by starting again."""
    code = refusal.code if refusal.code in _OURS else _SHORT.get(refusal.code, "")
    message, remedy = _OURS.get(code, (refusal.message, "Check the app's settings in HubSpot."))
    return ConfigError(message, remedy=remedy, reason=refusal.code.lower() or "grant_refused")
