"""Deliveries as HubSpot makes and signs them, as bytes on the wire."""

from __future__ import annotations

import base64
import hmac
import time

import orjson

PUBLIC, SECRET, PATH = "https://hooks.example.test", "trial-secret", "/webhooks/hubspot"


def delivery(number: int, events: int, hub: int) -> bytes:
    """So many changes in one body; every ``eventId`` tells the delivery."""
    now = time.time_ns() // 1_000_000
    return orjson.dumps([
        {"eventId": number * 1000 + one, "subscriptionId": 25, "portalId": hub, "appId": 4242, "occurredAt": now,
         "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 100 + one * 7,
         "changeSource": "CRM_UI", "sourceId": "userId:77", "propertyName": "lifecyclestage",
         "propertyValue": "customer"}
        for one in range(events)
    ])  # fmt: skip


def headers(body: bytes, secret: str, public: str) -> dict[str, str]:
    """Signed now."""
    now = time.time_ns() // 1_000_000
    told = hmac.digest(secret.encode(), f"POST{public}{PATH}".encode() + body + str(now).encode(), "sha256")
    signature = base64.b64encode(told).decode()
    return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": str(now)}


def request(body: bytes, secret: str, public: str) -> bytes:
    """The whole request."""
    named = {"Host": "hooks.example.test", "Content-Type": "application/json", **headers(body, secret, public)}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
