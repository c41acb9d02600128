"""One delivery: a signed POST of up to a hundred notices (hubspot-api.md 11.2, 11.4).

Signed with HubSpot's own helper, so that its reading of the page and the receiver's meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import urllib3
from hubspot.utils.signature import Signature

from connector.twin.errors import JSON

STALE_MS = 6 * 60_000
LONGEST_ANSWER = 65_536


@dataclass(order=True)
class Delivery:
    """A batch that waits for its next attempt; the soonest comes first."""

    due: float
    name: str  # of its first notice, "+1" and so on for a copy
    items: list[JSON] = field(compare=False)
    attempt: int = field(default=0, compare=False)

    def body(self) -> bytes:
        return orjson.dumps([{**item, "attemptNumber": self.attempt} for item in self.items])


@dataclass(frozen=True)
class Target:
    """The address HubSpot was told (and signs), and the one really called where a test puts something between."""

    url: str
    via: str

    @classmethod
    def of(cls, url: str, via: str | None = None) -> Target:
        return cls(url, via or url)


class Postman:
    """Signs and posts; never raises for what a receiver does."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=64, retries=False)

    def headers(self, url: str, body: bytes, now_ms: int, *, forged: bool, stale: bool) -> dict[str, str]:
        """Version 1 and 3 signatures side by side, as HubSpot sends them."""
        stamp = str(now_ms - (STALE_MS if stale else 0))
        secret = f"not-{self._secret()}" if forged else self._secret()
        text = body.decode()
        return {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Webhooks (simulated)",
            "X-HubSpot-Signature-Version": "v1",
            "X-HubSpot-Signature": Signature.get_signature(secret, text, "v1"),
            "X-HubSpot-Request-Timestamp": stamp,
            "X-HubSpot-Signature-v3": Signature.get_signature(secret, text, "v3", url, "POST", stamp),
        }

    def action_headers(self, url: str, body: bytes, now_ms: int, *, v3: bool) -> dict[str, str]:
        """A workflow action's: version 2, and where it is asked for version 3 beside it."""
        text, stamp = body.decode(), str(now_ms)
        told = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Workflows (simulated)",
            "X-HubSpot-Signature-Version": "v2",
            "X-HubSpot-Signature": Signature.get_signature(self._secret(), text, "v2", url, "POST"),
        }
        if v3:
            told["X-HubSpot-Request-Timestamp"] = stamp
            told["X-HubSpot-Signature-v3"] = Signature.get_signature(self._secret(), text, "v3", url, "POST", stamp)
        return told

    def post(self, target: Target, body: bytes, headers: dict[str, str], patience: float) -> tuple[int, float]:
        """Status (0: no answer in time) and milliseconds."""
        status, took, _ = self.ask(target, body, headers, patience)
        return status, took

    def ask(self, target: Target, body: bytes, headers: dict[str, str], patience: float) -> tuple[int, float, bytes]:
        """Status (0: no answer in time), milliseconds, and what was answered."""
        begun, content = time.perf_counter(), b""
        try:
            answer = self._pool.request(
                "POST", target.via, body=body, headers=headers, timeout=urllib3.Timeout(total=patience),
                redirect=False, preload_content=False,
            )  # fmt: skip
            content = answer.read(LONGEST_ANSWER)
            answer.release_conn()
            status = answer.status
        except (urllib3.exceptions.HTTPError, OSError):
            status = 0
        took = time.perf_counter() - begun
        return (status if took <= patience else 0), round(took * 1000, 3), content

    def close(self) -> None:
        self._pool.clear()
