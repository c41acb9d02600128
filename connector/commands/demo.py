"""``demo``: the whole service on this machine, with a simulated portal as long as no real one is connected.

The simulated portal (the *twin*) goes the whole journey as a consultant would take it; then ``leadwright serve`` takes
over, with the twin's webhooks arriving. A second one waits to be connected through the pages. A twin forgets everything
when it ends, so its portal begins anew each time; the documents published for it are kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from connector.commands.alive import follow, free_port, serving
from connector.commands.app import App, examples, standard
from connector.commands.child import Child
from connector.commands.config import KINDS
from connector.commands.contract import LeadService, Result
from connector.commands.twin_process import TwinProcess

if TYPE_CHECKING:
    from connector.settings import Settings

NAME = "demo"
OWNER = "owner@leadwright.example"
FOLDER = Path("var")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SECOND_CONTACTS, SECOND_SEED, SECOND_PORTAL = 200, 11, 27418064


@click.command("demo", epilog=examples("leadwright demo", "leadwright demo --contacts 200 --once"))
@click.option("--contacts", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Invented people.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another portal.")
@click.option("--once", is_flag=True, help="End after the journey instead of serving until Ctrl-C.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, hidden=True)
@standard
def demo(app: App, contacts: int, seed: int, once: bool, folder: Path) -> int:
    """Serve, with a simulated portal connected, mirrored, judged and written back while no real one is."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = _installation(app)
    address = f"http://127.0.0.1:{free_port()}"
    with app.watched() as progress, app.parts().open(settings, progress=progress) as service:
        if real := _real(service):
            return _serve_only(app, service, folder, address, real)
        app.hint(f"Inventing a portal with {contacts:,} contacts …")
        with (
            TwinProcess(contacts, seed, folder / "twin.log") as twin,
            TwinProcess(SECOND_CONTACTS, SECOND_SEED, folder / "twin-2.log", portal_id=SECOND_PORTAL) as second,
        ):
            journey = Journey(app, service, _forgotten(service))
            journey.walk(twin)
            with serving(
                int(address.rpartition(":")[2]), folder, app.env_file, _told(settings, second, address)
            ) as tree:
                second.calls_back(f"{address}/webhooks/hubspot")
                journey.live(twin, address)
                code = journey.close(address, second)
                if not once:
                    _linger(tree)
    return code


def _serve_only(app: App, service: LeadService, folder: Path, address: str, real: list[str]) -> int:
    """Somebody's own portals are connected: they are served, and nothing is simulated."""
    app.hint(f"Connected: {', '.join(real)}. No simulated portal is started.")
    with serving(_port(address), folder, app.env_file, {}) as tree:
        told = {"portals": real, **_door(service, address)}
        code = app.show(told, "story:served")
        _linger(tree)
    return code


def _door(service: LeadService, address: str) -> Result:
    """Where the pages are, and a link to come in by: a first owner's, while nobody else was let in."""
    known = [one["email"] for one in service.people_list()["people"]]
    if not known:
        told = service.people_invite(OWNER)
    elif known == [OWNER]:
        told = service.people_link(OWNER)
    else:
        return {"url": address, "link": ""}
    return {"url": address, "link": address + urlsplit(str(told["url"])).path}


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _linger(tree: Child) -> None:
    try:
        tree.wait()
    except KeyboardInterrupt:
        return


def _installation(app: App) -> Settings:
    """This folder's installation, made where it is missing."""
    env_file = app.env_file or Path(".env")
    app.parts().init(app.settings(), env_file)
    return app.settings()


def _real(service: LeadService) -> list[str]:
    """Names of the connected portals that are no simulated ones of this machine."""
    listed = service.list_portals()["portals"]
    return [line["portal"] for line in listed if urlsplit(line["base_url"]).hostname not in LOOPBACK]


def _told(settings: Settings, second: TwinProcess, address: str) -> dict[str, str]:
    """What the service must know of the simulated app, as its environment: where to connect, whose webhooks hold."""
    known, told = settings.hubspot_client_secret, second.told
    secrets = [told["client_secret"], *([known.get_secret_value()] if known else [])]
    return {
        "LEADWRIGHT_HUBSPOT_URL": second.url,
        "LEADWRIGHT_PUBLIC_URL": address,
        "LEADWRIGHT_HUBSPOT_CLIENT_ID": told["client_id"],
        "LEADWRIGHT_HUBSPOT_CLIENT_SECRET": ",".join(secrets),
        "LEADWRIGHT_HUBSPOT_APP_ID": str(told["app_id"]),
        "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY": told["developer_key"],
    }


def _forgotten(service: LeadService) -> dict[str, str]:
    """Forget the portals of twins that are no more; what was published for the demo's own, kind → YAML."""
    kept: dict[str, str] = {}
    for line in service.list_portals()["portals"]:
        mine = line["portal"] == NAME
        if mine:
            kept = {kind: body for kind in KINDS if (body := _edited(service, kind))}
        if mine or line["hub_id"] == SECOND_PORTAL:
            service.remove(line["portal"])
    return kept


def _edited(service: LeadService, kind: str) -> str:
    """The published document, if somebody changed it here; else ''."""
    shown = service.config_show(NAME, kind)
    return str(shown["body"]) if shown["version"] > 1 else ""


def _publish_again(service: LeadService, documents: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind, body in documents.items():
            file = Path(folder) / f"{kind}.yaml"
            file.write_text(body, encoding="utf-8")
            service.config_publish(NAME, file, "demo", "kept from the simulated portal before")


@dataclass
class Journey:
    """The steps in order, each shown as it is done; ``told`` keeps the results for the closing and for ``--json``."""

    app: App
    service: LeadService
    documents: dict[str, str]
    told: dict[str, Any] = field(default_factory=dict)
    steps: int = 0

    def walk(self, twin: TwinProcess) -> None:
        service = self.service
        self.step("Connect", "portals:added", lambda: service.add_portal(NAME, twin.token, twin.url))
        _publish_again(service, self.documents)
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

    def close(self, address: str, second: TwinProcess) -> int:
        """The summary, or the one JSON document. The exit code is that of the write and of the certificate."""
        alive = self.told.get("alive", {"ok": True})
        whole = bool(self.told["apply"]["ok"] and self.told["verify"]["complete"] and alive["ok"])
        self.told |= _door(self.service, address)
        self.told |= {"second": {"url": second.url, "token": second.token}}
        if not self.app.as_json and not self.app.quiet:
            self.app.view("story:closing", self.told)
        return self.app.show({"portal": NAME, "ok": whole, **self.told}, "story:nothing")
