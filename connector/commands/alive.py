"""The service alive: a person changes a contact in the portal, and the mirror, the score and the portal follow.

Nothing is prompted from here: the portal's own webhook sets everything off. What is measured is what a person would
see, looking again and again.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from connector.commands.child import Child
from connector.commands.contract import LeadService, Result
from connector.commands.twin_process import TwinProcess
from connector.errors import ConnectorError

PORT = 8000
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 30.0
RISE, FALL = "Geschäftsführerin", "Praktikantin"
TITLE, SCORE = "jobtitle", "leadwright_score"


def free_port(host: str = "127.0.0.1") -> int:
    """8000, or when somebody listens there, any other."""
    for port in (PORT, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise ConnectorError("No port is free on this machine.", remedy="End another program and try again.")


def serving(port: int, folder: Path, env_file: Path | None, told: Mapping[str, str]) -> Child:
    """``leadwright serve`` beside this process, with its log in ``folder``; ``told`` goes into its environment."""
    words = [*(["--env", str(env_file)] if env_file else []), "serve", "--port", str(port)]
    return Child("The service", words, folder / "serve.log", more=told)


def follow(service: LeadService, twin: TwinProcess, name: str, contact: str) -> Result:
    """Change one contact in the portal; seconds until it was mirrored, judged and written back."""
    before = service.glance(name, contact)
    title = FALL if before["properties"].get(TITLE) == RISE else RISE
    if _has_points_for_title(service.explain(name, contact)):
        title = FALL
    start = time.monotonic()
    start_ms = time.time_ns() // 1_000_000
    twin.edit(contact, {TITLE: title})
    mirrored = _until(start, lambda: service.glance(name, contact)["properties"].get(TITLE) == title)
    judged = _until(start, lambda: service.glance(name, contact).get("judged_ms", 0) >= start_ms)
    now = service.glance(name, contact)
    changed = now["score"] != before.get("score")
    written = _until(start, lambda: twin.property(contact, SCORE) == str(now["score"]))
    return {
        "contact": contact,
        "title": {"before": before["properties"].get(TITLE) or "", "after": title},
        "score": {"before": before.get("score"), "after": now["score"]},
        "seconds": {"mirrored": mirrored, "judged": judged, "written": written if changed else None},
        "ok": changed and written is not None and written <= PATIENCE_SECONDS,
    }


def _has_points_for_title(receipt: Result) -> bool:
    return any(line["rule"] == "function" and line["points"] > 0 for line in receipt["lines"])


def _until(start: float, done: Callable[[], bool]) -> float:
    """Seconds from ``start`` until it is so; ConnectorError when it never is."""
    while not done():
        if time.monotonic() - start > PATIENCE_SECONDS:
            raise ConnectorError("The change did not arrive.", remedy="See var/serve.log and var/twin.log.")
        time.sleep(LOOK_SECONDS)
    return round(time.monotonic() - start, 2)
