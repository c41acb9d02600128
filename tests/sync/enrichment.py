"""A portal with a data provider, for the tests: its mapping, its people, and looks into what was kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.store import cursors, enrichments
from tests.providers import Firms, firms
from tests.rig import Rig, rig
from tests.sync.steps import document, look, publish

ASKED = {"company_size": "size.employees", "industry": "branch", "legal_form": "form"}
BIG = {"size": {"employees": 1250}, "branch": "MACHINERY", "form": "GmbH"}
DAY_S = 86_400


def enriched_mapping(url: str, **more: Any) -> dict[str, Any]:
    """The shipped mapping with a provider at that address."""
    block = {"provider": "firms", "address": f"{url}/v1/{{domain}}", "timeout_seconds": 0.3, "fields": ASKED, **more}
    return {**document("mapping"), "enrichment": {name: value for name, value in block.items() if value is not None}}


def names(r: Rig, folder: Path, url: str, **more: Any) -> None:
    """Publish a mapping that names the provider, and bring everybody's judgement up to date with it."""
    publish(r, folder, "mapping", enriched_mapping(url, **more))
    r.run("sync")


@contextmanager
def office(folder: Path, *people: dict[str, Any], database: str | None = None) -> Iterator[tuple[Rig, Firms]]:
    """An empty portal with these contacts, mirrored, and a provider beside it that its mapping names."""
    with firms() as them, rig(folder, database=database) as r:
        r.settings = r.settings.model_copy(update={"enrichment_local": True})
        r.ids = [r.twin.create_contact({"lastname": "Berg", **one}) for one in people]
        r.run("sync")
        names(r, folder, them.url)
        yield r, them


def told(r: Rig, *domains: str, provider: str = "firms") -> dict[str, dict[str, str]]:
    """What is kept of these domains."""
    known = look(r, lambda u, portal: enrichments.known(u, portal, provider, domains))
    return {domain: dict(one.values) for domain, one in known.items()}


def waiting(r: Rig) -> int:
    return look(r, lambda u, portal: enrichments.waiting(u, portal, "firms"))


def state(r: Rig) -> dict[str, Any]:
    return look(r, lambda u, portal: cursors.get(u, portal, "enrichment")) or {}


def rule(r: Rig, contact: int, name: str, **at: Any) -> dict[str, Any] | None:
    """The line of the receipt that a rule gave, as `explain` shows it."""
    return next((one for one in r.run("explain", str(contact), **at)["lines"] if one["rule"] == name), None)
