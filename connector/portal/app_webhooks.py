"""The app's own webhook settings: where notices go and which ones are asked for (hubspot-api.md 11.1).

What should be subscribed to is decided in ``connector/rules/subscriptions.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.clock import Clock
from connector.errors import Conflict, NotFound
from connector.model.subscriptions import Subscription, Wanted
from connector.portal.app import AppCalls, app_caller
from connector.portal.bodies import JsonValue, text
from connector.portal.translate import results_of
from connector.portal.versions import OLD

BATCH = 100
# HubSpot's own default for one installing account (developer docs: webhooks).
MOST_AT_ONCE = 10


def connect_app(base_url: str, key: str, app_id: str, *, clock: Clock, generation: str = OLD) -> AppWebhooks:
    """The app to talk to; nothing is sent yet."""
    return AppWebhooks(*app_caller(base_url, key, app_id, clock=clock, generation=generation))


class AppWebhooks(AppCalls):
    """Settings and subscriptions of one app. ``FeatureOff``: HubSpot keeps them elsewhere for this kind of app."""

    what = "subscriptions"

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


def _subscription(row: dict[str, JsonValue]) -> Subscription:
    """One as the API shows it; absent fields are ''."""
    what = Wanted(text(row.get("eventType")), text(row.get("propertyName")), text(row.get("objectTypeId")))
    return Subscription(text(row.get("id")), what, row.get("active") is True)
