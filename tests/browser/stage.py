"""A living installation for browsers: the real service in its processes, a twin that calls back, one to connect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from connector.twin import Dials, Twin, serve_twin
from tests.rig import OFF
from tests.serving.trees import NAME, Grounds, Tree, free_port, grounds, until
from webhooks.receiver import PATH

OWNER, PASSWORD = "olga@agentur.example", "sieben Brücken über die Havel"
SECOND = 27418064


@dataclass
class Stage:
    """Where the service answers, and the two portals behind it."""

    grounds: Grounds
    tree: Tree
    second: Twin
    address: str
    name: str = NAME
    known: set[str] = field(default_factory=set)

    @property
    def twin(self) -> Twin:
        return self.grounds.twin

    def link(self, email: str, role: str = "owner", *portals: str) -> str:
        """A one-time link for that person, who is invited when nobody of that address is known."""
        with self.grounds.service() as service:
            if email not in self.known:
                self.known.add(email)
                return str(service.people_invite(email, role, portals)["url"])
            return str(service.people_link(email)["url"])


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    twin = Twin.from_seed(7, 120, dials=Dials(**OFF))
    second = Twin.from_seed(11, 40, dials=Dials(**OFF), portal_id=SECOND)
    with (
        serve_twin(second) as second_url,
        grounds(f"sqlite:///{folder / 'leadwright.db'}", folder, twin) as g,
    ):
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        env = g.env | {
            "LEADWRIGHT_PUBLIC_URL": address,
            "LEADWRIGHT_HUBSPOT_URL": second_url,
            "LEADWRIGHT_HUBSPOT_CLIENT_ID": second.access.client_id,
        }
        g.settings = g.settings.model_copy(update={"public_url": address})
        tree = Tree("web,clock,worker", env, folder, port)
        g.trees.append(tree)
        tree.start()
        until(tree.answers, what="the service")
        for portal in (twin, second):
            portal.webhooks.target(f"{address}{PATH}", subscribe=("contacts", "companies"))
        try:
            yield Stage(g, tree, second, address)
        finally:
            second.webhooks.close()


class Visit:
    """One browser window. ``complaints`` is what the browser had to say: broken scripts, refused styles."""

    def __init__(self, stage: Stage, page: Any) -> None:
        self.stage, self.page = stage, page
        self.complaints: list[str] = []
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", self._heard)
        page.on("dialog", lambda dialog: self.complaints.append(f"a dialog: {dialog.message}"))

    def _heard(self, message: Any) -> None:
        expected = "Failed to load resource" in message.text  # the status of a page that is meant to refuse
        if message.type == "error" and not expected:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in(self, email: str = OWNER, role: str = "owner", *portals: str) -> None:
        """By a one-time link, as somebody new or known; the first time a password is set."""
        self.page.goto(self.stage.link(email, role, *portals))
        for name in ("password", "repeat"):
            field = self.page.locator(f"input[name={name}]")
            if field.count():
                field.fill(PASSWORD)
        self.page.locator("main button.go").click()
        self.page.wait_for_url(f"{self.stage.address}/admin/")

    def go(self, path: str = "", *, portal: str | None = None) -> str:
        """Open a page below ``/admin``; its text."""
        where = f"/portals/{portal}{path}" if portal is not None else path
        self.page.goto(f"{self.stage.address}/admin{where}")
        return str(self.page.inner_text("main"))

    def barriers(self) -> list[str]:
        """What axe finds serious or critical on the page as it is."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:120]})"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def fits(self) -> bool:
        """Whether nothing runs out of the window sideways (tables scroll in their own box)."""
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
        )
