"""``serve``: the service that stays. The tree of processes is ``connector.serving.tree``; this starts it."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import click

from connector.commands.app import DONE, App, examples, standard

if TYPE_CHECKING:
    from connector.serving.tree import Process

HOST, PORT = "127.0.0.1", 8000
PATIENCE_SECONDS = 30.0
# What each role needs that takes long to load; the engine's worker is loaded late everywhere else.
LOADED = {
    "web": ("connector.serving.web:run",),
    "clock": ("connector.serving.worker:run",),
    "worker": ("connector.serving.worker:run", "connector.engine.dbos_worker"),
}


@click.command("serve", epilog=examples("leadwright serve", "leadwright serve --roles worker --workers 2"))
@click.option("--host", default=HOST, show_default=True, help="Where to listen; 0.0.0.0 for every address.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="The port to listen on.")
@click.option("--roles", default="web,clock,worker", show_default=True, help="What this machine does.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Processes that work.")
@click.option("--alone", is_flag=True, hidden=True)
@click.option("--lifeline", is_flag=True, hidden=True)
@standard
def serve(app: App, host: str, port: int, roles: str, workers: int, alone: bool, lifeline: bool) -> int:
    """Receive webhooks, keep the schedules and do the work, until Ctrl-C or SIGTERM."""
    named = tuple(role.strip() for role in roles.split(",") if role.strip())
    return _alone(app, named, host, port) if alone else _tree(app, named, host, port, workers, lifeline)


def _tree(app: App, roles: Sequence[str], host: str, port: int, workers: int, lifeline: bool) -> int:
    children_of, tree, answers, broken = (
        resolve_name(f"connector.serving.tree:{name}") for name in ("children_of", "Tree", "answers", "lifeline_broken")
    )
    children = children_of(roles, workers)
    gc.disable()  # nothing of what is being loaded is garbage; looking for some is a tenth of a start
    with app.service():
        pass  # key, database and revision are told in a sentence, before any process starts
    gc.enable()
    shown = {"url": f"http://{host}:{port}" if "web" in roles else "", "roles": list(roles)}

    began = time.monotonic()
    near = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    whole = {"web", "clock", "worker"} <= set(roles)

    def ready() -> bool:
        """All roles live. What is not fit after half a minute is told at ``/readyz``; this must not wait for ever."""
        path = "/readyz" if whole and time.monotonic() - began < PATIENCE_SECONDS else "/livez"
        if "web" in roles and not answers(near, port, path):
            return False
        app.show(shown, "setup:served")
        return True

    forked, run = resolve_name("connector.serving.forked:Forked"), resolve_name("connector.cli:run")
    over = broken if lifeline else (lambda: False)

    def start(these: str) -> Process:
        _load(these)
        started: Process = forked(lambda: run(_words(app, these, host, port)))
        return started

    tree(children, start).run(ready, over)
    return DONE


def _load(roles: str) -> None:
    """Here once, not in each child; for one child after the other, so that the first is at work meanwhile."""
    gc.disable()
    for name in (name for role in roles.split(",") for name in LOADED[role]):
        resolve_name(name)
    gc.enable()


def _words(app: App, roles: str, host: str, port: int) -> list[str]:
    """A child's command line."""
    env = ["--env", str(app.env_file)] if app.env_file else []
    loud = ["--debug"] if app.debug else []
    return [*env, "serve", "--alone", "--roles", roles, "--host", host, "--port", str(port), *loud]


def _alone(app: App, roles: Sequence[str], host: str, port: int) -> int:
    """One child of the tree: the web, or worker and clock."""
    settings = app.settings()
    resolve_name("connector.serving.tree:hold_lifeline")()
    if "web" in roles:
        resolve_name("connector.serving.web:run")(settings, host, port)
        return DONE
    stop = threading.Event()
    resolve_name("connector.serving.tree:on_signals")(stop.set)
    resolve_name("connector.serving.worker:run")(settings, roles, stop)
    # Threads of jobs that would not end in time must not keep the process: their jobs were put back.
    sys.stderr.flush()
    os._exit(DONE)
