"""The real command beside a twin that calls it back: trees of processes that are started, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from connector.service import Service
from connector.settings import Settings
from connector.twin import Twin, serve_twin
from connector.vault import Vault
from tests.serving.test_gunicorn import HOUSE
from webhooks.receiver import PATH

PUBLIC = "https://leadwright.example"
NAME = "acme"
WELCOME = 91001


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], seconds: float = 60.0, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@dataclass
class Tree:
    """One ``leadwright serve`` with the processes under it."""

    roles: str
    env: dict[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs. Its log is appended to one file a tree."""
        if self.process is not None and self.process.poll() is None:
            return
        words = ["serve", "--roles", self.roles, "--port", str(self.port)]
        with (self.folder / f"{self.roles}-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "connector.cli", *words], cwd=self.folder, env=self.env,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
            )  # fmt: skip

    def members(self) -> list[int]:
        """This tree's processes, the root first."""
        found = [self.process.pid] if self.process is not None and self.process.poll() is None else []
        for pid in found:
            found += children(pid)
        return found

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def end(self) -> None:
        """In good order; by force what will not go."""
        if self.process is None:
            return
        members = self.members()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for pid in members:
                kill(pid)
            self.process.wait()


def children(pid: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(word) for word in told.split()]


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@dataclass
class Grounds:
    """An installation, live and connected to a twin, and the trees that serve it."""

    twin: Twin
    settings: Settings
    folder: Path
    trees: list[Tree] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        s = self.settings
        return {
            **os.environ,
            "PYTHONPATH": str(HOUSE),
            "LEADWRIGHT_DATABASE_URL": s.database_url,
            "LEADWRIGHT_SECRET_KEY": s.secret_key.get_secret_value() if s.secret_key else "",
            "LEADWRIGHT_HUBSPOT_CLIENT_SECRET": self.twin.access.client_secret,
            "LEADWRIGHT_PUBLIC_URL": PUBLIC,
            "LEADWRIGHT_WEB_WORKERS": "1",
        }

    def serve(self, *roles: str) -> list[Tree]:
        """Start a tree for each; a web tree is there once it answers."""
        made = [Tree(one, self.env, self.folder) for one in roles]
        self.trees += made
        for tree in made:
            tree.start()
        for tree in made:
            if "web" in tree.roles:
                until(tree.answers, what=f"the {tree.roles} tree")
        return made

    def call_back(self, tree: Tree) -> None:
        """The twin's notices go to this tree's web process from now on."""
        via = f"http://127.0.0.1:{tree.port}{PATH}"
        self.twin.webhooks.target(PUBLIC + PATH, via=via, subscribe=("contacts", "companies"))

    def end(self) -> None:
        for tree in self.trees:
            tree.end()

    @contextmanager
    def service(self) -> Iterator[Service]:
        with Service.open(self.settings) as service:
            yield service


@contextmanager
def grounds(url: str, folder: Path, twin: Twin) -> Iterator[Grounds]:
    """Mirrored, provisioned, live and written back once. The database's tables are made here."""
    settings = Settings(_env_file=None, database_url=url, secret_key=SecretStr(Vault.new_key()))
    Service.init(settings, folder / ".env")
    with serve_twin(twin) as address:
        made = Grounds(twin, settings, folder)
        with made.service() as service:
            service.add_portal(NAME, twin.token, address)
            for step in (service.sync, service.provision, service.live):
                step(NAME)
            service.apply(NAME, plan_hash=service.plan(NAME)["hash"])
            service.cycle(NAME)
        try:
            yield made
        finally:
            twin.webhooks.close()
            made.end()
