"""How a running job ends early without failing: it gives way to live work, or it comes back when the portal is ready.

A long flow asks ``GiveWay`` between two pages of work that are stored; the call raises ``Yielded`` when somebody with
more right to the portal waits. A flow that is interrupted so must find its own place again (its cursor is stored).
"""

from __future__ import annotations

from collections.abc import Callable

GiveWay = Callable[[int], None]


class Yielded(Exception):
    """The job stands aside: it is enqueued again, and live work of its portal goes first."""


class Later(Exception):
    """The job cannot go on now: it is enqueued again after ``seconds`` and does not count as failed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"comes back in {seconds:g} s")
        self.seconds = seconds


def keep_going(portal_id: int) -> None:
    """The ``GiveWay`` of a command at the terminal: nobody waits."""
