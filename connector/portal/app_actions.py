"""The app's custom workflow actions as HubSpot keeps them (hubspot-api.md 7.4). What they are: ``rules/actions.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connector.clock import Clock
from connector.errors import ProtocolBroken
from connector.portal.app import AppCalls, app_caller
from connector.portal.bodies import text
from connector.portal.translate import results_of
from connector.portal.versions import OLD

MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Registered:
    """One definition as the API shows it."""

    id: str
    revision: str
    definition: dict[str, Any]


def connect_actions(base_url: str, key: str, app_id: str, *, clock: Clock, generation: str = OLD) -> AppActions:
    """The app to talk to; nothing is sent yet."""
    return AppActions(*app_caller(base_url, key, app_id, clock=clock, generation=generation))


class AppActions(AppCalls):
    """Definitions of custom workflow actions of one app."""

    what = "workflow actions"

    def all(self) -> tuple[Registered, ...]:
        """Every definition that is not archived, whoever made it."""
        return tuple(self._pages())

    def _pages(self) -> Iterator[Registered]:
        after: str | None = None
        for _ in range(MOST_PAGES):
            with self._understood():
                data = self._ask("app.actions", query={"limit": 100, "after": after})
            yield from (_registered(row) for row in results_of(data))
            after = _next(data)
            if after is None:
                return
        raise ProtocolBroken("HubSpot's list of workflow actions does not end.", remedy="Try again later.")

    def define(self, definition: dict[str, Any]) -> Registered:
        """A new one."""
        with self._understood():
            data = self._ask("app.define_action", body=definition)
        return _registered(data if isinstance(data, dict) else {})

    def redefine(self, ident: str, definition: dict[str, Any]) -> Registered:
        """Replace one; workflows that use it use the new revision. Functions are not part of a change."""
        told = {name: value for name, value in definition.items() if name != "functions"}
        with self._understood():
            data = self._ask("app.redefine_action", path={"definition": ident}, body=told)
        return _registered(data if isinstance(data, dict) else {})


def _registered(row: dict[str, Any]) -> Registered:
    return Registered(text(row.get("id")), text(row.get("revisionId")), row)


def _next(data: Any) -> str | None:
    paging = data.get("paging") if isinstance(data, dict) else None
    following = paging.get("next") if isinstance(paging, dict) else None
    return text(following.get("after")) or None if isinstance(following, dict) else None
