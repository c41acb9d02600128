"""A web process without its server: stores of its own, a clock moved by hand, requests signed as HubSpot does."""

from __future__ import annotations

import base64
import hmac
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from pydantic import SecretStr

from connector.clock import VirtualClock
from connector.serving.web import Parts, create_app
from connector.settings import Settings
from connector.store import beats, portals
from tests import databases
from tests.store.builders import IDENTITY, T0
from tests.webhooks.items import body, item
from webhooks.receiver import PATH

ALONE = "LEADWRIGHT_TEST_ALONE"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that copies its process goes to a fresh one when other tests' servers have threads in this one."""
    if not pyfuncitem.get_closest_marker("copies") or threading.active_count() == 1 or ALONE in os.environ:
        return None
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", pyfuncitem.nodeid]
    done = subprocess.run(
        command, cwd=pyfuncitem.config.rootpath, env={**os.environ, ALONE: "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return True


SECRET, PUBLIC = "5e1f-steering-test-secret", "https://hooks.example.test"


def signed(content: bytes, at_ms: int, secret: str = SECRET, public: str = PUBLIC) -> dict[str, str]:
    told = f"POST{public}{PATH}".encode() + content + str(at_ms).encode()
    made = base64.b64encode(hmac.digest(secret.encode(), told, "sha256")).decode()
    return {"X-HubSpot-Signature-v3": made, "X-HubSpot-Request-Timestamp": str(at_ms)}


class Place:
    """One installation, its web process's parts and a client."""

    def __init__(self, url: str) -> None:
        self.settings = Settings(
            _env_file=None,
            database_url=url,
            public_url=PUBLIC,
            hubspot_client_secret=SecretStr(f"old, {SECRET}"),
            secret_key=SecretStr("key"),
        )
        self.clock = VirtualClock(T0)
        self.woken: list[int] = []
        self.parts = self.open()
        self.app: Flask = create_app(self.parts)
        self.client = self.app.test_client()

    def open(self) -> Parts:
        wake = lambda _front: lambda _u, portal_id: self.woken.append(portal_id)  # noqa: E731
        return Parts.open(self.settings, wake, clock=self.clock)

    def connect(self, name: str, hub_id: int) -> int:
        with self.parts.store.unit() as u:
            return portals.add(u, name, "https://api.hubapi.com", b"sealed", replace(IDENTITY, hub_id=hub_id), T0).id

    def post(self, *hub_ids: int, **more: str) -> int:
        content = body(*(item(portalId=hub_id) for hub_id in hub_ids))
        return self.client.post(PATH, data=content, headers=signed(content, self.clock.now_ms()) | more).status_code

    def alive(self, *roles: str) -> None:
        with self.parts.front.unit() as u:
            for role in roles:
                beats.beat(u, role, "one", self.clock.now_ms())

    def numbers(self) -> dict[str, float]:
        lines = self.client.get("/metrics").text.splitlines()
        told = [line.rsplit(" ", 1) for line in lines if line and not line.startswith("#")]
        return {name.removeprefix("leadwright_"): float(value) for name, value in told}


@pytest.fixture(params=databases.KINDS)
def place(request) -> Iterator[Place]:
    url = databases.fresh_url(request.param)
    made = Place(url)
    yield made
    made.parts.close()
    databases.drop(url)
