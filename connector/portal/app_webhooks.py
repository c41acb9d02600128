"""The app's own webhook settings: where notices go and which ones are asked for (hubspot-api.md 11.1).

They belong to the app, so a developer key opens them, in the query as HubSpot wants it; no portal's token is used and
none of a portal's limits is spent. What should be subscribed to is decided in ``connector/rules/subscriptions.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connector.clock import Clock
from connector.errors import ConfigError, Conflict, FeatureOff, MissingScope, NotFound, TokenRejected
from connector.model.subscriptions import Subscription, Wanted
from connector.portal.bodies import JsonValue, text
from connector.portal.caller import Caller
from connector.portal.translate import results_of
from connector.portal.transport import Transport
from connector.portal.versions import OLD

KEY_NAME = "hapikey"
BATCH = 100
# HubSpot's own default for one installing account (developer docs: webhooks).
MOST_AT_ONCE = 10
_KEY = "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY"


def connect_app(base_url: str, key: str, app_id: str, *, clock: Clock, generation: str = OLD) -> AppWebhooks:
    """The app to talk to; nothing is sent yet."""
    if not app_id.strip().isdigit():
        raise ConfigError(
            "LEADWRIGHT_HUBSPOT_APP_ID is not set to the app's number.",
            remedy="HubSpot shows it in the developer account beside the app's name.",
        )
    transport = Transport(base_url, key, clock=clock, key_name=KEY_NAME)
    return AppWebhooks(Caller(transport, generation), app_id.strip())


class AppWebhooks:
    """Settings and subscriptions of one app. ``FeatureOff``: HubSpot keeps them elsewhere for this kind of app."""

    def __init__(self, caller: Caller, app_id: str) -> None:
        self._caller = caller
        self.app_id = app_id

    def close(self) -> None:
        self._caller.transport.close()

    def target(self) -> str:
        """Where notices go; '' while nothing is set."""
        return text(self._settings().get("targetUrl"))

    def _settings(self) -> dict[str, JsonValue]:
        with self._understood():
            try:
                data = self._ask("app.target")
            except NotFound:
                return {}
        return data if isinstance(data, dict) else {}

    def aim(self, url: str) -> None:
        """Send all notices to ``url`` from now on; the app's own throttling stays."""
        throttling = self._settings().get("throttling")
        kept = throttling if isinstance(throttling, dict) else {"maxConcurrentRequests": MOST_AT_ONCE}
        with self._understood():
            self._ask("app.aim", body={"targetUrl": url, "throttling": kept})

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All that the app has, whoever made them."""
        with self._understood():
            return tuple(_subscription(row) for row in results_of(self._ask("app.subscriptions")))

    def subscribe(self, what: Wanted) -> None:
        """Make one that is active at once. One that somebody has just made is as good; ``Refused`` is the caller's."""
        body = {"eventType": what.event_type, "active": True}
        body |= {"propertyName": what.property} if what.property else {}
        body |= {"objectTypeId": what.object_type_id} if what.object_type_id else {}
        with self._understood():
            try:
                self._ask("app.subscribe", body=body)
            except Conflict:
                return

    def activate(self, ids: Sequence[str]) -> frozenset[str]:
        """Switch paused ones on; the ids that now tell."""
        done: set[str] = set()
        for at in range(0, len(ids), BATCH):
            inputs = [{"id": int(ident), "active": True} for ident in ids[at : at + BATCH]]
            with self._understood():
                data = self._ask("app.switch", body={"inputs": inputs})
            done |= {text(row.get("id")) for row in results_of(data)}
        return frozenset(done)

    def unsubscribe(self, ident: str) -> None:
        """Delete one; gone already is as good."""
        with self._understood():
            try:
                self._ask("app.unsubscribe", path={"subscription": ident})
            except NotFound:
                return

    def _ask(self, name: str, *, path: dict[str, str] | None = None, body: object = None) -> JsonValue:
        return self._caller.ask(name, path={"app": self.app_id, **(path or {})}, body=body)

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
            raise FeatureOff("HubSpot does not let the subscriptions of this app be changed from outside.") from None


def _subscription(row: dict[str, JsonValue]) -> Subscription:
    """One as the API shows it; absent fields are ''."""
    what = Wanted(text(row.get("eventType")), text(row.get("propertyName")), text(row.get("objectTypeId")))
    return Subscription(text(row.get("id")), what, row.get("active") is True)
