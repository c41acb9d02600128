"""A portal of any size that costs no memory: every contact is one template with its own id. For the memory figure only.

It speaks just what a first mirror of contacts asks for: identity, definitions, lists by id, the count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from waitress import wasyncore
from waitress.server import create_server

STEP = 7
FIRST = 1_000_003
MARK = b"@@ID@@"


class PlainPortal:
    """A WSGI application with ``contacts`` contacts of ``properties`` properties each."""

    def __init__(self, contacts: int, properties: int) -> None:
        self.contacts = contacts
        self.names = ["email", "firstname", "lastname", "lifecyclestage"]
        self.names += [f"custom_{i}" for i in range(properties - len(self.names))]
        values: dict[str, str | None] = {n: f"value of {n}" if i % 2 else None for i, n in enumerate(self.names)}
        values |= {"email": "p@@ID@@@kunde.example", "lifecyclestage": "lead", "hs_object_id": "@@ID@@"}
        values["lastmodifieddate"] = "2026-11-01T00:00:00.000Z"
        record = {
            "id": "@@ID@@",
            "properties": values,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-11-01T00:00:00.000Z",
            "archived": False,
        }
        self.template = orjson.dumps(record)
        self.calls = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.calls += 1
        status, body = self.answer(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def answer(self, path: str, query: str) -> tuple[str, bytes]:
        if path.startswith("/account-info/v3/details"):
            return "200 OK", orjson.dumps({"portalId": 4711, "timeZone": "Europe/Berlin", "accountType": "STANDARD"})
        if path == "/crm/v3/properties/contacts":
            return "200 OK", orjson.dumps({"results": [self.definition(name) for name in self.names]})
        if path == "/crm/v3/objects/contacts/search":
            last = FIRST + STEP * (self.contacts - 1)
            return "200 OK", b'{"total":%d,"results":[%s]}' % (self.contacts, self.record(last))
        if path == "/crm/v3/objects/contacts":
            return "200 OK", self.page(query)
        return "404 Not Found", b'{"status":"error","message":"resource not found","category":"OBJECT_NOT_FOUND"}'

    def definition(self, name: str) -> dict[str, Any]:
        options = [{"value": "lead", "label": "Lead", "displayOrder": 0}] if name == "lifecyclestage" else []
        return {
            "name": name,
            "label": name,
            "type": "enumeration" if options else "string",
            "fieldType": "radio" if options else "text",
            "groupName": "contactinformation",
            "options": options,
        }

    def record(self, contact_id: int) -> bytes:
        return self.template.replace(MARK, b"%d" % contact_id)

    def page(self, query: str) -> bytes:
        asked = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        limit = int(asked.get("limit", 10))
        index = max(0, -(-(int(asked.get("after", 0)) - FIRST) // STEP))
        found = range(index, min(index + limit, self.contacts))
        body = b'{"results":[' + b",".join(self.record(FIRST + STEP * i) for i in found) + b"]"
        if found.stop < self.contacts:
            body += b',"paging":{"next":{"after":"%d"}}' % (FIRST + STEP * found.stop)
        return body + b"}"


@contextmanager
def serve(application: Any) -> Iterator[str]:
    """The address of a WSGI application while the block runs."""
    channels: dict[int, Any] = {}
    server = create_server(application, map=channels, host="127.0.0.1", port=0, threads=16)
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=0.5, use_poll=True, map=channels, count=1)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        stop.set()
        server.pull_trigger()
        thread.join(5)
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=2)
        for channel in list(channels.values()):
            channel.close()
