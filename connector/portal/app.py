"""Asking HubSpot about the app itself: a developer key opens it, in the query as HubSpot wants it.

No portal's token is used and none of a portal's limits is spent. What is asked: ``app_webhooks``, ``app_actions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector.clock import Clock
from connector.errors import ConfigError, FeatureOff, MissingScope, NotFound, TokenRejected
from connector.portal.bodies import JsonValue
from connector.portal.caller import Caller, Query
from connector.portal.transport import Transport
from connector.portal.versions import OLD

KEY_NAME = "hapikey"
_KEY = "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY"


class AppCalls:
    """One app, reached with its developer's key. ``FeatureOff``: HubSpot keeps this elsewhere for this kind of app."""

    what = "settings"

    def __init__(self, caller: Caller, app_id: str) -> None:
        self._caller = caller
        self.app_id = app_id

    def close(self) -> None:
        self._caller.transport.close()

    def _ask(
        self, name: str, *, path: dict[str, str] | None = None, query: Query | None = None, body: object = None
    ) -> JsonValue:
        return self._caller.ask(name, path={"app": self.app_id, **(path or {})}, query=query, body=body)

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """The portal's errors in the words of the app."""
        try:
            yield
        except TokenRejected:
            raise ConfigError(
                "HubSpot does not accept the developer key.",
                remedy=f"Copy it anew from the developer account (Keys) into {_KEY}.",
                reason="developer_key",
            ) from None
        except NotFound:
            raise ConfigError(
                f"HubSpot knows no app {self.app_id} in the developer account of this key.",
                remedy="Check LEADWRIGHT_HUBSPOT_APP_ID.",
                reason="unknown_app",
            ) from None
        except MissingScope:
            raise FeatureOff(f"HubSpot does not let the {self.what} of this app be changed from outside.") from None


def app_caller(base_url: str, key: str, app_id: str, *, clock: Clock, generation: str = OLD) -> tuple[Caller, str]:
    """What an ``AppCalls`` is made of; nothing is sent yet."""
    if not app_id.strip().isdigit():
        raise ConfigError(
            "LEADWRIGHT_HUBSPOT_APP_ID is not set to the app's number.",
            remedy="HubSpot shows it in the developer account beside the app's name.",
        )
    return Caller(Transport(base_url, key, clock=clock, key_name=KEY_NAME), generation), app_id.strip()
