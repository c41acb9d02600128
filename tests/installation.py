"""An installation whose commands run as people run them, in processes of their own that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from connector.clock import SystemClock
from connector.service import Service
from connector.twin import Twin
from tests.rig import settings_for

COMMAND = str(Path(sys.executable).parent / "leadwright")


class Ahead(SystemClock):
    """The machine's own time, some minutes on: for what waits before it tries again."""

    def __init__(self, minutes: float) -> None:
        self._ms = int(minutes * 60_000)

    def now_ms(self) -> int:
        return super().now_ms() + self._ms


class Installation:
    """A folder with a database and a portal connected to it; a command to be killed runs in a process of its own."""

    def __init__(self, folder: Path, twin: Twin, url: str) -> None:
        self.folder = folder
        self.twin = twin
        self.settings = settings_for(folder)
        self.clock = SystemClock()
        Service.init(self.settings, folder / ".env")
        with Service.open(self.settings) as service:
            service.add_portal("acme", twin.token, url)

    def start(self, *words: str) -> subprocess.Popen:
        key = self.settings.secret_key.get_secret_value()
        env = {**os.environ, "LEADWRIGHT_DATABASE_URL": self.settings.database_url, "LEADWRIGHT_SECRET_KEY": key}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([COMMAND, *words, "--json"], cwd=self.folder, env=env, **pipes)

    def run(self, command: str, **options: Any) -> dict[str, Any]:
        with Service.open(self.settings, clock=self.clock) as service:
            return getattr(service, command)("acme", **options)

    def kill(self, calls: int, path: str, *words: str, later: float = 0.0) -> bool:
        """kill -9 once the portal saw so many more of these calls; whether the process was still at work then."""
        seen = self.twin.ledger.count(path)
        running = self.start(*words)
        while running.poll() is None and self.twin.ledger.count(path) < seen + calls:
            time.sleep(0.005)
        time.sleep(later)
        working = running.poll() is None
        running.send_signal(signal.SIGKILL)
        running.communicate()
        time.sleep(0.6)  # what was on its way arrives, and has its effect
        return working

    def mirrored(self) -> dict[int, dict]:
        with Service.open(self.settings) as service:
            rows = list(service.export("acme", "contacts"))
        return {int(row["id"]): row["properties"] for row in rows if not row["archived"]}
