"""An app's endpoint that writes down what it is sent and answers as told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def items(self) -> list[dict[str, Any]]:
        return json.loads(self.body)

    def is_signed(self, secret: str, url: str) -> bool:
        """Our own reading of the page: method, address, body and timestamp under the app's secret."""
        text = b"POST" + url.encode() + self.body + self.headers["X-HubSpot-Request-Timestamp"].encode()
        mac = hmac.new(secret.encode(), text, hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(mac).decode(), self.headers["X-HubSpot-Signature-v3"])


@dataclass
class Receiver:
    """``answer`` says the status for each request; by default all is well."""

    url: str
    answer: Callable[[Received], int] = field(default=lambda _: 204)
    received: list[Received] = field(default_factory=list)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for one in self.received for item in one.items]

    def types(self) -> list[str]:
        return [item["subscriptionType"] for item in self.items]


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        one = Received(self.path, dict(self.headers), body)
        self.receiver.received.append(one)
        self.send_response(self.receiver.answer(one))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a loopback port."""
    handler = type("Handler", (_Quiet,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    handler.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks/hubspot")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield handler.receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
