"""Who may call: static tokens, OAuth grants with a short life, and the scopes each address needs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.twin.clock import Clock, iso, to_ms
from connector.twin.definitions import TYPE_IDS
from connector.twin.dials import Dials
from connector.twin.errors import JSON, PortalError, envelope
from connector.twin.feed import APP_ID, Source, app_source

CODE_LIFE = 600
SCOPES = (
    (r"/crm/v3/objects/([^/]+).*", "crm.objects.{}"),
    (r"/crm/v3/properties/([^/]+).*", "crm.schemas.{}"),
    (r"/crm/v3/pipelines/([^/]+).*", "crm.schemas.{}"),
    (r"/crm/v3/owners.*", "crm.objects.owners"),
    (r"/crm/v3/lists.*", "crm.lists"),
    (r"/automation/.*", "automation!"),
    (r"/marketing/v3/forms.*", "forms!"),
    (r"/form-integrations/.*", "forms!"),
    (r"/email/public/.*", "content!"),
    (r"/marketing/v3/marketing-events.*", "crm.objects.marketing_events"),
    (r"/communication-preferences/.*", "communication_preferences"),
)
ENGAGEMENT = ("calls", "emails", "meetings", "notes", "tasks")


@dataclass
class Token:
    """One credential; no scopes named means all of them."""

    name: str
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None
    oauth: bool = False
    app_id: int = APP_ID

    @property
    def source(self) -> Source:
        """As webhooks and histories name this app's writes."""
        return app_source(self.app_id)


@dataclass(frozen=True)
class Consent:
    """What a code stands for until it is redeemed; ``challenge`` is PKCE's (S256), '' without."""

    redirect_uri: str
    scopes: frozenset[str] | None
    expires_at: datetime
    challenge: str = ""

    def proven(self, verifier: str) -> bool:
        """Whether whoever redeems is the one who asked (RFC 7636)."""
        hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return not self.challenge or hashed == self.challenge


@dataclass
class Access:
    """All credentials of the portal."""

    portal_id: int
    clock: Clock
    dials: Dials = field(default_factory=Dials)
    client_id: str = "7b1f4a52-twin-client"
    client_secret: str = "5e1f-twin-client-secret"  # noqa: S105 - a simulated portal
    developer_key: str = "d3v0c0de-74b1-4c2e-9d11-twin-developer"
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, frozenset[str] | None] = field(default_factory=dict)
    codes: dict[str, Consent] = field(default_factory=dict)
    renewals: Counter[str] = field(default_factory=Counter)
    issued: int = 0

    def issue_code(self, redirect_uri: str, scopes: frozenset[str] | None = None, challenge: str = "") -> str:
        """What HubSpot appends to the redirect after consent; single use, short-lived."""
        self.issued += 1
        code = f"eu1-code-{self.portal_id}-{self.issued}"
        expires = self.clock.now() + timedelta(seconds=CODE_LIFE)
        self.codes[code] = Consent(redirect_uri, scopes, expires, challenge)
        return code

    def issue_access(self, scopes: frozenset[str] | None) -> str:
        self.issued += 1
        token = f"CT{self.portal_id}-{self.issued:06d}-" + "x" * 420
        expires = self.clock.now() + timedelta(seconds=self.dials.oauth_life)
        self.tokens[token] = Token("oauth", scopes, expires, oauth=True)
        return token

    def issue_refresh(self, scopes: frozenset[str] | None) -> str:
        self.issued += 1
        token = f"eu1-refresh-{self.portal_id}-{self.issued}"
        self.refresh_tokens[token] = scopes
        return token

    def renew(self, refresh: str) -> str:
        """The refresh token that is good from now on; with the dial turned the old one is dead at once."""
        self.renewals[refresh] += 1
        if not self.dials.oauth_rotates:
            return refresh
        return self.issue_refresh(self.refresh_tokens.pop(refresh))

    def uninstall(self) -> None:
        """The app leaves the portal: every grant dies, and so do the tokens that came of it."""
        self.refresh_tokens.clear()
        self.codes.clear()
        for secret in [secret for secret, token in self.tokens.items() if token.oauth]:
            del self.tokens[secret]

    def admit(self, header: str, method: str, path: str) -> Token:
        """The token behind an Authorization header; raises the 401 or 403 HubSpot would answer."""
        scheme, _, secret = header.partition(" ")
        token = self.tokens.get(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise PortalError(401, envelope(
                "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
                "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
                "INVALID_AUTHENTICATION"))  # fmt: skip
        if token.expires_at is not None and token.expires_at <= self.clock.now():
            raise self._expired(token.expires_at)
        needed = scope_for(method, path)
        if token.scopes is not None and needed and not allowed(token.scopes, needed):
            raise missing_scope(needed)
        return token

    def _expired(self, at: datetime) -> PortalError:
        ago = int((self.clock.now() - at).total_seconds())
        context = {"expire time": [iso(to_ms(at))]}
        message = f"The OAuth token used to make this call expired {ago} second(s) ago."
        return PortalError(401, envelope(message, "EXPIRED_AUTHENTICATION", context=context))


def allowed(scopes: frozenset[str], needed: str) -> bool:
    """``x.read`` is also granted by ``x.write`` or ``x.read_write``."""
    base, _, mode = needed.rpartition(".")
    wider = {f"{base}.read_write", *([f"{base}.write"] if mode == "read" else [])}
    return needed in scopes or bool(wider & scopes)


def scope_for(method: str, path: str) -> str | None:
    """The scope an address needs, None when any token will do."""
    mode = "read" if method == "GET" or path.endswith(("/search", "/batch/read")) else "write"
    for pattern, scope in SCOPES:
        match = re.fullmatch(pattern, path)
        if match:
            word = match.group(1) if match.groups() else ""
            name = TYPE_IDS.get(word, word)
            name = "contacts" if name in ENGAGEMENT else name
            return scope.rstrip("!") if scope.endswith("!") else f"{scope.format(name)}.{mode}"
    return None


def missing_scope(needed: str) -> PortalError:
    errors: list[JSON] = [
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": [needed]},
        }
    ]
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        "Read more about required scopes here: https://developers.hubspot.com/scopes."
    )
    return PortalError(403, envelope(message, "MISSING_SCOPES", errors=errors))
