"""Passwords as they are kept: argon2id. A check takes as long for somebody who is not here as for somebody who is.

A hash takes 19 MiB and some 20 ms of a core, so only two are made at once in a process and four may wait: whoever
knocks a thousand times is sent away, and the threads that receive webhooks stay free.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from connector.errors import ConnectorError
from connector.rules.passwords import LONGEST

AT_ONCE, WITH_THOSE_WHO_WAIT = 2, 6


class Hasher:
    """Makes and checks hashes. One for each process."""

    def __init__(self, *, rounds: int = 2, kib: int = 19_456) -> None:
        self._argon = PasswordHasher(time_cost=rounds, memory_cost=kib, parallelism=1)
        self._inside = threading.BoundedSemaphore(AT_ONCE)
        self._room = threading.BoundedSemaphore(WITH_THOSE_WHO_WAIT)

    @cached_property
    def _nobodys(self) -> str:
        """What is compared where there is no password. Made with the first check: a command that signs nobody in
        must not wait for it."""
        return self._argon.hash("the hash of nobody's password")

    def make(self, password: str) -> str:
        with self._turn():
            return self._argon.hash(_normal(password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether that is the password; ``None``: there is none to compare with, which takes as long."""
        with self._turn():
            nobodys = self._nobodys  # whoever comes first waits for it, here or not
            try:
                right = self._argon.verify(kept or nobodys, _normal(password[: LONGEST + 1]))
            except (VerificationError, InvalidHashError):
                return False
        return right and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._argon.check_needs_rehash(kept)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise ConnectorError(
                "Many people are signing in at this moment.", remedy="Try again in a few seconds.", reason="busy"
            )
        try:
            with self._inside:
                yield
        finally:
            self._room.release()


def _normal(password: str) -> str:
    """The same letters are the same password, whichever keyboard made them."""
    return unicodedata.normalize("NFKC", password)


HASHER = Hasher()
