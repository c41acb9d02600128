"""What a portal is opened with: a token that a person pasted, or a grant that HubSpot gave by consent.

Both lie sealed in one column. A grant is one JSON object with a marker of its kind, so that a pasted token, which is
none, goes on working as it is. No HTTP here, and no decision when a grant is renewed (``renewing``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from connector.errors import ConfigError
from connector.portal.oauth import Tokens
from connector.store import Unit, portals
from connector.store.portals import PortalRow
from connector.vault import Vault

SETTING = "credential"
KIND = "oauth"


@dataclass(frozen=True, slots=True)
class Grant:
    """One consent's tokens as they are now. ``life_ms`` is how long an access token is good for."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_ms: int
    life_ms: int
    scopes: tuple[str, ...] = ()

    @classmethod
    def of(cls, tokens: Tokens, scopes: tuple[str, ...] = ()) -> Grant:
        """``scopes``: those known before, for answers that do not tell."""
        return cls(tokens.access, tokens.refresh, tokens.expires_ms, tokens.life_ms, tokens.scopes or scopes)

    def text(self) -> str:
        """As it is sealed."""
        return json.dumps(
            {
                "kind": KIND,
                "access": self.access,
                "refresh": self.refresh,
                "expires_ms": self.expires_ms,
                "life_ms": self.life_ms,
                "scopes": self.scopes,
            }
        )

    def about(self) -> dict[str, Any]:
        """What may stand beside it in plain."""
        return {"kind": KIND, "expires_ms": self.expires_ms, "scopes": list(self.scopes)}


def grant_of(text: str) -> Grant | None:
    """The grant in an opened text; None for a token that was pasted."""
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
        if found.get("kind") == KIND:
            return Grant(
                str(found["access"]),
                str(found["refresh"]),
                int(found["expires_ms"]),
                int(found["life_ms"]),
                tuple(str(scope) for scope in found["scopes"]),
            )
    except (ValueError, KeyError, TypeError):
        pass
    raise ConfigError(
        "The stored connection is of a kind that this Leadwright does not know.",
        remedy="Upgrade Leadwright, or connect the portal again.",
    )


def reconnect(name: str) -> str:
    """What a person does when a connection is lost."""
    return f"Connect it again: leadwright portal connect {name}"


def keep_grant(u: Unit, portal_id: int, name: str, grant: Grant, vault: Vault) -> None:
    """The portal is opened with this grant from now on."""
    portals.set_token(u, portal_id, vault.seal(grant.text(), name))
    portals.keep_setting(u, portal_id, SETTING, grant.about())


def keep_token(u: Unit, row: PortalRow, token: str, vault: Vault) -> None:
    """The portal is opened with this pasted token from now on."""
    portals.set_token(u, row.id, vault.seal(token, row.name))
    if SETTING in row.settings:
        portals.keep_setting(u, row.id, SETTING, {"kind": "token"})


def seal_again(u: Unit, vault: Vault) -> tuple[int, int]:
    """Close every token that another key closed with the first one: (connected, sealed again)."""
    rows, changed = portals.every(u), 0
    for row in rows:
        if row.token_sealed and not vault.current(row.token_sealed):
            sealed = vault.seal(vault.open(row.token_sealed, row.name), row.name)
            changed += portals.swap_token(u, row.id, row.token_sealed, sealed)
    return len(rows), changed
