"""How a long flow tells whoever watches how far it is. Where the words go is decided at the edge (``commands``)."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Somebody who watches a flow. ``task`` names a stream (``contacts``); ``total`` is None while unknown."""

    def start(self, task: str, total: int | None) -> None: ...

    def advance(self, task: str, by: int = 1) -> None: ...

    def finish(self, task: str) -> None: ...

    def note(self, text: str) -> None: ...


class Silent:
    """Nobody watches."""

    def start(self, task: str, total: int | None) -> None:
        """Do nothing."""

    def advance(self, task: str, by: int = 1) -> None:
        """Do nothing."""

    def finish(self, task: str) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""
