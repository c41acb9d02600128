"""What every figure stands on: an installation in a scratch folder, commands run as users run them, a twin at work.

A command is a process of its own; its wall time, CPU time and peak memory are the operating system's.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from connector.twin import Dials, Twin, TwinClock
from connector.vault import Vault

LATENCY = {"list": 0.08, "search": 0.12, "batch": 0.15, "other": 0.06}
LEADWRIGHT = str(Path(sys.executable).with_name("leadwright"))
HERE = Path(__file__).parents[2]
BURST_WINDOW = 10

LAUNCHER = """
import os, sys
pid = os.fork()
if pid == 0:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
cpu = usage.ru_utime + usage.ru_stime
sys.stderr.write(f"\\n{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss} {cpu}")
"""


@dataclass
class Ran:
    """One finished command: wall and CPU seconds, peak memory in MiB, its JSON document."""

    seconds: float
    cpu: float
    peak: float
    document: dict[str, Any]

    def stream(self, name: str) -> dict[str, Any]:
        """What a sync says of one stream."""
        found: dict[str, Any] = next(s for s in self.document["streams"] if s["stream"] == name)
        return found


@dataclass
class Home:
    """An installation in a scratch folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, stdin: str = "") -> Ran:
        """One command."""
        return self._launched([LEADWRIGHT, *args, "--json"], stdin)

    def module(self, name: str) -> Ran:
        """One of the bench's own modules, beside this installation."""
        return self._launched([sys.executable, "-m", name], "")

    def _launched(self, words: list[str], stdin: str) -> Ran:
        """Through a small launcher: a child's peak memory counts what its parent had when it forked."""
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, *words],
            cwd=self.folder,
            env={"PYTHONPATH": str(HERE), **os.environ, **self.env},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        code, peak, cpu = ended.stderr.rsplit("\n", 1)[-1].split()
        if int(code) != 0:
            raise SystemExit(f"{' '.join(words)} ended with {code}: {ended.stdout[:500]}")
        return Ran(time.monotonic() - began, float(cpu), int(peak) / 1024, json.loads(ended.stdout))

    def connect(self, url: str, token: str) -> None:
        self.run("portal", "add", "bench", "--token-stdin", "--base-url", url, stdin=token)

    def starting_costs(self) -> float:
        """CPU seconds of a sync that reads next to nothing: what a process costs before it mirrors its first page."""
        return min(self.run("sync", "bench", "--only", "owners").cpu for _ in range(2))


@contextmanager
def home() -> Iterator[Home]:
    """A new installation, gone after the block."""
    with tempfile.TemporaryDirectory(prefix="leadwright-bench-") as folder:
        place = Home(Path(folder), {"LEADWRIGHT_SECRET_KEY": Vault.new_key()})
        place.run("init")
        yield place


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    name: str
    reach: str
    measured: str
    met: bool

    def row(self) -> str:
        return f"| {self.name} | {self.reach} | {self.measured} | {'✓' if self.met else '✗'} |"


def grown(contacts: int, **dials: Any) -> Twin:
    """A twin with HubSpot's limits (190 calls in 10 s) and latencies, in this process."""
    twin = Twin.from_seed(7, contacts, clock=TwinClock(), dials=Dials(latency=LATENCY, daily=None, **dials))
    gc.collect()
    gc.freeze()  # a collector that walks through a hundred thousand contacts makes the portal slower than its latency
    return twin


def defined(twin: Twin, url: str) -> int:
    """How many contact properties the twin defines."""
    answer = requests.get(
        f"{url}/crm/v3/properties/contacts", headers={"Authorization": f"Bearer {twin.token}"}, timeout=9
    )
    return len(answer.json()["results"])


def let_the_window_pass() -> None:
    """The calls of the step before no longer count: the figure is of the next step alone."""
    time.sleep(BURST_WINDOW)
