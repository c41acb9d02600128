"""A living installation in one process: the receiver on a loopback port, the twin's webhooks aimed at it, one drain."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Flask
from werkzeug.serving import make_server

from connector.service import Service
from connector.store import deliveries, inbox
from connector.sync.receive import Receiver
from tests.rig import Rig
from webhooks.receiver import PATH, receiver

PUBLIC = "https://leadwright.example"


@dataclass
class Answered:
    """One request's status and how long it took."""

    status: int
    seconds: float


@dataclass
class Door:
    """Where HubSpot's callbacks arrive."""

    r: Rig
    service: Service
    port: int
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def secret(self) -> str:
        return str(self.r.twin.access.client_secret)

    def headers(
        self, body: bytes, *, target: str = PATH, secret: str = "", at_ms: int | None = None, public: str = PUBLIC
    ) -> dict[str, str]:
        """What HubSpot would send along."""
        stamp = str(self.r.clock.now_ms() if at_ms is None else at_ms)
        signed = b"POST" + (public + target).encode() + body + stamp.encode()
        digest = hmac.digest((secret or self.secret).encode(), signed, hashlib.sha256)
        told = base64.b64encode(digest).decode()
        return {"X-HubSpot-Signature-v3": told, "X-HubSpot-Request-Timestamp": stamp}

    def send(self, body: bytes, headers: dict[str, str], target: str = PATH) -> Answered:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", target, body, {"Content-Type": "application/json", **headers})
            status = connection.getresponse().status
        finally:
            connection.close()
        return Answered(status, time.monotonic() - began)

    def deliver(self, items: Sequence[Any] | bytes) -> Answered:
        """One good delivery of these items."""
        body = items if isinstance(items, bytes) else orjson.dumps(list(items))
        return self.send(body, self.headers(body))

    def rows(self) -> int:
        """Deliveries stored so far."""
        with self.service.front.view() as u:
            return sum(deliveries.counts(u).values())

    def states(self) -> dict[str, int]:
        with self.service.store.view() as u:
            return inbox.counts(u, 1)

    def held(self) -> int:
        """Notices and whole deliveries that wait for a person, with their reasons."""
        with self.service.front.view() as u:
            whole = deliveries.counts(u).get("held", 0)
        return whole + self.states().get("held", 0)

    def drain(self) -> dict[str, Any]:
        return self.service.drain(self.r.name)

    def settle(self, rounds: int = 8) -> None:
        """Let the twin deliver and drain until it has nothing more to tell."""
        for _ in range(rounds):
            if not self.r.twin.webhooks.flush(11)["items"]:
                return
            self.drain()
            self.r.clock.advance(1)
        raise AssertionError("the portal and we keep answering each other")


@contextmanager
def door(r: Rig, subscribe: Sequence[str] = ("contacts",)) -> Iterator[Door]:
    """The receiver at work beside a service that is never restarted; nothing is delivered but by ``flush``."""
    with r.service() as service:
        made = Door(r, service, 0)
        kept = Receiver(
            service.store,
            service.front,
            wake=lambda *_: None,
            clock=r.clock,
            tally=lambda *one: made.counts.update([one]),
        )
        blueprint = receiver(
            kept.accept,
            secrets=[made.secret],
            public_url=PUBLIC,
            now_ms=r.clock.now_ms,
            tally=lambda *one: made.counts.update([one]),
        )
        app = Flask("door")
        app.register_blueprint(blueprint)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        made.port = server.server_port
        worker = threading.Thread(target=server.serve_forever)
        worker.start()
        r.twin.webhooks.target(
            PUBLIC + PATH, via=f"http://127.0.0.1:{made.port}{PATH}", live=False, subscribe=subscribe
        )
        try:
            yield made
        finally:
            r.twin.webhooks.close()
            server.shutdown()
            worker.join()
            server.server_close()
            kept.close()
