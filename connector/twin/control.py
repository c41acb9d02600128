"""``/__twin__/…``: the dials, the ledger and the hidden truth over HTTP, for tests in other processes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Response, request

from connector.twin.errors import refused
from connector.twin.web import Url, answer, payload_dict

if TYPE_CHECKING:
    from connector.twin.twin import Twin

ACTS = (
    "create", "create_contact", "edit", "delete", "restore", "gdpr_delete", "merge", "associate", "dissociate",
    "submit_form", "email_event", "page_view", "attend", "log_engagement", "set_subscription", "bulk_touch",
    "add_token", "uninstall",
)  # fmt: skip


class ControlRoutes:
    """What only the person running the simulation may do."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def urls(self) -> list[Url]:
        base = "/__twin__"
        return [
            Url("GET", f"{base}/dials", self.dials), Url("POST", f"{base}/dials", self.turn),
            Url("GET", f"{base}/ledger", self.ledger), Url("DELETE", f"{base}/ledger", self.reset),
            Url("GET", f"{base}/truth/<word>", self.truth), Url("GET", f"{base}/changes", self.changes),
            Url("GET", f"{base}/portal", self.portal), Url("POST", f"{base}/act/<name>", self.act),
            Url("GET", f"{base}/webhooks", self.webhooks), Url("POST", f"{base}/webhooks", self.target),
            Url("DELETE", f"{base}/webhooks", self.stop), Url("POST", f"{base}/webhooks/flush", self.flush),
            Url("POST", f"{base}/webhooks/quiet", self.quiet), Url("POST", f"{base}/webhooks/action", self.action),
        ]  # fmt: skip

    def dials(self) -> Response:
        return answer(self._twin.dials.as_json())

    def turn(self) -> Response:
        try:
            self._twin.dials.turn(payload_dict())
        except ValueError as error:
            raise refused(str(error)) from None
        return answer(self._twin.dials.as_json())

    def ledger(self) -> Response:
        return answer(self._twin.ledger.as_json(int(request.args.get("last", 1000))))

    def reset(self) -> Response:
        self._twin.reset_ledger()
        return answer(status=204)

    def truth(self, word: str) -> Response:
        return answer({str(ident): props for ident, props in self._twin.truth(word).items()})

    def changes(self) -> Response:
        since = int(request.args.get("since", 0))
        return answer({"results": self._twin.changes[since:], "next": len(self._twin.changes)})

    def portal(self) -> Response:
        return answer({
            "portalId": self._twin.portal_id, "token": self._twin.token, "clientId": self._twin.access.client_id,
            "clientSecret": self._twin.access.client_secret, "appId": self._twin.subscriptions.app_id,
            "developerKey": self._twin.access.developer_key, "contacts": len(self._twin.ids("contacts")),
            "buyers": sorted(self._twin.buyers),
        })  # fmt: skip

    # -- webhooks (the gate lets these pass without the portal's lock) ---------------------------------------------

    def webhooks(self) -> Response:
        return answer(self._twin.webhooks.state())

    def target(self) -> Response:
        """``{"url", "via"?, "live"?, "subscribe"?: ["contacts", …]}``."""
        body = payload_dict()
        known = {name: body[name] for name in ("via", "live", "subscribe") if name in body}
        self._twin.webhooks.target(str(body.get("url") or ""), **known)
        return self.webhooks()

    def stop(self) -> Response:
        self._twin.webhooks.close()
        return self.webhooks()

    def flush(self) -> Response:
        """Deliver now: ``{"rounds": n}``."""
        return answer(self._twin.webhooks.flush(int(payload_dict().get("rounds", 1))))

    def quiet(self) -> Response:
        """Wait until nothing is on its way: ``{"timeout": seconds, "due_only": bool}``."""
        body = payload_dict()
        timeout, due_only = float(body.get("timeout", 10)), bool(body.get("due_only", False))
        reached = self._twin.webhooks.quiet(timeout, due_only=due_only)
        return answer({"quiet": reached, **self._twin.webhooks.state()})

    def action(self) -> Response:
        """A workflow runs our action for a contact: ``{"contact", "callback"?, "via"?, "v3"?}``."""
        body = payload_dict()
        contact, callback = int(body["contact"]), str(body.get("callback", ""))
        ran = self._twin.actions.run(contact, callback_id=callback, via=body.get("via"), v3=bool(body.get("v3")))
        return answer(ran.as_json())

    def act(self, name: str) -> Response:
        """Any Python-side edit: ``{"args": [...], "kwargs": {...}}``; ``at`` as ISO text."""
        if name not in ACTS:
            raise refused(f"no such act: {name}")
        body = payload_dict()
        kwargs: dict[str, Any] = dict(body.get("kwargs", {}))
        if isinstance(kwargs.get("at"), str):
            kwargs["at"] = datetime.fromisoformat(kwargs["at"])
        return answer({"result": getattr(self._twin, name)(*body.get("args", []), **kwargs)})
