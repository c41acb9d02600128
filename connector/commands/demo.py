"""``demo``: the whole journey on a simulated portal, then the living service, for whoever wants to judge the product.

Everything lies in one folder (``var/demo``): a database, a key made for it alone, the logs. No portal of the
installation is touched. The steps are the service's own methods, in the order a consultant would call them; then
``leadwright serve`` takes over, with the simulated portal's webhooks arriving.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import click

from connector.commands.alive import follow, free_port, serving
from connector.commands.app import App, examples, standard
from connector.commands.child import Child
from connector.commands.contract import LeadService, Result
from connector.commands.twin_process import TwinProcess
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.settings import Settings

NAME = "demo"
KEY = "LEADWRIGHT_SECRET_KEY"
FOLDER = Path("var") / "demo"


@click.command("demo", epilog=examples("leadwright demo", "leadwright demo --contacts 200 --once"))
@click.option("--contacts", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Invented people.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another portal.")
@click.option("--once", is_flag=True, help="End after the journey instead of serving until Ctrl-C.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, hidden=True)
@standard
def demo(app: App, contacts: int, seed: int, once: bool, folder: Path) -> int:
    """Connect, mirror, judge, write back and verify a simulated portal; then serve it, with its webhooks arriving."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    app.hint(f"Inventing a portal with {contacts:,} contacts …")
    with TwinProcess(contacts, seed, folder / "twin.log") as twin:
        address = f"http://127.0.0.1:{free_port()}"
        settings = _settings(app, folder, twin, address)
        with app.watched() as progress, app.parts().open(settings, progress=progress) as service:
            journey = Journey(app, service)
            journey.walk(twin)
            with serving(folder / ".env", int(address.rpartition(":")[2])) as tree:
                journey.live(twin, address)
                code = journey.close(folder)
                if not once:
                    app.hint(f"Leadwright serves at {address}, the simulated portal at {twin.url}. Ctrl-C ends both.")
                    _linger(tree)
    return code


def _linger(tree: Child) -> None:
    try:
        tree.wait()
    except KeyboardInterrupt:
        return


def _settings(app: App, folder: Path, twin: TwinProcess, address: str) -> Settings:
    """An installation of the demo's own, and an env file that lets other commands speak to it."""
    kind = resolve_name("connector.settings:Settings")
    resolve_name("connector.commands.logs:configure")("console", "debug" if app.debug else "warning")
    env_file = folder / ".env"
    database = (folder / "leadwright.db").resolve()
    own: dict[str, Any] = {
        "database_url": f"sqlite:///{database}",
        "hubspot_url": twin.url,
        "public_url": address,
        "hubspot_client_secret": twin.told["client_secret"],
        "config_dir": None,
    }
    app.parts().init(kind(_env_file=None, secret_key=None, **own), env_file)
    text = env_file.read_text(encoding="utf-8")
    with env_file.open("a", encoding="utf-8") as more:
        for name in ("database_url", "hubspot_url", "public_url", "hubspot_client_secret"):
            if f"LEADWRIGHT_{name.upper()}=" not in text:
                more.write(f"LEADWRIGHT_{name.upper()}={own[name]}\n")
    settings: Settings = kind(_env_file=None, secret_key=_key(text), **own)
    return settings


def _key(text: str) -> str:
    """The key that was just made for this folder, whatever the environment says."""
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == KEY:
            return value.strip().strip("'\"")
    raise ConnectorError("The demo's key was not written.", remedy="Look into the folder's .env.")


@dataclass
class Journey:
    """The steps in order, each shown as it is done; ``told`` keeps the results for the closing and for ``--json``."""

    app: App
    service: LeadService
    told: dict[str, Any] = field(default_factory=dict)
    steps: int = 0

    def walk(self, twin: TwinProcess) -> None:
        service = self.service
        self.step("Connect", "portals:added", lambda: service.add_portal(NAME, twin.token, twin.url))
        self.step("Mirror", "flows:synced", lambda: service.sync(NAME))
        self.step("Provision", "portals:provisioned", lambda: service.provision(NAME))
        plan = self.step("Plan", "plans:planned", lambda: service.plan(NAME))
        self.step("Go live", "portals:mode", lambda: service.live(NAME))
        self.step("Apply", "flows:applied", lambda: service.apply(NAME, plan_hash=plan["hash"]))
        self.step("Verify", "proof:certificate", lambda: service.verify(NAME))
        self.step("Once more", "story:again", lambda: service.cycle(NAME))
        self.told["best"] = service.best(NAME, 10)
        self.told["bill"] = self._bill()

    def live(self, twin: TwinProcess, address: str) -> None:
        """The portal calls back from now on; one change is followed all the way."""
        twin.calls_back(f"{address}/webhooks/hubspot")
        best = self.service.best(NAME, 10)
        if best:
            who = str(best[-1]["contact"])
            self.step("Alive", "story:alive", lambda: follow(self.service, twin, NAME, who))

    def step(self, title: str, view: str, act: Callable[[], Result]) -> Result:
        """Say what comes, do it, show it."""
        spoken = not self.app.as_json and not self.app.quiet
        self.steps += 1
        if spoken:
            self.app.view("story:heading", title, self.steps)
        result = self.told[title.lower().replace(" ", "_")] = act()
        if spoken:
            self.app.view(view, result)
        return result

    def _bill(self) -> Result | None:
        """The best contact that has just become an MQL; else the best of all."""
        best = self.told["best"]
        new = [row for row in best if row["stage"] == "mql"] or best
        return self.service.explain(NAME, str(new[0]["contact"])) if new else None

    def close(self, folder: Path) -> int:
        """The summary, or the one JSON document. The exit code is that of the write and of the certificate."""
        alive = self.told.get("alive", {"ok": True})
        whole = bool(self.told["apply"]["ok"] and self.told["verify"]["complete"] and alive["ok"])
        if not self.app.as_json and not self.app.quiet:
            self.app.view("story:closing", self.told, folder)
        document = {"portal": NAME, "folder": str(folder), "ok": whole, **self.told}
        return self.app.show(document, "story:nothing")
