"""The simulated portal in a process of its own, as a real portal is, and what a person does in it."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any, Self

import orjson

from connector.commands.child import Child


class TwinProcess(Child):
    """A running twin: what it told (``url``, ``token`` …) is known inside the ``with`` block.

    ``webhooks``: the address it calls back; ``told`` holds the whole of what it said, its app's credentials too.
    """

    def __init__(self, contacts: int, seed: int, log: Path, webhooks: str = "", portal_id: int | None = None) -> None:
        words = ["twin", "--port", "0", "--contacts", str(contacts), "--seed", str(seed)]
        words += ["--webhooks", webhooks] if webhooks else []
        words += ["--portal-id", str(portal_id)] if portal_id else []
        super().__init__("The simulated portal", words, log)
        self.url = self.token = ""

    def __enter__(self) -> Self:
        super().__enter__()
        self.url, self.token = self.told["url"], self.told["token"]
        return self

    def calls_back(self, url: str) -> None:
        """From now on the twin tells that address what happens in it."""
        self._post("/__twin__/webhooks", {"url": url})

    def edit(self, contact: str, properties: dict[str, str]) -> None:
        """What a person does in HubSpot's own pages."""
        self._post("/__twin__/act/edit", {"args": ["contacts", contact, properties]})

    def property(self, contact: str, name: str) -> str:
        """One value as the portal holds it now."""
        found = self._ask(f"/crm/v3/objects/contacts/{contact}?properties={name}")
        return found["properties"].get(name) or ""

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._ask(path, orjson.dumps(body))

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", body, headers)  # noqa: S310 - our own twin on loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return orjson.loads(answer.read() or b"{}")
