"""``python -m tests.trials.renewing``: one process of O06, whose threads use one portal until their time is over.

Its task comes as JSON on stdin (settings, seconds, threads), what it met goes as JSON to stdout.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from connector.errors import ConnectorError
from connector.service import Service
from connector.settings import Settings
from connector.sync.context import Context
from tests.trials.quiet import quiet


def main() -> None:
    task = json.load(sys.stdin)
    with quiet(), Service.open(Settings(_env_file=None, **task["settings"]), lasting=True) as service:
        until = time.monotonic() + task["seconds"]
        with service._context(task["portal"]) as ctx, ThreadPoolExecutor(task["threads"]) as pool:
            met = list(pool.map(lambda _n: _use(ctx, task["contact"], until), range(task["threads"])))
    json.dump(sum(met, Counter()), sys.stdout)


def _use(ctx: Context, contact: int, until: float) -> Counter[str]:
    """One thread at work: what came of its calls."""
    met: Counter[str] = Counter()
    while time.monotonic() < until:
        try:
            ctx.portal.read("contacts", [contact], ("email",))
            met["done"] += 1
        except ConnectorError as fault:
            met[f"failed: {fault.reason}"] += 1
        time.sleep(0.02)
    return met


if __name__ == "__main__":
    main()
